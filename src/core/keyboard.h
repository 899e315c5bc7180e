/*
 * keyboard.h - who types into a console: locks that clients ask for
 * (access/lock.h), and consoles whose rules let one type at a time (keyboard =
 * one-writer).
 *
 * Under one-writer the keyboard goes to the first that types, and is its own
 * until it leaves, or until it has typed nothing for the writer's idle time:
 * the next one that types has it then. Whoever has the right to control takes
 * it at once, and so does another connection of the same person.
 *
 * A console without locks and rules has nothing for this: the number of the
 * client that typed last (console.typist) is all there is. Whether a client may
 * type is a comparison of numbers; only who wants the keyboard and has it not
 * costs a walk over the console's clients.
 *
 * Connections that vspcd has made, and null modems, are cables: they neither
 * have locks nor are kept out by them.
 */
#ifndef CORE_KEYBOARD_H
#define CORE_KEYBOARD_H

#include "core/client.h"

/* When it is attached: what it gets of what it has asked for (client->mode). A
 * lock of the same person's earlier connection is taken over: that connection
 * is disconnected. False: another client's lock does not let it in; why says
 * whose. */
bool keyboard_grant(struct client *client, const struct console *c,
                    struct err *why);

/* An attached client may not type any more: its lock is no lock, and others may
 * have the keyboard. */
void keyboard_give_back(struct client *client);

/* Whether the client may do something to its VM now, by its right and its
 * console's keyboard; if not, that is noted (denied, is_locked_out). */
bool keyboard_is_free_for(struct client *client);

enum keyboard_outcome {
    KEYBOARD_HAD,       /* it has it already, or there is nothing to have */
    KEYBOARD_GOT,       /* nobody had it */
    KEYBOARD_TOOK_OVER, /* from the former one */
    KEYBOARD_HELD,      /* another client has it */
};

/*
 * claim: the client wants to type, now; called before each input, break, purge
 * and change of lines of a client. take_over: it wants the keyboard for itself,
 * whoever has it; the caller has asked whether it may (RIGHT_CONTROL), unless
 * the former one is the same person. *ret_former: of TOOK_OVER and HELD, the
 * other client; the caller tells both.
 */
enum keyboard_outcome keyboard_claim(struct client *client, uint64_t now_us,
                                     struct client **ret_former);
enum keyboard_outcome keyboard_take_over(struct client *client, uint64_t now_us,
                                         struct client **ret_former);

/* The client that has the keyboard for itself; NULL: none has. */
struct client *keyboard_holder(const struct console *c);

/* Both have proven the same name in the same way. */
bool client_is_same_person(const struct client *a, const struct client *b);

#endif
