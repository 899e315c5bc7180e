/*
 * daemon_reload.h - SIGHUP: reads configuration and certificates again, and
 * logs the result. If anything is wrong, nothing changes.
 */
#ifndef DAEMON_DAEMON_RELOAD_H
#define DAEMON_DAEMON_RELOAD_H

#include "api/api_means.h"

struct daemon;

/* Whoever waits (daemon.reloads) is told what has come of it. */
void daemon_reload(struct daemon *d);

/* For commands: api/api_means.h says what these do. */
void daemon_reload_ask(struct daemon *d, struct api_reload *waiter);
void daemon_reload_check(const struct daemon *d,
                         const struct options_text *text,
                         api_config_done_fn *on_done, void *done_owner);

#endif
