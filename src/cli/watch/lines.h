/*
 * lines.h - a console's output as whole lines, for a screen that many share:
 * text without escape sequences and control characters (output_text.h), a line
 * that is longer than LINES_MAX in pieces. Pure but for memory.
 */
#ifndef CLI_WATCH_LINES_H
#define CLI_WATCH_LINES_H

#include "proto/text/output_text.h"

enum { LINES_MAX = 4096 };

/* line: without its end. */
typedef void lines_fn(void *owner, struct slice line);

struct lines {
    struct output_text text;
    struct buf shown; /* as text, without a whole line */
    lines_fn *on_line;
    void *owner;
};

void lines_init(struct lines *l, lines_fn *on_line, void *owner);
void lines_done(struct lines *l);
void lines_feed(struct lines *l, struct slice bytes);
/* What is no whole line is one now. */
void lines_end(struct lines *l);

#endif
