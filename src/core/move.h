/*
 * move.h - vMotion: a VM goes from one host to another, and its console stays.
 *
 * Guide, "vMotion and Persistent Serial Port Connections" and table 2-5; the
 * picture of the states is in docs/vmotion.md. A console has at most one move
 * at a time. Its source is the console's link (while that is there), its
 * destination another link, which has no console before the move is over.
 *
 * From move_begin to the end of the move the console keeps its input; nothing
 * of it is dropped (is_input_held in console_input.c). A move that ends adds
 * FACT_MOVE_ENDED, and the operation dismiss tells the links that do not get
 * the console.
 *
 * Pure: time and the secret are arguments. A move is owned by its console and
 * found by its key in directory.moves.
 */
#ifndef CORE_MOVE_H
#define CORE_MOVE_H

#include "base/deadline.h"
#include "base/histogram.h"
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

/* The state of a move: which connections there are. */
enum move_state {
    MOVE_NONE,     /* no move */
    MOVE_BEGUN,    /* the source; GOAHEAD went out */
    MOVE_JOINED,   /* source and destination; PEER-OK went out */
    MOVE_ORPHANED, /* neither source nor destination */
    MOVE_ADOPTED,  /* the destination */
    MOVE_STATE_COUNT,
};

/* "none", "begun", "joined", "orphaned", "adopted". */
const char *move_state_name(enum move_state state);

enum move_input {
    MOVE_BEGIN,            /* from the source */
    MOVE_PEER,             /* from a connection with the right secret */
    MOVE_COMPLETE,         /* from the destination */
    MOVE_ABORT,            /* from the source */
    MOVE_SOURCE_LOST,      /* the source's connection has closed */
    MOVE_DESTINATION_LOST, /* the destination's connection has closed */
    MOVE_RETURN,    /* the VM has identified itself by DO-PROXY again, on any
                     * connection */
    MOVE_TIME_OUT,  /* no step for directory_settings.move_timeout_us */
    MOVE_SHUT_DOWN, /* the program ends */
    MOVE_INPUT_COUNT,
};

/* "begin", "peer", "complete", ... */
const char *move_input_name(enum move_input input);

/* A move that is over with another verdict than COMPLETED is counted, logged
 * and given to hooks as failed. */
enum move_verdict {
    MOVE_REFUSED, /* the input is not possible now; nothing changes */
    MOVE_GOES_ON, /* in the next state */
    /* The move is over, and the console is served by: */
    MOVE_COMPLETED,   /* the destination */
    MOVE_TAKEN_OVER,  /* the destination, although it has not sent COMPLETE */
    MOVE_ABORTED,     /* the source, which has sent ABORT */
    MOVE_TIMED_OUT,   /* the source, which is still connected */
    MOVE_RETURNED,    /* the VM's new connection */
    MOVE_LOST,        /* no connection */
    MOVE_INTERRUPTED, /* its present connection, until the program has ended */
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
    const char *source_lost; /* why the source was lost, static text; NULL
                              * while it is connected */
    char from[ADDRESS_TEXT_MAX];
    char to[ADDRESS_TEXT_MAX]; /* the last destination; "" if none came */
    uint8_t state;             /* enum move_state */
    uint8_t key_len;
    uint8_t key[MOVE_SEQUENCE_MAX + MOVE_SECRET_LEN]; /* sequence, secret */
};

/* All moves since the start. */
struct move_counts {
    uint64_t begun;
    uint64_t ended[MOVE_VERDICT_COUNT]; /* by the verdict that ended them */
    uint64_t refused;                   /* BEGINs and PEERs */
    uint32_t between;                   /* now: those whose source was lost */
    struct histogram times;             /* from BEGIN to COMPLETE */
};

/* Those that ended otherwise than completed. */
uint64_t move_count_failed(const struct move_counts *counts);
void move_counts_init(struct move_counts *counts);

/*
 * BEGIN came on this link. NULL: answer GOAHEAD with the secret that was given,
 * which must be random; else answer NOTNOW, for the returned reason (static
 * text). move_why_not tells most of the reasons without a secret, so that a
 * BEGIN that is refused costs no random bytes.
 */
const char *move_why_not(const struct vm_link *link, struct slice sequence);
const char *move_begin(struct vm_link *link, struct slice sequence,
                       const uint8_t secret[MOVE_SECRET_LEN], uint64_t now_us);

/*
 * PEER came on this link; key is its sequence followed by its secret. NULL: the
 * link is the move's destination now (answer PEER-OK); a former destination is
 * dismissed. Else nothing has changed, for the returned reason (static text).
 */
const char *move_join(struct directory *d, struct vm_link *link,
                      struct slice key, uint64_t now_us);

/* The console whose move has this key; NULL: no move has it. */
struct console *move_find_console(const struct directory *d, struct slice key);

/*
 * COMPLETE came on this link. True: the link has the console now,
 * directory_settle passes the held input on to it, and the source leaves.
 * False: no move waits for this COMPLETE, and nothing has changed.
 */
bool move_complete(struct vm_link *link, struct slice sequence,
                   uint64_t now_us);

/* ABORT came on this link. False: it is not the source of a move. */
bool move_abort(struct vm_link *link, uint64_t now_us);

/* The link is no destination any more: it has ended, or has started over.
 * Accepts a link that is no destination. */
void move_leave(struct vm_link *link, uint64_t now_us);

/* The program ends. Accepts a console without a move. */
void move_interrupt(struct console *c, uint64_t now_us);

#endif
