/*
 * census_series.h - some numbers of the census over time, for people who look
 * at a page and have no monitoring system: one value each 5 s for a quarter of
 * an hour, and one each minute for a day.
 *
 * A level (VMs) is as it was at the moment; a count (moves) is what has come
 * since the value before. Times are the caller's, of a clock that never goes
 * back; when none is taken for a while, that time has no values.
 *
 * Pure, and of one size: some 100 KiB.
 */
#ifndef CORE_CENSUS_CENSUS_SERIES_H
#define CORE_CENSUS_CENSUS_SERIES_H

#include "core/census/census.h"

enum {
    SERIES_SHORT_S = 5,
    SERIES_SHORT_ROOM = 15 * 60 / SERIES_SHORT_S,
    SERIES_LONG_S = 60,
    SERIES_LONG_ROOM = 24 * 60 * 60 / SERIES_LONG_S,
    SERIES_MAX = 16, /* how many there are, at most */
};

/* How many there are, and the name of each: "vms". */
unsigned census_series_count(void);
const char *census_series_name(unsigned which);
/* One sentence. */
const char *census_series_help(unsigned which);

struct census_series_ring {
    uint32_t step_s, room;
    uint64_t count;   /* of values that there ever were; the last `room` are
                       * kept */
    uint64_t last_us; /* when the last one was taken */
    uint64_t before[SERIES_MAX]; /* the counts then */
    float *values;               /* [room][SERIES_MAX]; NAN: none */
};

struct census_series {
    struct census_series_ring quarter, day;
    float quarter_values[SERIES_SHORT_ROOM * SERIES_MAX];
    float day_values[SERIES_LONG_ROOM * SERIES_MAX];
};

/* census: what counts begin with. */
void census_series_init(struct census_series *s, const struct census *census,
                        uint64_t now_us);

/* To be called each SERIES_SHORT_S, or later. */
void census_series_take(struct census_series *s, const struct census *census,
                        uint64_t now_us);

/* The ring with values of this step, or of the next longer one. */
const struct census_series_ring *census_series_ring(
    const struct census_series *s, uint64_t step_s);

/* The number of the first value that is kept; ring->count is behind the last.
 * Value n was taken at last_us - (count - 1 - n) * step_s. */
uint64_t census_series_first(const struct census_series_ring *ring);

/* A value; NAN: there is none. */
double census_series_value(const struct census_series_ring *ring,
                           unsigned which, uint64_t number);

#endif
