/*
 * client_control.h - what somebody does to a console's keyboard and to its
 * clients: take the keyboard over, lock it, disconnect, say something. For
 * every door that has such a command.
 *
 * Whoever acts may be a client of the console, or nobody there (a command of
 * the API). Each function asks the right of whoever acts, tells those whom it
 * concerns, and writes an audit line about what has happened. Not from within
 * core's work; the caller settles (directory_settle).
 */
#ifndef SESSION_CLIENT_CLIENT_CONTROL_H
#define SESSION_CLIENT_CLIENT_CONTROL_H

#include "core/client.h"
#include "core/keyboard.h"

struct session_context;

/* Borrowed for the length of a call. */
struct client_actor {
    struct console *console;
    const struct principal *who;
    const char *peer;      /* its address; "": it has none */
    enum right right;      /* on the console */
    struct client *client; /* of the console; NULL: it is none */
};

/* The client must be attached. */
static inline struct client_actor client_actor_of(struct client *client)
{
    return (struct client_actor){
        .console = client->console,
        .who = client->who,
        .peer = client->peer,
        .right = (enum right)client->right,
        .client = client,
    };
}

/*
 * Gives the keyboard to this client, which is the actor or another client of
 * the same person. ret gets a sentence for the person in either case: what is
 * so now, or why not. False: it has not got it. Who holds it and is the same
 * person need not have the right.
 */
bool client_control_take_over(const struct client_actor *by,
                              struct client *client, struct err *ret);

/* The giver, an attached client, has the keyboard, and gives it to the one with
 * this number at its console; that needs no right. ret, false: as above. */
bool client_control_give(struct client *giver, uint64_t number,
                         struct err *ret);

/*
 * Disconnects the client with this number from the console, or, with 0, all but
 * the actor that are somebody's to disconnect. Own clients need no right.
 * reason: for those who are disconnected, cleaned; NULL: none is given. Returns
 * how many, and ret gets a sentence.
 */
unsigned client_control_disconnect(const struct client_actor *by,
                                   uint64_t number, const char *reason,
                                   struct err *ret);

/* Tells the other people at the console; the text is cleaned. Returns how many
 * there are, whether or not each takes words; ret gets a sentence. */
unsigned client_control_say(const struct client_actor *by, const char *text,
                            struct err *ret);

enum client_control_outcome {
    CLIENT_CONTROL_DONE,
    CLIENT_CONTROL_DENIED,   /* the actor lacks the right */
    CLIENT_CONTROL_NAMELESS, /* it has proven no name, and nobody could tell
                              * whose lock it is */
    CLIENT_CONTROL_HELD,     /* another one has locked it */
    CLIENT_CONTROL_FULL,     /* KEYBOARD_LOCKS_MAX */
};

/*
 * lock: only clients of this person or program type into the console, for this
 * long (0: until it is unlocked). A lock of the actor's own begins anew.
 * unlock: of its own lock, or, with the right to administer, of anybody's; that
 * there is none is no failure. ret gets a sentence.
 */
enum client_control_outcome client_control_lock(struct session_context *ctx,
                                                const struct client_actor *by,
                                                const char *reason,
                                                uint64_t length_us,
                                                struct err *ret);
enum client_control_outcome client_control_unlock(const struct client_actor *by,
                                                  struct err *ret);

/* Tells a client that is barred by whom. */
void client_control_tell_lock(struct client *client);

/* The client wants to do something to its VM, which needs the keyboard where
 * one writes at a time; tells both if it changes hands. */
void client_control_claim(struct client *client);

#endif
