/*
 * listing.h - what SIGUSR1 asks for: a line of the log for every console, as
 * fast as the log's reader takes them, so that none is lost; other lines come
 * between them.
 */
#ifndef DAEMON_PARTS_LISTING_H
#define DAEMON_PARTS_LISTING_H

#include "base/deadline.h"
#include "net/loop.h"

#include <stdint.h>

struct console;
struct daemon;

struct listing {
    struct console **consoles; /* still to be listed, from at on; NULL where
                                * one has expired meanwhile */
    uint32_t count;
    uint32_t at;
    struct deadline_queue soon; /* it goes on in the next turn */
    struct deadline turn;
    struct loop_watch watch;
};

void listing_open(struct listing *l, struct loop *loop);
void listing_close(struct listing *l);

/* One that is under way goes on, and there is no other one then. */
void listing_begin(struct daemon *d);

/* Every turn, before the log is written: as many as there is room for. */
void listing_go_on(struct listing *l);

/* The log was written: more in the next turn, if there is more. */
void listing_next_turn(struct listing *l);

/* It is about to be removed. */
void listing_forget(struct listing *l, const struct console *c);

#endif
