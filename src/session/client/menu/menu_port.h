/*
 * menu_port.h - the port of the menu: a listener whose connections come to the
 * list of all consoles that they may read.
 */
#ifndef SESSION_CLIENT_MENU_MENU_PORT_H
#define SESSION_CLIENT_MENU_MENU_PORT_H

#include "net/listener.h"
#include "session/session_context.h"

struct menu_port;

/* 0, or a failure of listener_open. */
int menu_port_open(struct session_context *ctx, struct loop *loop,
                   const struct address *address, struct menu_port **ret_port);

/* Clients that are connected stay. Accepts NULL. */
void menu_port_close(struct menu_port *p);

/* With port 0 the system has chosen one. */
struct address menu_port_address(const struct menu_port *p);

#endif
