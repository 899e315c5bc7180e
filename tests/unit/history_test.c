/* Where somebody begins who wants to see what was there before. */
#include "core/told/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CAP = 256, ALL = 1 << 20 };

/* What r's readers get between these positions; the caller frees it. */
static uint8_t *copy_of(const struct ring *r, uint64_t from, uint64_t to)
{
    struct ring_span span;
    uint8_t *copy = malloc(CAP);
    size_t len = 0;

    assert_int_equal(ring_peek(r, &from, &span), 0);
    for (int i = 0; i < 2; i++) {
        if (span.part[i].len > 0)
            memcpy(copy + len, span.part[i].data, span.part[i].len);
        len += span.part[i].len;
    }
    assert_true(len >= to - from);
    return copy;
}

static void expect(const struct ring *r, uint32_t lines, uint32_t bytes,
                   struct slice shown)
{
    struct history_wish wish = { lines, bytes };
    uint64_t at = history_start(r, r->head, &wish);
    uint8_t *got = copy_of(r, at, r->head);

    if (r->head - at != shown.len || memcmp(got, shown.data, shown.len) != 0)
        fail_msg("\"%.*s\" is shown, not \"%.*s\"", (int)(r->head - at), got,
                 (int)shown.len, shown.data);
    free(got);
}

/* Of this output, behind so many bytes of other lines. */
static void open_behind(struct ring *r, size_t before, struct slice output)
{
    ring_init(r);
    assert_int_equal(ring_resize(r, CAP), 0);
    for (; before > 0; before--)
        ring_write(r, slice_of_text(before % 7 == 1 ? "\n" : "x"));
    ring_write(r, output);
}

/* The same wherever in the ring it stands. */
static void expect_anywhere(const char *output, uint32_t lines, uint32_t bytes,
                            const char *shown)
{
    for (size_t before = 1; before < 2 * CAP; before++) {
        struct ring r;

        open_behind(&r, before, slice_of_text(output));
        expect(&r, lines, bytes, slice_of_text(shown));
        ring_done(&r);
    }
}

static void the_last_lines_are_shown(void **state)
{
    (void)state;
    expect_anywhere("one\r\ntwo\r\nthree\r\n", 2, ALL, "two\r\nthree\r\n");
    expect_anywhere("one\r\ntwo\r\nthree\r\n", 1, ALL, "three\r\n");
    expect_anywhere("\n\n\n\n", 3, ALL, "\n\n\n");
}

static void a_prompt_is_a_line(void **state)
{
    (void)state;
    expect_anywhere("boot\r\n\r\nlogin: ", 1, ALL, "login: ");
    expect_anywhere("boot\r\n\r\nlogin: ", 2, ALL, "\r\nlogin: ");
    expect_anywhere("boot\r\n\r\nlogin: ", 3, ALL, "boot\r\n\r\nlogin: ");
}

static void nothing_is_wished_for(void **state)
{
    (void)state;
    expect_anywhere("boot\nlogin: ", 0, ALL, "");
    expect_anywhere("boot\nlogin: ", 24, 0, "");
}

static void all_there_is_may_be_less(void **state)
{
    struct ring r;

    (void)state;
    open_behind(&r, 0, slice_of_text(""));
    expect(&r, 24, ALL, slice_of_text(""));
    ring_write(&r, slice_of_text("31mboot\nlogin: "));
    expect(&r, 24, ALL, slice_of_text("31mboot\nlogin: "));
    expect(&r, 24, 15, slice_of_text("31mboot\nlogin: "));
    expect(&r, 24, 14, slice_of_text("login: "));
    ring_done(&r);
}

static void without_memory_there_is_none(void **state)
{
    struct ring r;

    (void)state;
    ring_init(&r);
    ring_write(&r, slice_of_text("forgotten\n"));
    expect(&r, 24, ALL, slice_of_text(""));
    ring_done(&r);
}

