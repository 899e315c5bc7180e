/*
 * rates.h - how often each of very many may do something: a rate and a burst,
 * in memory that does not grow.
 *
 * The generic cell rate algorithm (ITU-T I.371, the virtual scheduling form of
 * a leaky bucket): all that is kept of one is the time at which its bucket
 * would be empty. One of those that is not kept has an empty bucket, so an
 * entry may be forgotten as soon as its time has passed.
 *
 * The table is a cache of buckets in sets of four, one cache line each. Where
 * a set is full the entry is forgotten that is nearest to empty: whoever takes
 * part in an attack from ever more addresses may find more than its rate, but
 * nobody is ever refused for what others did. Who chooses the keys cannot
 * choose the sets: keys are hashes under a random seed.
 *
 * Reads no clock; now is an argument, and one that goes back does no harm:
 * nobody waits longer than for an emptied burst. Owns its table.
 */
#ifndef BASE_RATES_H
#define BASE_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate {
    uint64_t interval_ns; /* between two, in the long run; 0: no limit */
    uint32_t burst;       /* that many at once; at least 1 */
};

/* per_second 0: no limit. */
struct rate rate_per_second(uint32_t per_second, uint32_t burst);

enum { RATES_WAYS = 4 };

struct rates_entry {
    uint64_t key;      /* 0 and empty_ns 0: free */
    uint64_t empty_ns; /* when its bucket is */
};

struct rates {
    struct rates_entry *entries;
    size_t set_count; /* a power of two */
};

/* 64 bytes a set; pages are touched as they are used. */
void rates_init(struct rates *r, size_t set_count);
void rates_done(struct rates *r);

/* key: a hash. False: too often, and this time does not count. */
bool rates_take(struct rates *r, uint64_t key, const struct rate *rate,
                uint64_t now_us);

/* The same for one alone; *empty_ns is 0 at first. */
bool rate_take(uint64_t *empty_ns, const struct rate *rate, uint64_t now_us);

#endif
