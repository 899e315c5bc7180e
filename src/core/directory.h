/*
 * directory.h - all consoles: found by UUID and label, created when a VM first
 * identifies itself, kept for a while after VM and clients have left.
 *
 * Owns the consoles, the budget that their rings share, the queues of their
 * deadlines, and the facts. One for the program; one thread.
 */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "access/pattern.h"
#include "base/map.h"
#include "base/throttle.h"
#include "core/client.h"
#include "core/console.h"
#include "core/move.h"
#include "core/told/fact.h"
#include "core/told/vm_site.h"

struct directory_settings {
    uint64_t seed[2];       /* random; for the hash */
    uint64_t expire_us;     /* how long a console stays without VM and client */
    uint64_t new_expire_us; /* and one that is new: console_stay.c */
    uint64_t hold_us; /* how long a reader may hold a VM: console_pace.c */
    uint64_t writer_idle_us;  /* one that has the keyboard and types nothing for
                               * so long loses it to the next one that types; 0:
                               * it does not (keyboard.h) */
    uint64_t move_timeout_us; /* how long a move waits for its next step */
    uint32_t held_input_max;  /* bytes of input kept for a VM; from there on its
                               * clients are no longer read for input */
    uint32_t ring_max;        /* bytes of history for a console; a power of two,
                               * at least LIMIT_RING_FIRST */
    uint64_t history_total;   /* bytes of all rings together; a ring's first
                               * LIMIT_RING_FIRST are granted beyond it */
    uint32_t client_limit;    /* clients per console; 0: no limit */
    uint32_t console_limit;   /* consoles; 0: no limit */
    bool keeps_tls; /* a console whose VM has come by TLS (console.came_by_tls)
                     * is not given to a connection in the clear */
    bool is_dcd_always_on; /* towards VMs, also without a client */
    bool is_multi_console; /* show NAME_LABEL, as vSPC.py does */
};

struct directory {
    struct directory_settings settings;
    struct map vms;                    /* UUID -> first console of that VM */
    const struct inventory *inventory; /* what is known of VMs besides; set by
                                        * the owner, borrowed. NULL: nothing */
    uint32_t console_count;
    uint32_t vm_count;     /* consoles with a VM */
    uint32_t new_count;    /* consoles that are new: console_stay.c */
    uint32_t client_count; /* of all consoles */
    uint32_t clients_by_door[CLIENT_DOOR_COUNT]; /* the same */
    uint32_t changes; /* how often a console came, went, or got another name or
                       * label: whoever keeps a list compares; wraps */
    uint32_t last_console_number; /* struct console.number */
    uint64_t last_client_number;  /* struct client.number */
    struct vm_sites sites;        /* of all consoles */
    struct list evicted;          /* struct console.spare */
    uint32_t evicted_count;       /* consoles in evicted */
    uint64_t evicted_consoles;    /* since the start */
    uint64_t refused_consoles;    /* by the limit of consoles, or of one VM's */
    uint64_t refused_clients;     /* by the limit of clients of one */
    struct throttle refusals;     /* the same: FACT_CLIENT_REFUSED */
    uint64_t history_used;        /* bytes of all rings */
    uint64_t output_bytes;        /* from VMs, since the start */
    uint64_t input_bytes;         /* to VMs, since the start */
    uint64_t held_bytes;          /* of input, kept for all VMs */
    /* For the loop to watch. What is to be done about a console that expires,
     * the owner of the directory knows, and sets on_due of both expiries. */
    struct deadline_queue expiries;      /* struct console.expiry */
    struct deadline_queue new_expiries;  /* the same, of new consoles */
    struct deadline_queue trials;        /* the same, while a VM is there */
    struct deadline_queue short_holds;   /* struct console.hold, first */
    struct deadline_queue holds;         /* struct console.hold, then */
    struct deadline_queue leaves;        /* struct console.leave */
    struct map moves;                    /* key -> struct move */
    struct deadline_queue move_timeouts; /* struct move.deadline */
    struct move_counts move_counts;
    struct deadline_queue renames; /* struct console_rename.deadline */
    struct map locks;              /* console -> struct keyboard_lock */
    struct fact_queue facts;
    struct console *unsettled;       /* the first one with something due */
    struct console **last_unsettled; /* where the next one is linked */
    bool is_settling;
};

void directory_init(struct directory *d,
                    const struct directory_settings *settings);

