#include "vm/rehearse/stage/tally.h"

#include "base/mem.h"

#include <stdlib.h>

void tally_done(struct tally *t)
{
    free(t->took_us);
    *t = (struct tally){ 0 };
}

void tally_add(struct tally *t, uint64_t took_us)
{
    t->took_us = mem_grow(t->took_us, t->count, sizeof *t->took_us);
    t->took_us[t->count++] = took_us;
    t->is_sorted = false;
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

uint64_t tally_percentile_us(struct tally *t, unsigned percent)
{
    size_t rank = (t->count * percent + 99) / 100;

    if (t->count == 0)
        return 0;
    if (!t->is_sorted)
        qsort(t->took_us, t->count, sizeof *t->took_us, compare);
    t->is_sorted = true;
    return t->took_us[rank > 0 ? rank - 1 : 0];
}
