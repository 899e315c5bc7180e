/*
 * event_tell.h - events of what core tells (core/told/fact.h).
 */
#ifndef API_EVENTS_EVENT_TELL_H
#define API_EVENTS_EVENT_TELL_H

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

#endif
