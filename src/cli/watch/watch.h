/*
 * watch.h - the verb watch: the output of many consoles, line by line.
 */
#ifndef CLI_WATCH_WATCH_H
#define CLI_WATCH_WATCH_H

#include "cli/common/verb.h"

extern const struct verb verb_watch;

#endif
