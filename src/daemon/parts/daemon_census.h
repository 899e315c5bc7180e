/*
 * daemon_census.h - the census (core/census/census.h) of the whole program:
 * core's part, and what the parts around core know.
 */
#ifndef DAEMON_PARTS_DAEMON_CENSUS_H
#define DAEMON_PARTS_DAEMON_CENSUS_H

#include "core/census/census.h"

struct daemon_alerts;
struct daemon_audit;
struct daemon_hooks;
struct daemon_inventory;
struct daemon_logs;
struct daemon_matcher;
struct daemon_records;
struct daemon_state;
struct daemon_web;
struct loop;
struct session_context;

/* The parts that are asked; all borrowed, and open whenever a census is
 * read. */
struct daemon_census {
    uint64_t open_files; /* limit of open files; 0: not known */
    uint64_t started_us; /* of the program, since 1970 */
    const struct directory *directory;
    const struct session_context *sessions;
    const struct loop *loop;
    const struct daemon_hooks *hooks;
    const struct daemon_alerts *alerts;
    const struct daemon_logs *logs;
    const struct daemon_matcher *matcher;
    const struct daemon_records *records;
    const struct daemon_inventory *inventory;
    const struct daemon_state *state;
    const struct daemon_audit *audit;
    const struct daemon_web *web;
};

/* For renderings of the census. Borrows c. */
struct census_source daemon_census_source(struct daemon_census *c);

#endif
