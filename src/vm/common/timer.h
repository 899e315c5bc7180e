/*
 * timer.h - one thing that falls due once, after a time of its own.
 *
 * A deadline queue (base/deadline.h) with a single entry and a varying length;
 * right where a program has a handful of timers and not ten thousand. Lives in
 * the owner's struct; timer_done before that goes, and not while a handler of
 * the loop runs (deadline_queue_close).
 */
#ifndef VM_COMMON_TIMER_H
#define VM_COMMON_TIMER_H

#include "net/loop.h"

typedef void timer_due_fn(void *owner);

struct timer {
    struct deadline_queue queue;
    struct deadline deadline;
    timer_due_fn *on_due;
    void *owner;
};

void timer_init(struct timer *t, struct loop *loop, timer_due_fn *on_due,
                void *owner);
void timer_done(struct timer *t);

/* Starts it, again if it was running. 0 ms: in the next turn of the loop. */
void timer_start(struct timer *t, unsigned wait_ms);
void timer_stop(struct timer *t);
bool timer_is_running(const struct timer *t);

#endif
