/*
 * census.h - the program at one moment, as plain structs: the totals, a row for
 * each console, a row for each client.
 *
 * Whatever shows the program to people (SIGUSR1's lines, a list, metrics) is
 * a rendering of these structs and looks at nothing else. Filling one allocates
 * nothing and walks over nothing, so it costs the same with 10,000 consoles.
 *
 * core fills in what core knows. The port, the service and the log of a console
 * are known to the directory's owner alone; a rendering that does not know that
 * owner gets complete rows from a struct census_source.
 *
 * Texts that are pointers are borrowed, from the console or from its log, and
 * good until anything else is called that may change these.
 */
#ifndef CORE_CENSUS_CENSUS_H
#define CORE_CENSUS_CENSUS_H

#include "base/histogram.h"
#include "core/client.h"
#include "core/console.h"
#include "core/move.h"

struct directory;

/* ---- totals ----------------------------------------------------------- */

/* Requests of the API are counted by door, and by the first digit of their
 * answer's status. */
enum census_api_door { CENSUS_API_SOCKET, CENSUS_API_WEB, CENSUS_API_DOORS };
enum { CENSUS_API_CLASSES = 5 }; /* 1xx to 5xx */

/*
 * Every member is a uint64_t or made of them, or a histogram; and there is a
 * row of metrics.c for each: that file says what it is. Limits: 0 is none.
 * Counts are since the start of the program.
 */
struct census {
    uint64_t open_files_limit;
    uint64_t open_files; /* 0: not known; process_usage.h */
    uint64_t cpu_us;     /* that the process has used */
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t started_us;         /* since 1970 */
    struct histogram turn_times; /* of the loop */

    uint64_t consoles;
    uint64_t consoles_limit;
    uint64_t consoles_new;
    uint64_t consoles_between; /* CENSUS_VM_BETWEEN */
    uint64_t consoles_vacant;  /* CENSUS_VM_NONE */
    uint64_t vms;
    uint64_t clients; /* those at the menu are the directory's owner's */
    uint64_t clients_by_door[CLIENT_DOOR_COUNT]; /* the same */
    uint64_t connections;  /* of VMs and clients, also those that are not known
                            * yet */
    uint64_t output_bytes; /* from VMs */
    uint64_t input_bytes;  /* to VMs */
    uint64_t held_bytes;   /* of input, kept for VMs */
    uint64_t clients_limit;
    uint64_t unidentified; /* connections that have not identified their VM */
    uint64_t unidentified_limit;
    uint64_t unserved; /* connections to consoles that are no clients yet */
    uint64_t unserved_limit;
    uint64_t history_bytes;
    uint64_t history_limit_bytes;

    uint64_t moves; /* under way */
    uint64_t moves_begun;
    uint64_t moves_completed;
    uint64_t moves_failed;
    uint64_t moves_refused;
    uint64_t moves_ended[MOVE_VERDICT_COUNT - MOVE_COMPLETED]; /* by verdict */
    struct histogram move_times; /* of those completed */
    /* The directory's owner's; from the message to the answer: */
    struct histogram goahead_times;
    struct histogram peer_ok_times;

    uint64_t vms_unrestricted; /* 1: every address may connect as a VM, and no
                                * setting says so */
    uint64_t vms_refused_address; /* connections on the VMs' ports */
    uint64_t vms_refused_rate;
    uint64_t unidentified_closed; /* to make room */
    uint64_t unserved_closed;     /* to make room */
    uint64_t vms_refused_new; /* they needed new consoles, too many at once */
    uint64_t consoles_refused;
    uint64_t consoles_evicted; /* new ones, to make room */
    uint64_t addresses;        /* from which consoles' VMs have come */
    uint64_t clients_refused_address;
    uint64_t clients_refused_rate;
    uint64_t clients_refused_total;  /* the limit of all clients */
    uint64_t clients_refused_site;   /* the limit of clients of one address */
    uint64_t clients_refused_closed; /* the audit log cannot be written */
    uint64_t clients_refused_right;  /* the rules let them read nothing */
    uint64_t logins;                 /* under way */
    uint64_t logins_accepted;
    uint64_t logins_failed; /* for whatever reason */
    uint64_t logins_denied; /* failed because the secret was wrong */
    uint64_t logins_expired;
    uint64_t logins_too_soon;
    uint64_t logins_busy;
    uint64_t logins_timed_out;
    uint64_t logins_unavailable;
    uint64_t logins_given_up;
    uint64_t clients_refused_console; /* the limit of clients of one console */
    uint64_t accepts_starved;         /* for want of open files */

