/*
 * event_tell.h - events of what core tells (core/told/fact.h).
 */
#ifndef API_EVENTS_EVENT_TELL_H
#define API_EVENTS_EVENT_TELL_H

#include "api/events/event.h"

#include <stdint.h>

struct console;
struct event_hub;
struct fact;

void event_tell_fact(struct event_hub *hub, const struct fact *fact);

/* The console is forgotten now, with its port. */
void event_tell_expired(struct event_hub *hub, const struct console *c);

/* One that had expired when the program was started; port 0: it had none. */
void event_tell_gone(struct event_hub *hub, const char *uuid, const char *label,
                     const char *name, uint16_t port);

/* So much of the console's output is missing in its log. */
void event_tell_log_gap(struct event_hub *hub, const struct console *c,
                        uint64_t bytes, const char *reason);

/* A recording of the console has begun or ended. Texts are borrowed; NULL or
 * "": none. */
struct event_recording {
    const char *id, *reason, *by;
    const char *why;  /* it has ended */
    uint64_t missing; /* bytes of output */
    bool has_input;
};
void event_tell_recording(struct event_hub *hub, enum event_kind kind,
                          const struct console *c,
                          const struct event_recording *recording);

#endif
