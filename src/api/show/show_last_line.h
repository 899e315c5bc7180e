/*
 * show_last_line.h - the last line that a VM has printed, for a list in which
 * people look for a VM by what it says.
 *
 * Made of the console's ring when it is asked for, so it costs a console
 * nothing. Looks at the last SHOW_LAST_LINE_BYTES alone: a few microseconds.
 */
#ifndef API_SHOW_SHOW_LAST_LINE_H
#define API_SHOW_SHOW_LAST_LINE_H

#include "core/console.h"

#include <jansson.h>

enum {
    SHOW_LAST_LINE_BYTES = 1024,
    SHOW_LAST_LINE_CHARACTERS = 120,
};

/* A new text: readable, without escape sequences, cut behind so many
 * characters; null where no line with anything to see is kept. */
json_t *show_last_line(const struct console *c);

#endif
