/*
 * recordings.h - finds the recording that a command line names, on the server:
 * by its id, or as the newest one of a console.
 */
#ifndef CLI_INVOCATION_RECORDINGS_H
#define CLI_INVOCATION_RECORDINGS_H

#include "cli/invocation/ask.h"

enum { RECORDING_ID_MAX = 64 };

struct recording_id {
    char text[RECORDING_ID_MAX];
};

/* Another code than DONE: it was told why. */
enum exits recordings_find(struct invocation *in, const char *name,
                           struct recording_id *ret);

/* "/api/v1/recordings/ID" and what comes behind: "/cast". */
void recordings_target(struct target *t, const struct recording_id *id,
                       const char *behind);

#endif
