/*
 * daemon_facts.h - what the daemon does about what happened in core/: opens a
 * console's port when its VM comes, closes it when the console expires, has
 * both written down, logs.
 */
#ifndef DAEMON_DAEMON_FACTS_H
#define DAEMON_DAEMON_FACTS_H

struct console;
struct daemon;
struct fact;

/* At the end of each turn. */
void daemon_facts_take(struct daemon *d);

/* Nobody has been at this console for its time: it is forgotten. */
void daemon_facts_expire(struct daemon *d, struct console *c);

/* Of MOVE_ENDED, but COMPLETED: a sentence. */
const char *daemon_move_failure(const struct fact *fact);

/* The line that tells people a VM's port. */
void daemon_log_connected(const struct fact *fact);

#endif