    uint64_t log_bytes;         /* of output, taken for console logs */
    uint64_t log_missing_bytes; /* that console logs have lost */
    uint64_t log_gaps;
    uint64_t log_held_bytes; /* of memory, waiting for the disk */
    uint64_t logs_failing;   /* that are not written now */

    uint64_t alert_consoles;     /* that rules look at */
    uint64_t alert_taken_bytes;  /* that they look at */
    uint64_t alert_missed_bytes; /* that were lost before */
    uint64_t alert_waiting_bytes;
    uint64_t recordings; /* that go on */
    uint64_t recordings_started;
    uint64_t record_bytes; /* the following as for console logs */
    uint64_t record_missing_bytes;
    uint64_t record_gaps;
    uint64_t record_held_bytes;
    uint64_t records_failing;

    uint64_t hooks_running; /* programs */
    uint64_t hooks_waiting; /* events */
    uint64_t hooks_run;     /* programs that ended well */
    uint64_t hooks_failed;  /* or could not be started */
    uint64_t hooks_dropped; /* events */

    uint64_t alerts;           /* that were told */
    uint64_t alerts_open;      /* that nobody has acknowledged */
    uint64_t alerts_repeated;  /* finds that counted with an alert */
    uint64_t alerts_muted;     /* finds */
    uint64_t webhooks_waiting; /* deliveries */
    uint64_t webhooks_sent;
    uint64_t webhooks_retried; /* tries */
    uint64_t webhooks_given_up;
    uint64_t webhooks_dropped;

    uint64_t inventory_failing; /* 1: its last look was refused */

    uint64_t state_failing; /* 1: the state file is not written */
    uint64_t state_dropped; /* changes */

    uint64_t audit_written; /* events */
    uint64_t audit_lost;    /* events */
    uint64_t audit_waiting; /* events */
    uint64_t audit_failing; /* 1: the audit log is not written */

    uint64_t api_connections;
    uint64_t api_requests[CENSUS_API_DOORS][CENSUS_API_CLASSES];
};

/* Fills in the totals that core knows; the others stay as they were. */
void census_read_directory(struct census *census, const struct directory *d);

/* ---- consoles --------------------------------------------------------- */

enum census_vm {
    CENSUS_VM_NONE,
    CENSUS_VM_CONNECTED,
    CENSUS_VM_BETWEEN, /* in a move, after the source was lost */
};
enum { CENSUS_VM_COUNT = CENSUS_VM_BETWEEN + 1 };

/* "none", "connected", "moving". */
const char *census_vm_name(enum census_vm vm);

struct census_console {
    struct console_name name; /* as shown to people */
    struct console_name id;   /* "UUID/LABEL" */
    const char *uuid;
    const char *label;
    const char *vm_name;
    enum census_vm vm;
    const char *vm_peer; /* "" unless CENSUS_VM_CONNECTED */
    bool is_vm_encrypted;
    bool is_moving;
    uint32_t clients;
    uint64_t output_bytes; /* from the VM, since the console exists */
    uint64_t input_bytes;  /* to the VM, since the console exists */
    uint64_t held_bytes;   /* of input, kept for the VM */
    uint64_t history_bytes;
    uint32_t last_output_s; /* clock_now_us, in seconds; 0: there was none */
    uint32_t last_input_s;  /* the same */
    const struct client *holder; /* of the keyboard; NULL: nobody has it for
                                  * himself. Borrowed as the texts are */
    const struct keyboard_lock *lock; /* of the keyboard (keyboard.h); NULL:
                                       * none. Borrowed likewise */
    struct line line;
    struct window window; /* of the client that typed last */
    uint8_t vm_lines;     /* what the VM drives: LINE_DTR, LINE_RTS */
    uint8_t client_lines; /* what its clients drive: LINE_DTR, LINE_RTS */
    /* The directory's owner's: */
    uint16_t port;             /* 0: none that is announced */
    char service[96];          /* what its service URI asks for; "": nothing */
    const char *service_state; /* a word */
    const char *log_path;      /* "": no console log */
    const char *log_state;     /* "ok", or why it is not written */
    uint64_t log_written_bytes;
    uint64_t log_missing_bytes;
};

