/* How long the turns of a loop take, and which timers it looks at. */
#include "net/loop.h"

#include "base/clock.h"
#include "net/timer.h"
#include "net/waker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { WORK_US = 3000, WAIT_US = 50000 };

struct worker {
    struct loop *loop;
    struct waker *waker;
    struct deadline_queue pauses;
    struct deadline pause;
    uint64_t turn_began_us; /* as the handlers saw it */
    int turn_ends;
};

static void work_until(uint64_t until_us)
{
    while (clock_now_us() < until_us)
        continue;
}

/* The wait is over: works, and has another thread's handler called. */
static void worker_on_pause(struct deadline *d, void *owner)
{
    struct worker *w = owner;

    (void)d;
    w->turn_began_us = loop_turn_began_us(w->loop);
    work_until(clock_now_us() + WORK_US);
    assert_int_equal(loop_turn_began_us(w->loop), w->turn_began_us);
    waker_wake(w->waker);
}

static void worker_on_wake(void *owner)
{
    struct worker *w = owner;

    assert_true(loop_turn_began_us(w->loop) > w->turn_began_us);
    loop_stop(w->loop);
}

static void worker_on_turn_end(void *owner)
{
    struct worker *w = owner;

    w->turn_ends++;
}

static uint64_t count_of(const struct histogram *h)
{
    uint64_t count = 0;

    for (int i = 0; i <= HISTOGRAM_BOUNDS_MAX; i++)
        count += h->count[i];
    return count;
}

static void a_turn_is_its_work_and_not_its_wait(void **state)
{
    const struct histogram *times;
    struct worker w = { .turn_ends = 0 };
    uint64_t began_us;
    uint64_t took_us;

    (void)state;
    assert_int_equal(loop_open(&w.loop), 0);
    assert_int_equal(waker_open(w.loop, worker_on_wake, &w, &w.waker), 0);
    loop_on_turn_end(w.loop, worker_on_turn_end, &w);
    deadline_init(&w.pause);
    deadline_queue_open(&w.pauses, WAIT_US, worker_on_pause, &w);
    loop_watch(w.loop, &w.pauses);
    times = loop_turn_times(w.loop);
    assert_int_equal(count_of(times), 0);
    began_us = clock_now_us();
    deadline_start(&w.pauses, &w.pause, began_us);
    loop_run(w.loop);
    took_us = clock_now_us() - began_us;
    /* The turn that waited had no handler, and the one that stopped the loop
     * had no end. */
    assert_int_equal(count_of(times), 1);
    assert_true(w.turn_ends > 1);
    assert_true(times->sum_us >= WORK_US);
    assert_true(times->sum_us + WAIT_US / 2 < took_us);
    deadline_queue_close(&w.pauses);
    waker_close(w.waker);
    loop_close(w.loop);
}

/* ---- timers ---------------------------------------------------------------
 */

/* Timers that fall due in one turn; the first one of them ends the others. */
struct group {
    struct loop *loop;
    struct timer first;
    struct timer stopped;
    struct timer done;
    struct timer last;
    int fired;
};

static void group_on_first(void *owner)
{
    struct group *g = owner;

    g->fired++;
    timer_stop(&g->stopped);
    timer_done(&g->done);
    timer_start(&g->last, 1);
}

static void group_on_ended(void *owner)
{
    (void)owner;
    fail_msg("a timer that was stopped has fired");
}

static void group_on_last(void *owner)
{
    struct group *g = owner;

    g->fired++;
    loop_stop(g->loop);
}

static void a_handler_may_end_other_timers(void **state)
{
    struct group g = { .fired = 0 };

    (void)state;
    assert_int_equal(loop_open(&g.loop), 0);
    timer_init(&g.first, g.loop, group_on_first, &g);
    timer_init(&g.stopped, g.loop, group_on_ended, &g);
    timer_init(&g.done, g.loop, group_on_ended, &g);
    timer_init(&g.last, g.loop, group_on_last, &g);
    timer_start(&g.first, 0);
    timer_start(&g.stopped, 0);
    timer_start(&g.done, 0);
    loop_run(g.loop);
    assert_int_equal(g.fired, 2);
    timer_done(&g.first);
    timer_done(&g.stopped);
    timer_done(&g.last);
    loop_close(g.loop);
}

/* Thousands of timers that wait for nothing must not slow down each turn. */
static void the_loop_watches_a_timer_while_it_runs(void **state)
{
    struct group g = { .fired = 0 };

    (void)state;
    assert_int_equal(loop_open(&g.loop), 0);
    timer_init(&g.last, g.loop, group_on_last, &g);
    assert_true(list_is_empty(&g.last.queue.watched));
    timer_start(&g.last, 1000);
    timer_start(&g.last, 1000);
    assert_false(list_is_empty(&g.last.queue.watched));
    timer_stop(&g.last);
    assert_true(list_is_empty(&g.last.queue.watched));
    timer_start(&g.last, 0);
    loop_run(g.loop);
    assert_int_equal(g.fired, 1);
    assert_true(list_is_empty(&g.last.queue.watched));
    timer_done(&g.last);
    loop_close(g.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handler_may_end_other_timers),
        cmocka_unit_test(the_loop_watches_a_timer_while_it_runs),
        cmocka_unit_test(a_turn_is_its_work_and_not_its_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
