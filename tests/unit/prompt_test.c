/* Lines that are typed, in every cut: what is entered, what is seen. */
#include "proto/enter.h"
#include "proto/prompt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Lines that were entered, each ended by '|', and "<left>". */
struct seen {
    char lines[2048];
    size_t len;
    struct buf echo;
};

static void note(struct seen *s, const char *text)
{
    size_t len = strlen(text);

    assert_true(s->len + len < sizeof s->lines);
    memcpy(s->lines + s->len, text, len + 1);
    s->len += len;
}

static void type(struct prompt *p, struct seen *s, struct slice in)
{
    bool is_echoed = p->is_echoed;
    enum prompt_event event;

    for (;;) {
        assert_int_equal(prompt_next(p, &in, &s->echo, &event), 0);
        if (event == PROMPT_NEED_MORE)
            break;
        note(s, event == PROMPT_LEFT ? "<left>" : p->line);
        if (event == PROMPT_ENTERED)
            note(s, "|");
        prompt_begin(p, is_echoed);
    }
    assert_int_equal(in.len, 0);
}

static void check(bool is_echoed, struct slice typed, const char *lines,
                  const char *echo)
{
    for (size_t cut = 0; cut <= typed.len; cut++) {
        struct prompt p = { .len = 0 };
        struct seen s = { .len = 0 };
        char shown[512];

        buf_init(&s.echo, 500);
        prompt_begin(&p, is_echoed);
        type(&p, &s, slice_of(typed.data, cut));
        type(&p, &s, slice_after(typed, cut));
        memcpy(shown, buf_bytes(&s.echo).data, s.echo.len);
        shown[s.echo.len] = '\0';
        assert_string_equal(s.lines, lines);
        assert_string_equal(shown, echo);
        buf_done(&s.echo);
        prompt_done(&p);
    }
    /* And byte by byte. */
    if (typed.len > 0) {
        struct prompt p = { .len = 0 };
        struct seen s = { .len = 0 };

        buf_init(&s.echo, 500);
        prompt_begin(&p, is_echoed);
        for (size_t i = 0; i < typed.len; i++)
            type(&p, &s, slice_of(typed.data + i, 1));
        assert_string_equal(s.lines, lines);
        assert_int_equal(s.echo.len, strlen(echo));
        buf_done(&s.echo);
    }
}

#define TYPED(text) slice_of(text, sizeof(text) - 1)
#define ERASED "\b \b"

static void every_enter_is_one(void **state)
{
    (void)state;
    check(true, TYPED("alice\r"), "alice|", "alice\r\n");
    check(true, TYPED("alice\n"), "alice|", "alice\r\n");
    check(true, TYPED("alice\r\nbob\r\n"), "alice|bob|", "alice\r\nbob\r\n");
    check(true, TYPED("alice\r\0bob\r\0"), "alice|bob|", "alice\r\nbob\r\n");
    check(true, TYPED("\r\r\n\n\r"), "||||", "\r\n\r\n\r\n\r\n");
}

static void what_is_erased_is_gone(void **state)
{
    (void)state;
    check(true, TYPED("alix\bce\r"), "alice|", "alix" ERASED "ce\r\n");
    check(true,
          TYPED("a\x7f\x7f\x7f"
                "b\r"),
          "b|", "a" ERASED "b\r\n");
    check(true,
          TYPED("ab\x15"
                "c\r"),
          "c|", "ab" ERASED ERASED "c\r\n");
    check(true,
          TYPED("a\xc3\xbc\x7f"
                "b\r"),
          "ab|", "a\xc3\xbc" ERASED "b\r\n");
    check(false,
          TYPED("a\xc3\xbc\x7f"
                "b\xfc\x7f"
                "c\r"),
          "abc|", "\r\n");
    check(false,
          TYPED("abc\x15"
                "d\r"),
          "d|", "\r\n");
}

static void ctrl_c_and_ctrl_d_leave(void **state)
{
    (void)state;
    check(true, TYPED("al\x03"), "<left>", "al\r\n");
    check(false, TYPED("secret\x04"), "<left>", "\r\n");
}

static void a_password_is_not_seen(void **state)
{
    (void)state;
    check(false, TYPED("p\xc3\xa4 \xe4\xffss\r"), "p\xc3\xa4 \xe4\xffss|",
          "\r\n");
}

static void keys_and_control_characters_are_nothing(void **state)
{
    (void)state;
    check(true, TYPED("a\x01\0\x1b[Ab\x1bOPc\x1b[1;5Dd\x1bxe\t\r"), "abcde|",
          "abcde\r\n");
    check(false, TYPED("a\x1b[Ab\x1b\r"), "ab|", "\r\n");
    check(true, TYPED("a\x1b[1\rb\r"), "a|b|", "a\r\nb\r\n");
    check(true, TYPED("a\x1b\x1b[Ab\r"), "ab|", "ab\r\n");
}

