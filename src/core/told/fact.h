/*
 * fact.h - what happened in core/, in order, for whoever has to act on it.
 *
 * core/ tells, it does not call: the daemon takes the facts at the end of the
 * turn and logs, opens ports, and so on. A console that a fact names is alive
 * until that turn's facts were taken.
 */
#ifndef CORE_FACT_H
#define CORE_FACT_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct console;

enum fact_kind {
    FACT_VM_ATTACHED,
    FACT_VM_DETACHED,
    FACT_VM_RENAMED,
    FACT_LABELLED,        /* its label was "" before */
    FACT_DESERTED,        /* without a VM, and its last client has gone */
    FACT_VISITED,         /* without a VM, and its first client has come */
    FACT_CLIENT_ATTACHED, /* and is served */
    FACT_CLIENT_DETACHED, /* of such a one */
    FACT_CLIENT_LAGS,     /* the VM does not wait for a client any more */
    FACT_MOVE_ENDED,
    FACT_DESTINATION_REPLACED, /* of a move, by a newer connection */
    FACT_OUTPUT_LOST, /* a VM's former connection went before its last word */
};

struct fact {
    enum fact_kind kind;
    struct console *console;
    const char *reason;          /* VM_DETACHED; static text */
    char *former_name;           /* VM_RENAMED; owned by who has the fact */
    char peer[ADDRESS_TEXT_MAX]; /* *TACHED; OUTPUT_LOST; CLIENT_LAGS, ""
                                  * if it has none; MOVE_ENDED: the
                                  * source; DESTINATION_REPLACED: the older */
    uint64_t bytes;              /* OUTPUT_LOST: at least */
    char to[ADDRESS_TEXT_MAX];   /* MOVE_ENDED: the destination; "" if none
                                  * came; DESTINATION_REPLACED: the newer */
    /* MOVE_ENDED: */
    uint64_t took_us;
    uint32_t held;     /* bytes of input that were kept */
    uint32_t others;   /* failed moves that were not told of */
    uint8_t verdict;   /* enum move_verdict */
    bool is_encrypted; /* *TACHED, but for VM_DETACHED */
    bool is_new;       /* VM_ATTACHED: the console was not known before */
};

struct fact_queue {
    struct fact *facts;
    size_t count;
    size_t cap;
    size_t taken;
};

void fact_queue_init(struct fact_queue *q);
void fact_queue_done(struct fact_queue *q);
void fact_add(struct fact_queue *q, struct fact fact);

/* Takes the oldest one, which is the caller's from then on: handling it may add
 * others, and the queue grow. False: there is none. */
bool fact_take(struct fact_queue *q, struct fact *ret_fact);

static inline bool fact_queue_is_empty(const struct fact_queue *q)
{
    return q->taken == q->count;
}

/* Frees what the fact owns. */
void fact_done(struct fact *fact);

#endif
