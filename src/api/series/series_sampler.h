/*
 * series_sampler.h - takes the numbers of census_series.h each 5 s, on the
 * loop's thread. A reading of the census walks over nothing.
 */
#ifndef API_SERIES_SERIES_SAMPLER_H
#define API_SERIES_SERIES_SAMPLER_H

#include "core/census/census_series.h"

struct loop;
struct series_sampler;

/* The source is copied; what it names must outlive the sampler. */
struct series_sampler *series_sampler_open(struct loop *loop,
                                           const struct census_source *source);
/* Takes NULL. */
void series_sampler_close(struct series_sampler *sampler);

const struct census_series *series_sampler_series(
    const struct series_sampler *sampler);

/* A sampler that does not take by itself: for tests, which do it. */
struct series_sampler *series_sampler_new(const struct census_source *source,
                                          uint64_t now_us);
void series_sampler_take(struct series_sampler *sampler, uint64_t now_us);

#endif