static void a_cut_line_is_left_out(void **state)
{
    (void)state;
    for (uint32_t bytes = 9; bytes < 14; bytes++)
        expect_anywhere("kernel\ndone\n$ ls -lrt", 24, bytes, "$ ls -lrt");
    for (uint32_t bytes = 14; bytes < 21; bytes++)
        expect_anywhere("kernel\ndone\n$ ls -lrt", 24, bytes,
                        "done\n$ ls -lrt");
    expect_anywhere("kernel\ndone\n$ ls -lrt", 24, 21,
                    "kernel\ndone\n$ ls -lrt");
}

static void of_one_long_line_the_end_is_shown(void **state)
{
    (void)state;
    expect_anywhere("\n0123456789", 24, 4, "6789");
    expect_anywhere("\n0123456789", 24, 1, "9");
    expect_anywhere("0123456789\n", 24, 4, "789\n");
}

static const char lead[] = "\n................................................"
                           "................";

/* At each cut: with the sequence, or behind it. */
static void expect_whole(const char *sequence)
{
    size_t len = strlen(sequence);
    char output[200];
    char tail[80];

    snprintf(output, sizeof output, "%s%sred", lead, sequence);
    snprintf(tail, sizeof tail, "%sred", sequence);
    expect_anywhere(output, 24, (uint32_t)len + 3, tail);
    for (uint32_t bytes = 3; bytes < len + 3; bytes++)
        expect_anywhere(output, 24, bytes, "red");
    snprintf(tail, sizeof tail, ".%sred", sequence);
    expect_anywhere(output, 24, (uint32_t)len + 4, tail);
}

static void no_sequence_is_cut(void **state)
{
    (void)state;
    expect_whole("\033[1;31m");
    expect_whole("\033[?1049h");
    expect_whole("\033[ q");
    expect_whole("\033(B");
    expect_whole("\033c");
    expect_whole("\033M");
    expect_whole("\033]0;web-01: ~ 1;2\a");
    expect_whole("\033]0;title\033\\");
    expect_whole("\033P$q1m text\033\\");
    expect_whole("\033[12\030");
}

static void a_string_without_an_end_is_not_begun(void **state)
{
    (void)state;
    expect_anywhere("\n...............\033]0;title", 24, 4, "");
    expect_anywhere("\n...............\033]0;title\nred", 24, 4, "red");
}

static void a_string_that_lost_its_end_does_not_hide_all(void **state)
{
    enum { LONG = 16 * 1024 };
    static uint8_t output[LONG];
    struct history_wish wish = { 24, LONG / 2 };
    struct ring r;

    (void)state;
    memset(output, 'x', sizeof output);
    memcpy(output + LONG / 2 - 2, "\033P", 2);
    ring_init(&r);
    assert_int_equal(ring_resize(&r, LONG), 0);
    ring_write(&r, slice_of(output, sizeof output));
    assert_int_equal(r.head - history_start(&r, r.head, &wish),
                     LONG / 2 - 4096);
    ring_done(&r);
}

static void no_character_is_cut(void **state)
{
    static const char output[] = "\n.....\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80!";

    (void)state;
    expect_anywhere(output, 24, 1, "!");
    for (uint32_t bytes = 2; bytes < 5; bytes++)
        expect_anywhere(output, 24, bytes, "!");
    for (uint32_t bytes = 5; bytes < 8; bytes++)
        expect_anywhere(output, 24, bytes, "\xf0\x9f\x98\x80!");
    expect_anywhere(output, 24, 8, "\xe2\x82\xac\xf0\x9f\x98\x80!");
    expect_anywhere(output, 24, 9, "\xe2\x82\xac\xf0\x9f\x98\x80!");
    expect_anywhere(output, 24, 10, output + 6);
}

static void what_is_no_utf8_is_shown(void **state)
{
    (void)state;
    expect_anywhere("\n\xb0\xb1\xb2\xb0\xb1\xb2\xb0\xb1\xb2", 24, 6,
                    "\xb0\xb1\xb2");
}

