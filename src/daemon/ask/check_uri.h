/*
 * check_uri.h - vspcd --check-uri: what a URI means, field by field, in words.
 */
#ifndef DAEMON_ASK_CHECK_URI_H
#define DAEMON_ASK_CHECK_URI_H

#include "conf/options.h"

/*
 * To standard output what it means; or to standard error what is wrong with it
 * and where, and false.
 */
bool check_uri(const struct settings *settings);

#endif
