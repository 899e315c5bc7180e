/*
 * service.h - what a VM's service URI asks for beyond a name (docs/uris.md):
 *
 *   direction 'S', an address   a listener of the console's own there
 *   direction 'C', an address   a connection to the remote system there
 *   direction 'C', vspc://      a null modem to another VM's console
 *
 * A service belongs to the console, not to the VM's connection: it stays
 * through vMotion. A listener stays as long as the console, or until the VM
 * asks for something else. A connection or null modem is made again after an
 * end, with growing pauses, while the VM is there, and is ended when the VM
 * goes. A listener that cannot be opened is retried with growing pauses too.
 *
 * Trouble is logged once for each reason, and once in ten minutes after that.
 *
 * The administrator's rules say what is allowed (proto/uri/uri_rule.h). They
 * are asked when the VM requests a service, before each try, and when they
 * change.
 */
#ifndef SESSION_SERVICE_SERVICE_H
#define SESSION_SERVICE_SERVICE_H

#include "core/console.h"
#include "proto/uri/uri.h"
#include "session/service/service_tls.h"
#include "session/session_context.h"

/* What all services of a context share. */
struct services {
    struct deadline_queue ticks; /* until the next try */
    struct service_tls_pool tls;
};

/* Once for a context, before the first service, and after the last one. */
void service_open_all(struct session_context *ctx);
void service_close_all(struct session_context *ctx);

/* Whether a VM may have this service. False: why has the reason, and what would
 * allow it. */
bool service_is_allowed(struct session_context *ctx, const struct uri *uri,
                        char direction, struct err *why);

/* Whether a VM could have this service if a rule allowed it and there were a
 * certificate. False: why has the reason. */
bool service_is_possible(struct session_context *ctx, const struct uri *uri,
                         char direction, struct err *why);

/* Whether the rules allow a connection to where the URI leads, as far as that
 * is known before: an address is judged, but the addresses of this host's
 * interfaces only when it connects; a name and a null modem are allowed. False:
 * why has the reason. */
bool service_may_lead_to(const struct session_context *ctx,
                         const struct uri *uri, struct err *why);

/*
 * Where a listener of this URI is by the rules: an IPv6 address without its
 * zone. False: no rule allows it, or none at an address that the URI asks for;
 * why has the reason.
 */
bool service_find_listener(const struct session_settings *settings,
                           const struct uri *uri, struct address *ret,
                           struct err *why);

/*
 * The console's VM has come with this service URI, which must be allowed; text
 * NULL: with a label alone. A service that it asked for before, and does not
 * ask for now, ends.
 */
void service_settle(struct session_context *ctx, struct console *console,
                    const char *text, char direction);

/* The rules have changed. A service that they do not allow any more ends, and
 * so do the clients of its listener, which are told. It begins again when a
 * later change allows it. Counts what ends. */
void service_judge(struct console *console, struct session_judged *judged);

/* The VM is gone. */
void service_pause(struct console *console);

/* The listener is closed; clients that are connected stay. */
void service_stop_listening(struct console *console);

/* The console is about to be removed, or the program ends. */
void service_end(struct console *console);

/* For a listing: "" without one. */
struct service_text {
    char text[96];
};
struct service_text service_describe(const struct console *console);

enum service_state {
    SERVICE_NONE, /* its VM asks for a name alone */
    SERVICE_LISTENING,
    SERVICE_CONNECTED,
    SERVICE_CONNECTING,
    SERVICE_WAITING, /* for the next try */
    SERVICE_IDLE,    /* without its VM */
    SERVICE_REFUSED, /* the rules do not allow it any more */
};
enum { SERVICE_STATE_COUNT = SERVICE_REFUSED + 1 };

enum service_state service_state(const struct console *console);

/* "none", "listening", "connected", "connecting", "waiting", "idle",
 * "refused". */
const char *service_state_name(enum service_state state);

#endif
