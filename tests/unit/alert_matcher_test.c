/* What the matcher finds, where, how often, and with which lines around it. The
 * clock is the test's. */
#include "alert_fixture.h"

#include <stdio.h>

static void open_with(struct alert_fixture *f, const char *pattern)
{
    *f = (struct alert_fixture){ .count = 0 };
    fixture_add_pattern(f, "own", pattern);
    fixture_open(f);
}

static void a_line_is_found_in_all_pieces(void **state)
{
    static const char text[] = "before 1\r\nbefore 2\r\n"
                               "\x1b[1mdisk\x1b[0m sda \x1b[31mfailed\x1b[m "
                               "at 7\r\nafter 1\r\nafter 2\r\nafter 3\r\n";

    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct alert_fixture f;

        open_with(&f, "disk \\w+ failed");
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;

            fixture_feed_bytes(
                &f, slice_of(text + at, left < piece ? left : piece));
        }
        assert_int_equal(f.count, 1);
        assert_int_equal(f.find[0]->cause, ALERT_OUTPUT);
        assert_ptr_equal(f.find[0]->console, &f);
        assert_string_equal(f.find[0]->text, "disk sda failed at 7");
        assert_int_equal(f.find[0]->position, 24);
        assert_int_equal(f.find[0]->before_count, 2);
        assert_string_equal(f.find[0]->before[0], "before 1");
        assert_string_equal(f.find[0]->before[1], "before 2");
        assert_int_equal(f.find[0]->after_count, 3);
        assert_string_equal(f.find[0]->after_line[0], "after 1");
        assert_string_equal(f.find[0]->after_line[2], "after 3");
        fixture_close(&f);
    }
}

/* Lines behind are not waited for longer than a second. */
static void a_last_line_is_told_after_a_second(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "login:");
    fixture_feed(&f, "web-1 login: ");
    fixture_wait_ms(&f, 999);
    assert_int_equal(f.count, 0);
    fixture_feed(&f, "root\r\npartial");
    fixture_wait_ms(&f, 1);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.find[0]->text, "web-1 login: root");
    assert_int_equal(f.find[0]->after_count, 1);
    assert_string_equal(f.find[0]->after_line[0], "partial");
    fixture_close(&f);
}

static void no_lines_are_given_where_none_are_wanted(void **state)
{
    struct alert_fixture f = { .count = 0 };

    (void)state;
    fixture_add_pattern(&f, "own", "panic");
    alert_settings_rule(&f.settings, "own")->lines = 0;
    fixture_open(&f);
    fixture_feed(&f, "a\nb\npanic\n");
    assert_int_equal(f.count, 1);
    assert_int_equal(f.find[0]->before_count + f.find[0]->after_count, 0);
    fixture_close(&f);
}

/* A pattern may match at each byte of a line: it is one find; and within a
 * second all lines are one. */
