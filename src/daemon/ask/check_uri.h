/*
 * check_uri.h - vspcd --check-uri: explains a URI, field by field.
 */
#ifndef DAEMON_ASK_CHECK_URI_H
#define DAEMON_ASK_CHECK_URI_H

#include "conf/options.h"

/*
 * Prints the URI's meaning to standard output. False: the URI is wrong; its
 * problem and place went to standard error.
 */
bool check_uri(const struct settings *settings);

#endif
