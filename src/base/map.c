#include "base/map.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { MAP_FIRST_CAP = 16 };

void map_init(struct map *m, const uint64_t seed[2])
{
    *m = (struct map){ .seed = { seed[0], seed[1] } };
}

void map_done(struct map *m)
{
    free(m->slots);
    m->slots = NULL;
    m->cap = 0;
    m->count = 0;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t map_hash(const struct map *m, struct slice key)
{
    uint64_t v[4] = {
        m->seed[0] ^ 0x736f6d6570736575,
        m->seed[1] ^ 0x646f72616e646f6d,
        m->seed[0] ^ 0x6c7967656e657261,
        m->seed[1] ^ 0x7465646279746573,
    };
    uint64_t last = (uint64_t)key.len << 56;
    uint64_t word;

    for (; key.len >= sizeof word; key = slice_after(key, sizeof word)) {
        memcpy(&word, key.data, sizeof word);
        sip_word(v, word);
    }
    for (size_t i = 0; i < key.len; i++)
        last |= (uint64_t)key.data[i] << (8 * i);
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void *map_find(const struct map *m, uint64_t hash, map_match_fn *match,
               const void *key)
{
    if (m->cap == 0)
        return NULL;
    for (size_t i = hash & (m->cap - 1); m->slots[i].value != NULL;
         i = (i + 1) & (m->cap - 1)) {
        if (m->slots[i].hash == hash && match(m->slots[i].value, key))
            return m->slots[i].value;
    }
    return NULL;
}

static void put(struct map *m, uint64_t hash, void *value)
{
    size_t i = hash & (m->cap - 1);

    while (m->slots[i].value != NULL)
        i = (i + 1) & (m->cap - 1);
    m->slots[i] = (struct map_slot){ .hash = hash, .value = value };
}

bool map_reserve(struct map *m)
{
    struct map_slot *old = m->slots;
    size_t old_cap = m->cap;
    size_t cap = old_cap > 0 ? old_cap * 2 : MAP_FIRST_CAP;
    struct map_slot *slots;

    if (old_cap > 0 && m->count < old_cap - old_cap / 4)
        return true;
    slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return false;
    m->cap = cap;
    m->slots = slots;
    for (size_t i = 0; i < old_cap; i++) {
        if (old[i].value != NULL)
            put(m, old[i].hash, old[i].value);
    }
    free(old);
    return true;
}

/* A probe for what is not there ends at a free slot: one has to stay. */
void map_add(struct map *m, uint64_t hash, void *value)
{
    assert(value != NULL);
    if (!map_reserve(m) && m->count + 1 >= m->cap)
        mem_end();
    put(m, hash, value);
    m->count++;
}

void map_remove(struct map *m, uint64_t hash, const void *value)
{
    size_t mask = m->cap - 1;
    size_t hole = hash & mask;
    size_t i;

    while (m->slots[hole].value != value) {
        assert(m->slots[hole].value != NULL);
        hole = (hole + 1) & mask;
    }
    /* Later entries of the run move up, so that no probe ends too early. */
    for (i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole].value = NULL;
    m->count--;
}

void *map_next(const struct map *m, size_t *at)
{
    while (*at < m->cap) {
        void *value = m->slots[(*at)++].value;

        if (value != NULL)
            return value;
    }
    return NULL;
}
