/* The sections of the configuration file: their forms, their lines, what is
 * wrong with them, what is shown, and what a reload would change. */
#include "base/mem.h"
#include "conf/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void read_into(const char *text, struct settings *s,
                      struct problems *problems)
{
    *s = (struct settings){ 0 };
    *problems = (struct problems){ 0 };
    config_text_read("file", text, strlen(text), s, problems);
}

static struct settings settings_of(const char *text)
{
    struct problems problems;
    struct settings s;

    read_into(text, &s, &problems);
    if (problems.count > 0)
        fail_msg("%s: %s", text, problems.item[0].text);
    return s;
}

static void assert_text(const struct access_section *section,
                        enum access_section_list list, size_t index,
                        const char *text, unsigned line)
{
    assert_true(index < section->list[list].count);
    assert_string_equal(section->list[list].item[index].text, text);
    assert_int_equal(section->list[list].item[index].line, line);
}

static void sections_stay_in_order_with_their_lines(void **state)
{
    struct settings s =
        settings_of("# a comment {\n"
                    "service-listen = { } debug = ${NONE:-true}\n"
                    "group ops\n"
                    "{ members = {\"alice\", # first\n"
                    "    bob }\n"
                    "  members += { \"carol\" } }\n"
                    "access \"secret-*\" {}\n"
                    "access\n"
                    "  \"web-*\"\n"
                    "\n"
                    "{ write = ops keyboard = one-writer\n"
                    "  hosts = {\"10.0.0.0/8\",\n"
                    "           \"10.0.0.0/9\"} }\n"
                    "access \"web-*\" { admin = {root} }\n"
                    "group empty {}\n");
    const struct access_section_group *groups = &s.sections.of[SECTION_GROUP];
    const struct access_section_group *access = &s.sections.of[SECTION_ACCESS];

    (void)state;
    assert_int_equal(groups->count, 2);
    assert_string_equal(groups->item[0].title, "ops");
    assert_int_equal(groups->item[0].line, 3);
    assert_int_equal(groups->item[0].list[SECTION_MEMBERS].count, 3);
    assert_text(&groups->item[0], SECTION_MEMBERS, 0, "alice", 4);
    assert_text(&groups->item[0], SECTION_MEMBERS, 1, "bob", 5);
    assert_text(&groups->item[0], SECTION_MEMBERS, 2, "carol", 6);
    assert_string_equal(groups->item[1].title, "empty");
    assert_int_equal(groups->item[1].line, 15);

    assert_int_equal(access->count, 3);
    assert_string_equal(access->item[0].title, "secret-*");
    assert_int_equal(access->item[0].line, 7);
    assert_string_equal(access->item[1].title, "web-*");
    assert_int_equal(access->item[1].line, 9);
    assert_text(&access->item[1], SECTION_WRITE, 0, "ops", 11);
    assert_text(&access->item[1], SECTION_HOSTS, 1, "10.0.0.0/9", 13);
    assert_true(access->item[1].has_keyboard);
    assert_int_equal(access->item[1].keyboard, 1);
    assert_false(access->item[2].has_keyboard);
    assert_text(&access->item[2], SECTION_ADMIN, 0, "root", 14);
    assert_true(s.is_debug);
    options_free(&s);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } wrong[] = {
        { "access \"*\" {\n write = {a}\n write = {b}\n}", 3,
          "write: already set in line 2 of this section" },
        { "access \"*\" {\n write = a\n write += {b}\n read = c\n read = d }",
          5, "read: already set in line 4 of this section" },
        { "access \"*\" { keyboard = one-writer\n keyboard = one-writer }", 2,
          "keyboard: already set in line 1 of this section" },
        { "access \"*\" {\n keyboard = all }", 2,
          "expected one of free-for-all|one-writer" },
        { "access \"*\" {\n\n writ = {a} }", 3,
          "unknown setting 'writ': in an access section, expected admin, " },
        { "access \"*\" {\n debug = true }", 2, "unknown setting 'debug'" },
        { "access \"*\" { members = {a} }", 1, "unknown setting 'members'" },
        { "group a { write = {a} }", 1,
          "unknown setting 'write': in a group, expected members" },
        { "acess \"*\" {\n}", 1, "did you mean access?" },
        { "write = {a}", 1, "unknown setting 'write'" },
        { "access { }", 1, "expected group NAME { members = {...} } or " },
        { "\naccess \"*\"\n write = {a}", 3, "missing opening brace" },
        { "\naccess \"*\" {\n write = {a}\n\n", 2,
          "expected a closing quote or brace" },
        { "access \"*\" {}\n}", 2, "unexpected closing brace" },
        { "access\n \"a\\n\" {\n}", 2, "access: contains control characters" },
        { "group a {\n members = {b,\n \"c\\td\"} }", 3,
          "members: contains control characters" },
        { "access = 1", 1, "missing title for section 'access'" },
        { "alert-webhook { }", 1, "or alert-webhook NAME { url = TEXT }" },
        { "alert a {\n pattern = \"\\d\" }", 2,
          "a backslash without a meaning in double quotes" },
        { "alert a {\n lines = 1\n lines = 2\n}", 3,
          "lines: already set in line 2 of this section" },
        { "alert a {\n hosts = 1 }", 2,
          "unknown setting 'hosts': in an alert section, expected enabled, " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct problems problems;
        struct settings s;
        bool is_said = false;

        read_into(wrong[i].text, &s, &problems);
        for (int j = 0; j < problems_kept(&problems); j++)
            is_said |= problems.item[j].line == wrong[i].line &&
                       strstr(problems.item[j].text, wrong[i].says) != NULL;
        if (!is_said)
            fail_msg("'%s': %s", wrong[i].text,
                     problems.count > 0 ? problems.item[0].text : "nothing");
        options_free(&s);
    }
}

