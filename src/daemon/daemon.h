/*
 * daemon.h - the program's parts put together: loop, directory, sessions,
 * ports; signals and the order of ending.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "base/err.h"
#include "conf/options.h"

struct daemon;
struct messages;

/* Opens everything: on return VMs may connect. 0, or negative with err
 * filled. settings and messages, which are open, must outlive it; a reload
 * changes them in their place. */
int daemon_open(struct daemon **ret_daemon, struct settings *settings,
                struct messages *messages, struct err *err);

/* Says so, to the log and to systemd. */
void daemon_say_ready(struct daemon *d);

/* Until SIGTERM or SIGINT, and then until the clients have taken what is
 * theirs, at most a few seconds. A second signal ends it at once. */
void daemon_run(struct daemon *d);

void daemon_close(struct daemon *d);

#endif
