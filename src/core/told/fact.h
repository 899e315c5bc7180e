/*
 * fact.h - what happened in core/, in order, for the parts of the daemon that
 * act on it.
 *
 * core/ tells, it does not call: the daemon takes the facts at the end of the
 * turn and logs, opens ports, and so on. A console that a fact names is alive
 * until the facts of that turn were taken.
 */
#ifndef CORE_TOLD_FACT_H
#define CORE_TOLD_FACT_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console;

/* Beside each kind: the member of struct fact that belongs to it. */
enum fact_kind {
    FACT_VM_ATTACHED,          /* vm_attached */
    FACT_VM_DETACHED,          /* vm_detached */
    FACT_VM_RENAMED,           /* vm_renamed */
    FACT_LABELLED,             /* none: the console's label was "" before */
    FACT_DESERTED,             /* none: no VM, and the last client has gone */
    FACT_VISITED,              /* none: no VM, and the first client has come */
    FACT_CLIENT_ATTACHED,      /* client: it is served from now on */
    FACT_CLIENT_DETACHED,      /* client: it was served */
    FACT_CLIENT_LAGS,          /* client: the VM waits for it no longer */
    FACT_MOVE_ENDED,           /* move_ended */
    FACT_DESTINATION_REPLACED, /* destination_replaced */
    FACT_OUTPUT_LOST,          /* output_lost */
    FACT_PROVEN, /* none: it is new no longer, or came_by_tls or is_keyed is
                  * decided */
    FACT_VM_TAKEN_OVER,       /* takeover: the newer connection has it now */
    FACT_VM_TAKEOVER_REFUSED, /* takeover: the older connection keeps it */
    FACT_CLIENT_REFUSED,  /* client: the console has as many as it may have; at
                           * most one a second of all consoles */
    FACT_KEYBOARD_TAKEN,  /* client: it has the keyboard, and had not; not told
                           * while it goes on among one person's clients */
    FACT_KEYBOARD_LOCKED, /* lock */
    FACT_KEYBOARD_UNLOCKED, /* lock: it is over */
};
enum { FACT_KIND_COUNT = FACT_KEYBOARD_UNLOCKED + 1 };

/* A word for a person: "vm-attached". */
const char *fact_kind_name(enum fact_kind kind);

struct fact_vm_attached {
    char peer[ADDRESS_TEXT_MAX];
    bool is_encrypted;
    bool is_new; /* the console was not known before */
};

struct fact_vm_detached {
    char peer[ADDRESS_TEXT_MAX];
    const char *reason; /* static text */
};

struct fact_vm_renamed {
    char *former_name; /* owned by the fact: fact_done */
    uint32_t others;   /* names of the VM in between, which nobody was told */
};

struct fact_client {
    char peer[ADDRESS_TEXT_MAX]; /* "": a client without an address */
    char *name;                  /* owned by the fact; NULL: unknown */
    uint64_t number;             /* 0: it never had one */
    uint32_t others; /* of CLIENT_REFUSED: refused since the last such fact */
    uint8_t door;    /* enum client_door */
    uint8_t proof;   /* enum principal_proof */
    bool is_encrypted;
};

/* Of the keyboard, by a person or program that need not be connected. */
struct fact_lock {
    char *name;         /* whose it is; owned by the fact */
    char *reason;       /* the same; "": none was given */
    uint64_t length_us; /* 0: until it is unlocked */
};

struct fact_move_ended {
    char from[ADDRESS_TEXT_MAX]; /* the source */
    char to[ADDRESS_TEXT_MAX];   /* the last destination; "": none came */
    uint64_t took_us;
    uint32_t held;   /* bytes of input that were kept */
    uint32_t others; /* failed moves since the last such fact that added no
                      * fact (throttled) */
    uint8_t verdict; /* enum move_verdict */
};

/* A newer connection is the destination of a move now. */
struct fact_destination_replaced {
    char older[ADDRESS_TEXT_MAX];
    char newer[ADDRESS_TEXT_MAX];
};

/* A connection from another address has identified itself as the VM while one
 * was open, and no move has brought it. */
struct fact_takeover {
    char older[ADDRESS_TEXT_MAX];
    char newer[ADDRESS_TEXT_MAX];
    const char *reason; /* static text */
};

/* A VM's former connection was closed before its last output had come. */
struct fact_output_lost {
    char peer[ADDRESS_TEXT_MAX];
    uint64_t bytes; /* at least */
};

struct fact {
    enum fact_kind kind;
    struct console *console;
    union {
        struct fact_vm_attached vm_attached;
        struct fact_vm_detached vm_detached;
        struct fact_vm_renamed vm_renamed;
        struct fact_client client;
        struct fact_move_ended move_ended;
        struct fact_destination_replaced destination_replaced;
        struct fact_output_lost output_lost;
        struct fact_takeover takeover;
        struct fact_lock lock;
    };
};

/* Facts of one turn, in pieces: however many there are, no large memory is
 * needed for them. */
enum { FACT_CHUNK = 16 };
struct fact_chunk {
    struct fact_chunk *next;
    size_t count;
    struct fact facts[FACT_CHUNK];
};

struct fact_queue {
    struct fact_chunk *first; /* NULL: there was no fact yet */
    struct fact_chunk *last;
    size_t taken; /* of first */
};

void fact_queue_init(struct fact_queue *q);
void fact_queue_done(struct fact_queue *q);

/* The queue owns what the fact owns from then on. */
void fact_add(struct fact_queue *q, struct fact fact);

/* Takes the oldest fact, as a copy that the caller owns (fact_done): handling
 * it may add facts. False: there is none. */
bool fact_take(struct fact_queue *q, struct fact *ret_fact);

static inline bool fact_queue_is_empty(const struct fact_queue *q)
{
    return q->first == NULL ||
           (q->taken == q->first->count && q->first->next == NULL);
}

/* Frees what the fact owns. */
void fact_done(struct fact *fact);

#endif
