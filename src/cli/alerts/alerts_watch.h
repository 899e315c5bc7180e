/*
 * alerts_watch.h - alerts as they come, a line each, until ^C.
 *
 * Asks for the last event first, then has the caller show the alerts that there
 * are, and goes on behind that event: so no alert is missed in between, and
 * none is shown twice.
 */
#ifndef CLI_ALERTS_ALERTS_WATCH_H
#define CLI_ALERTS_ALERTS_WATCH_H

#include "cli/invocation/invocation.h"
#include "cli/output/listing.h"

struct alerts_watch {
    const char *match, *rule; /* patterns; NULL: all */
    enum listing_form form;
    /* Shows those that there are; *ret_newest is the greatest id of all. */
    enum exits (*show)(struct invocation *in, uint64_t *ret_newest);
};

enum exits alerts_watch_run(struct invocation *in,
                            const struct alerts_watch *watch);

#endif
