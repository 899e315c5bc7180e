/*
 * record_render.h - a recording's events as an asciicast (v2, v3), or as text.
 *
 * One asciicast, whatever the files are: one header, that of the first file,
 * and times that go on. In the other version a header has what it has in its
 * own; an event has one form (cast_writer.h), so a conversion and its way back
 * are equal.
 *
 * Text is what the VM has printed, as people read it (output_text.h); markers
 * are lines "[vspcd: client attached: alice]". What was typed is not in it.
 *
 * Pure.
 */
#ifndef RECORD_READING_RECORD_RENDER_H
#define RECORD_READING_RECORD_RENDER_H

#include "proto/cast/cast_reader.h"
#include "proto/cast/cast_writer.h"
#include "proto/text/output_text.h"

enum record_format { RECORD_V2, RECORD_V3, RECORD_TEXT };

/* What an event can become, at most: so much room `to` must have. */
enum { RECORD_RENDER_ROOM = 6 * CAST_LINE_MAX + 1024 };

struct record_render {
    enum record_format format;
    struct cast_writer cast;
    struct output_text text;
};

void record_render_init(struct record_render *r, enum record_format format);

/* header: the line of the first file. False: it does not begin as ours do, or
 * there is no memory. */
bool record_render_header(struct record_render *r, struct slice header,
                          struct buf *to);
bool record_render_event(struct record_render *r,
                         const struct cast_event *event, struct buf *to);
void record_render_end(struct record_render *r, struct buf *to);

#endif
