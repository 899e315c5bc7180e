/* What of a recording a terminal is given: in whatever pieces it comes. */
#include "cli/play/screen_filter.h"
#include "state_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 64 * 1024 };

static void expect_of(const char *in, const char *out)
{
    size_t len = strlen(in);

    for (size_t piece = 1; piece <= len; piece++) {
        struct screen_filter f;
        struct buf to;

        buf_init(&to, MAX);
        screen_filter_init(&f);
        for (size_t at = 0; at < len; at += piece)
            assert_true(screen_filter_put(
                &f, slice_of(in + at, len - at < piece ? len - at : piece),
                &to));
        if (to.len != strlen(out) ||
            (to.len > 0 && memcmp(buf_bytes(&to).data, out, to.len) != 0))
            fail_msg("in pieces of %zu: \"%.*s\", not \"%s\"", piece,
                     (int)to.len, (const char *)buf_bytes(&to).data, out);
        buf_done(&to);
    }
}

static void passes(const char *sequence)
{
    char in[256];

    snprintf(in, sizeof in, "a%sb", sequence);
    expect_of(in, in);
}

static void is_left_out(const char *sequence)
{
    char in[256];

    snprintf(in, sizeof in, "a%sb", sequence);
    expect_of(in, "ab");
}

static void what_draws_goes_through(void **state)
{
    static const char *const sequences[] = {
        "\033[0m",
        "\033[1;31m",
        "\033[38:2::1:2:3m",
        "\033[m",
        "\033[H",
        "\033[10;20H",
        "\033[2J",
        "\033[?2J",
        "\033[K",
        "\033[1;24r",
        "\033[5A",
        "\033[?25l",
        "\033[?1049h",
        "\033[?7;25h",
        "\033[4h",
        "\033[2 q",
        "\033[!p",
        "\033[s\033[u",
        "\033[3T",
        "\0337\0338\033M\033D\033E\033c\033=\033>",
        "\033(0lqk\033(B",
        "\033#8",
        "\a\b\t\r\n\v\f\016\017",
        "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        passes(sequences[i]);
}

static void what_makes_a_terminal_answer_is_left_out(void **state)
{
    static const char *const sequences[] = {
        "\033[c",
        "\033[0c",
        "\033[>c",
        "\033[=c",
        "\033[5n",
        "\033[6n",
        "\033[?6n",
        "\033[x",
        "\033[?25$p",
        "\033[>q",
        "\033[?u",
        "\033Z",
        "\033[18t",
        "\033[21t",
        "\005",
        "\033P+q544e\033\\",
        "\033P$qm\033\\",
        "\033]10;?\a",
        "\033]4;1;?\033\\",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        is_left_out(sequences[i]);
}

static void what_does_more_than_draw_is_left_out(void **state)
{
    static const char *const sequences[] = {
        "\033]0;title\a",
        "\033]2;title\033\\",
        "\033ktitle\033\\",
        "\033]52;c;ZWNobw==\a",
        "\033]8;;http://example.org\033\\",
        "\033]1337;File=:AAAA\a",
        "\033_Gf=24;AAAA\033\\",
        "\033^privacy\033\\",
        "\033Xstring\033\\",
        "\033Pq#0;2;0;0;0\033\\",
        "\033[8;50;200t",
        "\033[3;0;0t",
        "\033[4i",
        "\033[5i",
        "\033[?1000h",
        "\033[?1006h",
        "\033[?1004h",
        "\033[?2004h",
        "\033[?25;1000h",
        "\033[?3h",
        "\033[2h",
        "\033[12h",
        "\033[>4;1m",
        "\033[?4m",
        "\033[1;2;3;4;5T",
        "\033[2q",
        "\033[1;2'z",
        "\033[=1u",
        "\033[>1u",
        "\033%G",
        "\033 F",
        "\033n",
        "\033|",
        "\033((B",
        "\177",
        "\001\002\003\004",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
        is_left_out(sequences[i]);
    /* Without its beginning it is text. */
    expect_of("a\xc2\x9b"
              "6nb",
              "a6nb");
}

static void a_sequence_ends_where_another_begins(void **state)
{
    (void)state;
    expect_of("a\033[12\033[1mb", "a\033[1mb");
    expect_of("a\033]0;x\033[1mb", "a\033[1mb");
    expect_of("a\033[12\030b", "ab");
    expect_of("a\033[12\nmb", "a\nmb");
    expect_of("a\033\033[1mb", "a\033[1mb");
    expect_of("a\033]0;\033\033\\b", "ab");
}

static void a_string_that_was_cut_off_ends_with_its_line(void **state)
{
    (void)state;
    expect_of("a\033]0;title\r\nb", "a\nb");
    expect_of("a\033Pq\030b", "ab");
}

static void a_sequence_that_is_too_long_is_left_out(void **state)
{
    char in[SCREEN_FILTER_SEQUENCE + 100];
    size_t len = 0;

    (void)state;
    len += (size_t)snprintf(in, sizeof in, "a\033[");
    memset(in + len, '1', SCREEN_FILTER_SEQUENCE);
    len += SCREEN_FILTER_SEQUENCE;
    snprintf(in + len, sizeof in - len, "mb");
    expect_of(in, "ab");
    /* Just short enough. */
    snprintf(in, sizeof in, "a\033[%0*dmb", SCREEN_FILTER_SEQUENCE - 3, 1);
    expect_of(in, in);
}

static void without_room_it_is_told(void **state)
{
    struct screen_filter f;
    struct buf to;

    (void)state;
    buf_init(&to, 4);
    screen_filter_init(&f);
    assert_true(screen_filter_put(&f, slice_of_text("abcd"), &to));
    assert_false(screen_filter_put(&f, slice_of_text("e"), &to));
    assert_false(screen_filter_put(&f, slice_of_text("\033[m"), &to));
    buf_done(&to);
}

static void states_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(screen_filter_state_name, enum screen_filter_state,
                      SCREEN_C1 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_have_names),
        cmocka_unit_test(what_draws_goes_through),
        cmocka_unit_test(what_makes_a_terminal_answer_is_left_out),
        cmocka_unit_test(what_does_more_than_draw_is_left_out),
        cmocka_unit_test(a_sequence_ends_where_another_begins),
        cmocka_unit_test(a_string_that_was_cut_off_ends_with_its_line),
        cmocka_unit_test(a_sequence_that_is_too_long_is_left_out),
        cmocka_unit_test(without_room_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
