#include "session/admin/admin_port.h"

#include "base/mem.h"
#include "session/admin/admin_session.h"

#include <stdlib.h>

struct admin_port {
    struct session_context *ctx;
    struct listener *listener;
};

static void admin_port_on_accepted(void *owner, struct stream *stream)
{
    struct admin_port *p = owner;

    admin_session_start(p->ctx, stream);
}

/* Its clients are programs: none of them could show a line of text. */
int admin_port_open(struct session_context *ctx, struct loop *loop,
                    const struct address *address, struct admin_port **ret_port)
{
    struct admin_port *p = xcalloc(1, sizeof *p);
    int r;

    p->ctx = ctx;
    r = listener_open(loop, address, LISTENER_WAIT, &ctx->gate.of_clients,
                      admin_port_on_accepted, p, &p->listener);
    if (r < 0) {
        free(p);
        return r;
    }
    *ret_port = p;
    return 0;
}

void admin_port_close(struct admin_port *p)
{
    if (p == NULL)
        return;
    listener_close(p->listener);
    free(p);
}

struct address admin_port_address(const struct admin_port *p)
{
    return listener_address(p->listener);
}