/* Fills in what core knows; the owner's members say that there is nothing. */
void census_read_console(struct census_console *row, const struct console *c);

/* ---- addresses -------------------------------------------------------- */

/* What one address has: an IPv4 address, or a /64 of IPv6. */
struct census_address {
    struct ip ip;             /* all zeros: consoles without an address */
    struct network_text text; /* "none" without one */
    uint32_t consoles;        /* whose VM came from there last */
    uint32_t consoles_new;    /* those of them that are new */
    uint32_t vms;             /* those whose VM is connected */
    /* The directory's owner's: */
    uint32_t unidentified; /* connections that have not identified their VM */
};

/* However many addresses there are, people and monitoring systems are shown
 * those with the most consoles. */
enum { CENSUS_ADDRESSES_MAX = 10 };

/* Those with the most consoles, the first with most of all; returns how many.
 * Unlike the rest of the census this walks, over all addresses. */
size_t census_read_addresses(
    const struct directory *d,
    struct census_address ret_rows[CENSUS_ADDRESSES_MAX]);

/* ---- clients ---------------------------------------------------------- */

struct census_client {
    struct console_name console; /* as shown to people */
    struct console_name console_id;
    uint64_t number;            /* unique in the process */
    const char *name;           /* of the person or program; "": not known */
    enum principal_proof proof; /* of the name */
    const char *peer; /* its address; "": it has no connection of its own */
    enum client_door door; /* client_door_name */
    enum right right;      /* right_name */
    enum lock_mode mode;   /* lock_mode_name */
    bool has_keyboard;     /* for itself: keyboard_holder */
    bool has_typed_last;   /* of all clients of the console */
    bool is_encrypted;
    bool is_lagging; /* the VM does not wait for it */
    uint8_t lines;   /* the lines that it drives: LINE_DTR, LINE_RTS */
    struct window window;
    uint64_t since_us;     /* when it came; clock_now_us */
    uint64_t input_bytes;  /* from the client */
    uint64_t output_bytes; /* to the client */
    uint64_t behind_bytes; /* of output that the client has not had */
};

/* The client must be attached to a console. */
void census_read_client(struct census_client *row, const struct client *client);

/* The console's clients one after the other, in no promised order: behind NULL
 * comes the first, behind the last comes NULL. Within one turn. */
const struct client *census_next_client(const struct console *c,
                                        const struct client *behind);

/* ---- over several turns ----------------------------------------------- */

/*
 * A walk over the consoles that there were when it began, which may take
 * several turns of the loop. Consoles that come meanwhile are not in it; those
 * that go are left out. The owner of the directory tells all walks of a console
 * that goes. Costs a pointer for each console.
 */
struct census_walks {
    struct list all; /* struct census_walk.node */
};

struct census_walk {
    struct list node;
    struct console **consoles; /* from at on; NULL: it has gone */
    uint32_t count;
    uint32_t at;
};

void census_walks_init(struct census_walks *walks);
void census_walks_forget(struct census_walks *walks, const struct console *c);

/* census_walk_begin ends a walk that has begun before. census_walk_end accepts
 * a walk that has not begun, or has ended. False: there is no memory for it,
 * and it has not begun. */
void census_walk_init(struct census_walk *walk);
bool census_walk_begin(struct census_walk *walk, struct census_walks *walks,
                       const struct directory *d);
void census_walk_end(struct census_walk *walk);

/* A walk over no consoles yet, with room for so many: census_walk_add. For
 * whoever picks some out of another walk. */
bool census_walk_begin_empty(struct census_walk *walk,
                             struct census_walks *walks, uint32_t room);
void census_walk_add(struct census_walk *walk, struct console *c);

/* The next console; NULL: there are no more. */
struct console *census_walk_next(struct census_walk *walk);

/* How many consoles may still come. */
uint32_t census_walk_left(const struct census_walk *walk);

/* ---- for renderings --------------------------------------------------- */

struct census_source {
    void *owner;
    void (*read)(void *owner, struct census *ret);
    void (*read_console)(void *owner, const struct console *c,
                         struct census_console *ret);
    /* As census_read_addresses. */
    size_t (*read_addresses)(
        void *owner, struct census_address ret_rows[CENSUS_ADDRESSES_MAX]);
    /* Why the program cannot do all that it is there for, for a person; static
     * text. NULL: it can. */
    const char *(*why_not_ready)(void *owner);
};

#endif
