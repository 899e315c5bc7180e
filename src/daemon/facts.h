/*
 * facts.h - what the daemon does about what happened in core/: opens a
 * console's port when its VM comes, closes it when the console expires, logs.
 */
#ifndef DAEMON_FACTS_H
#define DAEMON_FACTS_H

struct console;
struct daemon;

/* At the end of each turn. */
void daemon_take_facts(struct daemon *d);

/* Nobody has been at this console for its time: it is forgotten. */
void daemon_expire_console(struct daemon *d, struct console *c);

/* A line for each console: its port, its VM, its clients. */
void daemon_log_consoles(const struct daemon *d);

/* At shutdown: no new clients. */
void daemon_close_ports(struct daemon *d);

#endif
