/*
 * daemon_facts.h - what the daemon does about what happened in core: each fact
 * goes to its consumers (console logs, ports, state, services, the log's words,
 * hooks), which are an ordered table in daemon_facts.c.
 */
#ifndef DAEMON_DAEMON_FACTS_H
#define DAEMON_DAEMON_FACTS_H

struct console;
struct daemon;

/* At the end of each turn: all facts there are, with those that handling them
 * adds. */
void daemon_facts_take(struct daemon *d);

/* Nobody has been at this console for its time: it is forgotten. */
void daemon_facts_expire(struct daemon *d, struct console *c);

#endif