/* The beginning is out of sight: a ring full without an end of a line. */
static void the_ring_begins_inside_of_something(void **state)
{
    static const struct {
        const char *output;
        const char *shown;
    } seen[] = {
        { "31mred\033[0m plain", "\033[0m plain" },
        { "0;title\a\rplain", "plain" },
        { "0;title\033\\plain", "\033\\plain" },
        { "31mred\nplain", "plain" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++) {
        struct ring r;

        open_behind(&r, 2 * CAP, slice_of_text(""));
        ring_clear(&r);
        assert_int_equal(ring_resize(&r, CAP), 0);
        ring_write(&r, slice_of_text(seen[i].output));
        expect(&r, 24, ALL, slice_of_text(seen[i].shown));
        ring_done(&r);
    }
}

static void a_ring_full_of_one_line_is_shown(void **state)
{
    uint8_t dots[2 * CAP];
    struct ring r;

    (void)state;
    memset(dots, '.', sizeof dots);
    open_behind(&r, 1, slice_of(dots, sizeof dots));
    /* But for what may be the end of a sequence. */
    expect(&r, 24, ALL, slice_of(dots, CAP - 64));
    ring_done(&r);
}

static void what_came_since_does_not_count(void **state)
{
    struct history_wish wish = { 1, ALL };
    struct ring r;

    (void)state;
    open_behind(&r, 10, slice_of_text("boot\nlogin: "));
    assert_int_equal(history_start(&r, r.head - 7, &wish), r.head - 12);
    wish.lines = 24;
    assert_int_equal(history_start(&r, ring_tail(&r), &wish), ring_tail(&r));
    ring_write(&r, slice_of_text(lead));
    for (int i = 0; i < 5; i++)
        ring_write(&r, slice_of_text(lead));
    /* It was pushed out before it was looked for. */
    assert_int_equal(history_start(&r, 5, &wish), 5);
    ring_done(&r);
}

/* ---- a random run ------------------------------------------------------ */

static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

/* The same from the front, of an array. UINT64_MAX: no line begins there. */
static uint64_t first_of_lines(const uint8_t *all, uint64_t low, uint64_t end,
                               uint32_t lines)
{
    uint64_t begins[CAP + 1];
    uint32_t count = 0;

    for (uint64_t at = low; at < end; at++) {
        if (at == 0 || all[at - 1] == '\n')
            begins[count++] = at;
    }
    if (count == 0)
        return UINT64_MAX;
    return begins[count > lines ? count - lines : 0];
}

static void any_output_begins_where_a_line_does(void **state)
{
    static const char letters[] = "\n\n\r ab\033[1m];\a\xc3\xa4\xff";
    static uint8_t all[20 * CAP];
    unsigned seed = 1;

    (void)state;
    for (unsigned run = 0; run < 300; run++) {
        struct ring r;

        ring_init(&r);
        assert_int_equal(ring_resize(&r, CAP), 0);
        while (r.head < sizeof all) {
            uint8_t byte = (uint8_t)
                letters[next_random(&seed, run % 3 == 0 ? 2 : 16) % 16];
            struct history_wish wish = {
                next_random(&seed, 20),
                next_random(&seed, 2 * CAP),
            };
            uint64_t end, low, at, line;

            all[r.head] =
                run % 5 == 0 && byte == '\n' && next_random(&seed, 40) != 0
                    ? 'x'
                    : byte;
            ring_write(&r, slice_of(all + r.head, 1));
            end = r.head - next_random(&seed, r.len);
            at = history_start(&r, end, &wish);
            low = ring_tail(&r);
            if (end - low > wish.bytes)
                low = end - wish.bytes;
            assert_true(at >= low && at <= end);
            if (wish.lines == 0 || wish.bytes == 0) {
                assert_int_equal(at, end);
                continue;
            }
            /* Of the ring's first byte nobody knows what was before it. */
            line = first_of_lines(all, low, end, wish.lines);
            if (line == low && low > 0 && low == ring_tail(&r))
                line = first_of_lines(all, low + 1, end, wish.lines);
            if (line != UINT64_MAX)
                assert_int_equal(at, line);
        }
        ring_done(&r);
    }
}

/* ---- older bytes ------------------------------------------------------ */

/* Of so many bytes in all, how many are shown of the older ones, wherever the
 * two are cut apart; nothing came before them, or something did. */
static void expect_joined(const char *output, uint32_t lines, uint32_t bytes,
                          const char *shown, bool is_beginning)
{
    struct history_wish wish = { lines, bytes };
    size_t len = strlen(output);

    for (size_t cut = 0; cut <= len; cut++) {
        struct slice past = slice_of(output, cut);
        size_t rest = len - cut;
        size_t all = strlen(shown);
        struct ring r;
        size_t of_past;

        open_behind(&r, 0, slice_of_text(output + cut));
        of_past = history_of_past(&r, r.head, past, is_beginning, &wish);
        assert_int_equal(of_past, all > rest ? all - rest : 0);
        ring_done(&r);
    }
}

static void older_bytes_are_as_those_of_the_ring(void **state)
{
    (void)state;
    for (int is_beginning = 0; is_beginning <= 1; is_beginning++) {
        bool is = is_beginning != 0;

        expect_joined("one\r\ntwo\r\nthree\r\n", 2, ALL, "two\r\nthree\r\n",
                      is);
        expect_joined("boot\r\n\r\nlogin: ", 1, ALL, "login: ", is);
        expect_joined("boot\r\n\r\nlogin: ", 2, ALL, "\r\nlogin: ", is);
        expect_joined("kernel\ndone\n$ ls -lrt", 24, 13, "$ ls -lrt", is);
        expect_joined("kernel\ndone\n$ ls -lrt", 24, 14, "done\n$ ls -lrt", is);
        expect_joined("boot\nlogin: ", 0, ALL, "", is);
        expect_joined("boot\nlogin: ", 24, 0, "", is);
    }
}

static void all_older_bytes_may_be_less(void **state)
{
    (void)state;
    expect_joined("31mboot\nlogin: ", 24, ALL, "31mboot\nlogin: ", true);
    /* The first line is cut. */
    expect_joined("31mboot\nlogin: ", 24, ALL, "login: ", false);
}

/* Nor is one whose beginning is in the older bytes, and its end is not. */
static void no_sequence_is_cut_at_the_joint(void **state)
{
    (void)state;
    expect_joined("\n....\033[31;1mred", 24, 8, "red", true);
    expect_joined("\n....\033[31;1mred", 24, 10, "\033[31;1mred", true);
}

/* What came since the client asked is not counted. */
static void what_came_since_is_not_looked_at(void **state)
{
    struct history_wish wish = { 1, ALL };
    struct ring r;

    (void)state;
    open_behind(&r, 0, slice_of_text("in: \nnew\nnew\n"));
    assert_int_equal(
        history_of_past(&r, 4, slice_of_text("boot\nlog"), true, &wish), 3);
    ring_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_lines_are_shown),
        cmocka_unit_test(a_prompt_is_a_line),
        cmocka_unit_test(nothing_is_wished_for),
        cmocka_unit_test(all_there_is_may_be_less),
        cmocka_unit_test(without_memory_there_is_none),
        cmocka_unit_test(a_cut_line_is_left_out),
        cmocka_unit_test(of_one_long_line_the_end_is_shown),
        cmocka_unit_test(no_sequence_is_cut),
        cmocka_unit_test(a_string_without_an_end_is_not_begun),
        cmocka_unit_test(a_string_that_lost_its_end_does_not_hide_all),
        cmocka_unit_test(no_character_is_cut),
        cmocka_unit_test(what_is_no_utf8_is_shown),
        cmocka_unit_test(the_ring_begins_inside_of_something),
        cmocka_unit_test(a_ring_full_of_one_line_is_shown),
        cmocka_unit_test(what_came_since_does_not_count),
        cmocka_unit_test(any_output_begins_where_a_line_does),
        cmocka_unit_test(older_bytes_are_as_those_of_the_ring),
        cmocka_unit_test(all_older_bytes_may_be_less),
        cmocka_unit_test(no_sequence_is_cut_at_the_joint),
        cmocka_unit_test(what_came_since_is_not_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
