/*
 * rates.h - limits how often each of very many keys may do something, by a rate
 * and a burst, in memory that does not grow.
 *
 * The generic cell rate algorithm (ITU-T I.371, the virtual scheduling form of
 * a leaky bucket): all that is kept of a key is the time at which its bucket is
 * empty. A key without an entry has an empty bucket, so an entry may be
 * forgotten as soon as its time has passed.
 *
 * The table is a cache of buckets in sets of four, one cache line each. In a
 * full set, the entry nearest to empty is forgotten: an attack from ever more
 * addresses may exceed its rate, but nobody is refused for what others did. A
 * peer cannot choose its set: keys are hashes under a random seed.
 *
 * Reads no clock. A clock that goes back does no harm: nobody waits longer than
 * a full burst takes. Owns its table.
 */
#ifndef BASE_RATES_H
#define BASE_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate {
    uint64_t interval_ns; /* average time between two; 0: no limit */
    uint32_t burst;       /* how many at once; at least 1 */
};

/* per_second 0: no limit. */
struct rate rate_per_second(uint32_t per_second, uint32_t burst);

enum { RATES_WAYS = 4 };

struct rates_entry {
    uint64_t key;      /* 0, with empty_ns 0: free */
    uint64_t empty_ns; /* when the key's bucket is empty */
};

struct rates {
    struct rates_entry *entries;
    size_t set_count; /* a power of two */
};

/* 64 bytes a set; a page is touched when it is first used. */
void rates_init(struct rates *r, size_t set_count);
void rates_done(struct rates *r);

/* key: a hash. False: too often; a refused attempt does not count. */
bool rates_take(struct rates *r, uint64_t key, const struct rate *rate,
                uint64_t now_us);

/* Like rates_take for one bucket without a table; *empty_ns starts as 0. */
bool rate_take(uint64_t *empty_ns, const struct rate *rate, uint64_t now_us);

#endif
