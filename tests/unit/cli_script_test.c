/* Scripts of vspc run, and the search for expressions in output. */
#include "cli/run/matcher.h"
#include "cli/run/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_refused(const char *content, const char *problem)
{
    struct script s = { .count = 0 };
    struct err err;

    assert_true(script_parse(&s, slice_of_text(content), &err) < 0);
    assert_string_equal(err.text, problem);
    script_done(&s);
}

static void a_step_is_a_line(void **state)
{
    static const char content[] = "# a comment\r\n"
                                  "\n"
                                  "timeout 120\n"
                                  "expect ^login: *$\r\n"
                                  "  send root\n"
                                  "type  a\\tb\\x00\\e\\\\\n"
                                  "break\n"
                                  "sysrq s\n"
                                  "send";
    static const struct {
        enum script_verb verb;
        const char *text;
        size_t len;
        unsigned line;
    } rows[] = {
        { SCRIPT_TIMEOUT, NULL, 0, 3 },  { SCRIPT_EXPECT, "^login: *$", 10, 4 },
        { SCRIPT_SEND, "root\r", 5, 5 }, { SCRIPT_TYPE, " a\tb\0\033\\", 7, 6 },
        { SCRIPT_BREAK, NULL, 0, 7 },    { SCRIPT_SYSRQ, "s", 1, 8 },
        { SCRIPT_SEND, "\r", 1, 9 },
    };
    struct script s = { .count = 0 };
    struct err err;

    (void)state;
    assert_int_equal(script_parse(&s, slice_of_text(content), &err), 0);
    assert_int_equal(s.count, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < s.count; i++) {
        assert_int_equal(s.step[i].verb, rows[i].verb);
        assert_int_equal(s.step[i].line, rows[i].line);
        assert_int_equal(s.step[i].len, rows[i].len);
        if (rows[i].len > 0)
            assert_memory_equal(s.step[i].text, rows[i].text, rows[i].len);
    }
    assert_int_equal(s.step[0].seconds, 120);
    assert_true(script_types(&s));
    script_done(&s);
}

static void what_is_wrong_is_said(void **state)
{
    struct script s = { .count = 0 };
    struct err err;

    (void)state;
    check_refused("expect a\nsned b\n", "line 2: sned: there is no such step");
    check_refused("expect", "line 1: expect: expected a regular expression");
    check_refused("break now", "line 1: break: expected nothing behind it");
    check_refused("timeout soon",
                  "line 1: timeout: expected a number of seconds");
    check_refused("sysrq ab", "line 1: sysrq: expected one letter or digit");
    check_refused("\nsend \\q", "line 2: send: expected only \\r \\n \\t \\e "
                                "\\\\ and \\xHH behind a backslash");
    check_refused("type \\x4", "line 1: type: expected only \\r \\n \\t \\e "
                               "\\\\ and \\xHH behind a backslash");
    assert_true(script_parse(&s, slice_of("send \0", 6), &err) < 0);
    assert_true(script_add(&s, "send", "\\", 0, &err) < 0);
    assert_int_equal(s.count, 0);
    script_done(&s);
}

static void a_script_is_bounded(void **state)
{
    static char line[SCRIPT_TEXT_MAX + 2];
    struct script s = { .count = 0 };
    struct err err;

    (void)state;
    memset(line, 'a', sizeof line - 1);
    assert_true(script_parse(&s, slice_of_text(line), &err) < 0);
    for (int i = 0; i < SCRIPT_STEPS_MAX; i++)
        assert_int_equal(script_add(&s, "break", NULL, 0, &err), 0);
    assert_true(script_add(&s, "break", NULL, 0, &err) < 0);
    assert_string_equal(err.text, "break: there are too many steps");
    script_done(&s);
}

/* ---- the matcher --------------------------------------------------------- */

/* Whether the expression is found in the output, whole and byte by byte; left:
 * what comes behind the match is looked at again. */
static void check_found(const char *expression, struct slice output,
                        bool is_found)
{
    struct err err;
    regex_t pattern;

    assert_int_equal(matcher_compile(&pattern, expression, &err), 0);
    for (size_t step = 1; step <= output.len; step += output.len - 1) {
        struct matcher m;
        bool found = false;

        matcher_init(&m);
        for (size_t at = 0; at < output.len && !found; at += step) {
            matcher_feed(&m, slice_of(output.data + at, output.len - at < step
                                                            ? output.len - at
                                                            : step));
            found = matcher_find(&m, &pattern);
        }
        assert_int_equal(found, is_found);
        matcher_done(&m);
    }
    regfree(&pattern);
}

static void expressions_are_found_wherever_output_is_cut(void **state)
{
    (void)state;
    check_found("login: $", slice_of_text("\r\nweb login: "), true);
    check_found("^done$", slice_of_text("working\r\ndone\r\n"), true);
    check_found("^one$", slice_of_text("working\r\ndone\r\n"), false);
    check_found("(a|b)c{2}", slice_of_text("acbcc"), true);
    check_found("z", slice_of("a\0z", 3), true);
    check_found("g.b", slice_of_text("g\nb"), false);
    check_found("^two$", slice_of_text("one\rtwo\r"), true);
}

/* As bash brackets what is pasted, and ls colours names. */
static void escape_sequences_are_not_matched(void **state)
{
    (void)state;
    check_found("^sh-5.2# $", slice_of_text("\x1b[?2004hsh-5.2# "), true);
    check_found("^7$", slice_of_text("\x1b[?2004l\r7\r\n\x1b[?2004h$ "), true);
    check_found("^bin etc$", slice_of_text("\x1b[0m\x1b[01;34mbin\x1b[0m etc"),
                true);
}

static void each_search_begins_behind_the_one_before(void **state)
{
    struct matcher m;
    struct err err;
    regex_t pattern;

    (void)state;
    assert_int_equal(matcher_compile(&pattern, "[$#] ", &err), 0);
    matcher_init(&m);
    matcher_feed(&m, slice_of_text("one $ two # "));
    assert_true(matcher_find(&m, &pattern));
    assert_true(matcher_find(&m, &pattern));
    assert_false(matcher_find(&m, &pattern));
    matcher_done(&m);
    regfree(&pattern);
}

static void old_output_is_forgotten(void **state)
{
    static uint8_t much[3 * MATCHER_WINDOW];
    struct matcher m;
    struct err err;
    regex_t pattern;

    (void)state;
    assert_int_equal(matcher_compile(&pattern, "begin", &err), 0);
    matcher_init(&m);
    matcher_feed(&m, slice_of_text("begin"));
    memset(much, 'x', sizeof much);
    matcher_feed(&m, slice_of(much, sizeof much));
    assert_int_equal(m.window.len, MATCHER_WINDOW);
    assert_false(matcher_find(&m, &pattern));
    matcher_feed(&m, slice_of_text("begin"));
    assert_true(matcher_find(&m, &pattern));
    matcher_done(&m);
    regfree(&pattern);
}

static void a_wrong_expression_is_refused(void **state)
{
    struct err err;
    regex_t pattern;

    (void)state;
    assert_true(matcher_compile(&pattern, "a(b", &err) < 0);
    assert_non_null(strstr(err.text, "a(b: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_a_line),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_script_is_bounded),
        cmocka_unit_test(expressions_are_found_wherever_output_is_cut),
        cmocka_unit_test(escape_sequences_are_not_matched),
        cmocka_unit_test(each_search_begins_behind_the_one_before),
        cmocka_unit_test(old_output_is_forgotten),
        cmocka_unit_test(a_wrong_expression_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
