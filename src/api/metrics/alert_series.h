/*
 * alert_series.h - alerts by rule, in Prometheus' text format.
 */
#ifndef API_METRICS_ALERT_SERIES_H
#define API_METRICS_ALERT_SERIES_H

#include "alert/book/alert_book.h"
#include "base/buf.h"

/* Appends some of it, from *at on, which is 0 at first. False: that was all. */
bool alert_series_render(const struct alert_book *book, struct buf *to,
                         size_t *at);

#endif
