/*
 * cast_writer.h - an event -> its line of an asciicast (v2, v3).
 *
 * Of cast_line.h, with times as the version counts them: what was read and is
 * written again is what it was.
 *
 * No I/O, no clock. Memory is the buffer's.
 */
#ifndef PROTO_CAST_CAST_WRITER_H
#define PROTO_CAST_CAST_WRITER_H

#include "base/buf.h"

struct cast_writer {
    bool has_intervals; /* v3: times since the event before */
    uint64_t time_us;   /* of the event before */
};

void cast_writer_init(struct cast_writer *w, unsigned version);

/* Appends the line, or nothing: false, there is no room. time_us: since the
 * beginning; one that goes back counts as that of the event before. */
bool cast_writer_put(struct cast_writer *w, struct buf *to, char code,
                     uint64_t time_us, struct slice text);

#endif
