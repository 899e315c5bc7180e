/*
 * ring.h - the last bytes of a byte stream, read by many at their own pace.
 *
 * Positions count bytes since the stream began, in 64 bits, and never wrap. A
 * reader is nothing but such a position. The writer never waits for a reader:
 * what does not fit pushes out the oldest bytes, and a reader that was left
 * behind is told how much it lost. Invariant: every byte in
 * [ring_tail, head) is kept.
 *
 * Starts without memory. The owner decides how large it is (ring_resize),
 * because only the owner knows the budget that all rings share. Capacities are
 * powers of two, so that a position's place is a mask away.
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

/* What a reader can take in one go: the second part is behind the wrap. */
struct ring_span {
    struct slice part[2];
};

void ring_init(struct ring *r);
void ring_done(struct ring *r);

/* To another power of two; of the content the end is kept, as far as it fits.
 * -ENOMEM leaves it as it was. */
int ring_resize(struct ring *r, uint32_t cap);

/* Gives the memory back and forgets the content; positions go on. */
void ring_clear(struct ring *r);

/* With a capacity of 0 the bytes are counted and forgotten. */
void ring_write(struct ring *r, struct slice bytes);

/*
 * For a writer that makes its bytes where they belong: where the next ones go,
 * and in *ret_room how many fit up to the end of the memory (0 if there is
 * none). ring_wrote says how many were put there; the oldest bytes that they
 * stand in place of are gone then.
 */
uint8_t *ring_reserve(struct ring *r, size_t *ret_room);
void ring_wrote(struct ring *r, size_t len);

static inline uint64_t ring_tail(const struct ring *r)
{
    return r->head - r->len;
}

/*
 * All bytes from *at on, good until the next write or growth. A position that
 * was pushed out is moved to the tail; returns by how many bytes.
 */
uint64_t ring_peek(const struct ring *r, uint64_t *at, struct ring_span *ret);

#endif
