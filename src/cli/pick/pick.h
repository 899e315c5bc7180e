/*
 * pick.h - vspc without a verb, on a terminal: the list of consoles, searched
 * as one types; Enter attaches, and leaving the console comes back to the list.
 */
#ifndef CLI_PICK_PICK_H
#define CLI_PICK_PICK_H

#include "remote/exits.h"

struct invocation;

enum exits pick_run(struct invocation *in);

#endif
