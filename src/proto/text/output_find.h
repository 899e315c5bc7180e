/*
 * output_find.h - finds a text in a console's output, line by line: which lines
 * have it, and at which byte of the output each of them begins.
 *
 * A line is looked at as people see it (output_text.h): without escape
 * sequences and the times of a log. ASCII letters match in either case. A line
 * is at most OUTPUT_FIND_LINE bytes of output; a longer one is several.
 *
 * Pure. The output is foreign, and may be anything; it may come in any pieces.
 */
#ifndef PROTO_TEXT_OUTPUT_FIND_H
#define PROTO_TEXT_OUTPUT_FIND_H

#include "proto/text/output_text.h"

enum {
    OUTPUT_FIND_TEXT_MAX = 200,     /* bytes that are looked for */
    OUTPUT_FIND_LINE = 16 * 1024,   /* bytes of output */
    OUTPUT_FIND_SHOWN = 400,        /* bytes of a line that are kept */
    OUTPUT_FIND_SHOWN_BEFORE = 120, /* of these, before what was found */
};

/* A line that has the text. */
struct output_find_hit {
    uint64_t at;                      /* of the line's first byte */
    char time[CLOCK_TEXT_LEN];        /* "": not known */
    char line[OUTPUT_FIND_SHOWN + 1]; /* what is around the text */
};

struct output_find {
    struct output_text text;
    struct buf line;  /* as people see it */
    uint64_t line_at; /* where the line begins */
    size_t line_len;  /* bytes of output that it has by now */
    char wanted[OUTPUT_FIND_TEXT_MAX + 1]; /* in lower case */
};

/* at: of the first byte that comes. is_in_line: it is in the middle of a line.
 * The text is cut to OUTPUT_FIND_TEXT_MAX bytes. Call output_find_done. */
void output_find_init(struct output_find *f, const char *text, bool is_stamped,
                      uint64_t at, bool is_in_line);
void output_find_done(struct output_find *f);

/* Takes bytes off the front of *in, up to the end of a line that has the text;
 * then true. */
bool output_find_put(struct output_find *f, struct slice *in,
                     struct output_find_hit *ret);

/* Nothing comes any more: whether the line without an end has it. */
bool output_find_end(struct output_find *f, struct output_find_hit *ret);

#endif
