/*
 * render_metrics.h - a census in Prometheus' text format, version 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats): for each family HELP,
 * TYPE, and its samples.
 *
 * Pure. Appends to a buffer, some lines at a time; what does not fit, or finds
 * no memory, is left out, and the buffer keeps whole lines.
 */
#ifndef API_METRICS_RENDER_METRICS_H
#define API_METRICS_RENDER_METRICS_H

#include "base/buf.h"
#include "core/census/metrics.h"

/* The content type; Prometheus 3 takes no answer without it. */
#define RENDER_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The next rows of metrics_rows from *at on, which is 0 at first. False: there
 * are no more. */
bool render_metrics(struct buf *to, const struct census *census, size_t *at);

/* For families that are in no census. The help is as in struct metric. */
void render_family(struct buf *to, const char *name, const char *help,
                   enum metric_kind kind);

/* labels: as in struct metric. */
void render_sample(struct buf *to, const char *name, const char *labels,
                   uint64_t value);

/* Puts a label's value between quotes: \, " and line ends are escaped. Returns
 * how many bytes it has written of at most size - 1, and a NUL: a value that is
 * too long is cut between characters. */
size_t render_label_value(char *to, size_t size, const char *value);

#endif
