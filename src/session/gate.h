/*
 * gate.h - who may come to the ports of VMs and of clients: the listeners'
 * guards, core/admission.h's verdicts in words, and who has to go of those
 * that have not said which VM they are.
 *
 * There is one, in the session context.
 */
#ifndef SESSION_GATE_H
#define SESSION_GATE_H

#include "access/admission.h"
#include "access/newcomers.h"
#include "net/listener.h"
#include "session/session.h"

struct directory;

/* What a line of the log can be about, besides the verdicts. */
enum gate_reason { GATE_UNIDENTIFIED = ADMISSION_VERDICTS };

struct gate {
    struct session_list *all; /* borrowed */
    bool is_mute_to_clients;  /* theirs is TLS: no line of text for them */
    struct admission admission;
    struct newcomers newcomers;
    struct listener_guard of_vms;
    struct listener_guard of_clients;
};

struct gate_settings {
    bool clients_need_tls;
    struct admission_settings admission;
    uint32_t newcomer_limit;      /* 0: no limit */
    uint32_t newcomer_site_limit; /* of one address; the same */
};

/* A connection on the VMs' port that has not said which VM it is; embedded in
 * what its session has of it. */
struct gate_newcomer {
    struct newcomer newcomer;
    struct session *session; /* borrowed */
    const char *peer;        /* the same: as address_format has it */
};

void gate_init(struct gate *g, struct session_list *all,
               const struct gate_settings *s);
void gate_set(struct gate *g, const struct gate_settings *s);
void gate_done(struct gate *g);

/* Counts it. If there are too many now the oldest one ends, which is told. */
void gate_add_newcomer(struct gate *g, struct gate_newcomer *n,
                       struct session *session, const char *peer,
                       const struct address *address);

/* It has said who it is, or is gone. May be called twice. */
void gate_remove_newcomer(struct gate *g, struct gate_newcomer *n);

static inline bool gate_is_newcomer(const struct gate_newcomer *n)
{
    return n->newcomer.is_counted;
}

/* So many more bytes are kept for it. False: all newcomers together would have
 * more than they may. */
bool gate_keep_for_newcomer(struct gate *g, struct gate_newcomer *n,
                            size_t len);

#endif
