/*
 * import_ports.h - --import-ports: takes consoles and their ports from a list
 * of vSPC.py's into the state file, so that users keep their ports.
 *
 * Imports the whole list, or nothing if any line is wrong. vspcd must not be
 * running, because it has the file locked.
 */
#ifndef DAEMON_ASK_IMPORT_PORTS_H
#define DAEMON_ASK_IMPORT_PORTS_H

#include "conf/options.h"

#include <stdio.h>

/* Prints the result to `to`. 0, or -EINVAL with problems, which are cleared
 * first. */
int import_ports(const struct settings *settings, FILE *to,
                 struct problems *problems);

#endif
