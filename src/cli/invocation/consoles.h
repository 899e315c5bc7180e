/*
 * consoles.h - finds the consoles that a command line names, on the server.
 *
 * A name is exact: the console's name, its UUID, or UUID/LABEL. A person at a
 * terminal may give the beginning of a name, if only one begins so; a script
 * may not, because the next VM may make it another one.
 */
#ifndef CLI_INVOCATION_CONSOLES_H
#define CLI_INVOCATION_CONSOLES_H

#include "cli/invocation/ask.h"

struct console_found {
    json_t *json; /* as the API shows it; owned */
    const char *id;
    const char *name;
};

/* Another code than DONE: it was told why. */
enum exits consoles_find(struct invocation *in, const char *name,
                         struct console_found *ret);
void consoles_found_done(struct console_found *found);

/* "/api/v1/consoles/ID" and what comes behind: "/log". */
void consoles_target(struct target *t, const struct console_found *found,
                     const char *behind);

/* {"items": [...]} of those that match a pattern; NULL: all; state "connected",
 * NULL: any. */
enum exits consoles_match(struct invocation *in, const char *pattern,
                          const char *state, json_t **ret_list);

#endif
