/* What patterns see of a console's output, however it is cut into pieces. */
#include "alert/match/alert_clean.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_MAX = 4096 };

/* The same in pieces of piece bytes, with room for room bytes at a time. */
static size_t clean_in(const uint8_t *in, size_t len, size_t piece, size_t room,
                       uint8_t *to)
{
    struct alert_clean clean;
    size_t written = 0;

    alert_clean_init(&clean);
    for (size_t at = 0; at < len; at += piece) {
        struct slice rest =
            slice_of(in + at, len - at < piece ? len - at : piece);

        while (rest.len > 0) {
            size_t before = rest.len;
            size_t got = alert_clean_feed(&clean, &rest, to + written, room);

            assert_true(got <= before - rest.len);
            written += got;
        }
    }
    return written;
}

static void assert_clean(const char *in, size_t len, const char *expected)
{
    uint8_t to[TEXT_MAX];

    for (size_t piece = 1; piece <= len; piece++) {
        for (size_t room = 1; room <= 64; room += 21) {
            size_t got = clean_in((const uint8_t *)in, len, piece, room, to);

            if (got != strlen(expected) || memcmp(to, expected, got) != 0)
                fail_msg("'%s' in pieces of %zu: '%.*s' and not '%s'", in,
                         piece, (int)got, to, expected);
        }
    }
}

static const struct {
    const char *in;
    const char *out;
} cases[] = {
    { "plain text\n", "plain text\n" },
    /* Line ends, of any kind and number, are one. */
    { "a\r\nb\rc\n\rd\r\r\n\n\ne", "a\nb\nc\nd\ne" },
    { "\r\n\r\nfirst", "first" },
    { "a\vb\fc", "a\nb\nc" },
    { "10 %\r20 %\r", "10 %\n20 %\n" },
    /* Control characters go, a tab is a blank. */
    { "a\tb\a\x01"
      "c\x7f"
      "d\x0f\x0e"
      "e",
      "a bcde" },
    { "abc\b\b\bxyz", "abcxyz" },
    { "stop\x13start\x11", "stopstart" },
    /* Colours, modes, and what else does not move anything. */
    { "\x1b[0;1;31mred\x1b[m\x1b[?2004h \x1b[Kend", "red end" },
    { "[\x1b[0;32m  OK  \x1b[0m] Started", "[  OK  ] Started" },
    { "a\x1b(Bb\x1b)0c\x1b#8d\x1b%Ge\x1b=f\x1b>g", "abcdefg" },
    /* The cursor goes elsewhere. */
    { "top\x1b[5;1Hdown\x1b[2Jclear\x1b[Aup", "top\ndown\nclear\nup" },
    { "a\x1b"
      "Db\x1b"
      "Ec\x1b"
      "Md\x1b"
      "8e",
      "a\nb\nc\nd\ne" },
    { "a\x1b[10Cb\x1b[40Gc", "a b c" },
    { "\x1b[10Ca", "a" },
    { "\x1b[H\x1b[2J\x1b[1;1Ha", "a" },
    /* Strings, ended by BEL, ST, a line end, CAN or another sequence. */
    { "a\x1b]0;a title\x07"
      "b",
      "ab" },
    { "a\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\b", "alinkb" },
    { "a\x1bPq#0;2;0\x1b\\b\x1b_apc\x1b\\c\x1b^pm\x1b\\d\x1bXsos\x1b\\e",
      "abcde" },
    { "a\x1b]0;no end\nb", "a\nb" },
    { "a\x1b]0;no end\x18"
      "b",
      "ab" },
    { "a\x1b]0;title\x1b[31mred", "ared" },
    { "a\x1b]0;\xc3\xa4\x07z", "az" },
    /* A sequence that is cut off by something else. */
    { "a\x1b[31\nb", "a\nb" },
    { "a\x1b[31\x1a"
      "b",
      "ab" },
    { "a\x1b[31\x1b[0mb", "ab" },
    { "a\x1b\x1b[mb", "ab" },
    { "a\x1b[3\xc3\xa4"
      "b",
      "a\xc3\xa4"
      "b" },
    { "a\x1b[3\x07"
      "1mb",
      "ab" },
    /* UTF-8, and bytes that are none, are text. */
    { "\xc3\xa4\xe2\x82\xac\x9b"
      "31m\xff",
      "\xc3\xa4\xe2\x82\xac\x9b"
      "31m\xff" },
    { "a\x1b", "a" },
};

static void each_is_the_same_in_all_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_clean(cases[i].in, strlen(cases[i].in), cases[i].out);
}

static void nul_is_left_out(void **state)
{
    (void)state;
    assert_clean("a\0b\x1b[\0"
                 "1mc",
                 9, "abc");
}

/* What is behind a sequence that does not end is text again. */
static void a_sequence_has_an_end(void **state)
{
    static const char *const begins[] = { "\x1b[", "\x1b]", "\x1bP", "\x1b(" };
    uint8_t in[2 * ALERT_CLEAN_MAX], to[sizeof in];

    (void)state;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        size_t got;

        memset(in, '0', sizeof in);
        if (i == 3)
            memset(in, ' ', sizeof in);
        memcpy(in, begins[i], 2);
        memcpy(in + sizeof in - 5, "panic", 5);
        got = clean_in(in, sizeof in, 7, sizeof to, to);
        assert_true(got >= 5);
        assert_memory_equal(to + got - 5, "panic", 5);
    }
}

/* Where the next byte of the input is known when a byte was given: that is how
 * a line's position is found. */
static void room_stops_behind_the_byte_that_filled_it(void **state)
{
    struct alert_clean clean;
    struct slice in = slice_of_text("\x1b[31mab\r\n\x1b[0mcd");
    uint8_t to[8];

    (void)state;
    alert_clean_init(&clean);
    assert_int_equal(alert_clean_feed(&clean, &in, to, 3), 3);
    assert_memory_equal(to, "ab\n", 3);
    assert_int_equal(in.data[0], '\n');
    assert_int_equal(alert_clean_feed(&clean, &in, to, 1), 1);
    assert_int_equal(to[0], 'c');
    assert_int_equal(in.len, 1);
    assert_int_equal(in.data[0], 'd');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_the_same_in_all_pieces),
        cmocka_unit_test(nul_is_left_out),
        cmocka_unit_test(a_sequence_has_an_end),
        cmocka_unit_test(room_stops_behind_the_byte_that_filled_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
