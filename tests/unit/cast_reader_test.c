/* Recordings, whatever is in them: the same events in whatever pieces they
 * come. */
#include "proto/cast/cast_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "{\"version\":2,\"width\":80,\"height\":24}\n"

enum { TEXT_MAX = 4096 };

struct told {
    char text[TEXT_MAX];
    size_t len;
    uint64_t skipped;
    bool is_torn;
};

static void tell(struct told *t, enum cast_item item,
                 const struct cast_event *event)
{
    if (item == CAST_HEADER)
        t->len +=
            (size_t)snprintf(t->text + t->len, TEXT_MAX - t->len, "header;");
    else
        t->len += (size_t)snprintf(
            t->text + t->len, TEXT_MAX - t->len, "%llu %c %.*s;",
            (unsigned long long)event->time_us, event->code,
            (int)event->text.len, (const char *)event->text.data);
}

static struct told read_in(const char *bytes, size_t len, unsigned version,
                           size_t piece)
{
    struct told told = { .len = 0 };
    struct cast_event event;
    struct cast_reader r;
    enum cast_item item;

    cast_reader_init(&r);
    for (size_t at = 0; at < len; at += piece) {
        struct slice in =
            slice_of(bytes + at, len - at < piece ? len - at : piece);

        while ((item = cast_reader_next(&r, &in, &event)) != CAST_NEED_MORE) {
            tell(&told, item, &event);
            if (item == CAST_HEADER)
                assert_true(cast_reader_begin(&r, version));
        }
        assert_int_equal(in.len, 0);
    }
    told.skipped = r.skipped;
    told.is_torn = cast_reader_is_torn(&r);
    cast_reader_done(&r);
    return told;
}

/* Events of a file in every segmentation. */
static void expect(const char *file, unsigned version, const char *events,
                   uint64_t skipped, bool is_torn)
{
    size_t len = strlen(file);

    for (size_t piece = 1; piece <= len; piece++) {
        struct told told = read_in(file, len, version, piece);

        assert_string_equal(told.text, events);
        assert_int_equal(told.skipped, skipped);
        assert_int_equal(told.is_torn, is_torn);
    }
}

static void events_of_v2_have_the_time_since_the_beginning(void **state)
{
    (void)state;
    expect(HEADER "[0,\"o\",\"a\"]\n[1.5,\"i\",\"b\"]\n"
                  " [ 2.000001 , \"m\" , \"c\" ] \r\n",
           2, "header;0 o a;1500000 i b;2000001 m c;", 0, false);
}

static void events_of_v3_have_the_time_since_the_one_before(void **state)
{
    (void)state;
    expect("{\"version\":3}\n# a comment\n[0.5,\"o\",\"a\"]\n\n"
           "[1.5,\"o\",\"b\"]\n[0,\"x\",\"0\"]\n",
           3, "header;500000 o a;2000000 o b;2000000 x 0;", 0, false);
}

static void only_two_versions_can_be_read(void **state)
{
    struct cast_reader r;

    (void)state;
    cast_reader_init(&r);
    assert_false(cast_reader_begin(&r, 1));
    assert_false(cast_reader_begin(&r, 4));
    assert_true(cast_reader_begin(&r, 2));
    assert_true(cast_reader_begin(&r, 3));
    cast_reader_done(&r);
}

