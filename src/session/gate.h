/*
 * gate.h - who may come to the ports of VMs and of clients: the listeners'
 * guards, core/admission.h's verdicts in words, and who has to go of those
 * that have not said which VM they are.
 *
 * There is one, in the session context.
 */
#ifndef SESSION_GATE_H
#define SESSION_GATE_H

#include "core/admission.h"
#include "core/newcomers.h"
#include "net/listener.h"

struct session_context;

/* What a line of the log can be about, besides the verdicts. */
enum gate_reason { GATE_UNIDENTIFIED = ADMISSION_VERDICTS };

struct gate {
    struct admission admission;
    struct newcomers newcomers;
    struct listener_guard of_vms;
    struct listener_guard of_clients;
};

struct gate_settings {
    struct admission_settings admission;
    uint32_t newcomer_limit;      /* 0: no limit */
    uint32_t newcomer_site_limit; /* of one address; the same */
};

/* The guards' addresses may be taken before. */
void gate_init(struct session_context *ctx, const struct gate_settings *s);
void gate_set(struct gate *g, const struct gate_settings *s);
void gate_done(struct gate *g);

/* One that has to go for a newer one, and is still counted: counts that, and
 * perhaps logs it. peer: as address_format has it. */
void gate_tell_pushed_out(struct gate *g, const struct newcomer *n,
                          const char *peer);

#endif
