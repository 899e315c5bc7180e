/* Command lines of people who come by ssh, and what they may say there. */
#include "cli/common/arguments.h"
#include "cli/ssh/command_words.h"
#include "cli/verb_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- words ----------------------------------------------------------------
 */

/* The words with "|" between them; "!" for a line that is refused. */
static const char *split(const char *line)
{
    static char text[2 * COMMAND_WORDS_LINE_MAX];
    static struct command_words words;
    struct err err = { "" };
    size_t len = 0;

    if (command_words_split(&words, line, &err) < 0) {
        assert_string_not_equal(err.text, "");
        return "!";
    }
    text[0] = '\0';
    for (int i = 0; i < words.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s",
                                i > 0 ? "|" : "", words.word[i]);
    assert_null(words.word[words.count]);
    return text;
}

static void words_are_a_shells(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { " \t\n ", "" },
        { "list", "list" },
        { "  logs  -f\tweb-01\n", "logs|-f|web-01" },
        { "show 'web 01'", "show|web 01" },
        { "show \"web 01\"", "show|web 01" },
        { "show web\\ 01", "show|web 01" },
        { "send c 'it'\\''s'", "send|c|it's" },
        { "send c 'a\\nb'", "send|c|a\\nb" },
        { "send c \"a\\nb\\\"c\\\\d\\$e\"", "send|c|a\\nb\"c\\d$e" },
        { "send c a\\nb", "send|c|anb" },
        { "send c ''", "send|c|" },
        { "send c \"\"x", "send|c|x" },
        { "a'b'\"c\"d", "abcd" },
        { "'\"' \"'\"", "\"|'" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(split(cases[i][0]), cases[i][1]);
}

static void nothing_is_expanded(void **state)
{
    (void)state;
    assert_string_equal(split("a $(id) `id` ; b | c > /x && $HOME ~ web-*"),
                        "a|$(id)|`id`|;|b|||c|>|/x|&&|$HOME|~|web-*");
}

static void what_has_no_end_is_refused(void **state)
{
    static const char *const cases[] = { "'",         "\"",  "a 'b",
                                         "a \"b\\\"", "a\\", "\\" };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(split(cases[i]), "!");
}

static void lines_are_bounded(void **state)
{
    static char line[COMMAND_WORDS_LINE_MAX + 2];

    (void)state;
    memset(line, 'x', COMMAND_WORDS_LINE_MAX);
    assert_int_equal(strlen(split(line)), COMMAND_WORDS_LINE_MAX);
    line[COMMAND_WORDS_LINE_MAX] = 'x';
    assert_string_equal(split(line), "!");
    for (size_t i = 0; i < COMMAND_WORDS_MAX; i++)
        memcpy(line + 2 * i, "x ", 2);
    line[2 * COMMAND_WORDS_MAX] = '\0';
    assert_int_equal(strlen(split(line)), 2 * COMMAND_WORDS_MAX - 1);
    memcpy(line + 2 * COMMAND_WORDS_MAX, "x", 2);
    assert_string_equal(split(line), "!");
}

/* ---- verbs ----------------------------------------------------------------
 */

static const struct option_row *find_row(const struct verb *verb,
                                         const char *name, size_t len)
{
    const struct option_row *row = verb->option;

    while (row != NULL && row->name != NULL &&
           (strlen(row->name) != len || memcmp(row->name, name, len) != 0))
        row++;
    return row != NULL && row->name != NULL ? row : NULL;
}

/* A file is one of the machine of sshd; its owner would be whoever sshd runs
 * vspc as. */
static void no_file_is_named_by_ssh(void **state)
{
    int open = 0;

    (void)state;
    for (const struct verb *const *v = verb_table; *v != NULL; v++) {
        const char *at = (*v)->by_ssh;

        if (at == NULL)
            continue;
        open++;
        assert_false((*v)->takes_all);
        assert_null(strstr((*v)->words, "FILE"));
        for (; at[0] != '\0'; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            const struct option_row *row = find_row(*v, at, len);

            if (row == NULL)
                fail_msg("%s has no option %s", (*v)->name, at);
            else if (row->value != NULL)
                assert_null(strstr(row->value, "FILE"));
            at += len;
        }
    }
    assert_true(open > 10);
}

static void some_verbs_are_not_for_ssh(void **state)
{
    static char *names[][2] = {
        { "ssh-session", "" },    { "context", "set" }, { "context", "list" },
        { "config", "check" },    { "reload", "" },     { "token", "create" },
        { "completion", "bash" }, { "__complete", "" },
    };
    const char *near;
    int taken;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct verb *verb = verb_table_find(2, names[i], &taken, &near);

        assert_non_null(verb);
        assert_null(verb->by_ssh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_a_shells),
        cmocka_unit_test(nothing_is_expanded),
        cmocka_unit_test(what_has_no_end_is_refused),
        cmocka_unit_test(lines_are_bounded),
        cmocka_unit_test(no_file_is_named_by_ssh),
        cmocka_unit_test(some_verbs_are_not_for_ssh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
