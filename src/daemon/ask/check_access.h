/*
 * check_access.h - what is strange about the rules of who may do what, for
 * --check-config: what compiling them says, and what only the system knows.
 */
#ifndef DAEMON_ASK_CHECK_ACCESS_H
#define DAEMON_ASK_CHECK_ACCESS_H

#include "conf/options.h"

/* Prints warnings. Asks the name service, which may wait for a directory
 * server. */
void check_access_warn(const struct settings *settings, FILE *to);

#endif
