/*
 * cast_writer.h - an event -> its line of an asciicast (v2, v3).
 *
 *     [1.234567,"o","login: \r\n"]
 *
 * Each event has one form only, so what was read and is written again is what
 * it was: times have six digits, and of the characters, only quotes,
 * backslashes and controls are escaped. Bytes that are no UTF-8 become U+FFFD,
 * one for each.
 *
 * No I/O, no clock. Memory is the buffer's.
 */
#ifndef PROTO_CAST_CAST_WRITER_H
#define PROTO_CAST_CAST_WRITER_H

#include "base/buf.h"

enum {
    /* What is around a text, and what a byte of it can become. */
    CAST_WRITER_AROUND = 40,
    CAST_WRITER_BYTE_MAX = 6,
};

struct cast_writer {
    bool has_intervals; /* v3: times since the event before */
    uint64_t time_us;   /* of the event before */
};

void cast_writer_init(struct cast_writer *w, unsigned version);

/* Appends the line, or nothing: false, there is no room. time_us: since the
 * beginning; one that goes back counts as that of the event before. */
bool cast_writer_put(struct cast_writer *w, struct buf *to, char code,
                     uint64_t time_us, struct slice text);

/* Appends a text as JSON has it between its quotes; the same. */
bool cast_writer_put_text(struct buf *to, struct slice text);

#endif