static void a_rule_finds_a_line_once_and_something_once_a_second(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "panic.*");
    fixture_feed(&f, "panic: aaaaaaaaaaaaaaaaaaaaa panic panic\n");
    fixture_feed(&f, "panic 2\npanic 3\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.find[0]->others, 0);
    fixture_feed(&f, "panic 4\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.find[1]->others, 2);
    assert_string_equal(f.find[1]->text, "panic 4");
    fixture_close(&f);
}

static void rules_find_beside_each_other(void **state)
{
    struct alert_fixture f = { .count = 0 };

    (void)state;
    fixture_add_pattern(&f, "one", "disk");
    fixture_add_pattern(&f, "two", "DISK FULL");
    alert_settings_rule(&f.settings, "two")->is_case_ignored = true;
    fixture_add_pattern(&f, "three", "Disk");
    fixture_add_pattern(&f, "other", "disk");
    alert_rule_add_console(alert_settings_rule(&f.settings, "other"), "db-*");
    fixture_open(&f);
    fixture_feed(&f, "the disk full\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 2);
    assert_string_equal(fixture_rule(&f, 0), "one");
    assert_string_equal(fixture_rule(&f, 1), "two");
    fixture_close(&f);
}

static void ends_of_lines_are_ends(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool is_found;
    } cases[] = {
        { "^panic", "panic\n", true },     { "^panic", "a\r\npanic", true },
        { "^panic", "a panic\n", false },  { "end$", "the end\r\n", true },
        { "end$", "the ending\n", false }, { "a.b", "a\nb", false },
        { "a\\sb", "a\r\nb", true },       { "\\bfoo\\b", "a foo b", true },
        { "foo\\b", "foobar ", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct alert_fixture f;

        open_with(&f, cases[i].pattern);
        fixture_feed(&f, cases[i].text);
        fixture_wait_ms(&f, 1000);
        if (f.count != cases[i].is_found)
            fail_msg("%s in '%s': %zu", cases[i].pattern, cases[i].text,
                     f.count);
        fixture_close(&f);
    }
}

/* Lost output joins nothing; the position goes on where it does. */
static void lost_output_ends_a_line(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "kernel panic");
    fixture_feed(&f, "kernel ");
    f.position = 5000;
    fixture_feed(&f, "panic\r\nkernel panic\r\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.find[0]->text, "kernel panic");
    assert_int_equal(f.find[0]->position, 5007);
    assert_string_equal(f.find[0]->before[0], "kernel ");
    assert_string_equal(f.find[0]->before[1], "panic");
    fixture_close(&f);
}

static void places_are_right_with_much_output(void **state)
{
    static const char *const ends[] = { "\r\n", "\n", "\r", "\x1b[7;1H" };
    struct alert_fixture f;
    uint64_t expected[40];

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        open_with(&f, "line 1\\d[05]0\\b");
        for (int line = 0; line < 2000; line++) {
            char text[64];

            snprintf(text, sizeof text, "\x1b[3%dmline %d%s", line % 8, line,
                     ends[i]);
            if (line % 50 == 0 && line >= 1000) {
                expected[f.count] = f.position + 5;
                fixture_wait_ms(&f, 1000);
                fixture_feed(&f, text);
                fixture_wait_ms(&f, 1000);
            } else {
                fixture_feed(&f, text);
            }
        }
        assert_int_equal(f.count, 20);
        for (size_t j = 0; j < f.count; j++)
            assert_int_equal(f.find[j]->position, expected[j]);
        fixture_close(&f);
    }
}

/* Many lines in one piece, with the one that counts in the middle. */
static void a_large_piece_has_the_right_place(void **state)
{
    enum { LEN = 16 * 1024, LINE = 16 };
    char *text = xmalloc(LEN);
    struct alert_fixture f;

    (void)state;
    for (size_t at = 0; at < LEN; at += LINE)
        memcpy(text + at, "an usual line.\r\n", LINE);
    for (size_t at = 0; at < LEN; at += 7 * LINE) {
        memcpy(text + at, "a kernel panic\r\n", LINE);
        open_with(&f, "kernel panic");
        fixture_feed_bytes(&f, slice_of(text, LEN));
        fixture_wait_ms(&f, 1000);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.find[0]->position, at);
        assert_string_equal(f.find[0]->text, "a kernel panic");
        memcpy(text + at, "an usual line.\r\n", LINE);
        fixture_close(&f);
    }
    free(text);
}

static void a_long_line_is_cut_and_found(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "the end");
    for (int i = 0; i < 1000; i++)
        fixture_feed(&f, "0123456789");
    fixture_feed(&f, "the end\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_true(strlen(f.find[0]->text) < ALERT_LINE_MAX);
    assert_int_equal(f.find[0]->position, 0);
    fixture_close(&f);
}

static void foreign_bytes_become_text(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "panic");
    fixture_feed(&f, "\xff\xc3\xa4 panic \xe2\x80\xae!\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.find[0]->text, "\xef\xbf\xbd\xc3\xa4 panic !");
    fixture_close(&f);
}

/* ---- times ----------------------------------------------------------------
 */

static void open_timed(struct alert_fixture *f, const char *pattern,
                       const char *without, uint64_t silence_s, uint64_t flood,
                       uint64_t within_s)
{
    struct alert_rule *rule;

    *f = (struct alert_fixture){ .count = 0 };
    rule = alert_settings_rule(&f->settings, "timed");
    alert_rule_set_text(&rule->pattern, pattern);
    alert_rule_set_text(&rule->without, without);
    rule->silence_s = silence_s;
    rule->flood = flood;
    rule->within_s = within_s;
    fixture_open(f);
}

static void a_line_is_missed_once(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_timed(&f, "^start.*", "^done", 0, 0, 60);
    fixture_feed(&f, "start the first thing\nworking\n");
    fixture_wait_ms(&f, 30 * 1000);
    fixture_feed(&f, "still working\n");
    fixture_wait_ms(&f, 29 * 1000);
    assert_int_equal(f.count, 0);
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.find[0]->cause, ALERT_MISSING);
    assert_string_equal(f.find[0]->text, "start the first thing");
    assert_int_equal(f.find[0]->position, 0);
    assert_int_equal(f.find[0]->before_count, 3);
    assert_string_equal(f.find[0]->before[2], "still working");
    fixture_wait_ms(&f, 600 * 1000);
    assert_int_equal(f.count, 1);
    fixture_feed(&f, "start the next thing\n");
    fixture_wait_ms(&f, 10 * 1000);
    fixture_feed(&f, "done\n");
    fixture_wait_ms(&f, 600 * 1000);
    assert_int_equal(f.count, 1);
    fixture_close(&f);
}

