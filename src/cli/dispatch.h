/*
 * dispatch.h - a command line of vspc: options of every verb, the verb, its
 * arguments; carried out.
 */
#ifndef CLI_DISPATCH_H
#define CLI_DISPATCH_H

#include "cli/invocation/invocation.h"

/* argv without the program's name; *in is zeroed, and is to be closed by
 * invocation_done afterwards. Returns the exit code. */
enum exits dispatch(struct invocation *in, int argc, char **argv);

#endif
