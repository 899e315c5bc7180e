/*
 * uri.h - the verb of this folder. cli/verb_table.c has the order.
 */
#ifndef CLI_URI_URI_H
#define CLI_URI_URI_H

#include "cli/common/verb.h"

extern const struct verb verb_uri;

#endif
