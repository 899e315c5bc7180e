/*
 * ring.h - the last bytes of a byte stream, read by many at their own pace.
 *
 * Positions count bytes since the stream began, in 64 bits, and never wrap. A
 * reader is only such a position. The writer never waits for a reader: new
 * bytes push out the oldest ones, and a reader that was left behind is told how
 * much it lost. Invariant: every byte in [ring_tail, head) is kept.
 *
 * Starts without memory. The owner decides the size (ring_resize), because only
 * the owner knows the budget that all rings share. Capacities are powers of
 * two, so that a mask turns a position into a place.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include "base/slice.h"

struct ring {
    uint8_t *data;
    uint64_t head; /* position of the next byte to be written */
    uint32_t cap;  /* bytes; 0 or a power of two */
    uint32_t len;  /* bytes kept */
};

/* What a reader can take at once; part[1] is what lies behind the wrap. */
struct ring_span {
    struct slice part[2];
};

void ring_init(struct ring *r);
void ring_done(struct ring *r);

/* Changes the capacity to a power of two. Keeps the last bytes of the content
 * that fit. -ENOMEM: nothing has changed. */
int ring_resize(struct ring *r, uint32_t cap);

/* Frees the memory and drops the content; positions continue. */
void ring_clear(struct ring *r);

/* With a capacity of 0, bytes are counted and dropped. */
void ring_write(struct ring *r, struct slice bytes);

/*
 * For a writer that produces bytes in place: where the next ones go, and in
 * *ret_room how many fit up to the end of the memory (0 if there is no memory).
 * ring_wrote then adds len of them, and drops the oldest bytes in their place.
 */
uint8_t *ring_reserve(struct ring *r, size_t *ret_room);
void ring_wrote(struct ring *r, size_t len);

static inline uint64_t ring_tail(const struct ring *r)
{
    return r->head - r->len;
}

/*
 * Gives all bytes from *at on, valid until the next write or resize. If *at was
 * pushed out, it moves to the tail. Returns by how many bytes it moved.
 */
uint64_t ring_peek(const struct ring *r, uint64_t *at, struct ring_span *ret);

#endif
