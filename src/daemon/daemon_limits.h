/*
 * daemon_limits.h - the limits in force: those of the settings, bounded by the
 * limit of open files.
 *
 * Clients never get more than half of the open files, and neither do
 * unidentified connections; the oldest of these makes room if no open file is
 * left (session/gate.h). So an attacker who takes all that is available cannot
 * keep VMs out.
 */
#ifndef DAEMON_DAEMON_LIMITS_H
#define DAEMON_DAEMON_LIMITS_H

#include "conf/options.h"
#include "session/gate.h"

/* Limits of the gate; borrows the networks of the settings. The seed is not
 * set. open_files: the limit of open files; 0: not known. */
struct gate_settings daemon_limits_gate(const struct settings *s,
                                        uint64_t open_files);

/* Warns if the limit of open files is too low for the settings, or for the
 * known consoles and logs. */
struct limits_known {
    uint64_t open_files; /* 0: not known */
    uint64_t consoles;   /* known ones, which will have connections again */
    uint64_t log_files;  /* that console logs keep open */
};
void daemon_limits_check(const struct settings *s,
                         const struct limits_known *known);

#endif