/* What is told is where the last one is. */
static void each_line_of_a_block_may_begin_a_wait(void **state)
{
    static const char line[] = "\x1b[1mS\x1b[m\r\n";
    struct alert_fixture f;
    char text[200 * (sizeof line - 1) + 1];

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(text + i * (sizeof line - 1), line, sizeof line);
    for (size_t piece = 1; piece < sizeof text; piece += 97) {
        open_timed(&f, "^S", "^done", 0, 0, 60);
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;

            fixture_feed_bytes(
                &f, slice_of(text + at, left < piece ? left : piece));
        }
        fixture_wait_ms(&f, 60 * 1000);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.find[0]->position,
                         199 * (sizeof line - 1) + sizeof "\x1b[1m" - 1);
        fixture_close(&f);
    }
}

/* While the VM is away nothing is missed; when it is back it has all of the
 * time. */
static void a_wait_begins_anew_when_the_vm_is_back(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_timed(&f, "^start", "^done", 0, 0, 60);
    fixture_feed(&f, "start\n");
    fixture_wait_ms(&f, 59 * 1000);
    alert_matcher_vm(f.matcher, f.subject, false, f.now_us);
    fixture_wait_ms(&f, 600 * 1000);
    assert_int_equal(f.count, 0);
    alert_matcher_vm(f.matcher, f.subject, true, f.now_us);
    fixture_wait_ms(&f, 59 * 1000);
    assert_int_equal(f.count, 0);
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    fixture_close(&f);
}

static void a_silence_is_of_those_who_used_to_talk(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_timed(&f, NULL, NULL, 10, 0, 0);
    /* A boot, and a prompt: never again a word. */
    fixture_feed(&f, "boot\nlogin: ");
    fixture_wait_ms(&f, 3600 * 1000);
    assert_int_equal(f.count, 0);
    /* It says something every 9 s, but not for long enough. */
    for (int i = 0; i < 5; i++) {
        fixture_feed(&f, "tick\n");
        fixture_wait_ms(&f, 9 * 1000);
    }
    fixture_wait_ms(&f, 3600 * 1000);
    assert_int_equal(f.count, 0);
    for (int i = 0; i < 6; i++) {
        fixture_feed(&f, "tock\n");
        fixture_wait_ms(&f, 9 * 1000);
    }
    assert_int_equal(f.count, 0);
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.find[0]->cause, ALERT_SILENCE);
    assert_string_equal(f.find[0]->text, "no output for 10 s");
    assert_int_equal(f.find[0]->position, f.position);
    assert_string_equal(f.find[0]->before[2], "tock");
    fixture_wait_ms(&f, 3600 * 1000);
    assert_int_equal(f.count, 1);
    fixture_close(&f);
}

static void a_vm_that_is_away_is_not_silent(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_timed(&f, NULL, NULL, 10, 0, 0);
    for (int i = 0; i < 6; i++) {
        fixture_feed(&f, "tick\n");
        fixture_wait_ms(&f, 9 * 1000);
    }
    alert_matcher_vm(f.matcher, f.subject, false, f.now_us);
    fixture_wait_ms(&f, 3600 * 1000);
    alert_matcher_vm(f.matcher, f.subject, true, f.now_us);
    fixture_wait_ms(&f, 3600 * 1000);
    assert_int_equal(f.count, 0);
    fixture_close(&f);
}

/* 1,000 bytes in 10 s. */
static void a_flood_is_too_much_in_its_time(void **state)
{
    char text[100];
    struct alert_fixture f;

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    open_timed(&f, NULL, NULL, 0, 1000, 10);
    /* A little less, for an hour. */
    for (int i = 0; i < 3600; i++) {
        fixture_feed_bytes(&f, slice_of(text, 90));
        fixture_wait_ms(&f, 1000);
    }
    assert_int_equal(f.count, 0);
    /* Half as much again. */
    for (int i = 0; i < 100; i++) {
        fixture_feed_bytes(&f, slice_of(text, 15));
        fixture_wait_ms(&f, 100);
    }
    assert_int_equal(f.count, 0);
    for (int i = 0; i < 1000; i++) {
        fixture_feed_bytes(&f, slice_of(text, 15));
        fixture_wait_ms(&f, 100);
    }
    assert_int_equal(f.count, 1);
    assert_int_equal(f.find[0]->cause, ALERT_FLOOD);
    assert_string_equal(f.find[0]->text, "more than 1000 bytes in 10 s");
    /* It is over, and comes again at once. */
    fixture_wait_ms(&f, 10 * 1000);
    for (int i = 0; i < 11; i++)
        fixture_feed_bytes(&f, slice_of(text, 100));
    assert_int_equal(f.count, 2);
    fixture_close(&f);
}

