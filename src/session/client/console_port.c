/*
 * Where clients of a console's port come in: the listener asks the gate (who
 * may connect at all), client_session_start asks the console (its limit of
 * clients). The number of the port is chosen by core/told/ports.c, for
 * daemon/parts/daemon_ports.c.
 */
#include "session/client/console_port.h"

#include "base/mem.h"
#include "session/client/client_session.h"

#include <stdlib.h>

struct console_port {
    struct session_context *ctx;
    struct console *console;
    struct listener *listener;
    uint16_t number;
};

static void console_port_on_accepted(void *owner, struct stream *stream)
{
    struct console_port *p = owner;

    client_session_start(p->ctx, stream, p->console,
                         client_port_role(p->ctx->settings.client_policy));
}

int console_port_open(struct session_context *ctx, struct loop *loop,
                      struct console *console, const struct address *address,
                      struct console_port **ret_port)
{
    struct console_port *p = xcalloc(1, sizeof *p);
    int r;

    p->ctx = ctx;
    p->console = console;
    p->number = address_port(address);
    r = listener_open(loop, address, LISTENER_REFUSE, &ctx->gate.of_clients,
                      console_port_on_accepted, p, &p->listener);
    if (r < 0) {
        free(p);
        return r;
    }
    *ret_port = p;
    return 0;
}

void console_port_close(struct console_port *p)
{
    if (p == NULL)
        return;
    listener_close(p->listener);
    free(p);
}

uint16_t console_port_number(const struct console_port *p)
{
    return p->number;
}
