/*
 * client_past.h - what a client sees first that its console's ring does not
 * have: output from before the program's start, out of the console's log.
 *
 * The cursor stays where it was put when the log was asked, so that the client
 * gets all that comes meanwhile, behind it. It waits for CLIENT_PAST_US at
 * most: a disk that hangs keeps nobody from a console. And not for so long
 * that the VM would have to wait for it: what the VM prints is worth more then
 * than what it has printed once.
 *
 * Part of a client's session (client_session_private.h), which owns it.
 */
#ifndef SESSION_CLIENT_PAST_H
#define SESSION_CLIENT_PAST_H

#include "base/deadline.h"
#include "core/past.h"

struct client_session;

enum { CLIENT_PAST_US = 1000 * 1000 };

struct client_past {
    struct past_ask ask;
    struct deadline due; /* runs while it waits for the answer */
    uint64_t end;        /* position in the output where it looked back */
};

void client_past_init(struct client_past *past);

/* Asks, if there may be anything to add. end: where it has looked back from. */
void client_past_begin(struct client_session *s, uint64_t end);

/* Nothing else may go out yet. Stops waiting when it is time to. */
bool client_past_is_awaited(struct client_session *s);

/* It waits no more. */
void client_past_give_up(struct client_past *past);

/* Of the context's queue. */
void client_past_due(struct deadline *d, void *owner);

#endif
