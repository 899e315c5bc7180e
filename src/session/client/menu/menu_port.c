#include "session/client/menu/menu_port.h"

#include "base/mem.h"
#include "session/client/client_session.h"

#include <stdlib.h>

struct menu_port {
    struct session_context *ctx;
    struct listener *listener;
};

static void menu_port_on_accepted(void *owner, struct stream *stream)
{
    struct menu_port *p = owner;

    client_session_start(p->ctx, stream, NULL,
                         client_menu_role(p->ctx->settings.client_policy));
}

int menu_port_open(struct session_context *ctx, struct loop *loop,
                   const struct address *address, struct menu_port **ret_port)
{
    struct menu_port *p = xcalloc(1, sizeof *p);
    int r;

    p->ctx = ctx;
    r = listener_open(loop, address, LISTENER_REFUSE, &ctx->gate.of_clients,
                      menu_port_on_accepted, p, &p->listener);
    if (r < 0) {
        free(p);
        return r;
    }
    *ret_port = p;
    return 0;
}

void menu_port_close(struct menu_port *p)
{
    if (p == NULL)
        return;
    listener_close(p->listener);
    free(p);
}

struct address menu_port_address(const struct menu_port *p)
{
    return listener_address(p->listener);
}