static void a_name_is_utf_8_and_can_be_seen(void **state)
{
    (void)state;
    check(true, TYPED("\xe2\x82\xac\xf0\x9f\x98\x80\r"),
          "\xe2\x82\xac\xf0\x9f\x98\x80|", "\xe2\x82\xac\xf0\x9f\x98\x80\r\n");
    /* Latin-1, halves, C1, a bidi override, overlong. */
    check(true,
          TYPED("a\xe4"
                "b\xe2\x82"
                "c\xc2\x9b"
                "d\xe2\x80\xae"
                "e\r"),
          "abcde|", "abcde\r\n");
    check(true,
          TYPED("a\xc0\xaf\x80\x80\x80\x80"
                "b\xff\r"),
          "ab|", "ab\r\n");
    /* Half a character that is erased takes nothing of what is seen. */
    check(true,
          TYPED("a\xe2\x82\x7f"
                "b\r"),
          "ab|", "ab\r\n");
    check(true,
          TYPED("a\x82\x7f"
                "b\r"),
          "ab|", "ab\r\n");
}

static void a_line_has_an_end(void **state)
{
    static char typed[1000];
    struct prompt p = { .len = 0 };
    struct slice in = slice_of(typed, sizeof typed);
    enum prompt_event event;
    struct buf out;

    (void)state;
    memset(typed, 'x', sizeof typed);
    typed[sizeof typed - 1] = '\r';
    buf_init(&out, 4096);
    prompt_begin(&p, false);
    assert_int_equal(prompt_next(&p, &in, &out, &event), 0);
    assert_int_equal(event, PROMPT_ENTERED);
    assert_int_equal(strlen(p.line), PROMPT_MAX);
    assert_int_equal(out.len, sizeof typed - 1 - PROMPT_MAX + 2);
    assert_memory_equal(out.data, "\a", 1);
    buf_done(&out);
}

static void a_full_queue_is_told(void **state)
{
    struct prompt p = { .len = 0 };
    struct slice in = TYPED("alice\r");
    enum prompt_event event;
    struct buf out;

    (void)state;
    buf_init(&out, 3);
    prompt_begin(&p, true);
    assert_true(prompt_next(&p, &in, &out, &event) < 0);
    buf_done(&out);
}

static void the_rest_of_an_enter_is_no_input_behind_it(void **state)
{
    static const struct {
        const char *typed;
        size_t len, rest;
    } cases[] = {
        { "x\r\nls", 5, 2 }, { "x\r\0ls", 5, 2 },   { "x\rls", 4, 2 },
        { "x\n\nls", 5, 3 }, { "x\r\n\nls", 6, 3 }, { "x\r\n", 3, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice in = slice_of(cases[i].typed, cases[i].len);
        struct prompt p = { .len = 0 };
        enum prompt_event event;
        struct buf out;

        buf_init(&out, 100);
        prompt_begin(&p, false);
        assert_int_equal(prompt_next(&p, &in, &out, &event), 0);
        assert_int_equal(event, PROMPT_ENTERED);
        enter_skip_rest(&p.is_behind_cr, &in);
        assert_int_equal(in.len, cases[i].rest);
        enter_skip_rest(&p.is_behind_cr, &in);
        assert_int_equal(in.len, cases[i].rest);
        buf_done(&out);
    }
}

static void a_line_is_wiped(void **state)
{
    static const struct prompt nothing;
    struct slice in = TYPED("secret");
    struct prompt p = { .len = 0 };
    enum prompt_event event;
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    prompt_begin(&p, false);
    assert_int_equal(prompt_next(&p, &in, &out, &event), 0);
    assert_memory_equal(p.line, "secret", 6);
    prompt_done(&p);
    assert_memory_equal(p.line, nothing.line, sizeof p.line);
    buf_done(&out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_enter_is_one),
        cmocka_unit_test(what_is_erased_is_gone),
        cmocka_unit_test(ctrl_c_and_ctrl_d_leave),
        cmocka_unit_test(a_password_is_not_seen),
        cmocka_unit_test(keys_and_control_characters_are_nothing),
        cmocka_unit_test(a_name_is_utf_8_and_can_be_seen),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(a_full_queue_is_told),
        cmocka_unit_test(the_rest_of_an_enter_is_no_input_behind_it),
        cmocka_unit_test(a_line_is_wiped),
    };

    return cmocka_run_group_tests_name("prompt", tests, NULL, NULL);
}
