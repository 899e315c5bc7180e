/*
 * tally.h - how long something took, many times: the middle, what only a
 * twentieth exceeds, the longest. Pure but for memory, which grows by 8 bytes
 * for each time.
 */
#ifndef VM_REHEARSE_STAGE_TALLY_H
#define VM_REHEARSE_STAGE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally { /* {0}: nothing yet */
    uint64_t *took_us;
    size_t count;
    bool is_sorted;
};

void tally_done(struct tally *t);
void tally_add(struct tally *t, uint64_t took_us);

/* The least of the times that so many percent do not exceed (nearest rank);
 * 100: the longest. 0 without any. */
uint64_t tally_percentile_us(struct tally *t, unsigned percent);

#endif
