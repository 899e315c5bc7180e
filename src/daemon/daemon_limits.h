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

#include "conf/options.h"
#include "session/gate.h"

/* Who may come in; borrows the networks of the settings. The seed is not set.
 * open_files: how many there may be; 0: not known. */
struct gate_settings daemon_limits_gate(const struct settings *s,
                                        uint64_t open_files);

/* Warns where the limit of open files cannot hold what was asked for, or what
 * is known already. */
struct limits_known {
    uint64_t open_files; /* 0: not known */
    uint64_t consoles;   /* that will be back */
    uint64_t log_files;  /* that console logs keep open */
};
void daemon_limits_check(const struct settings *s,
                         const struct limits_known *known);

#endif
