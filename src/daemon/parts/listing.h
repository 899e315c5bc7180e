/*
 * listing.h - the log lines that SIGUSR1 asks for: the program, its limits and
 * refusals, then every console. A rendering of the census.
 *
 * Written as fast as the log's reader takes them, so that no line is dropped,
 * over as many turns as needed; other lines come between them.
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
    struct census_walk walk;    /* the consoles that are not listed yet */
    struct deadline_queue soon; /* continues in the next turn */
    struct deadline turn;
};

void listing_open(struct listing *l, struct loop *loop,
                  const struct census_source *source,
                  const struct directory *directory,
                  struct census_walks *walks);
void listing_close(struct listing *l);

/* Does nothing while a listing is under way, which continues. */
void listing_begin(struct listing *l);

/* Called every turn, before the log is written: adds as many lines as there is
 * room for. */
void listing_go_on(struct listing *l);

/* Called after the log was written: continues in the next turn, if there is
 * more. */
void listing_next_turn(struct listing *l);

#endif
