/*
 * map.h - hash -> pointer, open addressing; 16 bytes a slot.
 *
 * Knows nothing of keys: the caller brings the hash (map_hash, seeded, so that
 * peers who choose the keys cannot choose collisions) and a function that
 * tells whether a value is the one. Owns its slots, not the values.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

struct map_slot {
    uint64_t hash;
    void *value; /* NULL: free */
};

struct map {
    struct map_slot *slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
    uint64_t seed[2];
};

typedef bool map_match_fn(const void *value, const void *key);

void map_init(struct map *m, const uint64_t seed[2]);
void map_done(struct map *m);

/* SipHash-1-3 under the map's seed (Aumasson, Bernstein 2012). */
uint64_t map_hash(const struct map *m, struct slice key);

void *map_find(const struct map *m, uint64_t hash, map_match_fn *match,
               const void *key);

/* The caller has seen that no equal value is there. */
void map_add(struct map *m, uint64_t hash, void *value);

/* The value must be in the map under this hash. */
void map_remove(struct map *m, uint64_t hash, const void *value);

/* The value at the first taken slot from *at on, which is moved behind it;
 * NULL at the end. Nothing may be added or removed in between. */
void *map_next(const struct map *m, size_t *at);

#endif
