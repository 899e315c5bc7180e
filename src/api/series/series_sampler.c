#include "api/series/series_sampler.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"

#include <stdlib.h>

struct series_sampler {
    struct census_source source;
    struct deadline_queue steps; /* step */
    struct deadline step;
    struct census_series series;
};

static void read_census(const struct series_sampler *sampler,
                        struct census *ret)
{
    *ret = (struct census){ 0 };
    sampler->source.read(sampler->source.owner, ret);
}

void series_sampler_take(struct series_sampler *sampler, uint64_t now_us)
{
    struct census census;

    read_census(sampler, &census);
    census_series_take(&sampler->series, &census, now_us);
}

static void step_due(struct deadline *d, void *owner)
{
    struct series_sampler *sampler = owner;
    uint64_t now_us = sampler->steps.fired_us;

    series_sampler_take(sampler, now_us);
    deadline_start(&sampler->steps, d, now_us);
}

struct series_sampler *series_sampler_new(const struct census_source *source,
                                          uint64_t now_us)
{
    struct series_sampler *sampler = xcalloc(1, sizeof *sampler);
    struct census census;

    sampler->source = *source;
    deadline_init(&sampler->step);
    deadline_queue_open(&sampler->steps, SERIES_SHORT_S * UINT64_C(1000000),
                        step_due, sampler);
    read_census(sampler, &census);
    census_series_init(&sampler->series, &census, now_us);
    return sampler;
}

struct series_sampler *series_sampler_open(struct loop *loop,
                                           const struct census_source *source)
{
    uint64_t now_us = clock_now_us();
    struct series_sampler *sampler = series_sampler_new(source, now_us);

    loop_watch(loop, &sampler->steps);
    deadline_start(&sampler->steps, &sampler->step, now_us);
    return sampler;
}

void series_sampler_close(struct series_sampler *sampler)
{
    if (sampler == NULL)
        return;
    deadline_stop(&sampler->step);
    deadline_queue_close(&sampler->steps);
    free(sampler);
}

const struct census_series *series_sampler_series(
    const struct series_sampler *sampler)
{
    return &sampler->series;
}
