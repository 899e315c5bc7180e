/* Output as lines of a screen that many consoles share. */
#include "cli/watch/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char seen[4 * LINES_MAX];

static void note(void *owner, struct slice line)
{
    size_t len = strlen(seen);

    (void)owner;
    snprintf(seen + len, sizeof seen - len, "<%.*s>", (int)line.len,
             (const char *)line.data);
}

static void check(const char *output, const char *expected)
{
    size_t len = strlen(output);

    for (size_t step = 1; step <= len; step++) {
        struct lines l;

        seen[0] = '\0';
        lines_init(&l, note, NULL);
        for (size_t at = 0; at < len; at += step)
            lines_feed(
                &l, slice_of(output + at, len - at < step ? len - at : step));
        lines_end(&l);
        lines_done(&l);
        assert_string_equal(seen, expected);
    }
}

static void lines_are_whole_and_clean(void **state)
{
    (void)state;
    check("one\r\ntwo\nthree", "<one><two><three>");
    check("\x1b[1;31mred\x1b[0m\a\r\n", "<red>");
    check("a\r\n\r\nb\r\n", "<a><><b>");
    check("gr\xc3\xbc\xc3\x9f\n", "<gr\xc3\xbc\xc3\x9f>");
}

static void a_long_line_comes_in_pieces(void **state)
{
    static char output[LINES_MAX + 100];
    struct lines l;

    (void)state;
    memset(output, 'x', sizeof output);
    /* A character where the piece ends stays whole. */
    memcpy(output + LINES_MAX - 1, "\xc3\xbc", 2);
    seen[0] = '\0';
    lines_init(&l, note, NULL);
    lines_feed(&l, slice_of(output, sizeof output));
    assert_int_equal(strlen(seen), LINES_MAX - 1 + 2);
    lines_end(&l);
    assert_non_null(strstr(seen, "x><\xc3\xbcx"));
    assert_int_equal(strlen(seen), sizeof output + 4);
    lines_done(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_whole_and_clean),
        cmocka_unit_test(a_long_line_comes_in_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