/* Small pieces at any pace: none of the time between them is lost. */
static void a_flood_counts_short_times(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_timed(&f, NULL, NULL, 0, 1000000, 10);
    for (int i = 0; i < 100 * 1000; i++) {
        fixture_feed(&f, "0123456789 0123456789 0123456789 0123456789 "
                         "0123456789 0123456789 0123456789 0123456789 "
                         "0123456789 0123456789 0123456789 0123456789 "
                         "0123456789 0123456789 0123456789 012345\n");
        f.now_us += 1900; /* 90 % of the rate */
    }
    assert_int_equal(f.count, 0);
    fixture_close(&f);
}

/* ---- rules ----------------------------------------------------------------
 */

static void new_rules_begin_anew(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "first");
    fixture_feed(&f, "the first\nsec");
    assert_int_equal(f.count, 0); /* it waits for lines */
    alert_settings_clear(&f.settings);
    fixture_add_pattern(&f, "new", "second");
    fixture_use(&f);
    assert_int_equal(f.count, 1); /* by the former rules */
    fixture_feed(&f, "ond\nthe second\nfirst\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 2);
    assert_string_equal(f.find[1]->text, "the second");
    alert_settings_clear(&f.settings);
    fixture_use(&f);
    fixture_feed(&f, "the second\n");
    fixture_wait_ms(&f, 1000);
    assert_int_equal(f.count, 2);
    fixture_close(&f);
}

static void a_console_that_goes_waits_for_nothing(void **state)
{
    struct alert_fixture f;

    (void)state;
    open_with(&f, "panic");
    fixture_feed(&f, "panic");
    alert_subject_free(f.matcher, f.subject);
    f.subject = NULL;
    assert_int_equal(alert_matcher_due(f.matcher), UINT64_MAX);
    assert_int_equal(f.count, 0);
    fixture_close(&f);
}

/* The oldest go first, with the lines that they have. */
static void finds_that_wait_are_bounded(void **state)
{
    enum { MORE = 5 };
    struct alert_subject *all[ALERT_WAITING_MAX + MORE];
    struct alert_fixture f;
    uint8_t bits[1] = { 1 };

    (void)state;
    open_with(&f, "panic");
    for (size_t i = 0; i < ALERT_WAITING_MAX + MORE; i++) {
        all[i] = alert_subject_new(f.matcher, &all[i]);
        alert_subject_apply(f.matcher, all[i], bits);
        alert_matcher_feed(f.matcher, all[i], slice_of_text("panic"), 0,
                           f.now_us);
    }
    assert_int_equal(f.count, MORE);
    assert_ptr_equal(f.find[0]->console, &all[0]);
    for (size_t i = 0; i < ALERT_WAITING_MAX + MORE; i++)
        alert_subject_free(f.matcher, all[i]);
    fixture_close(&f);
}

