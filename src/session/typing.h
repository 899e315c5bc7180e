/*
 * typing.h - somebody types a text, or sends a break, into a console without
 * being there: a client of the console (CLIENT_DOOR_API) for as long as that
 * takes. So rights, locks, one writer at a time, the limit of clients and the
 * VM's modem lines hold as for any client.
 *
 * Nothing is given to the console before the VM's connection takes input, and
 * no more than it takes: what cannot be typed now is not typed later, behind
 * the back of whoever asked, but for the rest of one piece (LIMIT_READ).
 *
 * It waits while the VM moves, or takes nothing: TYPING_STALL_US without
 * progress end it. It sees no output, and holds no VM.
 *
 * The caller owns struct typing, which must not move, and calls
 * directory_settle after typing_begin and typing_end. On the loop's thread.
 */
#ifndef SESSION_TYPING_H
#define SESSION_TYPING_H

#include "base/deadline.h"
#include "core/client.h"

struct session_context;

enum {
    TYPING_TICK_US = 20 * 1000,
    TYPING_STALL_US = 10 * 1000 * 1000,
};

struct typing_wish {
    struct console *console;
    const struct principal *who; /* borrowed until typing_end */
    const char *peer;
    bool has_break;    /* one, in front of the text: it begins and ends at
                        * once, as IAC BRK does */
    struct slice text; /* borrowed until typing_end */
    uint64_t pace;     /* bytes per second; 0: as fast as they are taken */
};

enum typing_outcome {
    TYPING_GOES_ON,
    TYPING_DONE,
    TYPING_NO_VM,  /* or it has gone meanwhile */
    TYPING_DENIED, /* the right is missing, or was taken away */
    TYPING_LOCKED, /* another one has the keyboard; why says who */
    TYPING_FULL,   /* of clients, or of text for want of memory; why */
    TYPING_STALLED,
    TYPING_DISCONNECTED, /* by somebody who may; why */
};

struct typing {
    struct client client;
    struct session_context *ctx;
    struct typing_wish wish;
    void (*on_done)(void *owner);
    void *owner;
    struct deadline tick;
    uint64_t begun_us;
    uint64_t moved_us; /* when something was taken last */
    uint64_t given_at; /* in the console's input: behind what was given */
    size_t given;      /* bytes, to the console */
    size_t taken;      /* bytes, by the VM's connection */
    enum typing_outcome outcome;
    struct err why;
};

void typing_open_all(struct session_context *ctx);
void typing_close_all(struct session_context *ctx);

/*
 * False: it is done, and outcome, taken and why are known. True: it goes on,
 * and on_done is called when it is done, in a later turn. It has left the
 * console by then.
 */
bool typing_begin(struct typing *t, struct session_context *ctx,
                  const struct typing_wish *wish, void (*on_done)(void *owner),
                  void *owner);

/* For a test, which fires it. */
struct deadline_queue *typing_ticks(struct session_context *ctx);

/* Of one that was begun; leaves the console. May be called twice. */
void typing_end(struct typing *t);

#endif
