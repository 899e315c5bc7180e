/*
 * client_control.h - what somebody does to a console's keyboard and to its
 * other clients: take the keyboard over, disconnect, say something. For every
 * door that has such a command.
 *
 * Each asks the client's own right (RIGHT_CONTROL), tells those whom it
 * concerns, and writes an audit line. The client must be attached. Not from
 * within core's work; the caller settles (directory_settle).
 */
#ifndef SESSION_CLIENT_CLIENT_CONTROL_H
#define SESSION_CLIENT_CLIENT_CONTROL_H

#include "core/client.h"

/*
 * Takes the keyboard for this client. ret gets a sentence for its person in
 * either case: what is so now, or why not. False: it has not got it. Who holds
 * it and is the same person need not have the right.
 */
bool client_control_take_over(struct client *client, struct err *ret);

/* Disconnects the client with this number from the same console, or, with 0,
 * all others there that are somebody's to disconnect. Returns how many, and ret
 * gets a sentence. */
unsigned client_control_disconnect(struct client *client, uint64_t number,
                                   struct err *ret);

/* Tells the other people at the console; the text is cleaned. Returns how many
 * there are, whether or not each takes words; ret gets a sentence. */
unsigned client_control_say(struct client *client, const char *text,
                            struct err *ret);

/* The client wants to do something to its VM, which needs the keyboard where
 * one writes at a time; tells both if it changes hands. */
void client_control_claim(struct client *client);

#endif
