#include "core/told/ports.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

void ports_init(struct ports *p, uint16_t first, uint16_t last)
{
    *p = (struct ports){
        .first = first,
        .count = (uint32_t)last - first + 1,
    };
    p->words = (p->count + WORD_BITS - 1) / WORD_BITS;
    p->taken = xcalloc(p->words, sizeof *p->taken);
    p->foreign = xcalloc(p->words, sizeof *p->foreign);
}

void ports_done(struct ports *p)
{
    free(p->taken);
    free(p->foreign);
    *p = (struct ports){ 0 };
}

/*
 * A console's port number is chosen here, and nowhere else: the lowest bit that
 * neither a console nor another program has. full_words makes this cheap when
 * 10,000 consoles have the ports below: everything under it is taken, and only
 * ports_release lowers it.
 */
static bool find_free(struct ports *p, uint32_t *ret_index)
{
    for (size_t w = p->full_words; w < p->words; w++) {
        uint64_t free_bits = ~(p->taken[w] | p->foreign[w]);
        uint32_t index;

        p->full_words = w;
        if (free_bits == 0)
            continue;
        index =
            (uint32_t)(w * WORD_BITS) + (uint32_t)__builtin_ctzll(free_bits);
        if (index >= p->count)
            return false;
        *ret_index = index;
        return true;
    }
    return false;
}

bool ports_take(struct ports *p, uint16_t *ret_port)
{
    uint32_t index;

    if (!find_free(p, &index)) {
        /* Perhaps the others have let go of theirs since. */
        memset(p->foreign, 0, p->words * sizeof *p->foreign);
        p->full_words = 0;
        if (!find_free(p, &index))
            return false;
    }
    p->taken[index / WORD_BITS] |= UINT64_C(1) << index % WORD_BITS;
    *ret_port = (uint16_t)(p->first + index);
    return true;
}

/* For ports from the state on disk. Whoever had the port before, it is the
 * console's now: that another program has it is found out when the port is
 * opened. */
bool ports_take_number(struct ports *p, uint16_t port)
{
    uint32_t index = port - p->first;
    uint64_t bit = UINT64_C(1) << index % WORD_BITS;

    if (port < p->first || index >= p->count ||
        (p->taken[index / WORD_BITS] & bit) != 0)
        return false;
    p->taken[index / WORD_BITS] |= bit;
    p->foreign[index / WORD_BITS] &= ~bit;
    return true;
}

static void clear_taken(struct ports *p, uint32_t index)
{
    p->taken[index / WORD_BITS] &= ~(UINT64_C(1) << index % WORD_BITS);
}

void ports_set_foreign(struct ports *p, uint16_t port)
{
    uint32_t index = port - p->first;

    clear_taken(p, index);
    p->foreign[index / WORD_BITS] |= UINT64_C(1) << index % WORD_BITS;
}

void ports_release(struct ports *p, uint16_t port)
{
    uint32_t index = port - p->first;

    clear_taken(p, index);
    if (index / WORD_BITS < p->full_words)
        p->full_words = index / WORD_BITS;
}
