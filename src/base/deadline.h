/*
 * deadline.h - things that fall due, where all wait for the same length of
 * time: a queue in the order of starting is then a queue in the order of
 * falling due, and starting, stopping and popping cost a list operation.
 *
 * Reads no clock: now is an argument, in microseconds of a clock that never
 * goes back. The deadline lives inside the struct that waits; the queue owns
 * nothing.
 *
 * A queue knows who handles what falls due. Whoever has the clock, an event
 * loop or a test, links the queue into a list by its node (watched) and calls
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

/* Called with each deadline that has fallen due; it is stopped by then, and
 * may be started again. */
typedef void deadline_due_fn(struct deadline *d, void *owner);

struct deadline_queue {
    struct list waiting;
    uint64_t length_us;
    deadline_due_fn *on_due; /* NULL: the owner pops them itself */
    void *owner;             /* of on_due; borrowed */
    struct list watched;     /* belongs to whoever fires the queue */
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

/* Nobody fires the queue any more. Not from a handler of any queue that is
 * fired by the same loop. Deadlines that still wait in the queue have to be
 * stopped before its memory goes. May be called twice. */
static inline void deadline_queue_close(struct deadline_queue *q)
{
    list_remove(&q->watched);
}

/* Whoever waits already waits as long, counted from its start; the order of
 * falling due stays. */
static inline void deadline_queue_set_length(struct deadline_queue *q,
                                             uint64_t length_us)
{
    LIST_EACH (node, after, &q->waiting) {
        struct deadline *d = CONTAINER_OF(node, struct deadline, node);

        d->due_us = d->due_us - q->length_us + length_us;
        /* It began before the clock did, and would have been due then. */
        if (d->due_us > INT64_MAX)
            d->due_us = 1; /* 0 is no time */
    }
    q->length_us = length_us;
}

/* Starts it, again if it was running. */
static inline void deadline_start(struct deadline_queue *q, struct deadline *d,
                                  uint64_t now_us)
{
    list_remove(&d->node);
    d->due_us = now_us + q->length_us;
    list_add_tail(&q->waiting, &d->node);
}

/* The one that falls due next; NULL if none waits. */
static inline struct deadline *deadline_first(const struct deadline_queue *q)
{
    if (list_is_empty(&q->waiting))
        return NULL;
    return CONTAINER_OF(q->waiting.next, struct deadline, node);
}

/* Stops and returns one that is due; NULL if none is. */
static inline struct deadline *deadline_pop(struct deadline_queue *q,
                                            uint64_t now_us)
{
    struct deadline *d = deadline_first(q);

    if (d == NULL || d->due_us > now_us)
        return NULL;
    deadline_stop(d);
    return d;
}

/* Hands all that is due to the queue's handler. A deadline that the handler
 * starts again at a later time than now_us waits for the next call. */
static inline void deadline_queue_fire(struct deadline_queue *q,
                                       uint64_t now_us)
{
    struct deadline *d;

    while ((d = deadline_pop(q, now_us)) != NULL)
        q->on_due(d, q->owner);
}

#endif
