/*
 * group_series.h - metrics of consoles by what the inventory has about their
 * VMs: by folder, owner, host or tag.
 *
 * Consoles are added, some at a time; then the GROUP_SERIES_MAX largest groups
 * are rendered, family by family, and the others as one. Owns the names. Pure.
 */
#ifndef API_METRICS_GROUP_SERIES_H
#define API_METRICS_GROUP_SERIES_H

#include "base/buf.h"
#include "base/map.h"
#include "core/console.h"

enum {
    /* Each is some samples for a monitoring system to keep, for ever. */
    GROUP_SERIES_MAX = 100,
    /* That are told apart before the largest ones are known: to sort them takes
     * half a millisecond of a turn. */
    GROUP_SERIES_KNOWN = 2000,
    GROUP_SERIES_FAMILIES = 4,
};

/* As the setting inventory-metrics has them. */
enum group_key {
    GROUP_OFF,
    GROUP_FOLDER,
    GROUP_OWNER,
    GROUP_HOST,
    GROUP_TAG,
};

struct group_series_row {
    char *name;
    uint64_t value[GROUP_SERIES_FAMILIES];
};

struct group_series {
    struct group_series_row **row;
    size_t count;
    struct map names;             /* of row */
    struct group_series_row rest; /* consoles of groups that are not known */
    bool has_rest;
    bool is_sorted; /* and what is left out is in rest */
    size_t family;  /* that is rendered next, */
    size_t at;      /* from this row on */
};

void group_series_init(struct group_series *s, const uint64_t seed[2]);
void group_series_done(struct group_series *s);

/* The console counts in each of its VM's tags. Where nothing is known, the
 * group is "". */
void group_series_add(struct group_series *s, enum group_key key,
                      const struct console *c);

/* Appends some lines; false: there are no more. None is added any more. */
bool group_series_render(struct group_series *s, struct buf *to);

#endif
