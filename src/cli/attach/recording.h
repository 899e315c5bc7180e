/*
 * recording.h - a session as a file that asciinema plays: asciicast v2, a line
 * of JSON for each piece of output. Pure but for the file: times are arguments.
 *
 * Output is text there, so bytes that are no UTF-8 become U+FFFD; a character
 * that comes in two pieces stays whole. What is typed is not recorded: it may
 * be a password.
 */
#ifndef CLI_ATTACH_RECORDING_H
#define CLI_ATTACH_RECORDING_H

#include "base/err.h"
#include "base/slice.h"

#include <stdio.h>

struct recording {
    FILE *file; /* NULL: none */
    uint64_t start_us;
    uint8_t rest[3]; /* of a character that is not whole yet */
    size_t rest_len;
};

/* The file must not be there yet. 0, or -errno with err filled. */
int recording_open(struct recording *r, const char *path, unsigned columns,
                   unsigned rows, int64_t utc_s, uint64_t now_us,
                   struct err *err);
void recording_output(struct recording *r, struct slice bytes, uint64_t now_us);
void recording_window(struct recording *r, unsigned columns, unsigned rows,
                      uint64_t now_us);
/* False: not all of it could be written. */
bool recording_close(struct recording *r);

#endif
