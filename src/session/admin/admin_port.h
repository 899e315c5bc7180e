/*
 * admin_port.h - the admin port: a listener for vSPC.py's client and for that
 * of VMware's Python kit.
 */
#ifndef SESSION_ADMIN_ADMIN_PORT_H
#define SESSION_ADMIN_ADMIN_PORT_H

#include "net/listener.h"
#include "session/session_context.h"

struct admin_port;

/* 0, or a failure of listener_open. */
int admin_port_open(struct session_context *ctx, struct loop *loop,
                    const struct address *address,
                    struct admin_port **ret_port);

/* Clients that are connected stay. Accepts NULL. */
void admin_port_close(struct admin_port *p);

/* With port 0 the system has chosen one. */
struct address admin_port_address(const struct admin_port *p);

#endif
