/*
 * cast_line.h - what stands in a line of an asciicast: the one encoder of it.
 *
 *     [1.234567,"o","login: \r\n"]
 *
 * Each event has one form only: times have six digits, and of the characters,
 * only quotes, backslashes and controls are escaped. Bytes that are no UTF-8
 * become U+FFFD, one for each.
 *
 * Pure; the caller has the room, and nothing is terminated.
 */
#ifndef PROTO_CAST_CAST_LINE_H
#define PROTO_CAST_CAST_LINE_H

#include "base/slice.h"

#include <stdint.h>

enum {
    /* What is around a text, also [18446744073709.551615,"o",""] and a LF, and
     * what a byte of it can become: \u001b. */
    CAST_LINE_AROUND = 40,
    CAST_LINE_BYTE_MAX = 6,
};

/* A time in seconds; at most CAST_LINE_AROUND bytes. Returns the length, as the
 * next ones do. */
size_t cast_line_put_time(uint8_t *to, uint64_t us);

/* What stands between the quotes; `to` has CAST_LINE_BYTE_MAX for each byte. */
size_t cast_line_put_text(uint8_t *to, struct slice text);

/* The line of an event, with its LF; `to` has CAST_LINE_AROUND more than the
 * text needs. */
size_t cast_line_put(uint8_t *to, char code, uint64_t time_us,
                     struct slice text);

/* How many of the bytes end with a whole character, or with what can become
 * none: at most three are left over. */
size_t cast_line_whole(struct slice bytes);

#endif
