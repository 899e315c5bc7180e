/*
 * directory.h - all consoles: found by UUID and label, created when a VM first
 * names itself, kept for a while after everybody has left.
 *
 * Owns the consoles, the budget that their rings share, the queues of their
 * deadlines and the facts. One for the program; one thread.
 */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "base/map.h"
#include "core/console.h"
#include "core/move.h"
#include "core/told/fact.h"

struct directory_settings {
    uint64_t seed[2];         /* random; for the hash */
    uint64_t expire_us;       /* how long a console stays without anybody */
    uint64_t hold_us;         /* how long a client may hold a VM back */
    uint64_t move_timeout_us; /* how long a move waits for its next step */
    uint32_t held_input_max;  /* bytes kept for a VM that is moving; then its
                               * clients are no longer read */
    uint32_t ring_max;        /* bytes of history a console; a power of two,
                               * at least LIMIT_RING_FIRST */
    uint64_t history_total;   /* bytes of all rings together; a ring's first
                               * LIMIT_RING_FIRST are granted beyond it */
    uint32_t client_limit;    /* clients per console; 0: no limit */
    uint32_t console_limit;   /* consoles; 0: no limit */
    bool is_dcd_always_on;    /* towards VMs, also without a client */
    bool is_multi_console;    /* show NAME_LABEL, as vSPC.py's users know it */
};

struct directory {
    struct directory_settings settings;
    struct map vms; /* UUID -> first console of that VM */
    uint32_t console_count;
    uint32_t vm_count;                   /* consoles with a VM */
    uint32_t client_count;               /* of all consoles */
    uint64_t last_client_number;         /* struct client.number */
    uint64_t refused_consoles;           /* by a limit of consoles */
    uint64_t refused_clients;            /* by the limit of clients of one */
    uint64_t history_used;               /* bytes of all rings */
    struct deadline_queue expiries;      /* struct console.expiry */
    struct deadline_queue short_holds;   /* struct console.hold, first */
    struct deadline_queue holds;         /* struct console.hold, then */
    struct deadline_queue leaves;        /* struct console.leave */
    struct map moves;                    /* key -> struct move */
    struct deadline_queue move_timeouts; /* struct move.deadline */
    struct move_counts move_counts;
    struct fact_queue facts;
    struct console *unsettled;       /* the first one with something due */
    struct console **last_unsettled; /* where the next one is linked */
    bool is_settling;
};

void directory_init(struct directory *d,
                    const struct directory_settings *settings);

/*
 * While it is in use. What consoles have sized themselves by stays: seed,
 * held_input_max, ring_max; and so does is_multi_console, by which people know
 * them. A time that runs takes on its new length.
 */
void directory_set(struct directory *d,
                   const struct directory_settings *settings);

/*
 * Does what was left to do: calls the operations of links and readers for which
 * something has changed, and again for what comes of that, until nothing is
 * left. Whoever has entered core calls this before it returns to the loop, and
 * nobody from an operation. It ends, because each byte of output is poured
 * once, and a session that ends does so later.
 */
void directory_settle(struct directory *d);

/* Frees all consoles; no client or VM is attached any more. */
void directory_done(struct directory *d);

/* What a VM says it is; already cleaned, each at most TEXT_ID_MAX bytes. */
struct vm_identity {
    const char *uuid;
    const char *label;
    const char *name;
};

/*
 * Makes link the console's connection to its VM, whoever had it before: the
 * newest wins. NULL: a limit of consoles is reached and nothing was changed.
 */
struct console *directory_attach_vm(struct directory *d, struct vm_link *link,
                                    const struct vm_identity *identity,
                                    uint64_t now_us);

/*
 * A console that was there before the program was started. NULL: a limit is
 * reached, or it is there already. With the label "" it is one whose serial
 * port nobody has named yet: the first of the VM's ports to connect that is not
 * known becomes it (FACT_LABELLED).
 */
struct console *directory_restore(struct directory *d,
                                  const struct vm_identity *identity);

/*
 * Everybody had left it gone_us ago, less than expire_us. After all are
 * restored, before anybody attaches, and the longest gone first: those that
 * wait are a queue.
 */
void directory_restore_expiry(struct console *c, uint64_t gone_us,
                              uint64_t now_us);

struct console *directory_find(const struct directory *d, const char *uuid,
                               const char *label);

/* The VM has a new name. */
void directory_rename(struct console *c, const char *name);

/* Nobody must be attached to it. Its port, service and log are the caller's to
 * end before. */
void directory_remove(struct console *c);

/* Every console, for listings: call with *at = NULL first; NULL at the end. */
struct directory_cursor {
    size_t slot;
    struct console *next;
};
struct console *directory_next(const struct directory *d,
                               struct directory_cursor *cursor);

#endif
