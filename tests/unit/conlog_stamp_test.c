/* Times in front of lines, and off again, however the bytes were cut. */
#include "conlog/file/conlog_stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T0 "2026-01-31T23:59:59.123Z "
#define T1 "2026-01-31T23:59:59.124Z "

static const int64_t t0_ms = INT64_C(1769903999123);

enum { BIG = 4096 };

/* All of raw at once, at t0. */
static void expect(bool is_in_line, const char *raw, const char *stamped)
{
    struct slice in = slice_of_text(raw);
    struct conlog_stamp s;
    uint8_t to[BIG];
    size_t len;

    conlog_stamp_init(&s, is_in_line);
    len = conlog_stamp_put(&s, &in, t0_ms, to, sizeof to);
    assert_int_equal(in.len, 0);
    to[len] = '\0';
    assert_string_equal(to, stamped);
}

static void each_line_has_a_stamp(void **state)
{
    (void)state;
    expect(false, "", "");
    expect(false, "a", T0 "a");
    expect(false, "a\nb", T0 "a\n" T0 "b");
    expect(false, "a\n\nb\n", T0 "a\n" T0 "\n" T0 "b\n");
    expect(true, "a\nb", "a\n" T0 "b");
}

static void a_carriage_return_is_a_byte_of_its_line(void **state)
{
    (void)state;
    expect(false, "a\r\n\r\nb", T0 "a\r\n" T0 "\r\n" T0 "b");
    expect(false, "1%\r2%\r3%\n", T0 "1%\r2%\r3%\n");
    expect(false, "a\n\rb", T0 "a\n" T0 "\rb");
    expect(false, "\r", T0 "\r");
}

static void a_line_has_the_time_of_its_first_byte(void **state)
{
    struct slice in = slice_of_text("a");
    struct conlog_stamp s;
    uint8_t to[BIG];
    size_t len;

    (void)state;
    conlog_stamp_init(&s, false);
    len = conlog_stamp_put(&s, &in, t0_ms, to, sizeof to);
    in = slice_of_text("b\nc\n");
    len += conlog_stamp_put(&s, &in, t0_ms + 1, to + len, sizeof to - len);
    to[len] = '\0';
    assert_string_equal(to, T0 "ab\n" T1 "c\n");
}

static void a_stamp_is_whole_or_not_there(void **state)
{
    uint8_t to[BIG];

    (void)state;
    for (size_t room = 0; room < CONLOG_STAMP_ROOM; room++) {
        struct slice in = slice_of_text("a\nb");
        struct conlog_stamp s;

        conlog_stamp_init(&s, true);
        assert_int_equal(conlog_stamp_put(&s, &in, t0_ms, to, 2 + room), 2);
        assert_int_equal(in.len, 1);
        assert_int_equal(
            conlog_stamp_put(&s, &in, t0_ms, to, CONLOG_STAMP_ROOM),
            CONLOG_STAMP_ROOM);
        assert_int_equal(in.len, 0);
        assert_memory_equal(to, T0 "b", CONLOG_STAMP_ROOM);
    }
}

static void times_beyond_four_digits_stay_stamps(void **state)
{
    static const int64_t times[] = { INT64_MIN, -1, 0, INT64_MAX };
    uint8_t to[BIG], raw[BIG];

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct slice in = slice_of_text("x");
        struct conlog_stamp s;
        struct conlog_stamp_stripper strip;

        conlog_stamp_init(&s, false);
        assert_int_equal(conlog_stamp_put(&s, &in, times[i], to, sizeof to),
                         26);
        conlog_stamp_stripper_init(&strip, false);
        in = slice_of(to, 26);
        assert_int_equal(conlog_stamp_strip(&strip, &in, raw, sizeof raw), 1);
        assert_int_equal(raw[0], 'x');
    }
}

/* ---- and off ---------------------------------------------------------- */

/* Whole, and in two cut anywhere, and byte by byte. */
static void expect_stripped(bool is_in_line, const char *stamped,
                            const char *raw)
{
    size_t total = strlen(stamped);

    for (size_t cut = 0; cut <= total; cut++) {
        const struct slice parts[2] = { slice_of(stamped, cut),
                                        slice_of(stamped + cut, total - cut) };
        struct conlog_stamp_stripper s;
        uint8_t to[BIG];
        size_t len = 0;

        conlog_stamp_stripper_init(&s, is_in_line);
        for (int i = 0; i < 2; i++) {
            struct slice in = parts[i];

            len += conlog_stamp_strip(&s, &in, to + len, sizeof to - len);
            assert_int_equal(in.len, 0);
        }
        len += conlog_stamp_strip_end(&s, to + len);
        to[len] = '\0';
        assert_string_equal(to, raw);
    }
}

static void one_stamp_is_taken_off_each_line(void **state)
{
    (void)state;
    expect_stripped(false, T0 "a\n" T1 "\n" T0 "b", "a\n\nb");
    expect_stripped(false, T0 T1 "a\n", T1 "a\n");
    expect_stripped(false, T0 "a" T1 "b\n", "a" T1 "b\n");
    expect_stripped(true, T0 "a\n" T0 "b", T0 "a\nb");
}

