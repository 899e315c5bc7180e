/*
 * metrics.h - the totals of a census, one row for each: its name, a sentence,
 * its kind, and its unit. A rendering for a monitoring system, a page or a
 * person walks over the rows.
 *
 * Rows of one name are a family: they stand one behind the other, each with
 * labels of its own, and the first one has the sentence for all.
 *
 * Names follow Prometheus's conventions: vspcd_, whole words, base units. The
 * name of a counter ends in _total, and a unit that is not a thing counted
 * stands in the name (_bytes, _seconds). Names are an interface: once released
 * a name stays. Names without vspcd_ are others' conventions: process_ is
 * Prometheus's, openstack_ that of an exporter which vspcd stands in for.
 */
#ifndef CORE_CENSUS_METRICS_H
#define CORE_CENSUS_METRICS_H

#include "core/census/census.h"

enum metric_kind {
    METRIC_COUNTER, /* since the start of the program; never less */
    METRIC_GAUGE,
    METRIC_INFO,      /* its labels say it; the value is 1, in no census */
    METRIC_HISTOGRAM, /* of durations */
};

/* "counter", "gauge" or "histogram", as Prometheus has them: for it an info is
 * a gauge. */
const char *metric_kind_name(enum metric_kind kind);

struct metric {
    const char *name;
    const char *help; /* one sentence, without quotes, \ and line ends; NULL:
                       * the family's */
    const char *unit; /* a plural: "bytes", or what is counted; of "seconds"
                       * the census has microseconds */
    enum metric_kind kind;
    size_t at; /* in struct census: of a uint64_t, or a struct histogram */
    const char *labels; /* as Prometheus writes them, without braces; NULL:
                         * none */
};

/* All rows, in the order to show them in. */
const struct metric *metrics_rows(size_t *ret_count);

/* The metric's value in this census. Of a histogram: how many there are. */
uint64_t metric_read(const struct metric *metric, const struct census *census);

/* NULL: it is no histogram. */
const struct histogram *metric_histogram(const struct metric *metric,
                                         const struct census *census);

#endif
