/* The escape key of vspc attach, whole and key by key. */
#include "cli/attach/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {
    [KEYS_LEAVE] = "<leave>",
    [KEYS_HELP] = "<help>",
    [KEYS_BREAK] = "<break>",
    [KEYS_ASK_SYSRQ] = "<ask>",
    [KEYS_SYSRQ_HELP] = "<letters>",
    [KEYS_SYSRQ_NOT] = "<none>",
    [KEYS_REPLAY] = "<replay>",
    [KEYS_WHO] = "<who>",
    [KEYS_TAKE] = "<take>",
    [KEYS_SPY] = "<spy>",
    [KEYS_LOG] = "<log>",
    [KEYS_SUSPEND] = "<suspend>",
    [KEYS_UNKNOWN] = "<unknown>",
};

static char seen[512];

static void note(enum keys_event event, const struct keys_item *item)
{
    size_t len = strlen(seen);

    if (event == KEYS_TYPED)
        snprintf(seen + len, sizeof seen - len, "%.*s", (int)item->bytes.len,
                 (const char *)item->bytes.data);
    else if (event == KEYS_SYSRQ)
        snprintf(seen + len, sizeof seen - len, "<sysrq %c>", item->letter);
    else
        snprintf(seen + len, sizeof seen - len, "%s", names[event]);
}

static void feed(struct keys *k, const char *typed, size_t len)
{
    struct slice in = slice_of(typed, len);
    struct keys_item item;
    enum keys_event event;

    while ((event = keys_next(k, &in, &item)) != KEYS_NEED_MORE)
        note(event, &item);
    assert_int_equal(in.len, 0);
}

/* Cut at each place, and key by key. */
static void check(int escape, const char *typed, const char *expected)
{
    size_t len = strlen(typed);

    for (size_t cut = 0; cut <= len + 1; cut++) {
        struct keys k;

        seen[0] = '\0';
        keys_init(&k, escape);
        if (cut <= len) {
            feed(&k, typed, cut);
            feed(&k, typed + cut, len - cut);
        }
        for (size_t i = 0; cut > len && i < len; i++)
            feed(&k, typed + i, 1);
        assert_string_equal(seen, expected);
    }
}

static void what_is_typed_passes(void **state)
{
    (void)state;
    check(KEYS_ESCAPE, "ls -l\r\x1b[A\x03", "ls -l\r\x1b[A\x03");
    check(KEYS_NO_ESCAPE, "a\x1d.b", "a\x1d.b");
}

static void each_key_behind_the_escape_key_is_ours(void **state)
{
    (void)state;
    check(KEYS_ESCAPE,
          "a\x1d?b\x1d"
          "bc",
          "a<help>b<break>c");
    check(KEYS_ESCAPE, "\x1dr\x1dw\x1dt\x1ds\x1dl\x1dz\x1d\x1a",
          "<replay><who><take><spy><log><suspend><suspend>");
    check(KEYS_ESCAPE, "\x1dx", "<unknown>");
    check(KEYS_ESCAPE, "x\x1d.", "x<leave>");
}

static void the_escape_key_twice_is_itself(void **state)
{
    (void)state;
    check(KEYS_ESCAPE, "a\x1d\x1d.b", "a\x1d.b");
    check(KEYS_ESCAPE, "\x1d\x1d\x1d\x1d", "\x1d\x1d");
}

static void a_sysrq_has_a_letter(void **state)
{
    (void)state;
    check(KEYS_ESCAPE,
          "\x1d"
          "Bhx",
          "<ask><sysrq h>x");
    check(KEYS_ESCAPE,
          "\x1d"
          "B?s",
          "<ask><letters><sysrq s>");
    check(KEYS_ESCAPE,
          "\x1d"
          "B\x1b"
          "b",
          "<ask><none>b");
    check(KEYS_ESCAPE,
          "\x1d"
          "B\x1d.",
          "<ask><none>.");
}

static void a_printable_one_counts_where_a_line_begins(void **state)
{
    (void)state;
    check('#', "#.", "<leave>");
    check('#', "a#.\r#.", "a#.\r<leave>");
    check('#', "##\r##x", "#\r#x");
    check('#', "#include\n", "#include\n");
    check('#', "\r\r#?", "\r\r<help>");
}

static void escape_keys_are_parsed(void **state)
{
    static const struct {
        const char *text;
        int escape;
        const char *shown;
    } rows[] = {
        { "^]", 0x1d, "^]" }, { "^A", 1, "^A" }, { "^a", 1, "^A" },
        { "^@", 0, "^@" },    { "#", '#', "#" }, { "^", '^', "^" },
        { "none", -1, "" },
    };
    int escape;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(keys_parse_escape(rows[i].text, &escape));
        assert_int_equal(escape, rows[i].escape);
        assert_string_equal(keys_format(escape).text, rows[i].shown);
    }
    assert_false(keys_parse_escape("", &escape));
    assert_false(keys_parse_escape(" ", &escape));
    assert_false(keys_parse_escape("^M", &escape));
    assert_false(keys_parse_escape("^?", &escape));
    assert_false(keys_parse_escape("ab", &escape));
    assert_false(keys_parse_escape("\xc3\xa4", &escape));
}

static void every_listed_sysrq_has_words(void **state)
{
    (void)state;
    for (const char *letter = keys_sysrq_letters; *letter != '\0'; letter++)
        assert_non_null(keys_sysrq_words(*letter));
    assert_null(keys_sysrq_words('A'));
    assert_null(keys_sysrq_words('a'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_passes),
        cmocka_unit_test(each_key_behind_the_escape_key_is_ours),
        cmocka_unit_test(the_escape_key_twice_is_itself),
        cmocka_unit_test(a_sysrq_has_a_letter),
        cmocka_unit_test(a_printable_one_counts_where_a_line_begins),
        cmocka_unit_test(escape_keys_are_parsed),
        cmocka_unit_test(every_listed_sysrq_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