static void what_is_no_stamp_stays(void **state)
{
    (void)state;
    expect_stripped(false, "plain\n" T0 "a\n", "plain\na\n");
    expect_stripped(false, "2026-01-31 23:59\n", "2026-01-31 23:59\n");
    expect_stripped(false, "2026-01-31T23:59:59.123Z\n",
                    "2026-01-31T23:59:59."
                    "123Z\n");
    expect_stripped(false, "2026\n" T0 "a", "2026\na");
    expect_stripped(false, T0 "a\n2026-01-31T2", "a\n2026-01-31T2");
}

/* ---- there and back, with everything cut at random --------------------- */

/* Few different bytes, so that ends of lines and stamps are frequent. */
static size_t make_raw(uint8_t *raw, size_t max)
{
    static const char *const parts[] = { "\n", "\r\n", "\n\r", "\r",  "a",
                                         T0,   "20",   "\0",   "\xff" };
    size_t len = 0;

    while (len + CONLOG_STAMP_LEN < max) {
        size_t i = (size_t)rand() % (sizeof parts / sizeof parts[0]);
        size_t n = i == 7 ? 1 : strlen(parts[i]);

        memcpy(raw + len, parts[i], n);
        len += n;
    }
    return len;
}

static size_t at_most(size_t max)
{
    size_t n = (size_t)rand() % 40;

    return n < max ? n : max;
}

/* With pieces of in and rooms of out at random; sizes 0 too. */
static size_t stamp_in_pieces(const uint8_t *raw, size_t len, uint8_t *to)
{
    struct conlog_stamp s;
    size_t used = 0, at = 0;

    conlog_stamp_init(&s, false);
    while (used < len) {
        struct slice in = slice_of(raw + used, at_most(len - used));
        size_t before = in.len;
        size_t room = (size_t)rand() % 60;
        size_t n = conlog_stamp_put(&s, &in, t0_ms + rand() % 3, to + at, room);

        assert_true(n <= room);
        at += n;
        used += before - in.len;
    }
    return at;
}

static size_t strip_in_pieces(const uint8_t *stamped, size_t len, uint8_t *to)
{
    struct conlog_stamp_stripper s;
    size_t used = 0, at = 0;

    conlog_stamp_stripper_init(&s, false);
    while (used < len) {
        struct slice in = slice_of(stamped + used, at_most(len - used));
        size_t before = in.len;
        size_t room = (size_t)rand() % 60;
        size_t n = conlog_stamp_strip(&s, &in, to + at, room);

        assert_true(n <= room);
        at += n;
        used += before - in.len;
    }
    return at + conlog_stamp_strip_end(&s, to + at);
}

static void what_was_stamped_comes_back(void **state)
{
    static uint8_t raw[BIG], stamped[BIG * 27], back[BIG * 2];

    (void)state;
    srand(1);
    for (int round = 0; round < 500; round++) {
        size_t len = make_raw(raw, 30 + (size_t)round);
        size_t stamped_len = stamp_in_pieces(raw, len, stamped);

        assert_int_equal(strip_in_pieces(stamped, stamped_len, back), len);
        assert_memory_equal(back, raw, len);
    }
}

/* The same result however it is cut: the segmentation leaves no trace. */
static void cuts_leave_no_trace(void **state)
{
    static const char raw[] = "a\r\n\n\rb\n" T0 "c\n\n";
    uint8_t whole[BIG], cut_up[BIG];
    size_t total = sizeof raw - 1;
    struct slice in = slice_of(raw, total);
    struct conlog_stamp s;
    size_t len;

    (void)state;
    conlog_stamp_init(&s, false);
    len = conlog_stamp_put(&s, &in, t0_ms, whole, sizeof whole);
    for (size_t i = 0; i <= total; i++) {
        for (size_t j = i; j <= total; j++) {
            const size_t ends[] = { i, j, total };
            size_t at = 0, from = 0;

            conlog_stamp_init(&s, false);
            for (int part = 0; part < 3; part++) {
                in = slice_of(raw + from, ends[part] - from);
                at += conlog_stamp_put(&s, &in, t0_ms, cut_up + at, BIG - at);
                from = ends[part];
            }
            assert_int_equal(at, len);
            assert_memory_equal(cut_up, whole, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_has_a_stamp),
        cmocka_unit_test(a_carriage_return_is_a_byte_of_its_line),
        cmocka_unit_test(a_line_has_the_time_of_its_first_byte),
        cmocka_unit_test(a_stamp_is_whole_or_not_there),
        cmocka_unit_test(times_beyond_four_digits_stay_stamps),
        cmocka_unit_test(one_stamp_is_taken_off_each_line),
        cmocka_unit_test(what_is_no_stamp_stays),
        cmocka_unit_test(what_was_stamped_comes_back),
        cmocka_unit_test(cuts_leave_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