static void times_are_numbers_of_any_form(void **state)
{
    static const struct {
        const char *text, *us;
    } times[] = {
        { "0", "0" },
        { "1e-06", "1" },
        { "1E+2", "100000000" },
        { "0.0000019", "1" },
        { "12.3456789", "12345678" },
        { "0.00000000000000000000000000000000001", "0" },
        { "1.00000000000000000000000000000000001", "1000000" },
        { "2147483647", "2147483647000000" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char file[200], events[100];

        snprintf(file, sizeof file, HEADER "[%s,\"o\",\"\"]\n", times[i].text);
        snprintf(events, sizeof events, "header;%s o ;", times[i].us);
        expect(file, 2, events, 0, false);
    }
}

static void escapes_of_json_are_undone(void **state)
{
    (void)state;
    expect(HEADER "[0,\"o\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001b\\u00fC\\u20ac"
                  "\\ud83d\\ude00\xc3\xbc\"]\n",
           2,
           "header;0 o \"\\/\b\f\n\r\t\x1b\xc3\xbc\xe2\x82\xac"
           "\xf0\x9f\x98\x80\xc3\xbc;",
           0, false);
}

static void half_a_pair_of_surrogates_is_no_character(void **state)
{
    (void)state;
    expect(HEADER "[0,\"o\",\"\\ud83dx\\ude00\\ud83d\\u0041\\ud83d\"]\n", 2,
           "header;0 o \xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd"
           "A\xef\xbf\xbd;",
           0, false);
}

static void lines_that_are_no_events_are_left_out(void **state)
{
    static const char *const lines[] = {
        "[",
        "[]",
        "[-1,\"o\",\"x\"]",
        "[.5,\"o\",\"x\"]",
        "[1.,\"o\",\"x\"]",
        "[1e,\"o\",\"x\"]",
        "[1e100,\"o\",\"x\"]",
        "[1e99,\"o\",\"x\"]",
        "[2147483648,\"o\",\"x\"]",
        "[0,\"out\",\"x\"]",
        "[0,o,\"x\"]",
        "[0,\"o\",x]",
        "[0,\"o\",\"x\"",
        "[0,\"o\",\"x]",
        "[0,\"o\",\"x\"] y",
        "[0,\"o\",\"\\x\"]",
        "[0,\"o\",\"\\u00g0\"]",
        "[0,\"o\",\"\\u00\"]",
        "[0,\"o\",\"\xff\"]",
        "[0,\"o\",\"\xed\xa0\x80\"]",
        "[0,\"o\",\"\x1b\"]",
        "{\"version\":2}",
        "garbage",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char file[200];

        snprintf(file, sizeof file, HEADER "%s\n[7,\"o\",\"y\"]\n", lines[i]);
        expect(file, 2, "header;7000000 o y;", 1, false);
    }
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    expect(HEADER "[2,\"o\",\"a\"]\n[1,\"o\",\"b\"]\n[3,\"o\",\"c\"]\n", 2,
           "header;2000000 o a;2000000 o b;3000000 o c;", 0, false);
    expect("{}\n[2147483647,\"o\",\"a\"]\n[2147483647,\"o\",\"b\"]\n", 3,
           "header;2147483647000000 o a;2147483647000000 o b;", 0, false);
}

static void a_last_line_without_its_end_is_torn(void **state)
{
    (void)state;
    expect(HEADER "[0,\"o\",\"a\"]\n[1,\"o\",\"b\"]", 2, "header;0 o a;", 0,
           true);
    expect("{\"version\":2}", 2, "", 0, true);
    expect("", 2, "", 0, false);
}

/* HEADER, an event with so many characters, and another one. */
static void expect_long(size_t count, const char *events, uint64_t skipped)
{
    static const size_t pieces[] = { 1000, 65536, SIZE_MAX };
    size_t size = count + 200;
    char *file = malloc(size);
    size_t len;

    assert_non_null(file);
    len = (size_t)snprintf(file, size, HEADER "[0,\"m\",\"");
    memset(file + len, 'x', count);
    len += count;
    len += (size_t)snprintf(file + len, size - len, "\"]\n[1,\"o\",\"y\"]\n");
    for (size_t i = 0; i < 3; i++) {
        struct told told = read_in(file, len, 2, pieces[i]);
        const char *last = strrchr(told.text, 'x');

        assert_string_equal(last != NULL ? last + 1 : told.text, events);
        assert_int_equal(told.skipped, skipped);
        assert_false(told.is_torn);
    }
    free(file);
}

static void a_line_that_is_too_long_is_left_out(void **state)
{
    enum { AROUND = sizeof "[0,\"m\",\"\"]" - 1 };

    (void)state;
    expect_long(1000, ";1000000 o y;", 0);
    expect_long(CAST_LINE_MAX - AROUND + 1, "header;1000000 o y;", 1);
    expect_long(4 * (size_t)CAST_LINE_MAX, "header;1000000 o y;", 1);
}

static void the_longest_line_is_read(void **state)
{
    enum { AROUND = sizeof "[0,\"o\",\"\"]" - 1 };
    size_t count = CAST_LINE_MAX - AROUND;
    char *line = malloc(CAST_LINE_MAX + 1);
    struct cast_event event;
    struct cast_reader r;
    struct slice in = slice_of_text(HEADER);

    (void)state;
    assert_non_null(line);
    cast_reader_init(&r);
    assert_int_equal(cast_reader_next(&r, &in, &event), CAST_HEADER);
    memcpy(line, "[0,\"o\",\"", 8);
    memset(line + 8, 'x', count);
    memcpy(line + 8 + count, "\"]\n", 3);
    in = slice_of(line, CAST_LINE_MAX + 1);
    assert_int_equal(cast_reader_next(&r, &in, &event), CAST_EVENT);
    assert_int_equal(event.text.len, count);
    cast_reader_done(&r);
    free(line);
}

static void a_header_that_is_too_long_is_none(void **state)
{
    char *file = malloc(CAST_HEADER_MAX + 100);
    struct told told;

    (void)state;
    assert_non_null(file);
    memset(file, '{', CAST_HEADER_MAX + 1);
    snprintf(file + CAST_HEADER_MAX + 1, 99, "\n" HEADER);
    told = read_in(file, strlen(file), 2, 1000);
    assert_string_equal(told.text, "header;");
    assert_int_equal(told.skipped, 1);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_v2_have_the_time_since_the_beginning),
        cmocka_unit_test(events_of_v3_have_the_time_since_the_one_before),
        cmocka_unit_test(only_two_versions_can_be_read),
        cmocka_unit_test(times_are_numbers_of_any_form),
        cmocka_unit_test(escapes_of_json_are_undone),
        cmocka_unit_test(half_a_pair_of_surrogates_is_no_character),
        cmocka_unit_test(lines_that_are_no_events_are_left_out),
        cmocka_unit_test(time_does_not_go_back),
        cmocka_unit_test(a_last_line_without_its_end_is_torn),
        cmocka_unit_test(a_line_that_is_too_long_is_left_out),
        cmocka_unit_test(the_longest_line_is_read),
        cmocka_unit_test(a_header_that_is_too_long_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
