/*
 * console_series.h - metrics of single consoles, as many as there may be: what
 * they are at one moment, and their text.
 *
 * Prometheus wants all samples of a family together, so the consoles are
 * collected first, and rendered family by family. Pure.
 */
#ifndef API_METRICS_CONSOLE_SERIES_H
#define API_METRICS_CONSOLE_SERIES_H

#include "base/buf.h"
#include "core/census/census.h"

enum {
    /* Each is a dozen samples for a monitoring system to keep, for ever. */
    CONSOLE_SERIES_MAX = 1000,
    CONSOLE_SERIES_FAMILIES = 8,
};

struct console_series_row {
    char *labels; /* console="NAME",id="UUID/LABEL" */
    uint64_t value[CONSOLE_SERIES_FAMILIES];
};

struct console_series {
    struct console_series_row *row;
    size_t count;
    uint64_t left_out; /* above CONSOLE_SERIES_MAX */
    size_t family;     /* that is rendered next, */
    size_t at;         /* from this row on */
};

void console_series_init(struct console_series *s);
void console_series_done(struct console_series *s);

/* last_output_s: since 1970; 0: there was none. */
void console_series_add(struct console_series *s,
                        const struct census_console *console,
                        int64_t last_output_s);

/* Appends some lines; false: there are no more. None is added any more. */
bool console_series_render(struct console_series *s, struct buf *to);

#endif
