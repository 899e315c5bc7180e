/* The engine with its threads: consoles of a real directory, and the loop's
 * part played by the test, which waits for what the threads report. */
#include "alert/alert.h"
#include "alert/match/alert_sets.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60 * 1000, CLOSE_US = 60 * 1000 * 1000, NOTES_MAX = 64 };

/* What was told. */
struct note {
    char rule[ALERT_NAME_MAX];
    char text[ALERT_LINE_MAX];
    const struct console *console;
    uint64_t epoch;
    uint64_t position;
};

struct fixture {
    struct directory directory;
    struct console *web;
    struct console *db;
    struct alert_engine *engine;
    struct alert_settings settings;
    int pipe[2];
    struct note note[NOTES_MAX];
    size_t found;
    uint64_t missed;
    unsigned in_force;
    char why[512]; /* of rules that are not in force */
};

static void on_found(void *owner, const struct alert_found *found)
{
    struct fixture *f = owner;
    struct note *note = &f->note[f->found++ % NOTES_MAX];

    snprintf(note->rule, sizeof note->rule, "%s", found->rule);
    snprintf(note->text, sizeof note->text, "%s", found->text);
    note->console = found->console;
    note->epoch = found->epoch;
    note->position = found->position;
    assert_true(found->time_ms <= clock_utc_ms());
    assert_true(found->time_ms > clock_utc_ms() - PATIENCE_MS);
}

static void on_missed(void *owner, const struct console *console,
                      uint64_t bytes)
{
    struct fixture *f = owner;

    assert_non_null(console);
    f->missed += bytes;
}

static void on_rules(void *owner, const char *why)
{
    struct fixture *f = owner;

    f->in_force += why == NULL;
    snprintf(f->why, sizeof f->why, "%s", why != NULL ? why : "");
}

/* A pipe that is full wakes as well. */
static void wake(void *owner)
{
    const struct fixture *f = owner;
    ssize_t written = write(f->pipe[1], "x", 1);

    (void)written;
}

static void add_pattern(struct fixture *f, const char *name,
                        const char *pattern)
{
    struct alert_rule *rule = alert_settings_rule(&f->settings, name);

    alert_rule_set_text(&rule->pattern, pattern);
    rule->lines = 0;
}

static struct console *restore(struct fixture *f, const char *uuid,
                               const char *name)
{
    static const struct console_past past = { .is_proven = true };
    const struct vm_identity identity = { uuid, "s0", name };

    return directory_restore(&f->directory, &identity, &past);
}

static int setup(void **state)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .hold_us = 1000 * 1000,
        .held_input_max = 4096,
        .ring_max = 65536,
        .history_total = 1 << 20,
    };
    struct fixture *f = xcalloc(1, sizeof *f);
    const struct alert_callbacks callbacks = {
        .on_found = on_found,
        .on_missed = on_missed,
        .on_rules = on_rules,
        .wake = wake,
        .owner = f,
    };

    assert_int_equal(pipe(f->pipe), 0);
    directory_init(&f->directory, &settings);
    f->web = restore(f, "u1", "web-1");
    f->db = restore(f, "u2", "db-1");
    f->engine = alert_engine_open(&callbacks);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    alert_engine_close(f->engine, CLOSE_US);
    directory_done(&f->directory);
    alert_settings_clear(&f->settings);
    close(f->pipe[0]);
    close(f->pipe[1]);
    free(f);
    return 0;
}

/* One turn of the loop: until a thread calls, or a batch is due. */
static void turn(struct fixture *f)
{
    struct pollfd ready = { .fd = f->pipe[0], .events = POLLIN };
    const struct deadline *first =
        deadline_first(alert_engine_batches(f->engine));
    uint64_t now_us = clock_now_us();
    uint64_t wait_us = (uint64_t)PATIENCE_MS * 1000;
    char bytes[256];

    if (first != NULL)
        wait_us = first->due_us > now_us ? first->due_us - now_us : 0;
    if (poll(&ready, 1, (int)(wait_us / 1000)) > 0)
        assert_true(read(f->pipe[0], bytes, sizeof bytes) > 0);
    else
        assert_non_null(first);
    deadline_queue_fire(alert_engine_batches(f->engine), clock_now_us());
    alert_engine_wake(f->engine, clock_now_us());
    directory_settle(&f->directory);
}

static void judge_all(struct fixture *f)
{
    alert_engine_judge(f->engine, f->web, false, clock_now_us());
    alert_engine_judge(f->engine, f->db, false, clock_now_us());
}

static void use(struct fixture *f)
{
    unsigned former = f->in_force;

    alert_engine_set(f->engine, &f->settings, clock_now_us());
    while (f->in_force == former)
        turn(f);
    assert_null(deadline_first(alert_engine_compilings(f->engine)));
    judge_all(f);
}

static void print(struct fixture *f, struct console *c, const char *text)
{
    console_output(c, slice_of_text(text));
    directory_settle(&f->directory);
}

static void wait_found(struct fixture *f, size_t count)
{
    while (f->found < count)
        turn(f);
    assert_int_equal(f->found, count);
}

