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
 * Somebody can also lock a console's keyboard without being there
 * (keyboard_lock): only the clients of this person or program type then, until
 * it is unlocked. The others are barred; what they had is theirs again
 * afterwards. A lock is kept in memory, beside the consoles, for the few that
 * have one; a client knows by a flag whether it is barred.
 *
 * Connections that vspcd has made, and null modems, are cables: they neither
 * have locks nor are kept out by them. A command that types (CLIENT_DOOR_API)
 * comes beside a lock of its own person, and takes none over.
 */
#ifndef CORE_KEYBOARD_H
#define CORE_KEYBOARD_H

#include "core/client.h"

struct directory;

enum {
    KEYBOARD_LOCKS_MAX = 1024,
    KEYBOARD_REASON_MAX = 200, /* bytes with the NUL */
};

struct keyboard_lock {
    struct console *console;
    struct principal who;             /* has a name; no groups, no owner */
    char reason[KEYBOARD_REASON_MAX]; /* cleaned; "": none was given */
    uint64_t since_us;
    uint64_t until_us; /* 0: until it is unlocked */
};

enum keyboard_locking {
    KEYBOARD_LOCKED,
    KEYBOARD_LOCKED_BY_ANOTHER, /* keyboard_lock_of says who */
    KEYBOARD_LOCKS_FULL,        /* KEYBOARD_LOCKS_MAX */
};

/* who has a name. A lock of the same person is replaced. Who is barred from now
 * on loses the keyboard, and the caller tells them. */
enum keyboard_locking keyboard_lock(struct console *c,
                                    const struct principal *who,
                                    const char *reason, uint64_t now_us,
                                    uint64_t until_us);

/* Accepts a console that is not locked. forget: the console goes, and nobody is
 * told. */
void keyboard_unlock(struct console *c);
void keyboard_forget(struct console *c);

/* "alice has locked the keyboard: maintenance" */
void keyboard_explain_lock(const struct keyboard_lock *lock, struct err *ret);

/* NULL: nobody has it locked. Good until the console is unlocked. */
const struct keyboard_lock *keyboard_lock_of(const struct console *c);

/* A console whose lock's time is over, and whether any lock has such a time.
 * NULL: there is none now. */
struct console *keyboard_lock_due(const struct directory *d, uint64_t now_us,
                                  bool *ret_any);

/* The client has proven another name than before, or its right has changed. */
void keyboard_look(struct client *client);

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

/* Both have proven that they are one person or program. */
bool client_is_same_person(const struct client *a, const struct client *b);

/* A connection that vspcd has made, or a null modem. */
bool client_is_cable(const struct client *client);

#endif
