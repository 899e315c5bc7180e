/*
 * daemon_ports.h - the consoles' TCP ports: which one a console gets, and its
 * listener.
 */
#ifndef DAEMON_PARTS_DAEMON_PORTS_H
#define DAEMON_PARTS_DAEMON_PORTS_H

struct console;
struct daemon;

/*
 * For a console whose VM is here: the port that it had, else the first free
 * one upwards that can be listened on. Without one the console has none until
 * its VM connects again; the VM is served all the same. 0 or -errno;
 * -EADDRNOTAVAIL: none is free.
 */
int daemon_ports_open(struct daemon *d, struct console *c);

/* The port that it had (console.port) and no other. 0 or -errno; -EADDRINUSE:
 * somebody else has it, -ERANGE: it is not in the range any more. */
int daemon_ports_open_known(struct daemon *d, struct console *c);

/* Clients that are connected stay. */
void daemon_ports_close(struct daemon *d, struct console *c);

/* At shutdown: no new clients. */
void daemon_ports_close_all(struct daemon *d);

#endif
