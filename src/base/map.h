/*
 * map.h - hash -> pointer, open addressing; 16 bytes a slot.
 *
 * Knows no keys: the caller brings the hash and a function that compares a
 * value with a key. map_hash is seeded, so that peers who choose keys cannot
 * choose collisions. Owns its slots, not the values.
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

/*
 * Whether one more value has a place; makes it if there is memory. A map whose
 * values peers bring is asked before map_add, and the peer is refused. Where it
 * is not asked, or after false, map_add uses the quarter of the slots that is
 * left free for speed, and ends the program only when that is full.
 */
bool map_reserve(struct map *m);

/* The caller has made sure that no equal value is in the map. */
void map_add(struct map *m, uint64_t hash, void *value);

/* The value must be in the map under this hash. */
void map_remove(struct map *m, uint64_t hash, const void *value);

/* Returns the value at the first taken slot from *at on, and moves *at behind
 * that slot; NULL at the end. Nothing may be added or removed between calls. */
void *map_next(const struct map *m, size_t *at);

#endif
