/*
 * sse.h - Server-Sent Events, from bytes to events (the "event stream" of
 * HTML's living standard). Pure but for memory, which is bounded: a longer
 * event is left out.
 */
#ifndef CLI_VERBS_SSE_H
#define CLI_VERBS_SSE_H

#include "base/buf.h"

#include <stdbool.h>

enum { SSE_EVENT_MAX = 1024 * 1024, SSE_ID_MAX = 127 };

struct sse_event {
    struct slice data; /* lines joined by "\n", without an end of line */
    const char *kind;  /* "" if it has none */
};

typedef void sse_event_fn(void *owner, const struct sse_event *event);

struct sse {
    struct buf line;
    struct buf data;
    char kind[64];
    char id[SSE_ID_MAX + 1];      /* of the event that arrives */
    char last_id[SSE_ID_MAX + 1]; /* of the last one that was complete */
    bool is_oversized;
    bool was_cr;
    sse_event_fn *on_event;
    void *owner;
};

void sse_init(struct sse *s, sse_event_fn *on_event, void *owner);
void sse_done(struct sse *s);
/* Before the bytes of another connection: what is incomplete is dropped. */
void sse_reset(struct sse *s);
void sse_feed(struct sse *s, struct slice bytes);

#endif
