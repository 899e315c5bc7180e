/*
 * Hooks and their thread, with programs that every system has. What programs
 * are given and what becomes of them is in tests/program/test_hooks.py; this is
 * about what loop and thread share, and made for ThreadSanitizer.
 */
#include "hook/hooks.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test(name)

enum { LONG_US = 30 * 1000 * 1000 };

static atomic_uint calls;

static void on_news(void *owner)
{
    (void)owner;
    calls++;
}

static struct hooks *open_hooks(void)
{
    static const uint64_t seed[2] = { 1, 2 };

    calls = 0;
    return hooks_open(seed, on_news, NULL);
}

/* Returns how many events were dropped. */
static size_t set(struct hooks *h, size_t count, const char *const *programs,
                  unsigned limit)
{
    struct hooks_settings settings = {
        .count = count,
        .limit = limit,
        .timeout_us = LONG_US,
        .wants_all = true,
    };
    size_t dropped;

    for (size_t i = 0; i < count; i++) {
        snprintf(settings.specs[i].program, sizeof settings.specs[i].program,
                 "%s", programs[i]);
        settings.specs[i].events = 1 << HOOK_VM_UP;
    }
    assert_int_equal(hooks_set(h, &settings, &dropped), 0);
    return dropped;
}

static size_t set_one(struct hooks *h, const char *program, unsigned limit)
{
    return set(h, 1, &program, limit);
}

static void tell(struct hooks *h, unsigned console)
{
    char uuid[16];
    struct hook_event event = {
        .kind = HOOK_VM_UP,
        .time = "2026-01-31T23:59:59.123Z",
        .text = { [HOOK_UUID] = uuid, [HOOK_LABEL] = "" },
    };

    snprintf(uuid, sizeof uuid, "%u", console);
    hooks_tell(h, &event);
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

static struct hook_result *wait_for_result(struct hooks *h)
{
    uint64_t until_us = clock_now_us() + LONG_US;
    struct hook_result *result;

    while ((result = hooks_take_result(h)) == NULL && clock_now_us() < until_us)
        pause_shortly();
    assert_non_null(result);
    return result;
}

/* Returns how many events were dropped; h is still to be freed. */
static size_t end_hooks(struct hooks *h)
{
    size_t dropped;

    hooks_end(h, 0);
    dropped = hooks_close(h, LONG_US);
    assert_true(hooks_have_ended(h));
    return dropped;
}

static size_t close_hooks(struct hooks *h)
{
    size_t dropped = end_hooks(h);

    hooks_free(h);
    return dropped;
}

/* One program that runs for ever, and events that wait for it to end: the
 * second hook's programs are started behind the first one's, and have ended. */
static void start_endless(struct hooks *h)
{
    static const char *const programs[] = { "/usr/bin/yes", "/bin/true" };

    set(h, 2, programs, 1);
    for (unsigned i = 0; i < 3; i++)
        tell(h, i);
    for (unsigned i = 0; i < 3; i++) {
        struct hook_result *result = wait_for_result(h);

        assert_string_equal(result->program, "/bin/true");
        free(result);
    }
}

static void each_event_has_a_result(void **state)
{
    struct hooks *h = open_hooks();

    (void)state;
    set_one(h, "/bin/true", 4);
    for (unsigned i = 0; i < 40; i++)
        tell(h, i % 8);
    for (unsigned i = 0; i < 40; i++) {
        struct hook_result *result = wait_for_result(h);

        assert_int_equal(result->outcome, HOOK_ENDED);
        assert_true(WIFEXITED(result->end.status));
        assert_int_equal(WEXITSTATUS(result->end.status), 0);
        free(result);
    }
    assert_true(calls > 0);
    assert_int_equal(close_hooks(h), 0);
}

static void a_program_that_is_not_there_is_told_of(void **state)
{
    struct hooks *h = open_hooks();
    struct hook_result *result;

    (void)state;
    set_one(h, "/nonexistent/hook", 1);
    tell(h, 1);
    result = wait_for_result(h);
    assert_int_equal(result->outcome, HOOK_NOT_STARTED);
    assert_string_equal(result->program, "/nonexistent/hook");
    free(result);
    assert_int_equal(close_hooks(h), 0);
}

static void the_endless_one_was_cut(struct hooks *h)
{
    struct hook_result *result = hooks_take_result(h);

    assert_non_null(result);
    assert_string_equal(result->program, "/usr/bin/yes");
    assert_true(result->is_cut);
    free(result);
    assert_null(hooks_take_result(h));
}

static void what_runs_at_the_end_is_cut_and_what_waits_dropped(void **state)
{
    struct hooks *h = open_hooks();

    (void)state;
    start_endless(h);
    assert_int_equal(end_hooks(h), 2);
    the_endless_one_was_cut(h);
    hooks_free(h);
}

static void a_removed_hook_stays_until_its_program_has_ended(void **state)
{
    struct hooks *h = open_hooks();

    (void)state;
    start_endless(h);
    assert_int_equal(set(h, 0, NULL, 1), 2);
    assert_int_equal(end_hooks(h), 0);
    the_endless_one_was_cut(h);
    hooks_free(h);
}

static void without_a_hook_there_is_nothing_to_end(void **state)
{
    struct hooks *h = open_hooks();

    (void)state;
    assert_true(hooks_have_ended(h));
    assert_int_equal(close_hooks(h), 0);
    assert_int_equal(calls, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_event_has_a_result),
        TEST(a_program_that_is_not_there_is_told_of),
        TEST(what_runs_at_the_end_is_cut_and_what_waits_dropped),
        TEST(a_removed_hook_stays_until_its_program_has_ended),
        TEST(without_a_hook_there_is_nothing_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