static void what_is_printed_is_found(void **state)
{
    struct fixture *f = *state;

    add_pattern(f, "panic", "kernel panic");
    use(f);
    assert_int_equal(alert_engine_count(f->engine).consoles, 2);
    print(f, f->db, "first\r\na kernel ");
    print(f, f->db, "panic\r\nlast\r\n");
    wait_found(f, 1);
    assert_string_equal(f->note[0].rule, "panic");
    assert_string_equal(f->note[0].text, "a kernel panic");
    assert_ptr_equal(f->note[0].console, f->db);
    assert_int_equal(f->note[0].epoch, console_epoch(f->db));
    assert_int_equal(f->note[0].position, 7);
    assert_int_equal(alert_engine_count(f->engine).found, 1);
    assert_int_equal(alert_engine_count(f->engine).taken, 29);
    assert_int_equal(f->missed, 0);
}

static void output_before_the_rules_is_not_looked_at(void **state)
{
    struct fixture *f = *state;

    add_pattern(f, "panic", "panic");
    print(f, f->web, "panic 1\r\n");
    print(f, f->db, "panic 2\r\n");
    alert_engine_set(f->engine, &f->settings, clock_now_us());
    while (f->in_force == 0)
        turn(f);
    alert_engine_judge(f->engine, f->web, false, clock_now_us());
    alert_engine_judge(f->engine, f->db, true, clock_now_us());
    print(f, f->web, "panic 3\r\n");
    wait_found(f, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(f->note[i].text, f->note[i].console == f->web
                                                 ? "panic 3"
                                                 : "panic 2");
}

/* From the beginning of the output: what of it has gone is told of. */
static void output_that_has_gone_before_the_rules_is_told(void **state)
{
    struct fixture *f = *state;
    char line[1024];

    memset(line, 'x', sizeof line);
    memcpy(line + sizeof line - 2, "\n", 2);
    add_pattern(f, "panic", "panic");
    for (int i = 0; i < 200; i++)
        print(f, f->db, line);
    print(f, f->db, "panic\r\n");
    alert_engine_set(f->engine, &f->settings, clock_now_us());
    while (f->in_force == 0)
        turn(f);
    assert_true(ring_tail(&f->db->output) > 0);
    alert_engine_judge(f->engine, f->db, true, clock_now_us());
    wait_found(f, 1);
    assert_true(f->missed > 0);
    assert_int_equal(alert_engine_count(f->engine).taken + f->missed,
                     f->db->output.head);
}

static void rules_apply_where_they_say(void **state)
{
    struct fixture *f = *state;

    add_pattern(f, "panic", "panic");
    alert_rule_add_console(alert_settings_rule(&f->settings, "panic"), "db-*");
    use(f);
    assert_int_equal(alert_engine_count(f->engine).consoles, 1);
    print(f, f->web, "panic\r\n");
    print(f, f->db, "panic\r\n");
    wait_found(f, 1);
    assert_ptr_equal(f->note[0].console, f->db);
    free(f->db->name);
    f->db->name = xstrdup("mail");
    alert_engine_judge(f->engine, f->db, false, clock_now_us());
    assert_int_equal(alert_engine_count(f->engine).consoles, 0);
    assert_true(list_is_empty(&f->db->readers));
}

/* With the counts of rules that keep their names. */
static void new_rules_take_effect_on_live_consoles(void **state)
{
    struct fixture *f = *state;
    struct alert_rule_state rule;

    add_pattern(f, "kept", "panic");
    use(f);
    print(f, f->web, "panic\r\n");
    wait_found(f, 1);
    add_pattern(f, "added", "oops");
    use(f);
    print(f, f->web, "oops\r\n");
    wait_found(f, 2);
    assert_string_equal(f->note[1].rule, "added");
    assert_true(alert_engine_rule(f->engine, 0, &rule));
    assert_string_equal(rule.rule->name, "kept");
    assert_int_equal(rule.found, 1);
    assert_true(alert_engine_rule(f->engine, 1, &rule));
    assert_int_equal(rule.found, 1);
    assert_false(alert_engine_rule(f->engine, 2, &rule));
    alert_settings_clear(&f->settings);
    use(f);
    assert_int_equal(alert_engine_count(f->engine).consoles, 0);
    assert_false(alert_engine_rule(f->engine, 0, &rule));
}

static void rules_that_cannot_be_compiled_change_nothing(void **state)
{
    struct fixture *f = *state;

    add_pattern(f, "good", "panic");
    use(f);
    add_pattern(f, "bad", "x{30000}");
    alert_engine_set(f->engine, &f->settings, clock_now_us());
    while (f->why[0] == '\0')
        turn(f);
    assert_non_null(strstr(f->why, "alert bad: pattern: "));
    assert_int_equal(f->in_force, 1);
    print(f, f->web, "panic\r\n");
    wait_found(f, 1);
    assert_string_equal(f->note[0].rule, "good");
}

/* What leaves the ring before it is taken is counted, and what comes then is
 * looked at. */
static void lost_output_is_told(void **state)
{
    struct fixture *f = *state;
    char lines[1000];

    memset(lines, 'x', sizeof lines);
    add_pattern(f, "panic", "panic");
    use(f);
    for (int i = 0; i < 100; i++)
        console_output(f->web, slice_of(lines, sizeof lines));
    console_output(f->web, slice_of_text("\r\npanic\r\n"));
    directory_settle(&f->directory);
    wait_found(f, 1);
    assert_true(f->missed >= 100000 - 65536);
    assert_int_equal(alert_engine_count(f->engine).missed, f->missed);
    assert_int_equal(f->note[0].position, 100002);
}

/* The queue of the thread is bounded: what finds no room waits in the ring, and
 * is taken when there is room. */
static void much_output_is_looked_at_to_its_end(void **state)
{
    struct fixture *f = *state;
    char lines[20000];
    uint64_t total = 0;

    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 50 == 49 ? '\n' : 'x';
    add_pattern(f, "panic", "the last line");
    use(f);
    while (total < UINT64_C(64) << 20) {
        console_output(f->web, slice_of(lines, sizeof lines));
        directory_settle(&f->directory);
        total += sizeof lines;
    }
    assert_true(alert_engine_count(f->engine).waiting <= 8 << 20);
    print(f, f->web, "the last line\r\n");
    wait_found(f, 1);
    assert_int_equal(f->note[0].position, total);
    assert_int_equal(alert_engine_count(f->engine).taken + f->missed,
                     total + 15);
}

static void a_console_may_go_at_any_time(void **state)
{
    struct fixture *f = *state;

    add_pattern(f, "panic", "panic");
    use(f);
    for (int i = 0; i < 200; i++) {
        char uuid[16];
        struct console *c;

        snprintf(uuid, sizeof uuid, "n%d", i);
        c = restore(f, uuid, "vm");
        alert_engine_judge(f->engine, c, true, clock_now_us());
        print(f, c, "panic\r\n");
        if (i % 3 == 0)
            alert_engine_vm(f->engine, c, true, clock_now_us());
        if (i % 5 == 0)
            turn(f);
        directory_remove(c);
    }
    print(f, f->web, "panic at last\r\n");
    while (f->found == 0 ||
           strcmp(f->note[(f->found - 1) % NOTES_MAX].text, "panic at last"))
        turn(f);
    assert_int_equal(alert_engine_count(f->engine).consoles, 2);
}

/* Sixty rules find the same line. A console that goes meanwhile is told of no
 * more. */
static void many_finds_are_told_over_many_turns(void **state)
{
    struct fixture *f = *state;
    struct console *c = restore(f, "u3", "vm");
    char name[16];

    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "r%d", i);
        add_pattern(f, name, "panic");
    }
    use(f);
    alert_engine_judge(f->engine, c, true, clock_now_us());
    print(f, f->web, "panic\r\n");
    while (f->found < 60) {
        size_t before = f->found;

        turn(f);
        assert_true(f->found - before <= 8);
    }
    print(f, c, "panic\r\n");
    while (f->found == 60)
        turn(f);
    directory_remove(c);
    print(f, f->db, "panic\r\n");
    while (f->note[(f->found - 1) % NOTES_MAX].console != f->db)
        turn(f);
    assert_true(f->found < 80);
}

