/*
 * alert_find.h - what a rule has found on a console, from the matcher to the
 * loop. Owns its texts.
 */
#ifndef ALERT_MATCH_ALERT_FIND_H
#define ALERT_MATCH_ALERT_FIND_H

#include "alert/match/alert_rules.h"
#include "base/deadline.h"

#include <stddef.h>

struct alert_find {
    struct list node;      /* of the subject while it waits; then of whoever
                            * has it */
    struct deadline after; /* runs while lines behind it are waited for */
    struct alert_subject *subject; /* the matcher's; NULL once it is told */
    struct alert_rules *rules;     /* that have found it; shared */
    void *console;                 /* the owner's of the subject */
    size_t rule;                   /* its index in the rules */
    enum alert_cause cause;
    uint32_t others;   /* finds of the rule that were left out before */
    uint64_t position; /* of the line, in the console's output */
    uint64_t at;       /* the same, in what the matcher has cleaned */
    uint64_t found_us;
    char *text;
    char *before[ALERT_LINES_MAX];
    char *after_line[ALERT_LINES_MAX];
    uint32_t before_count;
    uint32_t after_count;
};

/* Takes NULL. It must be in no list, and wait for nothing. */
void alert_find_free(struct alert_find *find);

#endif
