#include "net/timer.h"

#include "base/clock.h"

static void timer_on_deadline(struct deadline *d, void *owner)
{
    struct timer *t = owner;

    (void)d;
    deadline_queue_close(&t->queue);
    t->on_due(t->owner);
}

void timer_init(struct timer *t, struct loop *loop, timer_due_fn *on_due,
                void *owner)
{
    t->loop = loop;
    t->on_due = on_due;
    t->owner = owner;
    deadline_init(&t->deadline);
    deadline_queue_open(&t->queue, 0, timer_on_deadline, t);
}

void timer_done(struct timer *t)
{
    timer_stop(t);
}

void timer_start(struct timer *t, unsigned wait_ms)
{
    /* deadline_queue_set_length is not needed: a single entry has no order that
     * a change of the length could break. */
    t->queue.length_us = (uint64_t)wait_ms * 1000;
    if (!timer_is_running(t))
        loop_watch(t->loop, &t->queue);
    deadline_start(&t->queue, &t->deadline, clock_now_us());
}

void timer_stop(struct timer *t)
{
    deadline_stop(&t->deadline);
    deadline_queue_close(&t->queue);
}

bool timer_is_running(const struct timer *t)
{
    return deadline_is_running(&t->deadline);
}
