/*
 * move.h - vMotion: a VM goes from one host to another, and its console stays.
 *
 * Guide, "vMotion and Persistent Serial Port Connections" and table 2-5; the
 * picture of the states is in docs/vmotion.md. A console has at most one move
 * at a time. Its source is the console's link (while that is there), its
 * destination another link, which has no console before the move is over.
 *
 * From move_begin to the end of the move the console keeps its input, as
 * console.h says for console_hold_input. A move that ends adds FACT_MOVE_ENDED;
 * the links that lose by it are told with their operation dismiss.
 *
 * Pure: time and the secret are arguments. A move is owned by its console and
 * found by its key in directory.moves.
 */
#ifndef CORE_MOVE_H
#define CORE_MOVE_H

#include "base/deadline.h"
#include "base/limits.h"
#include "base/slice.h"

#include <stdbool.h>

struct console;
struct directory;
struct vm_link;

enum {
    /* The guide promises no length; ESXi sends 4. */
    MOVE_SEQUENCE_MAX = 64,
    MOVE_SECRET_LEN = 8,
};

/* Who is there: source, destination. */
enum move_state {
    MOVE_NONE,     /* no move */
    MOVE_BEGUN,    /* the source; GOAHEAD went out */
    MOVE_JOINED,   /* both; PEER-OK went out */
    MOVE_ORPHANED, /* neither */
    MOVE_ADOPTED,  /* the destination */
    MOVE_STATE_COUNT,
};

/* "none", "begun", "joined", "orphaned", "adopted". */
const char *move_state_name(enum move_state state);

enum move_input {
    MOVE_BEGIN,            /* from the source */
    MOVE_PEER,             /* from somebody with the right secret */
    MOVE_COMPLETE,         /* from the destination */
    MOVE_ABORT,            /* from the source */
    MOVE_SOURCE_LOST,      /* its connection has closed */
    MOVE_DESTINATION_LOST, /* the same */
    MOVE_RETURN,           /* the VM has said who it is on a new connection */
    MOVE_TIME_OUT,         /* nothing of this for a while */
    MOVE_SHUT_DOWN,        /* the program ends */
    MOVE_INPUT_COUNT,
};

/* "begin", "peer", "complete", ... */
const char *move_input_name(enum move_input input);

enum move_verdict {
    MOVE_REFUSED, /* it cannot be now; nothing changes */
    MOVE_GOES_ON, /* in the next state */
    /* It is over, and the console is served by */
    MOVE_COMPLETED,   /* the destination */
    MOVE_TAKEN_OVER,  /* the same, which has not said COMPLETE */
    MOVE_ABORTED,     /* the source */
    MOVE_TIMED_OUT,   /* the same */
    MOVE_RETURNED,    /* the new connection */
    MOVE_LOST,        /* nobody */
    MOVE_INTERRUPTED, /* whoever it was, until the program has ended */
};
enum { MOVE_VERDICT_COUNT = MOVE_INTERRUPTED + 1 };

/* "refused", "goes-on", "completed", ... */
const char *move_verdict_name(enum move_verdict verdict);

/* The table of docs/vmotion.md. */
struct move_step {
    uint8_t next;    /* enum move_state */
    uint8_t verdict; /* enum move_verdict */
};
struct move_step move_step(enum move_state state, enum move_input input);

struct move {
    struct console *console;
    struct vm_link *destination; /* NULL while there is none */
    struct deadline deadline;    /* in directory.move_timeouts */
    uint64_t begun_us;
    uint64_t begun_at;       /* position in the console's output */
    const char *source_lost; /* why; NULL while it is there; static text */
    char from[ADDRESS_TEXT_MAX];
    char to[ADDRESS_TEXT_MAX]; /* the last destination; "" if none came */
    uint8_t state;             /* enum move_state */
    uint8_t key_len;
    uint8_t key[MOVE_SEQUENCE_MAX + MOVE_SECRET_LEN]; /* sequence, secret */
};

/* All moves since the start. */
struct move_counts {
    uint64_t begun;
    uint64_t completed;
    uint64_t failed;
    uint64_t refused; /* BEGINs and PEERs */
};

/*
 * BEGIN came on this link. NULL: GOAHEAD with that secret, which nobody can
 * guess; else NOTNOW, for this reason (static text). The first tells most of
 * the reasons while there is no secret yet.
 */
const char *move_why_not(const struct vm_link *link, struct slice sequence);
const char *move_begin(struct vm_link *link, struct slice sequence,
                       const uint8_t secret[MOVE_SECRET_LEN], uint64_t now_us);

/*
 * PEER came on this link with these two, one behind the other. NULL: it is the
 * move's destination now (PEER-OK), whoever was it before: the newest wins.
 * Else it is none, for this reason (static text).
 */
const char *move_join(struct directory *d, struct vm_link *link,
                      struct slice key, uint64_t now_us);

/*
 * COMPLETE came on this link. True: it has the console now, and has got what
 * was held for the VM; the source leaves. False: it cannot be meant.
 */
bool move_complete(struct vm_link *link, struct slice sequence,
                   uint64_t now_us);

/* ABORT came on this link. False: it cannot be meant. */
bool move_abort(struct vm_link *link, uint64_t now_us);

/* The link is gone, or something else than a destination from now on. Takes
 * one that is no destination. */
void move_leave(struct vm_link *link, uint64_t now_us);

/* No step was taken for directory_settings.move_timeout_us. */
void move_due(struct move *m, uint64_t now_us);

/* The program ends; takes a console without a move. */
void move_interrupt(struct console *c, uint64_t now_us);

#endif