static void bad_rules_are_refused_with_the_reason(void **state)
{
    static const struct {
        struct alert_rule rule;
        const char *says; /* NULL: it is good */
    } cases[] = {
        { { .pattern = (char *)"disk \\d+" }, NULL },
        { { .silence_s = 1 }, NULL },
        { { .flood = 1, .within_s = 1 }, NULL },
        { { .lines = 1 }, "expected pattern, after-silence or flood" },
        { { .pattern = (char *)"a", .silence_s = 1 }, "expected one of" },
        { { .without = (char *)"a", .silence_s = 1 }, "rules with a pattern" },
        { { .pattern = (char *)"a", .without = (char *)"b" },
          "without needs within" },
        { { .flood = 1 }, "flood needs within" },
        { { .pattern = (char *)"a", .within_s = 1 }, "within is for" },
        { { .pattern = (char *)"a(b" }, "pattern: Missing close paren" },
        { { .pattern = (char *)"(a)\\1" }, "pattern: Back-references" },
        { { .pattern = (char *)"(?=a)b" }, "pattern: Zero-width assertions" },
        { { .pattern = (char *)"a*" }, "where there is nothing" },
        { { .pattern = (char *)"a\\z" }, "at the end of all output" },
        { { .pattern = (char *)"a", .without = (char *)"[", .within_s = 1 },
          "without: " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct alert_rule rule = cases[i].rule;
        struct err err = { "" };
        char name[] = "name";
        int r;

        rule.name = name;
        r = alert_rules_check(&rule, &err);
        if ((r == 0) != (cases[i].says == NULL) ||
            (r < 0 && strstr(err.text, cases[i].says) == NULL))
            fail_msg("case %zu: %s", i, err.text);
    }
}

static void a_bad_pattern_names_its_rule(void **state)
{
    struct alert_settings settings = { 0 };
    struct alert_rules *rules = NULL;
    struct alert_rule *rule;
    struct err err = { "" };

    (void)state;
    alert_rule_set_text(&alert_settings_rule(&settings, "good")->pattern, "a");
    rule = alert_settings_rule(&settings, "too large");
    alert_rule_set_text(&rule->pattern, "x{30000}");
    alert_rule_set_text(&rule->where, "vspcd.conf:7");
    assert_true(alert_rules_make(&settings, &rules, &err) < 0);
    assert_null(rules);
    assert_non_null(
        strstr(err.text, "vspcd.conf:7: alert too large: pattern: "));
    alert_settings_clear(&settings);
}

static void settings_are_kept_copied_and_removed(void **state)
{
    struct alert_settings settings = { 0 }, copy = { 0 };

    (void)state;
    alert_rule_add_console(alert_settings_rule(&settings, "a"), "web-*");
    alert_rule_set_text(&alert_settings_rule(&settings, "b")->pattern, "b");
    assert_int_equal(settings.count, 2);
    assert_int_equal(alert_settings_rule(&settings, "a")->severity,
                     ALERT_WARNING);
    alert_settings_copy(&copy, &settings);
    assert_true(alert_settings_are_equal(&copy, &settings));
    alert_rule_set_text(&copy.rule[1].where, "elsewhere");
    assert_true(alert_settings_are_equal(&copy, &settings));
    copy.rule[1].lines++;
    assert_false(alert_settings_are_equal(&copy, &settings));
    copy.rule[1].lines--;
    alert_rule_set_text(&copy.rule[1].without, "c");
    assert_false(alert_settings_are_equal(&copy, &settings));
    alert_rule_set_text(&copy.rule[1].without, NULL);
    alert_rule_add_console(&copy.rule[1], "x");
    assert_false(alert_settings_are_equal(&copy, &settings));
    alert_rule_clear_consoles(&copy.rule[1]);
    assert_true(alert_settings_are_equal(&copy, &settings));
    alert_settings_remove(&settings, "a");
    alert_settings_remove(&settings, "none");
    assert_int_equal(settings.count, 1);
    assert_false(alert_settings_are_equal(&copy, &settings));
    assert_string_equal(settings.rule[0].name, "b");
    assert_string_equal(copy.rule[0].console[0], "web-*");
    assert_string_equal(copy.rule[1].pattern, "b");
    alert_settings_clear(&settings);
    alert_settings_clear(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_found_in_all_pieces),
        cmocka_unit_test(a_last_line_is_told_after_a_second),
        cmocka_unit_test(no_lines_are_given_where_none_are_wanted),
        cmocka_unit_test(a_rule_finds_a_line_once_and_something_once_a_second),
        cmocka_unit_test(rules_find_beside_each_other),
        cmocka_unit_test(ends_of_lines_are_ends),
        cmocka_unit_test(lost_output_ends_a_line),
        cmocka_unit_test(places_are_right_with_much_output),
        cmocka_unit_test(a_large_piece_has_the_right_place),
        cmocka_unit_test(a_long_line_is_cut_and_found),
        cmocka_unit_test(foreign_bytes_become_text),
        cmocka_unit_test(a_line_is_missed_once),
        cmocka_unit_test(each_line_of_a_block_may_begin_a_wait),
        cmocka_unit_test(a_wait_begins_anew_when_the_vm_is_back),
        cmocka_unit_test(a_silence_is_of_those_who_used_to_talk),
        cmocka_unit_test(a_vm_that_is_away_is_not_silent),
        cmocka_unit_test(a_flood_is_too_much_in_its_time),
        cmocka_unit_test(a_flood_counts_short_times),
        cmocka_unit_test(new_rules_begin_anew),
        cmocka_unit_test(a_console_that_goes_waits_for_nothing),
        cmocka_unit_test(finds_that_wait_are_bounded),
        cmocka_unit_test(bad_rules_are_refused_with_the_reason),
        cmocka_unit_test(a_bad_pattern_names_its_rule),
        cmocka_unit_test(settings_are_kept_copied_and_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
