/*
 * deadline.h - things that fall due, where all wait for the same length of
 * time: a queue in the order of starting is then a queue in the order of
 * falling due, and starting, stopping and popping cost a list operation.
 *
 * Reads no clock: now is an argument, in microseconds of a clock that never
 * goes back. The deadline lives inside the struct that waits; the queue owns
 * nothing.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include "base/list.h"

#include <stdint.h>

struct deadline {
    struct list node;
    uint64_t due_us;
};

struct deadline_queue {
    struct list waiting;
    uint64_t length_us;
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

static inline void deadline_queue_init(struct deadline_queue *q,
                                       uint64_t length_us)
{
    list_init(&q->waiting);
    q->length_us = length_us;
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

#endif
