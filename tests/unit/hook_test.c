/*
 * Hooks: what they are told, which words a setting may have, and the order in
 * which events wait. The thread is in hooks_test.c, programs that run are in
 * tests/program/test_hooks.py.
 */
#include "base/clock.h"
#include "hook/hook_queue.h"
#include "hook/hook_spec.h"
#include "hook/hooks.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const uint64_t seed[2] = { 1, 2 };

static struct hook_event event_of(const char *uuid, const char *label)
{
    return (struct hook_event){
        .kind = HOOK_VM_UP,
        .time = "2026-01-31T23:59:59.123Z",
        .text = { [HOOK_UUID] = uuid, [HOOK_LABEL] = label },
    };
}

/* ---- what a hook is told ---------------------------------------------- */

static void the_json_has_what_the_event_has(void **state)
{
    struct hook_event event = event_of("u", "s0");
    char *json;

    (void)state;
    event.text[HOOK_NAME] = "web";
    event.text[HOOK_PORT] = "50000";
    event.text[HOOK_TLS] = "yes";
    json = hook_event_json(&event);
    assert_string_equal(
        json, "{\"event\": \"vm-up\", \"time\": \"2026-01-31T23:59:59.123Z\", "
              "\"uuid\": \"u\", \"label\": \"s0\", \"name\": \"web\", "
              "\"port\": 50000, \"tls\": true}\n");
    free(json);
    event.text[HOOK_TLS] = "no";
    json = hook_event_json(&event);
    assert_non_null(strstr(json, "\"tls\": false"));
    free(json);
}

static void the_environment_has_the_same(void **state)
{
    static const char *const expected[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        "VSPCD_EVENT=vm-up",
        "VSPCD_TIME=2026-01-31T23:59:59.123Z",
        "VSPCD_UUID=u",
        "VSPCD_LABEL=",
        "VSPCD_OLD_NAME=a=b",
        "VSPCD_MS=17",
    };
    struct hook_event event = event_of("u", "");
    char **variables;
    size_t i = 0;

    (void)state;
    event.text[HOOK_OLD_NAME] = "a=b";
    event.text[HOOK_MS] = "17";
    variables = hook_event_environment(&event);
    for (; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(variables[i], expected[i]);
    assert_null(variables[i]);
    free(variables);
}

static void names_are_made_harmless(void **state)
{
    static const struct {
        const char *name;
        const char *json;
    } cases[] = {
        { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "line\nend\r\x1b[31m\x7f", "\"lineend[31m\"" },
        { "\xc3\x28", "\"\xef\xbf\xbd(\"" },
        { "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "\xf4\x90\x80\x80",
          "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "f\xc3\xbcr", "\"f\xc3\xbcr\"" },
        { "cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"" },
        { "$(id) `id` ; '", "\"$(id) `id` ; '\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct hook_event event = event_of("u", "s0");
        struct hook_event *copy;
        char *json;

        event.text[HOOK_NAME] = cases[i].name;
        copy = hook_event_copy(&event);
        json = hook_event_json(copy);
        assert_non_null(strstr(json, cases[i].json));
        free(json);
        free(copy);
    }
}

static void the_longest_event_fits_a_pipe(void **state)
{
    struct hook_event event = event_of("", "");
    char quotes[2 * HOOK_TEXT_MAX];
    struct hook_event *copy;
    char *json;

    (void)state;
    memset(quotes, '"', sizeof quotes);
    quotes[sizeof quotes - 1] = '\0';
    /* The longest that there are: ids, names and a reason. */
    event.text[HOOK_REASON] = quotes;
    event.text[HOOK_CONSOLE] = quotes + sizeof quotes - 1 - 257;
    event.text[HOOK_UUID] = event.text[HOOK_LABEL] = event.text[HOOK_NAME] =
        event.text[HOOK_OLD_NAME] = quotes + sizeof quotes - 1 - 128;
    event.text[HOOK_FROM] = event.text[HOOK_TO] = event.text[HOOK_PEER] =
        quotes + sizeof quotes - 1 - 55;
    copy = hook_event_copy(&event);
    assert_int_equal(strlen(copy->text[HOOK_REASON]), HOOK_TEXT_MAX - 1);
    json = hook_event_json(copy);
    assert_in_range(strlen(json), 2000, PIPE_BUF);
    free(json);
    free(copy);
}

static void a_copy_stands_alone(void **state)
{
    char name[] = "web";
    struct hook_event event = event_of("u", "s0");
    struct hook_event *copy;

    (void)state;
    event.text[HOOK_NAME] = name;
    copy = hook_event_copy(&event);
    name[0] = 'x';
    assert_string_equal(copy->text[HOOK_NAME], "web");
    assert_string_equal(copy->text[HOOK_LABEL], "s0");
    assert_null(copy->text[HOOK_PEER]);
    free(copy);
}

/* ---- the setting ------------------------------------------------------ */

static void a_hook_has_all_events_unless_some_are_named(void **state)
{
    struct hook_spec spec;

    (void)state;
    assert_int_equal(hook_spec_parse("/a b/c,d", &spec, NULL), 0);
    assert_string_equal(spec.program, "/a b/c,d");
    assert_int_equal(spec.events, (1u << HOOK_KINDS) - 1);
    assert_int_equal(
        hook_spec_parse("/x,events=vm-down+client-attached", &spec, NULL), 0);
    assert_string_equal(spec.program, "/x");
    assert_int_equal(spec.events,
                     1u << HOOK_VM_DOWN | 1u << HOOK_CLIENT_ATTACHED);
    /* The last one counts. */
    assert_int_equal(hook_spec_parse("/x,events=y,events=vm-up", &spec, NULL),
                     0);
    assert_string_equal(spec.program, "/x,events=y");
    for (int i = 0; i < HOOK_KINDS; i++) {
        const char *name = hook_kind_name((enum hook_kind)i);

        assert_int_equal(hook_kind_find(name, strlen(name)), i);
    }
}

static void what_is_wrong_with_a_hook_is_said(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "", "'' is not valid: expected an absolute path" },
        { "x", "'x' is not valid: expected an absolute path" },
        { ",events=vm-up", "expected an absolute path" },
        { "/x,events=", "'' is no event: expected some of vm-new, " },
        { "/x,events=vm-up+", "'' is no event" },
        { "/x,events=vm-u", "'vm-u' is no event" },
        { "/x,events=vm-up,vm-down", "'vm-up,vm-down' is no event" },
        { "/x,events=VM-UP", "client-detached, alert, joined by +" },
    };
    char path[HOOK_PROGRAM_MAX + 1];
    struct hook_spec spec;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(hook_spec_parse(cases[i].text, &spec, &err) < 0);
        assert_non_null(strstr(err.text, cases[i].says));
    }
    memset(path, '/', sizeof path);
    path[HOOK_PROGRAM_MAX] = '\0';
    assert_true(hook_spec_parse(path, &spec, &err) < 0);
    path[HOOK_PROGRAM_MAX - 1] = '\0';
    assert_int_equal(hook_spec_parse(path, &spec, &err), 0);
}