/* A name may be unknown in one place and known in another. */
static void all_problems_are_said(void **state)
{
    static const char text[] = "debug = 1\n"
                               "access \"*\" { debug = true colour = red }\n"
                               "colour = red\n"
                               "group g { colour = {} admin = x }\n"
                               "access \"x\" { colour = 1 }\n"
                               "hold-time = 0\n";
    static const unsigned lines[] = { 1, 2, 2, 3, 4, 4, 6 };
    struct problems problems;
    struct settings s;

    (void)state;
    read_into(text, &s, &problems);
    assert_int_equal(problems.count, sizeof lines / sizeof *lines);
    for (int i = 0; i < problems.count; i++)
        assert_int_equal(problems.item[i].line, lines[i]);
    options_free(&s);
}

static void there_is_an_end_to_sections(void **state)
{
    static const char one[] = "access \"*\" {}\n";
    enum { LEN = sizeof one - 1 };
    size_t len = (ACCESS_SECTIONS_MAX + 1) * LEN;
    char *text = xmalloc(len + 1);
    struct problems problems;
    struct settings s;

    (void)state;
    for (size_t i = 0; i <= ACCESS_SECTIONS_MAX; i++)
        memcpy(text + i * LEN, one, LEN);
    text[len] = '\0';
    read_into(text, &s, &problems);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.item[0].line, ACCESS_SECTIONS_MAX + 1);
    assert_non_null(strstr(problems.item[0].text, "the limit is 1000"));
    assert_int_equal(s.sections.of[SECTION_ACCESS].count, ACCESS_SECTIONS_MAX);
    options_free(&s);
    free(text);
}

static void an_alert_has_single_texts_and_lists(void **state)
{
    struct settings s = settings_of("alert \"disk full\" {\n"
                                    "  pattern = '\\bdisk \\d+ full$'\n"
                                    "  consoles = {\"db-*\", \"web-*\"}\n"
                                    "  within = 5m\n"
                                    "}\n");
    const struct access_section *alert = &s.sections.of[SECTION_ALERT].item[0];

    (void)state;
    assert_int_equal(s.sections.of[SECTION_ALERT].count, 1);
    assert_string_equal(alert->title, "disk full");
    assert_text(alert, SECTION_ALERT_PATTERN, 0, "\\bdisk \\d+ full$", 2);
    assert_text(alert, SECTION_ALERT_CONSOLES, 1, "web-*", 3);
    assert_ptr_equal(access_section_text(alert, SECTION_ALERT_WITHIN),
                     alert->list[SECTION_ALERT_WITHIN].item);
    assert_null(access_section_text(alert, SECTION_ALERT_FLOOD));
    options_free(&s);
}

