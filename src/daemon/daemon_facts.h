/*
 * daemon_facts.h - what the daemon does about the facts that core reports: each
 * fact goes to its consumers (console logs, ports, state, services, the log's
 * words, hooks), an ordered table in daemon_facts.c.
 */
#ifndef DAEMON_DAEMON_FACTS_H
#define DAEMON_DAEMON_FACTS_H

struct console;
struct daemon;

/* Called at the end of each turn: handles all facts, including those that come
 * meanwhile. */
void daemon_facts_take(struct daemon *d);

/* The console has had neither VM nor client for its time: it expires. */
void daemon_facts_expire(struct daemon *d, struct console *c);

/* Somebody wants the console to go, which has neither VM nor client. */
void daemon_facts_forget(struct daemon *d, struct console *c);

/* The consoles that make room for others expire now. All facts must have been
 * handled. */
void daemon_facts_evict(struct daemon *d);

#endif