/* ---- events that wait ------------------------------------------------- */

static bool put(struct hook_queue *q, const char *uuid, const char *name)
{
    struct hook_event event = event_of(uuid, "s0");

    event.text[HOOK_NAME] = name;
    return hook_queue_put(q, &event);
}

static struct hook_job *take(struct hook_queue *q, const char *name)
{
    struct hook_job *job = hook_queue_take(q);

    assert_non_null(job);
    assert_string_equal(job->event->text[HOOK_NAME], name);
    return job;
}

static void a_console_has_one_at_a_time_and_in_order(void **state)
{
    struct hook_queue q;
    struct hook_job *job;

    (void)state;
    hook_queue_init(&q, seed);
    put(&q, "a", "1");
    put(&q, "a", "2");
    job = take(&q, "1");
    put(&q, "a", "3");
    assert_null(hook_queue_take(&q));
    hook_queue_end(&q, job);
    job = take(&q, "2");
    hook_queue_end(&q, job);
    hook_queue_end(&q, take(&q, "3"));
    assert_null(hook_queue_take(&q));
    assert_int_equal(q.lanes.count, 0);
    hook_queue_done(&q);
}

static void consoles_take_turns(void **state)
{
    struct hook_event other = event_of("a", "s1");
    struct hook_job *jobs[3];
    struct hook_queue q;

    (void)state;
    hook_queue_init(&q, seed);
    other.text[HOOK_NAME] = "a/s1";
    put(&q, "a", "a1");
    put(&q, "a", "a2");
    put(&q, "b", "b1");
    put(&q, "b", "b2");
    hook_queue_put(&q, &other);
    jobs[0] = take(&q, "a1");
    jobs[1] = take(&q, "b1");
    jobs[2] = take(&q, "a/s1");
    assert_null(hook_queue_take(&q));
    hook_queue_end(&q, jobs[1]);
    jobs[1] = take(&q, "b2");
    hook_queue_end(&q, jobs[0]);
    jobs[0] = take(&q, "a2");
    for (int i = 0; i < 3; i++)
        hook_queue_end(&q, jobs[i]);
    assert_int_equal(q.waiting, 0);
    hook_queue_done(&q);
}

static void a_console_is_bounded(void **state)
{
    struct hook_queue q;
    struct hook_job *job;

    (void)state;
    hook_queue_init(&q, seed);
    put(&q, "a", "first");
    job = take(&q, "first");
    for (int i = 0; i < HOOK_LANE_MAX; i++)
        assert_true(put(&q, "a", "next"));
    assert_false(put(&q, "a", "too many"));
    assert_true(put(&q, "b", "another console"));
    assert_int_equal(q.dropped, 1);
    hook_queue_end(&q, job);
    hook_queue_end(&q, take(&q, "another console"));
    for (int i = 0; i < HOOK_LANE_MAX; i++)
        hook_queue_end(&q, take(&q, "next"));
    assert_null(hook_queue_take(&q));
    hook_queue_done(&q);
}

