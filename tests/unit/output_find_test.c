/* A text is found in a console's output: the same lines in whatever pieces the
 * output comes. */
#include "proto/text/output_find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T1 "2026-01-31T23:59:59.123Z"

enum { AT = 1000 };

struct how {
    const char *text;
    bool is_stamped, is_in_line;
};

static void note(char *got, size_t size, const struct output_find_hit *hit)
{
    size_t len = strlen(got);

    snprintf(got + len, size - len, "%u %s%s%s|", (unsigned)hit->at, hit->time,
             hit->time[0] != '\0' ? " " : "", hit->line);
}

static void find_all(const struct how *how, const char *in, size_t len,
                     size_t piece, char *got, size_t size)
{
    struct output_find f;
    struct output_find_hit hit;

    got[0] = '\0';
    output_find_init(&f, how->text, how->is_stamped, AT, how->is_in_line);
    while (len > 0) {
        size_t n = len < piece ? len : piece;
        struct slice rest = slice_of(in, n);

        while (rest.len > 0) {
            if (output_find_put(&f, &rest, &hit))
                note(got, size, &hit);
        }
        in += n;
        len -= n;
    }
    if (output_find_end(&f, &hit))
        note(got, size, &hit);
    output_find_done(&f);
}

static void expect_of(const struct how *how, const char *in, const char *hits)
{
    char got[4096];

    for (size_t piece = 1; piece <= strlen(in); piece++) {
        find_all(how, in, strlen(in), piece, got, sizeof got);
        assert_string_equal(got, hits);
    }
}

static void expect(const char *text, const char *in, const char *hits)
{
    const struct how how = { .text = text };

    expect_of(&how, in, hits);
}

static void lines_that_have_it(void **state)
{
    (void)state;
    expect("panic", "one\r\nKernel PANIC\r\nthree\npanic",
           "1005 Kernel PANIC|"
           "1025 panic|");
    expect("panic panic", "panic\npanic\n", "");
    expect("", "one\n", "");
    expect("aab", "aaab\n", "1000 aaab|");
    expect("\xc3\xa9T", "\xc3\xa9t\xc3\xa9\n", "1000 \xc3\xa9t\xc3\xa9|");
}

static void as_people_see_them(void **state)
{
    (void)state;
    expect("panic", "pa\x1b[31mnic\x1b[0m\x07!\n", "1000 panic!|");
    expect("]0;", "\x1b]0;title\x07text\n", "");
    expect("two", "one\rtwo\rthree\nfour\n", "1000 two|");
    expect("\xef\xbf\xbd", "a\xff\n", "1000 a\xef\xbf\xbd|");
}

static void times_are_no_part_of_them(void **state)
{
    const struct how how = { "2026", true, false };
    const struct how in_line = { "2026", true, true };

    (void)state;
    expect_of(&how, T1 " one\n" T1 " in 2026\n", "1029 " T1 " in 2026|");
    expect_of(&in_line, "2026-01\n" T1 " one\n", "1000 2026-01|");
}

static void long_lines_are_cut(void **state)
{
    enum { LEN = 3 * OUTPUT_FIND_LINE };
    const struct how how = { "needle", false, false };
    char *in = malloc(LEN);
    char got[4096];

    (void)state;
    assert_non_null(in);
    memset(in, '\xff', LEN);
    memcpy(in + OUTPUT_FIND_LINE + 5000, "needle", 6);
    for (size_t piece = 1; piece < 100000; piece = piece * 7 + 1) {
        find_all(&how, in, LEN, piece, got, sizeof got);
        assert_int_equal(strtoul(got, NULL, 10), AT + OUTPUT_FIND_LINE);
        assert_non_null(strstr(got, "needle"));
        assert_true(strlen(got) < OUTPUT_FIND_SHOWN + 10);
        assert_true(strncmp(strchr(got, ' ') + 1, "\xef\xbf\xbd", 3) == 0);
    }
    free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_have_it),
        cmocka_unit_test(as_people_see_them),
        cmocka_unit_test(times_are_no_part_of_them),
        cmocka_unit_test(long_lines_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
