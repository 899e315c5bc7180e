/* Patterns: what they match, what is wrong with them, what covers what. */
#include "access/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_pattern_matches_the_whole_text(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        { "web", "web", true },
        { "web", "Web", false },
        { "web", "web1", false },
        { "web", "we", false },
        { "*", "", true },
        { "**", "a/b", true },
        { "web-*", "web-", true },
        { "web-*", "web-1/s0", true },
        { "*-db", "a-db-db", true },
        { "*-db", "a-db-", false },
        { "*a*b*c*", "xxaxxbxxcxx", true },
        { "*a*b*c*", "xxcxxbxxaxx", false },
        { "a*b?c", "aXbXbYc", true },
        { "?", "", false },
        { "?", "a", true },
        { "?", "ab", false },
        { "?", "\xc3\xa4", true },   /* one character */
        { "??", "\xc3\xa4", false }, /* of two bytes */
        { "*?", "\xc3\xa4", true },  /* a star takes none of it */
        { "?\xc3\xa4", "a\xc3\xa4", true },
        { "[a-c]x", "bx", true },
        { "[a-c]x", "dx", false },
        { "[!a-c]x", "dx", true },
        { "[!a-c]x", "ax", false },
        { "[!a]", "\xc3\xa4", true },
        { "[!a]", "", false },
        { "[a-]", "-", true },
        { "[-a]", "-", true },
        { "[*]", "*", true },
        { "[*]", "a", false },
        { "[[]x]", "[x]", true },
        { "x]", "x]", true },
        { "[\\]", "\\", true },
        { "[!!]", "!", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (pattern_check(rows[i].pattern, NULL) < 0)
            fail_msg("'%s' is refused", rows[i].pattern);
        if (pattern_matches(rows[i].pattern, rows[i].text) != rows[i].matches)
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
    }
}

static void a_pattern_with_two_meanings_is_refused(void **state)
{
    static const struct {
        const char *pattern, *says;
    } rows[] = {
        { "", "is empty" },
        { "a\\*", "backslash" },
        { "[", "[ without ]" },
        { "a[b", "[ without ]" },
        { "[]", "without a character" },
        { "[]a]", "without a character" },
        { "[!]", "without a character" },
        { "[^a]", "expected [!" },
        { "[[:alpha:]]", "class of characters" },
        { "[z-a]", "end is before its begin" },
        { "[a-c-e]", "- behind a range" },
        { "[\xc3\xa4]", "not ASCII" },
        { "a\tb", "nobody sees" },
        { "a\xff", "nobody sees" },
        { "a\xe2\x80\x8b"
          "b",
          "nobody sees" },
    };
    char longest[PATTERN_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { "" };

        assert_true(pattern_check(rows[i].pattern, &err) < 0);
        if (strstr(err.text, rows[i].says) == NULL)
            fail_msg("'%s': %s", rows[i].pattern, err.text);
        /* It matches what it likes, but it ends. */
        (void)pattern_matches(rows[i].pattern, "a[b]");
        (void)pattern_matches(rows[i].pattern, "");
    }
    memset(longest, 'a', sizeof longest);
    longest[PATTERN_MAX] = '\0';
    assert_true(pattern_check(longest, NULL) < 0);
    longest[PATTERN_MAX - 1] = '\0';
    assert_int_equal(pattern_check(longest, NULL), 0);
}

static bool matches_console(const char *pattern, const char *name,
                            const char *uuid, const char *label)
{
    const struct access_console console = { .name = name,
                                            .uuid = uuid,
                                            .label = label };
    struct pattern_console texts = pattern_console_of(&console);

    return pattern_matches_console(pattern, &texts);
}

static void a_console_has_up_to_four_texts(void **state)
{
    static const char uuid[] = "52f7a088-357e-a2c5-8c35-5a2ba9f1ec6f";

    (void)state;
    assert_true(matches_console("*", NULL, NULL, NULL));
    assert_true(matches_console("***", "", "", ""));
    assert_false(matches_console("?*", NULL, "", "s0"));
    assert_false(matches_console("/s0", NULL, NULL, "s0"));
    assert_false(matches_console("web/", "web", uuid, ""));
    assert_true(matches_console("web/s0", "web", uuid, "s0"));
    assert_false(matches_console("web/S0", "web", uuid, "s0"));
    assert_true(matches_console("52F7*/s0", "web", uuid, "s0"));
    assert_false(matches_console("52F7*/S0", "web", uuid, "s0"));
    assert_true(matches_console("52f7*", "web", "52F7A088", "s0"));
    assert_true(matches_console("*6F", "web", uuid, "s0"));
    assert_true(matches_console("*[!a]F/s0", "web", uuid, "s0"));
    assert_false(matches_console("", "web", uuid, "s0"));
    assert_true(matches_console("5[!a-e]F7*", "web", uuid, "s0"));
    assert_false(matches_console("52[!A-F]7*", "web", uuid, "s0"));
}

