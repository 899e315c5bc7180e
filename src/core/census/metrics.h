/*
 * metrics.h - the totals of a census, one row for each: its name, a sentence,
 * whether it only grows, and its unit. A rendering for a monitoring system, a
 * page or a person walks over the rows.
 *
 * Names follow Prometheus's conventions: vspcd_, whole words, base units. The
 * name of a counter ends in _total, and a unit that is not a thing counted
 * stands in the name (_bytes). Names are an interface: once released a name
 * stays.
 */
#ifndef CORE_CENSUS_METRICS_H
#define CORE_CENSUS_METRICS_H

#include "core/census/census.h"

enum metric_kind {
    METRIC_COUNTER, /* since the start of the program; never less */
    METRIC_GAUGE,
};

/* "counter" or "gauge", as Prometheus has them. */
const char *metric_kind_name(enum metric_kind kind);

struct metric {
    const char *name;
    const char *help; /* one sentence, without quotes, \ and line ends */
    const char *unit; /* a plural: "bytes", or what is counted */
    enum metric_kind kind;
    size_t at; /* of a uint64_t in struct census */
};

/* All rows, in the order to show them in. */
const struct metric *metrics_rows(size_t *ret_count);

/* The metric's value in this census. */
uint64_t metric_read(const struct metric *metric, const struct census *census);

#endif
