/*
 * audit_check.h - whether an audit log has all of its events, line by line.
 *
 * A log that was rotated is checked as one: its files one after the other, the
 * oldest first. Where the first of them begins is taken as it is.
 *
 * Pure.
 */
#ifndef AUDIT_AUDIT_CHECK_H
#define AUDIT_AUDIT_CHECK_H

#include "audit/audit_chain.h"

enum audit_finding {
    AUDIT_FOLLOWS, /* the line is the event after the one before */
    AUDIT_LOST,    /* so it is, but events between them were never written */
    AUDIT_TORN,    /* the line is no event */
    AUDIT_BROKEN,  /* the line does not fit: it or lines before it were changed,
                    * added or taken out */
};

struct audit_check {
    struct audit_chain chain; /* of the last event; before the first: 0 */
    uint64_t first;           /* number of the first event; 0: none yet */
    uint64_t events;          /* lines that are events */
    uint64_t lost;            /* how many the last line's finding is about */
};

void audit_check_begin(struct audit_check *check);

/* line is without its newline. After AUDIT_BROKEN the check goes on from this
 * line, as if the log began there. */
enum audit_finding audit_check_line(struct audit_check *check,
                                    struct slice line);

#endif