/* ---- the inventory --------------------------------------------------------
 */

static const struct inventory_vm known = {
    .name = "Web 1",
    .folder = "/prod/web",
    .host = "ESX-31.example.org",
    .owner = "",
    .tags = "web\0linux\0",
};

static bool matches_vm(const char *pattern, const struct inventory_vm *vm)
{
    const struct access_console console = { .name = "folder:x",
                                            .uuid = "u",
                                            .vm = *vm };
    struct pattern_console texts = pattern_console_of(&console);

    return pattern_matches_console(pattern, &texts);
}

static void a_prefix_asks_the_inventory_and_nothing_else(void **state)
{
    static const struct inventory_vm none = { .name = NULL };
    static const struct inventory_vm unknown = { .is_unknown = true };
    static const struct {
        const char *pattern;
        bool of_known, of_none;
    } rows[] = {
        { "folder:/prod/*", true, false },
        { "folder:/prod/w?b", true, false },
        { "folder:/prod", false, false },
        { "folder:*", true, false },
        { "folder:", false, true },
        { "host:esx-3*", true, false },
        { "host:esx-4*", false, false },
        { "owner:*", false, false },
        { "owner:", true, true },
        { "tag:web", true, false },
        { "tag:l*x", true, false },
        { "tag:Web", false, false },
        { "tag:web*linux", false, false },
        { "tag:", false, true },
        { "Web 1", false, false },
        { "folder:x", false, false },
        { "[f]older:x", true, true },
        { "?older:*", true, true },
        { "*", true, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *pattern = rows[i].pattern;
        bool is_of_inventory = strchr(pattern, ':') != NULL &&
                               pattern[0] != '[' && pattern[0] != '?';

        assert_int_equal(pattern_check(pattern, NULL), 0);
        assert_true(pattern_is_of_inventory(pattern) == is_of_inventory);
        if (matches_vm(pattern, &known) != rows[i].of_known ||
            matches_vm(pattern, &none) != rows[i].of_none)
            fail_msg("%s", pattern);
        if (matches_vm(pattern, &unknown) !=
            (!is_of_inventory && rows[i].of_none))
            fail_msg("%s of an unknown VM", pattern);
    }
}

/* Nothing is known of it, and so it must not be a console of which nothing is:
 * a right on those would be one to administer the server. */
static void the_server_is_matched_by_stars_alone(void **state)
{
    static const char *const others[] = { "folder:",  "owner:", "tag:", "host:",
                                          "folder:*", "?",      "?*" };
    const struct access_console servers[] = { { .name = "" },
                                              { .name = NULL } };

    (void)state;
    for (size_t s = 0; s < 2; s++) {
        struct pattern_console texts = pattern_console_of(&servers[s]);

        assert_true(pattern_matches_console("*", &texts));
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            assert_false(pattern_matches_console(others[i], &texts));
    }
}

static void what_a_pattern_covers_it_matches_first(void **state)
{
    static const struct {
        const char *outer, *inner;
        bool covers;
    } rows[] = {
        { "*", "[a]?", true },
        { "web-*", "web-1", true },
        { "web-*", "web-1/s0", true },
        { "web-*", "web-*-db", true },
        { "web-*", "web-?", true },
        { "web-?", "web-*", false },
        { "web-??", "web-?*", false },
        { "web-[12]", "web-1", true },
        { "web-[12]", "web-3", false },
        { "w*b", "w*", false },
        { "*-*", "web-*", true },
        { "w?b", "w[e]b", false },
        { "w*b]", "w[ab]", false },
        { "a[b]", "a[b]", true },
        { "web", "web", true },
        { "web", "web-1", false },
        { "*", "folder:/a", true },
        { "f*", "folder:/a", false },
        { "folder:*", "folder:/a", true },
        { "folder:*", "owner:/a", false },
        { "folder:*", "folder:", false },
        { "folder:", "folder:", true },
        { "folder:/a/*", "folder:/a/b*", true },
        { "folder:*", "web", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (pattern_covers(rows[i].outer, rows[i].inner) != rows[i].covers)
            fail_msg("'%s' and '%s'", rows[i].outer, rows[i].inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_matches_the_whole_text),
        cmocka_unit_test(a_pattern_with_two_meanings_is_refused),
        cmocka_unit_test(a_console_has_up_to_four_texts),
        cmocka_unit_test(a_prefix_asks_the_inventory_and_nothing_else),
        cmocka_unit_test(the_server_is_matched_by_stars_alone),
        cmocka_unit_test(what_a_pattern_covers_it_matches_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
