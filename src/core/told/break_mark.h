/*
 * break_mark.h - the place of a break in a stream of bytes, while the break
 * waits: it stands behind all bytes that came before it. Pure.
 *
 * Positions count bytes since the stream began. If several breaks wait in one
 * stream, the last one is kept. Starts as { 0 }.
 */
#ifndef CORE_TOLD_BREAK_MARK_H
#define CORE_TOLD_BREAK_MARK_H

#include <stdbool.h>
#include <stdint.h>

struct break_mark {
    uint64_t at;   /* position of the byte behind it */
    bool is_there; /* else none waits */
    bool has_ended;
};

/*
 * A break begins or ends at this position. The end has no place of its own, so
 * that a break cannot stand in the way of its end. False: the break has gone on
 * already, so its end goes on at once.
 */
static inline bool break_mark_put(struct break_mark *b, bool is_on, uint64_t at)
{
    if (is_on)
        *b = (struct break_mark){ .at = at, .is_there = true };
    else
        b->has_ended = b->is_there;
    return b->is_there;
}

/* How many bytes from this position on go before the break. */
static inline uint64_t break_mark_before(const struct break_mark *b,
                                         uint64_t from)
{
    if (!b->is_there)
        return UINT64_MAX;
    return b->at > from ? b->at - from : 0;
}

/* True if it is the break's turn, before the byte at this position. */
static inline bool break_mark_is_due(const struct break_mark *b, uint64_t at)
{
    return b->is_there && b->at <= at;
}

/* The break goes on now. True: its end goes on with it. */
static inline bool break_mark_take(struct break_mark *b)
{
    bool has_ended = b->has_ended;

    *b = (struct break_mark){ 0 };
    return has_ended;
}

#endif
