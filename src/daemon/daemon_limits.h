/*
 * daemon_limits.h - the limits that are in force: those of the settings, and
 * what the limit of open files makes of them.
 *
 * Clients never have more than half of the open files, nor have connections
 * that have not said which VM they are; of these the oldest makes room where
 * there is no open file left (session/gate.h). So whoever takes what there is
 * to take cannot keep VMs out.
 */
#ifndef DAEMON_DAEMON_LIMITS_H
#define DAEMON_DAEMON_LIMITS_H

#include "session/gate.h"

struct daemon;

/* Who may come in; borrows the networks of the daemon's settings. The seed is
 * not set. */
struct gate_settings daemon_limits_gate(const struct daemon *d);

/* Warns where the limit of open files cannot hold what was asked for, or what
 * is known already. */
void daemon_limits_check(const struct daemon *d);

/* One line for the log: all limits, how much of each is used, and what was
 * refused since the start. */
void daemon_limits_log(const struct daemon *d);

#endif
