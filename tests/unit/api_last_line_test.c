/*
 * The member last_line of a console.
 */
#include "api_fixture.h"

#include "api/show/show_last_line.h"
#include "session/session_context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define U1 "11111111-1111-1111-1111-111111111111"

/* What a console of the list has as its last line; "-" for null. */
static const char *last_line_of(struct api_fixture *f)
{
    static char text[1024];
    json_t *json = api_fixture_get(f, 200, "/consoles?fields=last_line");
    const char *line = json_string_value(json_object_get(
        json_array_get(json_object_get(json, "items"), 0), "last_line"));

    snprintf(text, sizeof text, "%s", line != NULL ? line : "-");
    json_decref(json);
    return text;
}

static void the_last_line_is_what_a_person_reads(void **state)
{
    static const struct {
        const char *printed, *line;
    } cases[] = {
        { "", "-" },
        { "\r\n \r\n\x1b[2J\x1b[H", "-" },
        { "Debian\r\n\r\nweb-1 login: ", "web-1 login:" },
        { "one\r\ntwo\r\n\r\n   \r\n", "two" },
        { "\x1b[1;31m[FAILED]\x1b[0m\tMount /srv.\r\n",
          "[FAILED] Mount /srv." },
        { " 1 %\r50 %\r99 %", "99 %" },
        { "\x1b]0;a title\ahere\x07\x00", "here" },
        { "abc\xfe\xe2\x80\x8b"
          "def",
          "abc\xef\xbf\xbd"
          "def" },
        { "cut in an escape\x1b[3", "cut in an escape" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct api_fixture f;
        struct peer *vm;

        api_fixture_open(&f);
        vm = vm_start_as(&f.site, U1, "s0");
        peer_give(vm, slice_of(cases[i].printed, strlen(cases[i].printed)));
        assert_string_equal(last_line_of(&f), cases[i].line);
        api_fixture_close(&f);
    }
    (void)state;
}

/* Whatever has been printed before it, in whatever ring. */
static void the_last_line_is_cut(void **state)
{
    static const char unit[] = "\xc3\xa4\x1b[1m";
    struct api_fixture *f = *state;
    struct peer *vm = vm_start_as(&f->site, U1, "s0");

    for (unsigned i = 0; i < 5000; i++) {
        const char *line;

        peer_give(vm, slice_of(unit, strlen(unit)));
        line = last_line_of(f);
        for (size_t at = 0; line[at] != '\0'; at += 2)
            assert_memory_equal(line + at, unit, 2);
        assert_true(strlen(line) <= 2 * 120);
        assert_true(i < 120 || strlen(line) == 2 * 120);
    }
}

static void the_last_line_has_to_be_named(void **state)
{
    struct api_fixture *f = *state;
    struct peer *vm = vm_start_as(&f->site, U1, "s0");
    json_t *json = api_fixture_get(f, 200, "/consoles/" U1);
    json_t *list = api_fixture_get(f, 200, "/consoles?fields=all,last_line");
    json_t *item = json_array_get(json_object_get(list, "items"), 0);

    (void)vm;
    assert_null(json_object_get(json, "last_line"));
    assert_true(json_is_null(json_object_get(item, "last_line")));
    assert_non_null(json_object_get(item, "host"));
    json_decref(json);
    json_decref(list);
}

/* As log and history, which are refused then. */
static void no_last_line_is_shown_that_the_audit_log_could_not_follow(
    void **state)
{
    struct api_fixture *f = *state;

    peer_give(vm_start_as(&f->site, U1, "s0"), BYTES("secret\r\n"));
    assert_string_equal(last_line_of(f), "secret");
    api_sessions(f->api)->gate.is_closed_to_clients = true;
    assert_string_equal(last_line_of(f), "-");
}

#define TEST(test)                                                             \
    cmocka_unit_test_setup_teardown(test, api_fixture_setup,                   \
                                    api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_is_what_a_person_reads),
        TEST(the_last_line_is_cut),
        TEST(the_last_line_has_to_be_named),
        TEST(no_last_line_is_shown_that_the_audit_log_could_not_follow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
