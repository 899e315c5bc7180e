/*
 * run.h - the verbs run and wait: a console that is expected to print
 * something, and typed into.
 */
#ifndef CLI_RUN_RUN_H
#define CLI_RUN_RUN_H

#include "cli/common/verb.h"

extern const struct verb verb_run;
extern const struct verb verb_wait;

#endif
