/*
 * worker: threads that have signals blocked, wait, are woken, and end in time
 * or are left behind. Tests wait for conditions; where a time is looked at, a
 * slow machine makes it longer, and only "not before" is claimed.
 */
#include "base/worker.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test(name)

enum { US_PER_MS = 1000, LONG_US = 30 * 1000 * 1000, WORKERS = 8 };

/* Adds up what it is given, on as many threads as there are. */
struct adder {
    struct worker_crew crew;
    struct worker worker[WORKERS];
    unsigned waiting; /* numbers not added yet */
    unsigned sum;
    unsigned returned;
    unsigned idle; /* threads that wait */
    sigset_t mask;
    bool is_stuck; /* the threads do not look at anything meanwhile */
    atomic_uint calls;
};

static void on_call(void *owner)
{
    struct adder *a = owner;

    a->calls++;
}

static void adder_open(struct adder *a)
{
    *a = (struct adder){ .sum = 0 };
    worker_crew_init(&a->crew, on_call, a);
}

static void adder_run(void *arg)
{
    struct adder *a = arg;

    pthread_sigmask(SIG_SETMASK, NULL, &a->mask);
    for (;;) {
        bool may_wait = true;

        while (a->waiting == 0 && may_wait) {
            a->idle++;
            may_wait = worker_wait(&a->crew);
            a->idle--;
        }
        if (a->waiting == 0)
            break;
        a->waiting--;
        worker_unlock(&a->crew);
        /* Where others block. */
        worker_lock(&a->crew);
        a->sum++;
        worker_call_owner(&a->crew);
    }
    a->returned++;
}

static void start(struct adder *a, int count, void (*body)(void *arg))
{
    worker_lock(&a->crew);
    for (int i = 0; i < count; i++)
        assert_int_equal(worker_start(&a->worker[i], &a->crew, body, a), 0);
    worker_unlock(&a->crew);
}

static void give(struct adder *a, unsigned count)
{
    worker_lock(&a->crew);
    a->waiting += count;
    worker_unlock(&a->crew);
    for (unsigned i = 0; i < count; i++)
        worker_wake(&a->crew);
}

/* Waits for it as an owner never does: by asking. */
static void wait_for_number(struct adder *a, const unsigned *number,
                            unsigned value)
{
    uint64_t until_us = clock_now_us() + LONG_US;
    bool is_there = false;

    while (!is_there && clock_now_us() < until_us) {
        worker_lock(&a->crew);
        is_there = *number == value;
        worker_unlock(&a->crew);
    }
    assert_true(is_there);
}

static void wait_for_sum(struct adder *a, unsigned sum)
{
    wait_for_number(a, &a->sum, sum);
}

static void a_thread_that_waits_is_woken_for_work(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, 1, adder_run);
    for (unsigned i = 1; i <= 100; i++) {
        give(&a, 1);
        wait_for_sum(&a, i);
    }
    assert_int_equal(a.calls, 100);
    assert_true(worker_crew_end(&a.crew, LONG_US));
    assert_int_equal(a.returned, 1);
    assert_true(worker_crew_done(&a.crew));
}

static void threads_share_the_work_and_the_lock(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, WORKERS, adder_run);
    give(&a, 10000);
    wait_for_sum(&a, 10000);
    assert_true(worker_crew_end(&a.crew, LONG_US));
    assert_int_equal(a.returned, WORKERS);
    assert_true(worker_crew_done(&a.crew));
}

static void what_waits_is_done_before_the_end(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, 2, adder_run);
    give(&a, 1000);
    assert_true(worker_crew_end(&a.crew, LONG_US));
    assert_int_equal(a.sum, 1000);
    assert_true(worker_crew_done(&a.crew));
}

static void all_that_wait_are_woken_to_end(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, WORKERS, adder_run);
    wait_for_number(&a, &a.idle, WORKERS);
    assert_true(worker_crew_end(&a.crew, LONG_US));
    assert_int_equal(a.returned, WORKERS);
    assert_true(worker_crew_done(&a.crew));
}

static void signals_are_blocked_on_threads_and_as_before_elsewhere(void **state)
{
    struct adder a;
    sigset_t none, after;

    (void)state;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    adder_open(&a);
    start(&a, 1, adder_run);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_true(worker_crew_end(&a.crew, LONG_US));
    for (int i = 1; i < 32; i++) {
        assert_int_equal(sigismember(&after, i), 0);
        if (i != SIGKILL && i != SIGSTOP)
            assert_int_equal(sigismember(&a.mask, i), 1);
    }
    assert_true(worker_crew_done(&a.crew));
}

static void the_owner_is_not_called_once_it_is_closing(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, 1, adder_run);
    worker_lock(&a.crew);
    a.waiting = 5;
    worker_ask_to_end(&a.crew);
    assert_true(worker_wait_end(&a.crew, clock_now_us() + LONG_US));
    worker_unlock(&a.crew);
    assert_int_equal(a.sum, 5);
    assert_int_equal(a.calls, 0);
    assert_true(worker_crew_done(&a.crew));
}

static void a_crew_without_threads_has_ended(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    assert_false(worker_is_running(&a.worker[0]));
    assert_true(worker_crew_end(&a.crew, 0));
    assert_true(worker_crew_done(&a.crew));
}

