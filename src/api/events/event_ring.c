#include "api/events/event_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct event **place_of(struct event_ring *r, uint64_t number)
{
    return &r->event[number % EVENT_RING_COUNT];
}

static size_t size_of(const struct event *e)
{
    return sizeof *e + strlen(e->uuid) + strlen(e->label) + strlen(e->name) +
           e->json.len;
}

void event_ring_init(struct event_ring *r)
{
    *r = (struct event_ring){ .first = 1, .next = 1 };
}

static void drop_first(struct event_ring *r)
{
    struct event **place = place_of(r, r->first++);

    r->bytes -= size_of(*place);
    free(*place);
    *place = NULL;
}

void event_ring_done(struct event_ring *r)
{
    while (r->first < r->next)
        drop_first(r);
}

void event_ring_add(struct event_ring *r, struct event *e)
{
    size_t size = size_of(e);

    while (r->first < r->next && (r->next - r->first == EVENT_RING_COUNT ||
                                  r->bytes + size > EVENT_RING_BYTES))
        drop_first(r);
    e->number = r->next++;
    r->bytes += size;
    *place_of(r, e->number) = e;
}

const struct event *event_ring_get(const struct event_ring *r, uint64_t *at,
                                   uint64_t *ret_lost)
{
    assert(*at <= r->next);
    *ret_lost = *at < r->first ? r->first - *at : 0;
    *at += *ret_lost;
    return *at < r->next ? r->event[*at % EVENT_RING_COUNT] : NULL;
}
