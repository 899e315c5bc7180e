/*
 * timer.h - a single timer with a variable length.
 *
 * A deadline queue (base/deadline.h) with one entry, which the loop watches
 * while the timer runs: each turn costs a look at each timer that runs, and
 * nothing for the others. Lives in its owner's struct. timer_done must be
 * called before the struct is freed, and not from the timer's own handler.
 */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include "net/loop.h"

typedef void timer_due_fn(void *owner);

struct timer {
    struct loop *loop; /* borrowed */
    struct deadline_queue queue;
    struct deadline deadline;
    timer_due_fn *on_due;
    void *owner;
};

void timer_init(struct timer *t, struct loop *loop, timer_due_fn *on_due,
                void *owner);
void timer_done(struct timer *t);

/* Starts or restarts it. 0 ms: due in the next turn of the loop. */
void timer_start(struct timer *t, unsigned wait_ms);
void timer_stop(struct timer *t);
bool timer_is_running(const struct timer *t);

#endif
