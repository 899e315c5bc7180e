/*
 * deadline.h - a queue of deadlines that all have one length: the order of
 * starting is then the order of falling due, and starting, stopping and popping
 * cost a list operation.
 *
 * Reads no clock: now is an argument, in microseconds of a clock that never
 * goes back. A deadline lives inside the struct that waits; the queue owns
 * nothing.
 *
 * A queue knows its handler. The module that has the clock, an event loop or a
 * test, links the queue into a list by the queue's node (watched) and calls
 * deadline_queue_fire.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include "base/list.h"

#include <stdint.h>

struct deadline {
    struct list node;
    uint64_t due_us;
};

/* Called with each deadline that has fallen due. The deadline is stopped by
 * then, and may be started again. */
typedef void deadline_due_fn(struct deadline *d, void *owner);

struct deadline_queue {
    struct list waiting;
    uint64_t length_us;
    deadline_due_fn *on_due; /* NULL: the owner calls deadline_pop */
    void *owner;             /* of on_due; borrowed */
    uint64_t fired_us; /* now of deadline_queue_fire, for a handler that has no
                        * clock */
    /* node of the list of whoever calls deadline_queue_fire */
    struct list watched;
};

static inline void deadline_init(struct deadline *d)
{
    list_init(&d->node);
    d->due_us = 0;
}

static inline bool deadline_is_running(const struct deadline *d)
{
    return !list_is_empty(&d->node);
}

static inline void deadline_stop(struct deadline *d)
{
    list_remove(&d->node);
}

/* A queue without a handler. */
static inline void deadline_queue_init(struct deadline_queue *q,
                                       uint64_t length_us)
{
    list_init(&q->waiting);
    q->length_us = length_us;
    q->on_due = NULL;
    q->owner = NULL;
    q->fired_us = 0;
    list_init(&q->watched);
}

/* A queue whose deadlines are handled by on_due. */
static inline void deadline_queue_open(struct deadline_queue *q,
                                       uint64_t length_us,
                                       deadline_due_fn *on_due, void *owner)
{
    deadline_queue_init(q, length_us);
    q->on_due = on_due;
    q->owner = owner;
}

/* Takes the queue out of the list that it is watched in. Deadlines that still
 * wait must be stopped before the queue's memory is freed, which its own
 * handler must not do. May be called twice. */
static inline void deadline_queue_close(struct deadline_queue *q)
{
    list_remove(&q->watched);
}

/* Changes the length of running deadlines too, counted from their start. Their
 * order stays. */
static inline void deadline_queue_set_length(struct deadline_queue *q,
                                             uint64_t length_us)
{
    LIST_EACH (node, after, &q->waiting) {
        struct deadline *d = CONTAINER_OF(node, struct deadline, node);

        d->due_us = d->due_us - q->length_us + length_us;
        /* The deadline began before the clock did. */
        if (d->due_us > INT64_MAX)
            d->due_us = 1; /* 0 means no time */
    }
    q->length_us = length_us;
}

/* Starts the deadline; restarts it if it is running. */
static inline void deadline_start(struct deadline_queue *q, struct deadline *d,
                                  uint64_t now_us)
{
    list_remove(&d->node);
    d->due_us = now_us + q->length_us;
    list_add_tail(&q->waiting, &d->node);
}

/* The deadline that falls due next; NULL if none is running. */
static inline struct deadline *deadline_first(const struct deadline_queue *q)
{
    if (list_is_empty(&q->waiting))
        return NULL;
    return CONTAINER_OF(q->waiting.next, struct deadline, node);
}

/* Stops and returns a deadline that is due; NULL if none is. */
static inline struct deadline *deadline_pop(struct deadline_queue *q,
                                            uint64_t now_us)
{
    struct deadline *d = deadline_first(q);

    if (d == NULL || d->due_us > now_us)
        return NULL;
    deadline_stop(d);
    return d;
}

/* Hands every due deadline to the queue's handler. A deadline that the handler
 * starts again for later than now_us waits for the next call. */
static inline void deadline_queue_fire(struct deadline_queue *q,
                                       uint64_t now_us)
{
    struct deadline *d;

    q->fired_us = now_us;
    while ((d = deadline_pop(q, now_us)) != NULL)
        q->on_due(d, q->owner);
}

#endif
