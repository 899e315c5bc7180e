/* A console's output for people: the same in whatever pieces it comes, and
 * whatever room there is for it. */
#include "proto/text/output_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define T1 "2026-01-31T23:59:59.123Z"
#define T2 "2026-02-01T00:00:00.000Z"

enum { MAX = 64 * 1024 };

/* 2026-02-01T00:00:00Z */
static const int64_t t2_ms = INT64_C(1769904000000);

static void feed(struct output_text *t, const char *in, size_t len,
                 size_t piece, struct buf *out)
{
    while (len > 0 && !t->is_over) {
        size_t n = len < piece ? len : piece;
        struct slice rest = slice_of(in, n);

        while (rest.len > 0 && !t->is_over) {
            size_t before = rest.len;

            output_text_put(t, &rest, out, out->len + 1);
            assert_true(rest.len < before);
        }
        in += n;
        len -= n;
    }
}

static void expect_of(const struct output_text *begin, const char *in,
                      const char *text)
{
    size_t len = strlen(in);

    for (size_t piece = 1; piece <= len; piece++) {
        struct output_text t = *begin;
        struct buf out;

        buf_init(&out, MAX);
        feed(&t, in, len, piece, &out);
        output_text_end(&t, &out);
        if (out.len != strlen(text) ||
            (out.len > 0 && memcmp(buf_bytes(&out).data, text, out.len) != 0))
            fail_msg("in pieces of %zu: \"%.*s\", not \"%s\"", piece,
                     (int)out.len, (const char *)buf_bytes(&out).data, text);
        buf_done(&out);
    }
}

static void expect(enum output_format format, bool is_stamped, const char *in,
                   const char *text)
{
    struct output_text t;

    output_text_init(&t, format, is_stamped, 0, 0);
    expect_of(&t, in, text);
}

static void lines_end_with_one_lf(void **state)
{
    (void)state;
    expect(OUTPUT_TEXT, false, "one\r\ntwo\nthree\n\rfour\r\r\n\r\n",
           "one\ntwo\nthree\nfour\n\n");
    expect(OUTPUT_TEXT, false, "10%\r20%\r\r30%\r", "10%\n20%\n30%");
    expect(OUTPUT_TEXT, false, "\r\rone", "one");
}

static void escape_sequences_are_left_out(void **state)
{
    (void)state;
    expect(OUTPUT_TEXT, false, "\x1b[1;31mred\x1b[0m\x1b(B \x1bM.\x1b[?25l",
           "red .");
    expect(OUTPUT_TEXT, false, "\x1b]0;title\aone\x1b]0;title\x1b\\two",
           "onetwo");
    expect(OUTPUT_TEXT, false, "\x1bP1$r\x1b[0m\x1b\\one", "one");
    /* One without an end takes its line, and not all that follows. */
    expect(OUTPUT_TEXT, false, "one\x1b]0;two\nthree", "one\nthree");
    expect(OUTPUT_TEXT, false, "one\r\x1b[K\r\ntwo", "one\ntwo");
    expect(OUTPUT_TEXT, false, "\x1b", "");
}

