/*
 * daemon_reload.h - SIGHUP: reads configuration and certificates again, and
 * logs the result. If anything is wrong, nothing changes.
 */
#ifndef DAEMON_DAEMON_RELOAD_H
#define DAEMON_DAEMON_RELOAD_H

struct daemon;

void daemon_reload(struct daemon *d);

#endif
