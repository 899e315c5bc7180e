/*
 * listing.h - the lines of the log that SIGUSR1 asks for: the program, its
 * limits and what was refused, then every console. A rendering of the census.
 *
 * As fast as the log's reader takes them, so that none is lost, over as many
 * turns as that needs; other lines come between them.
 */
#ifndef DAEMON_PARTS_LISTING_H
#define DAEMON_PARTS_LISTING_H

#include "base/deadline.h"
#include "core/census/census.h"
#include "net/loop.h"

struct listing {
    struct census_source source;
    const struct directory *directory; /* borrowed */
    struct census_walks *walks;        /* borrowed */
    struct census_walk walk;           /* over what is still to be listed */
    struct deadline_queue soon;        /* it goes on in the next turn */
    struct deadline turn;
};

void listing_open(struct listing *l, struct loop *loop,
                  const struct census_source *source,
                  const struct directory *directory,
                  struct census_walks *walks);
void listing_close(struct listing *l);

/* One that is under way goes on, and there is no other one then. */
void listing_begin(struct listing *l);

/* Every turn, before the log is written: as many as there is room for. */
void listing_go_on(struct listing *l);

/* The log was written: more in the next turn, if there is more. */
void listing_next_turn(struct listing *l);

#endif
