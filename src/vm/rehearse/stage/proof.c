#include "vm/rehearse/stage/proof.h"

/* The finalizer of splitmix64: neighbours have nothing in common. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static uint8_t byte_at(uint64_t number, uint64_t at)
{
    return (uint8_t)(mix(mix(number) + at / 8) >> (8 * (at % 8)));
}

void proof_copy(const struct proof *p, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = byte_at(p->number, p->at + i);
}

void proof_check(struct proof *p, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && !p->is_broken; i++) {
        if (bytes.data[i] == byte_at(p->number, p->at))
            p->at++;
        else
            p->is_broken = true;
    }
}
