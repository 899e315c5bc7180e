/*
 * out.h - standard output: data, in the terminal's measure.
 *
 * Writing never fails for the caller: a reader that has gone ends the program
 * as SIGPIPE does, without a word; another fault ends it with one, and exit
 * code 1. What is written waits in a buffer until out_flush, and until the end.
 *
 * Whether there are colours is the only mutable static.
 */
#ifndef CLI_OUTPUT_OUT_H
#define CLI_OUTPUT_OUT_H

#include "base/slice.h"

#include <stdbool.h>

enum out_colours { OUT_COLOURS_AUTO, OUT_COLOURS_ALWAYS, OUT_COLOURS_NEVER };

/* AUTO: on a terminal that has them, unless NO_COLOR is set. */
void out_set_colours(enum out_colours wanted);

enum out_style { OUT_PLAIN, OUT_HEADING, OUT_GOOD, OUT_NOTABLE, OUT_FAINT };

/* Switches the style on and off; both write nothing without colours. */
void out_begin(enum out_style style);
void out_end(enum out_style style);

/* One of some colours that are read on dark and on bright: to tell many things
 * apart. */
void out_begin_colour(unsigned number);
void out_end_colour(void);

void out_bytes(struct slice bytes);
void out_text(const char *text);
void out_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_flush(void);

bool out_is_terminal(void);
/* 0: no terminal, so nothing is cut. */
unsigned out_columns(void);

#endif