static void what_is_no_text_is_shown_as_such(void **state)
{
    (void)state;
    expect(OUTPUT_TEXT, false, "a\a\b\x7f\x02z\tb", "az\tb");
    expect(OUTPUT_TEXT, false,
           "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
           "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80");
    expect(OUTPUT_TEXT, false, "\xff\xc3(\xe2\x82",
           "\xef\xbf\xbd\xef\xbf\xbd("
           "\xef\xbf\xbd\xef\xbf\xbd");
    /* Overlong, a surrogate; C1; what turns the direction of the text. */
    expect(OUTPUT_TEXT, false, "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
    expect(OUTPUT_TEXT, false,
           "a\xc2\x9b"
           "b\xe2\x80\xae"
           "c",
           "abc");
    expect(OUTPUT_TEXT, false, "\xe2\x82\n", "\xef\xbf\xbd\xef\xbf\xbd\n");
}

static void raw_is_raw(void **state)
{
    (void)state;
    expect(OUTPUT_RAW, false, "\x1b[1m\r\n\xff" T1 " x",
           "\x1b[1m\r\n\xff" T1 " x");
    expect(OUTPUT_RAW, true, T1 " one\r\n" T2 " \x1b[1m\n2026-01-",
           "one\r\n\x1b[1m\n2026-01-");
}

static void times_of_the_log(void **state)
{
    (void)state;
    expect(OUTPUT_TEXT, true, T1 " one\r\n" T2 " " T1 " two\nthree\n",
           "one\n" T1 " two\nthree\n");
    expect(OUTPUT_TIMED, true, T1 " one\r\n" T2 " 1%\r2%\nthree\n2026",
           T1 " one\n" T2 " 1%\n" T2 " 2%\n- three\n- 2026");
    expect(OUTPUT_TIMED, false, "one\n\ntwo", "- one\n- \n- two");
}

static void lines_between_times(void **state)
{
    struct output_text t;

    (void)state;
    output_text_init(&t, OUTPUT_TEXT, true, t2_ms, 0);
    expect_of(&t, T1 " one\nof it\n" T2 " two\nof it\n", "two\nof it\n");
    output_text_init(&t, OUTPUT_TEXT, true, 0, t2_ms - 1);
    expect_of(&t, T1 " one\nof it\n" T2 " two\n" T1 " three\n", "one\nof it\n");
    output_text_init(&t, OUTPUT_RAW, true, t2_ms, t2_ms);
    expect_of(&t, T1 " one\n" T2 " two\r\n", "two\r\n");
    output_text_init(&t, OUTPUT_TIMED, true, t2_ms - 876, 0);
    expect_of(&t, "2026-01-31T23:59:59.124Z one\n",
              "2026-01-31T23:59:59.124Z one\n");
}

static void from_the_log_to_what_comes(void **state)
{
    struct output_text t;
    struct buf out;

    (void)state;
    buf_init(&out, MAX);
    output_text_init(&t, OUTPUT_TIMED, true, 0, t2_ms + 5);
    feed(&t, T1 " one\nha", strlen(T1 " one\nha"), 3, &out);
    output_text_go_live(&t);
    output_text_set_now(&t, t2_ms);
    feed(&t, "lf\r\ntwo\n", 8, 3, &out);
    output_text_note(&t, "5 bytes skipped", &out);
    assert_false(t.is_over);
    output_text_set_now(&t, t2_ms + 6);
    assert_true(t.is_over);
    output_text_end(&t, &out);
    assert_true(slice_is_equal(
        buf_bytes(&out), slice_of_text(T1 " one\n- half\n" T2 " two\n" T2
                                          " [vspcd: 5 bytes skipped]\n")));
    buf_done(&out);
}

static void a_note_has_a_line_of_its_own(void **state)
{
    struct output_text t;
    struct buf out;

    (void)state;
    buf_init(&out, MAX);
    output_text_init(&t, OUTPUT_TEXT, false, 0, 0);
    feed(&t, "one\x1b]0;\xe2", 9, 9, &out);
    output_text_note(&t, "lost", &out);
    feed(&t, "two", 3, 3, &out);
    assert_true(slice_is_equal(buf_bytes(&out),
                               slice_of_text("one\n[vspcd: lost]\ntwo")));
    output_text_init(&t, OUTPUT_RAW, false, 0, 0);
    output_text_note(&t, "lost", &out);
    assert_int_equal(out.len, strlen("one\n[vspcd: lost]\ntwo"));
    buf_done(&out);
}

static void there_is_always_room(void **state)
{
    struct output_text t;
    struct buf out;
    char in[4096];

    (void)state;
    memset(in, '\n', sizeof in);
    output_text_init(&t, OUTPUT_TIMED, false, 0, 0);
    output_text_set_now(&t, t2_ms);
    buf_init(&out, 1024);
    for (size_t at = 0; at < sizeof in;) {
        struct slice rest = slice_of(in + at, sizeof in - at);

        output_text_put(&t, &rest, &out, 100000);
        assert_true(sizeof in - at > rest.len);
        assert_int_equal(out.len % strlen(T2 " \n"), 0);
        at = sizeof in - rest.len;
        buf_take(&out, out.len);
    }
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_one_lf),
        cmocka_unit_test(escape_sequences_are_left_out),
        cmocka_unit_test(what_is_no_text_is_shown_as_such),
        cmocka_unit_test(raw_is_raw),
        cmocka_unit_test(times_of_the_log),
        cmocka_unit_test(lines_between_times),
        cmocka_unit_test(from_the_log_to_what_comes),
        cmocka_unit_test(a_note_has_a_line_of_its_own),
        cmocka_unit_test(there_is_always_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
