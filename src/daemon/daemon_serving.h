/*
 * daemon_serving.h - the part of the daemon that serves: what happens when
 * it is ready, at the end of each turn of the loop, what signals do, and how
 * the program ends: listeners first, then sessions, each with what is still
 * theirs to read.
 *
 * The last part to be opened and the first to be closed, because it uses all
 * others.
 */
#ifndef DAEMON_DAEMON_SERVING_H
#define DAEMON_DAEMON_SERVING_H

#include "base/err.h"

struct daemon;

/* Catches signals from here on. 0, or negative with err filled. */
int daemon_serving_open(struct daemon *d, struct err *err);

/* Reports readiness to the log and to systemd: once, when all is open. */
void daemon_serving_say_ready(struct daemon *d);

/* Ends all remaining sessions, also after an immediate end, and handles the
 * resulting facts while all of their consumers are open. */
void daemon_serving_close(struct daemon *d);

#endif
