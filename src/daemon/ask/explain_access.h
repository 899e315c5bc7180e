/*
 * explain_access.h - vspcd --explain-access: what a principal may do with a
 * console, which line says so, and what did not.
 *
 * Asks the rules of the settings, not a running vspcd, the name service for the
 * groups of a person, and the file of the tokens.
 */
#ifndef DAEMON_ASK_EXPLAIN_ACCESS_H
#define DAEMON_ASK_EXPLAIN_ACCESS_H

#include "conf/options.h"

/* Prints to standard output. 0, or -EINVAL with err filled. */
int explain_access(const struct settings *settings, bool *ret_may_read,
                   struct err *err);

#endif