static void a_worker_may_be_started_again_when_it_has_ended(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    worker_lock(&a.crew);
    worker_ask_to_end(&a.crew);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(worker_start(&a.worker[0], &a.crew, adder_run, &a), 0);
        assert_true(worker_is_running(&a.worker[0]));
        assert_true(worker_wait_end(&a.crew, clock_now_us() + LONG_US));
        assert_false(worker_is_running(&a.worker[0]));
    }
    worker_unlock(&a.crew);
    assert_int_equal(a.returned, 3);
    assert_true(worker_crew_done(&a.crew));
}

/* ---- times ------------------------------------------------------------ */

/* Waits until a time that nobody wakes it before. */
static void sleeper_run(void *arg)
{
    struct adder *a = arg;
    uint64_t until_us = clock_now_us() + 20 * US_PER_MS;

    while (worker_wait_until(&a->crew, until_us))
        a->waiting++;
    a->sum = clock_now_us() >= until_us;
    a->returned++;
}

static void a_wait_ends_at_its_time_and_not_before(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, 1, sleeper_run);
    worker_lock(&a.crew);
    /* Wakings that mean nothing to it. */
    for (int i = 0; i < 10; i++)
        worker_wake(&a.crew);
    assert_true(worker_wait_end(&a.crew, clock_now_us() + LONG_US));
    worker_unlock(&a.crew);
    assert_int_equal(a.returned, 1);
    assert_int_equal(a.sum, 1);
    /* By a clock that is not the right one it would not wait at all, and turn
     * around for all of the time. */
    assert_in_range(a.waiting, 0, 100);
    assert_true(worker_crew_done(&a.crew));
}

static void long_sleeper_run(void *arg)
{
    struct adder *a = arg;
    uint64_t until_us = clock_now_us() + LONG_US;

    while (worker_wait_until(&a->crew, until_us))
        ;
    a->sum = clock_now_us() < until_us;
}

static void a_wait_ends_when_the_thread_is_asked_to_end(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    start(&a, 1, long_sleeper_run);
    assert_true(worker_crew_end(&a.crew, 2 * LONG_US));
    assert_int_equal(a.sum, 1);
    assert_true(worker_crew_done(&a.crew));
}

/* As one that the disk does not let go: it looks at nothing of the crew's. */
static void stuck_run(void *arg)
{
    struct adder *a = arg;
    bool is_stuck = true;

    while (is_stuck) {
        worker_unlock(&a->crew);
        worker_lock(&a->crew);
        is_stuck = a->is_stuck;
    }
    worker_call_owner(&a->crew);
    a->returned++;
}

static void a_stuck_thread_does_not_hold_up_the_end(void **state)
{
    /* Nothing tells when the thread is out of it: it is never freed. */
    static struct adder stuck;
    struct adder *a = &stuck;
    uint64_t begun_us = clock_now_us();
    bool has_returned = false;

    (void)state;
    adder_open(a);
    a->is_stuck = true;
    start(a, 1, stuck_run);
    assert_false(worker_crew_end(&a->crew, 20 * US_PER_MS));
    assert_true(clock_now_us() >= begun_us + 20 * US_PER_MS);
    assert_false(worker_crew_done(&a->crew));

    /* It comes back some time, and finds what it needs. */
    worker_lock(&a->crew);
    a->is_stuck = false;
    worker_unlock(&a->crew);
    begun_us = clock_now_us();
    while (!has_returned && clock_now_us() < begun_us + LONG_US) {
        worker_lock(&a->crew);
        has_returned = a->crew.running == 0;
        worker_unlock(&a->crew);
    }
    assert_true(has_returned);
    assert_int_equal(a->calls, 0);
}

static void a_thread_may_be_started_while_the_end_is_waited_for(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    a.is_stuck = true;
    start(&a, 1, stuck_run);
    assert_false(worker_crew_end(&a.crew, US_PER_MS));
    worker_lock(&a.crew);
    a.waiting = 3;
    assert_int_equal(worker_start(&a.worker[1], &a.crew, adder_run, &a), 0);
    worker_unlock(&a.crew);
    wait_for_sum(&a, 3);
    worker_lock(&a.crew);
    a.is_stuck = false;
    assert_true(worker_wait_end(&a.crew, clock_now_us() + LONG_US));
    worker_unlock(&a.crew);
    assert_int_equal(a.returned, 2);
    assert_true(worker_crew_done(&a.crew));
}

static void the_long_part_of_a_work_sees_that_it_is_to_end(void **state)
{
    struct adder a;

    (void)state;
    adder_open(&a);
    assert_false(a.crew.is_ending);
    worker_lock(&a.crew);
    worker_ask_to_end(&a.crew);
    worker_unlock(&a.crew);
    assert_true(a.crew.is_ending);
    assert_true(worker_crew_done(&a.crew));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_thread_that_waits_is_woken_for_work),
        TEST(threads_share_the_work_and_the_lock),
        TEST(what_waits_is_done_before_the_end),
        TEST(all_that_wait_are_woken_to_end),
        TEST(signals_are_blocked_on_threads_and_as_before_elsewhere),
        TEST(the_owner_is_not_called_once_it_is_closing),
        TEST(a_crew_without_threads_has_ended),
        TEST(a_worker_may_be_started_again_when_it_has_ended),
        TEST(a_wait_ends_at_its_time_and_not_before),
        TEST(a_wait_ends_when_the_thread_is_asked_to_end),
        TEST(a_stuck_thread_does_not_hold_up_the_end),
        TEST(a_thread_may_be_started_while_the_end_is_waited_for),
        TEST(the_long_part_of_a_work_sees_that_it_is_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