/*
 * New settings while the directory is in use. Settings that consoles have sized
 * themselves by stay as they are: seed, held_input_max, ring_max; and so does
 * is_multi_console, by which people know the consoles. A deadline that runs
 * gets its new length, counted from its start.
 */
void directory_set(struct directory *d,
                   const struct directory_settings *settings);

/*
 * Does what core has left to do: calls the operations of links and readers for
 * which something has changed, and again for what comes of that, until nothing
 * is left (core/console_settle.c). Every handler of the loop that has entered
 * core calls this last; an operation must not call it.
 */
void directory_settle(struct directory *d);

/* Frees all consoles. No VM, client or other reader may be attached. */
void directory_done(struct directory *d);

/* The identity that a VM has given; already cleaned, each text at most
 * TEXT_ID_MAX bytes. */
struct vm_identity {
    const char *uuid;
    const char *label;
    const char *name;
};

/* What is known of a restored console besides. */
struct console_past {
    struct ip ip;   /* of its VM's last connection; all zeros: not known */
    bool is_proven; /* as in struct console */
    bool came_by_tls;
    bool is_keyed;
};

/* The console that this VM would get; NULL: none is known, and one would be
 * created. */
struct console *directory_find_known(const struct directory *d,
                                     const struct vm_identity *identity);

/* The result of attaching. */
enum directory_outcome {
    DIRECTORY_ATTACHED,
    DIRECTORY_FULL,       /* as many consoles as there may be */
    DIRECTORY_FULL_OF_VM, /* as many serial ports as a VM may have */
    DIRECTORY_NEEDS_TLS,  /* settings.keeps_tls */
    DIRECTORY_NO_MEMORY,
};

/*
 * Makes link the connection of the VM's console (link->console), which is
 * created if it is not known. Where there is no room for it, the oldest spare
 * console makes room (vm_site.h). A former connection of the console is
 * replaced: the newest wins. If a VM is refused, nothing was changed.
 */
enum directory_outcome directory_attach_vm(struct directory *d,
                                           struct vm_link *link,
                                           const struct vm_identity *identity,
                                           uint64_t now_us);

/*
 * A console that makes room is in the directory until the end of the turn,
 * because facts may name it. evict: chooses one for a console of this address,
 * for more than a place, for example a port; NULL: none is spare. take_evicted:
 * the owner of the directory takes those that nobody has attached to meanwhile,
 * and removes each; NULL: there are no more.
 */
struct console *directory_evict(struct directory *d, struct ip ip);
struct console *directory_take_evicted(struct directory *d);

/*
 * Creates a console that existed before the program was started. NULL: a limit
 * of consoles is reached, there is no memory, or the console exists. The label
 * "" means that its serial port is not known: the first unknown serial port of
 * this VM that connects gives the console its label (FACT_LABELLED).
 */
struct console *directory_restore(struct directory *d,
                                  const struct vm_identity *identity,
                                  const struct console_past *past);

/*
 * VM and clients had left the console gone_us ago, which is less than its
 * expiry takes. Called after all consoles are restored and before anything
 * attaches, and for the console that was left longest ago first: the deadlines
 * are a queue.
 */
void directory_restore_expiry(struct console *c, uint64_t gone_us,
                              uint64_t now_us);

/* How long such a console stays without VM and client. */
uint64_t directory_expire_us(const struct directory *d, bool is_proven);

struct console *directory_find(const struct directory *d, const char *uuid,
                               const char *label);

/*
 * The VM has a new name. It takes effect at once, unless the console has had
 * its present name for less than LIMIT_RENAME_US: then the last name that comes
 * takes effect when that time is over. So whatever a name costs (log line,
 * state, hooks, console log) is bounded here.
 */
void directory_rename(struct console *c, const char *name, uint64_t now_us);

/* Nobody must be attached to it. Its port, service and log are the caller's to
 * end before. */
void directory_remove(struct console *c);

/* What rules and patterns know of a console by its names, for example of one
 * that has gone; the texts are borrowed. */
struct access_console directory_view(const struct directory *d,
                                     const char *name, const char *uuid,
                                     const char *label);

/* All consoles, one with each call, from a cursor that is { 0 } at first. NULL:
 * there are no more. Within one turn; over several turns see census.h. */
struct directory_cursor {
    size_t slot;
    struct console *next;
};
struct console *directory_next(const struct directory *d,
                               struct directory_cursor *cursor);

#endif
