/*
 * gate.h - which connections are let in on the ports of VMs and of clients: the
 * listeners' guards, the verdicts of access/admission.h in words, and which of
 * the newcomers (not identified, not served yet) is closed for a newer one.
 *
 * There is one gate, in the session context.
 */
#ifndef SESSION_GATE_H
#define SESSION_GATE_H

#include "access/admission.h"
#include "access/newcomers.h"
#include "access/places.h"
#include "net/listener.h"
#include "session/session.h"

struct directory;

/* Of connections that are not known yet. */
struct gate_newcomer_limits {
    uint32_t all;     /* 0: no limit */
    uint32_t of_site; /* of one address; 0: no limit */
};

struct gate {
    struct session_list *all; /* borrowed; with its directory */
    struct admission admission;
    struct newcomers newcomers[ADMISSION_SIDES];
    struct gate_newcomer_limits newcomer_limits[ADMISSION_SIDES];
    uint32_t client_files;
    uint32_t at_no_console; /* clients that are served, and attached to none */
    struct places places;   /* of clients */
    struct listener_guard of_vms;
    struct listener_guard of_clients;
    bool is_closed_to_clients; /* the owner's: none is served any more, because
                                * that could not be recorded */
};

struct gate_settings {
    bool clients_need_tls;
    struct admission_settings admission;
    struct gate_newcomer_limits newcomers[ADMISSION_SIDES];
    struct places_limits places; /* of clients */
    uint32_t client_files;       /* open files for clients, served or not; 0: no
                                  * limit */
};

/* A connection on the VMs' port that has not identified its VM, or one of a
 * client that is not served yet; embedded in its session, or in the part of it
 * that goes with the identity. */
struct gate_newcomer {
    struct newcomer newcomer;
    struct session *session; /* borrowed */
    const char *peer;        /* its address as text, borrowed */
    uint8_t side;            /* enum admission_side */
};

void gate_init(struct gate *g, struct session_list *all,
               const struct gate_settings *s);
void gate_set(struct gate *g, const struct gate_settings *s);
void gate_done(struct gate *g);

/* Whether the networks of this side allow the peer; a peer without an IP
 * address is allowed. For connections that were let in under earlier
 * settings. */
bool gate_allows(const struct gate *g, enum admission_side side,
                 const struct address *peer);

/* Counts the newcomer. If there are too many now, the oldest one is closed,
 * which is logged. Without memory for it the session itself is closed: it asks
 * whether it has ended. */
void gate_add_newcomer(struct gate *g, enum admission_side side,
                       struct gate_newcomer *n, struct session *session,
                       const char *peer, const struct address *address);

/* The VM is identified, the client is served, or the connection has ended. May
 * be called twice, and for one that was not added (all of it 0). */
void gate_remove_newcomer(struct gate *g, struct gate_newcomer *n);

/* False: no client is to be served at present; otherwise as
 * gate_take_place. */
bool gate_serves_clients(struct gate *g, const struct address *peer,
                         const char **ret_line);

/*
 * A client is to be served. True: it has a place, until gate_leave_place
 * (which may be called twice, and without this). False: it is refused, which is
 * logged; *ret_line is what a person is told, with its line end.
 */
bool gate_take_place(struct gate *g, struct site_member *place,
                     const struct address *peer, bool has_proof,
                     const char **ret_line);
void gate_leave_place(struct gate *g, struct site_member *place);

static inline bool gate_is_newcomer(const struct gate_newcomer *n)
{
    return newcomer_is_counted(&n->newcomer);
}

/* Whether a VM from this address may have a console that is not known yet.
 * False: its address brings too many. A peer without an IP address may. */
bool gate_admits_console(struct gate *g, struct ip ip);

/* Accounts for len more bytes that are kept for the newcomer. False: all
 * newcomers together would have more than LIMIT_EARLY_TOTAL. */
bool gate_keep_for_newcomer(struct gate *g, struct gate_newcomer *n,
                            size_t len);

#endif
