/*
 * histogram.h - how often something took how long: a count for each range of
 * durations, and their sum, since the start of the program.
 *
 * No allocation, no clock: durations are arguments. Copied by value. Adding
 * costs some nanoseconds.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 16 };

/* Upper ends of the ranges, in microseconds, growing; each belongs to its
 * range. Ends with 0 where there are fewer than HISTOGRAM_BOUNDS_MAX. */
struct histogram_bounds {
    uint64_t us[HISTOGRAM_BOUNDS_MAX];
};

struct histogram {
    const struct histogram_bounds *bounds; /* static */
    /* [i]: durations above bound i - 1, up to bound i; the last one in use:
     * those above all bounds. */
    uint64_t count[HISTOGRAM_BOUNDS_MAX + 1];
    uint64_t sum_us;
};

static inline void histogram_init(struct histogram *h,
                                  const struct histogram_bounds *bounds)
{
    *h = (struct histogram){ .bounds = bounds };
}

static inline void histogram_add(struct histogram *h, uint64_t took_us)
{
    const uint64_t *us = h->bounds->us;
    int i = 0;

    while (i < HISTOGRAM_BOUNDS_MAX && us[i] != 0 && took_us > us[i])
        i++;
    h->count[i]++;
    h->sum_us += took_us;
}

#endif