static void values_of_sections_have_the_form_of_settings(void **state)
{
    static const struct {
        struct options_form form;
        const char *text;
        uint64_t value;
        const char *says; /* NULL: it is good */
    } all[] = {
        { { OPTIONS_SECONDS, NULL, 1, 3600 }, "5m", 300, NULL },
        { { OPTIONS_SECONDS, NULL, 1, 3600 }, "2h", 0, "1 to 3600" },
        { { OPTIONS_SECONDS, NULL, 1, 3600 }, "0", 0, "1 to 3600" },
        { { OPTIONS_SIZE, NULL, 1, 1 << 20 }, "64K", 64 << 10, NULL },
        { { OPTIONS_SIZE, NULL, 1, 1 << 20 }, "2M", 0, "1 to 1M" },
        { { OPTIONS_NUMBER, NULL, 0, 10 }, "10", 10, NULL },
        { { OPTIONS_NUMBER, NULL, 0, 10 }, "-1", 0, "0 to 10" },
        { { OPTIONS_WORD, "no|yes", 0, 0 }, "yes", 1, NULL },
        { { OPTIONS_WORD, "no|yes", 0, 0 }, "y", 0, "one of no|yes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint64_t value = 77;
        struct err err = { "" };
        int r = options_parse(&all[i].form, all[i].text, &value, &err);

        assert_int_equal(r == 0, all[i].says == NULL);
        assert_int_equal(value, r == 0 ? all[i].value : 77);
        if (r < 0)
            assert_non_null(strstr(err.text, all[i].says));
    }
}

static char *print(const struct settings *s)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    options_print_sections(&s->sections, "file", to);
    fclose(to);
    return text;
}

static void what_is_shown_can_be_read_again(void **state)
{
    struct settings s =
        settings_of("group 'a\"b' { members = {\"x\\\\y\", '${HOME}'} }\n"
                    "access \"*\" { hosts = {\"10.0.0.0/8\"} read = {} "
                    "admin = {root} keyboard = one-writer }\n"
                    "access \"*\" { record = always record-input = yes }\n"
                    "alert a { pattern = '\\d$' consoles = b lines = 0 }\n");
    char *text = print(&s);
    struct settings again = settings_of(text);

    (void)state;
    assert_string_equal(text, "group \"a\\\"b\" { # file:1\n"
                              "    members = {\"x\\\\y\", \"\\${HOME}\"}\n"
                              "}\n"
                              "access \"*\" { # file:2\n"
                              "    admin = {\"root\"}\n"
                              "    hosts = {\"10.0.0.0/8\"}\n"
                              "    keyboard = one-writer\n"
                              "}\n"
                              "access \"*\" { # file:3\n"
                              "    record = \"always\"\n"
                              "    record-input = \"yes\"\n"
                              "}\n"
                              "alert \"a\" { # file:4\n"
                              "    pattern = \"\\\\d\\$\"\n"
                              "    lines = \"0\"\n"
                              "    consoles = {\"b\"}\n"
                              "}\n");
    for (int i = 0; i < SECTION_KINDS; i++)
        assert_true(access_sections_are_equal(&s.sections, &again.sections,
                                              (enum access_section_kind)i));
    options_free(&again);
    options_free(&s);
    free(text);
}

static void assert_changed(const char *from, const char *to, const char *name)
{
    struct settings current = settings_of(from);
    struct settings next = settings_of(to);
    struct options_changes changes;

    options_keep(&current, &next, &changes);
    assert_int_equal(changes.restart_count, 0);
    assert_int_equal(changes.count, name != NULL ? 1 : 0);
    if (name != NULL)
        assert_string_equal(changes.name[0], name);
    options_free(&current);
    options_free(&next);
}

static void a_change_is_noticed(void **state)
{
    char value[32];
    struct settings s = settings_of("access a {}\naccess b {}\ngroup c {}");

    (void)state;
    options_value(&s, "access", value, sizeof value);
    assert_string_equal(value, "2 sections");
    options_value(&s, "group", value, sizeof value);
    assert_string_equal(value, "1 section");
    options_free(&s);
    assert_changed("access a {}", "\n\naccess a\n{}", NULL);
    assert_changed("access a {}", "access b {}", "access");
    assert_changed("access a {}", "access a {} access a {}", "access");
    assert_changed("access a {}", "access a { keyboard = free-for-all }",
                   "access");
    assert_changed("access a { read = {x} }", "access a { write = {x} }",
                   "access");
    assert_changed("access a { read = {x,y} }", "access a { read = {y,x} }",
                   "access");
    assert_changed("group a {}", "group a { members = x }", "group");
    assert_changed("alert a { lines = 1 }", "alert a { lines = 2 }", "alert");
    assert_changed("access a {} access b {}", "access b {} access a {}",
                   "access");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_stay_in_order_with_their_lines),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(all_problems_are_said),
        cmocka_unit_test(there_is_an_end_to_sections),
        cmocka_unit_test(an_alert_has_single_texts_and_lists),
        cmocka_unit_test(values_of_sections_have_the_form_of_settings),
        cmocka_unit_test(what_is_shown_can_be_read_again),
        cmocka_unit_test(a_change_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
