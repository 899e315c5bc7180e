/*
 * event_ring.h - the last events, in order, for readers that are positions.
 *
 * Events have numbers, from 1 on. A new one pushes out the oldest ones, by
 * number or by size; whoever had not come so far learns how many are gone.
 * Owns the events. Pure.
 */
#ifndef API_EVENTS_EVENT_RING_H
#define API_EVENTS_EVENT_RING_H

#include "api/events/event.h"

enum {
    EVENT_RING_COUNT = 4096, /* a power of two */
    EVENT_RING_BYTES = LIMIT_OF(4 * 1024 * KIB),
};

struct event_ring {
    struct event *event[EVENT_RING_COUNT]; /* by the number's last bits */
    uint64_t first;                        /* that is kept; next, if none is */
    uint64_t next;                         /* of the event that comes */
    size_t bytes;                          /* of all that are kept */
};

void event_ring_init(struct event_ring *r);
void event_ring_done(struct event_ring *r);

/* The event is the ring's from now on, and gets its number. */
void event_ring_add(struct event_ring *r, struct event *e);

/* The event at *at, which is at most next; NULL: it is next. Where that is
 * gone, *at moves to the first one that is kept; *ret_lost is by how much. Good
 * until the next event_ring_add. */
const struct event *event_ring_get(const struct event_ring *r, uint64_t *at,
                                   uint64_t *ret_lost);

#endif
