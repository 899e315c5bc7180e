/*
 * backoff.h - how long to wait before the next try: half a second, doubling to
 * half a minute. Each wait is shortened by up to a quarter at random, so that
 * connections that lost one peer at one moment do not return at one moment.
 *
 * Reads no clock and makes no random numbers: both are arguments.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

enum {
    BACKOFF_FIRST_MS = 500,
    BACKOFF_LONGEST_MS = 30 * 1000,
    /* A connection that held this long was good: the next wait is short again.
     * A peer that accepts a connection and drops it at once is not good. */
    BACKOFF_GOOD_US = 10 * 1000 * 1000,
};

/* Zeroed before use. */
struct backoff {
    unsigned tries; /* since the last good connection */
};

/* Returns the wait after a connection that held for held_us; 0: it was never
 * made. random: any 32 bits. */
static inline unsigned backoff_next_ms(struct backoff *b, uint64_t held_us,
                                       uint32_t random)
{
    unsigned wait_ms = BACKOFF_FIRST_MS;

    if (held_us >= BACKOFF_GOOD_US)
        b->tries = 0;
    for (unsigned i = 0; i < b->tries && wait_ms < BACKOFF_LONGEST_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACKOFF_LONGEST_MS)
        wait_ms = BACKOFF_LONGEST_MS;
    b->tries++;
    return wait_ms - random % (wait_ms / 4);
}

#endif