/* The end, while there is work. */
static void the_engine_ends_in_the_middle_of_its_work(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; alert_sets_name(i) != NULL; i++)
        (void)alert_sets_add(&f->settings, alert_sets_name(i));
    use(f);
    for (int i = 0; i < 1000; i++) {
        print(f, f->web, "Kernel panic - not syncing: ");
        print(f, f->db, "md/raid1:md0: Disk failure on sdb1\r\n");
    }
    alert_engine_vm(f->engine, f->web, false, clock_now_us());
    alert_engine_set(f->engine, &f->settings, clock_now_us());
}

static void without_rules_there_is_nothing(void **state)
{
    struct fixture *f = *state;

    alert_engine_set(f->engine, &f->settings, clock_now_us());
    judge_all(f);
    print(f, f->web, "panic\r\n");
    alert_engine_vm(f->engine, f->web, false, clock_now_us());
    alert_engine_wake(f->engine, clock_now_us());
    assert_int_equal(alert_engine_count(f->engine).consoles, 0);
    assert_true(list_is_empty(&f->web->readers));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_printed_is_found),
        TEST(output_before_the_rules_is_not_looked_at),
        TEST(output_that_has_gone_before_the_rules_is_told),
        TEST(rules_apply_where_they_say),
        TEST(new_rules_take_effect_on_live_consoles),
        TEST(rules_that_cannot_be_compiled_change_nothing),
        TEST(lost_output_is_told),
        TEST(much_output_is_looked_at_to_its_end),
        TEST(a_console_may_go_at_any_time),
        TEST(many_finds_are_told_over_many_turns),
        TEST(the_engine_ends_in_the_middle_of_its_work),
        TEST(without_rules_there_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
