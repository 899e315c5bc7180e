/*
 * console_port.h - a console's own telnet port: a listener whose connections
 * become clients of that console.
 */
#ifndef SESSION_CLIENT_CONSOLE_PORT_H
#define SESSION_CLIENT_CONSOLE_PORT_H

#include "core/console.h"
#include "net/listener.h"
#include "session/session_context.h"

struct console_port;

/* 0, or a failure of listener_open. The console must outlive the port. */
int console_port_open(struct session_context *ctx, struct loop *loop,
                      struct console *console, const struct address *address,
                      struct console_port **ret_port);

/* Clients that are connected stay. Accepts NULL. */
void console_port_close(struct console_port *p);

uint16_t console_port_number(const struct console_port *p);

#endif
