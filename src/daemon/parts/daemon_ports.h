/*
 * daemon_ports.h - the consoles' TCP ports: which one a console gets, and its
 * listener.
 *
 * Owns the listeners (console.port), until daemon_ports_close.
 */
#ifndef DAEMON_PARTS_DAEMON_PORTS_H
#define DAEMON_PARTS_DAEMON_PORTS_H

#include "base/err.h"
#include "conf/options.h"
#include "core/told/ports.h"
#include "net/address.h"

struct console;
struct directory;
struct loop;
struct session_context;

struct daemon_ports {
    const struct settings *settings; /* borrowed, as the rest */
    struct loop *loop;
    struct session_context *sessions; /* its guard judges who connects */
    const struct directory *directory;
    struct ports ports;
    struct address interface; /* port not set */
};

/* 0, or negative with err filled. */
int daemon_ports_open(struct daemon_ports *p, const struct settings *settings,
                      struct loop *loop, struct session_context *sessions,
                      const struct directory *directory, struct err *err);

/* Closes all listeners, those of service URIs too. Clients that are connected
 * stay. */
void daemon_ports_close(struct daemon_ports *p);

/* An end begins: no new clients. */
void daemon_ports_stop(struct daemon_ports *p);

/*
 * For a console whose VM is here: the port that it had, else the first free
 * one upwards that can be listened on. Without one the console has none until
 * its VM connects again; the VM is served all the same. 0 or -errno;
 * -EADDRNOTAVAIL: none is free.
 */
int daemon_ports_give(struct daemon_ports *p, struct console *c);

/* The port that it had (console.port) and no other. 0 or -errno; -EADDRINUSE:
 * somebody else has it, -ERANGE: it is not in the range any more. */
int daemon_ports_give_known(struct daemon_ports *p, struct console *c);

/* Takes a console without a port. Clients that are connected stay. */
void daemon_ports_take_back(struct daemon_ports *p, struct console *c);

#endif