static void all_of_them_are_bounded(void **state)
{
    struct hook_queue q;
    char uuid[16];

    (void)state;
    hook_queue_init(&q, seed);
    for (int i = 0; i < HOOK_QUEUE_MAX; i++) {
        snprintf(uuid, sizeof uuid, "%d", i);
        assert_true(put(&q, uuid, uuid));
    }
    assert_false(put(&q, "x", "too many"));
    assert_false(put(&q, "0", "too many"));
    assert_int_equal(q.dropped, 2);
    hook_queue_end(&q, take(&q, "0"));
    assert_true(put(&q, "x", "room again"));
    hook_queue_done(&q);
}

static void what_is_under_way_outlives_a_clearing(void **state)
{
    struct hook_queue q;
    struct hook_job *job;

    (void)state;
    hook_queue_init(&q, seed);
    put(&q, "a", "1");
    put(&q, "a", "2");
    put(&q, "b", "1");
    put(&q, "c", "1");
    job = take(&q, "1");
    assert_int_equal(hook_queue_clear(&q), 3);
    assert_null(hook_queue_take(&q));
    assert_int_equal(q.lanes.count, 1);
    put(&q, "a", "3");
    assert_null(hook_queue_take(&q));
    assert_string_equal(job->event->text[HOOK_UUID], "a");
    hook_queue_end(&q, job);
    hook_queue_end(&q, take(&q, "3"));
    hook_queue_done(&q);
}

/* ---- what is counted -------------------------------------------------- */

static void no_news(void *owner)
{
    (void)owner;
}

/* Until the hooks' thread has got so far, or 20 s have passed. */
static struct hooks_counts wait_for(struct hooks *hooks, uint64_t run,
                                    uint64_t failed)
{
    const struct timespec ms = { .tv_nsec = 1000 * 1000 };
    uint64_t until_us = clock_now_us() + 20 * 1000 * 1000;
    struct hooks_counts counts;

    do {
        nanosleep(&ms, NULL);
        hooks_count(hooks, &counts);
    } while ((counts.run < run || counts.failed < failed) &&
             clock_now_us() < until_us);
    return counts;
}

static void runs_failures_and_drops_are_counted(void **state)
{
    const struct hook_event event = event_of("a", "s0");
    struct hooks_settings settings = {
        .count = 3,
        .limit = 1,
        .timeout_us = 20 * 1000 * 1000,
    };
    static const char *const programs[] = { "/bin/true", "/bin/false",
                                            "/nonexistent/program" };
    struct hooks *hooks = hooks_open(seed, no_news, NULL);
    struct hooks_counts counts;
    struct err err;
    size_t dropped;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(hook_spec_parse(programs[i], &settings.specs[i], &err),
                         0);
    assert_int_equal(hooks_set(hooks, &settings, &dropped), 0);
    hooks_tell(hooks, &event);
    counts = wait_for(hooks, 1, 2);
    assert_int_equal(counts.run, 1);
    assert_int_equal(counts.failed, 2);
    assert_int_equal(counts.dropped, 0);
    assert_int_equal(counts.running, 0);
    assert_int_equal(counts.waiting, 0);
    hooks_end(hooks, 0);
    hooks_close(hooks, 20 * 1000 * 1000);
    hooks_free(hooks);
}

/* A console's events are bounded, and a hook that is removed drops the rest. */
static void what_waits_and_what_is_dropped_is_counted(void **state)
{
    const struct hook_event event = event_of("a", "s0");
    struct hooks_settings settings = { .count = 1, .limit = 1 };
    struct hooks *hooks = hooks_open(seed, no_news, NULL);
    struct hooks_counts counts;
    size_t dropped;
    struct err err;

    (void)state;
    /* No program may run at all: all of them wait. */
    settings.limit = 0;
    assert_int_equal(hook_spec_parse("/bin/true", &settings.specs[0], &err), 0);
    assert_int_equal(hooks_set(hooks, &settings, &dropped), 0);
    for (int i = 0; i < HOOK_LANE_MAX + 3; i++)
        hooks_tell(hooks, &event);
    hooks_count(hooks, &counts);
    assert_int_equal(counts.waiting, HOOK_LANE_MAX);
    assert_int_equal(counts.dropped, 3);
    settings.count = 0;
    assert_int_equal(hooks_set(hooks, &settings, &dropped), 0);
    hooks_count(hooks, &counts);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.dropped, HOOK_LANE_MAX + 3);
    hooks_end(hooks, 0);
    hooks_close(hooks, 20 * 1000 * 1000);
    hooks_free(hooks);
}

#define TEST(function) cmocka_unit_test(function)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_json_has_what_the_event_has),
        TEST(the_environment_has_the_same),
        TEST(names_are_made_harmless),
        TEST(the_longest_event_fits_a_pipe),
        TEST(a_copy_stands_alone),
        TEST(a_hook_has_all_events_unless_some_are_named),
        TEST(what_is_wrong_with_a_hook_is_said),
        TEST(a_console_has_one_at_a_time_and_in_order),
        TEST(consoles_take_turns),
        TEST(a_console_is_bounded),
        TEST(all_of_them_are_bounded),
        TEST(what_is_under_way_outlives_a_clearing),
        TEST(runs_failures_and_drops_are_counted),
        TEST(what_waits_and_what_is_dropped_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
