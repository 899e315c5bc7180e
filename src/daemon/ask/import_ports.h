/*
 * import_ports.h - --import-ports: consoles and their ports from a list of
 * vSPC.py's go into the state file, so that nobody has to learn a new port.
 *
 * All of the list or, where anything is wrong with it, nothing. vspcd must not
 * be running: it has the file.
 */
#ifndef DAEMON_ASK_IMPORT_PORTS_H
#define DAEMON_ASK_IMPORT_PORTS_H

#include "conf/options.h"

#include <stdio.h>

/* What was done goes to to. 0, or -EINVAL with problems (cleared before). */
int import_ports(const struct settings *settings, FILE *to,
                 struct problems *problems);

#endif
