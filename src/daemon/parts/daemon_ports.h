/*
 * daemon_ports.h - the TCP ports of clients: chooses a console's port, and
 * opens its listener; opens the menu's, and the admin port.
 *
 * Owns the listeners (console.port, menu, admin), until daemon_ports_close.
 */
#ifndef DAEMON_PARTS_DAEMON_PORTS_H
#define DAEMON_PARTS_DAEMON_PORTS_H

#include "base/err.h"
#include "conf/options.h"
#include "core/told/ports.h"
#include "net/address.h"
#include "session/admin/admin_port.h"
#include "session/client/menu/menu_port.h"

struct console;
struct directory;
struct loop;
struct session_context;

struct daemon_ports {
    const struct settings *settings; /* borrowed, as all pointers here */
    struct loop *loop;
    struct session_context *sessions; /* its guard decides about connections */
    const struct directory *directory;
    struct ports ports;
    struct address interface; /* without a port */
    struct menu_port *menu;   /* NULL: there is none */
    struct admin_port *admin; /* the same */
};

/* 0, or negative with err filled. */
int daemon_ports_open(struct daemon_ports *p, const struct settings *settings,
                      struct loop *loop, struct session_context *sessions,
                      const struct directory *directory, struct err *err);

/* Closes all listeners, also those of service URIs. Connected clients stay. */
void daemon_ports_close(struct daemon_ports *p);

/* Says where menu and admin port are, at the start. */
void daemon_ports_log(const struct daemon_ports *p);

/* The program's end begins: no new clients. */
void daemon_ports_stop(struct daemon_ports *p);

/*
 * For a console that has a VM: opens its former port, else the first free port
 * upwards that can be opened. After a failure the console has no port until its
 * VM connects again; the VM is still served. 0 or -errno; -EADDRNOTAVAIL: no
 * port is free.
 */
int daemon_ports_give(struct daemon_ports *p, struct console *c);

/* Opens the console's former port (console.port) and no other. 0 or -errno;
 * -EADDRINUSE: another socket has it; -ERANGE: it is no longer in the range. */
int daemon_ports_give_known(struct daemon_ports *p, struct console *c);

/* Does nothing if the console has no port. Connected clients stay. */
void daemon_ports_take_back(struct daemon_ports *p, struct console *c);

#endif
