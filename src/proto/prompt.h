/*
 * prompt.h - a line that a person types as the answer to a question: bytes in,
 * the line and its echo out.
 *
 * Enter is CR, LF, CR LF or CR NUL, in every cut. Backspace and DEL erase a
 * character, Ctrl-U the line; Ctrl-C and Ctrl-D leave. Other control characters
 * and the sequences of function keys are ignored. A line that is not to be seen
 * has no echo but that of Enter, and keeps any byte, since a terminal's
 * character set is its own; one that is seen keeps UTF-8 without what is
 * invisible.
 *
 * No I/O and no allocation; the memory of the line is wiped when the line is no
 * longer needed, because it may be a password.
 */
#ifndef PROTO_PROMPT_H
#define PROTO_PROMPT_H

#include "base/buf.h"

enum { PROMPT_MAX = 256 }; /* bytes; more are not taken, and the bell says so */

struct prompt {
    char line[PROMPT_MAX + 1]; /* terminated when it was entered */
    uint16_t len;
    uint16_t shown; /* of len: whole characters; the rest may become one */
    bool is_echoed;
    bool is_behind_cr; /* a LF or NUL that comes next belongs to it; if it is no
                        * line any more: enter_skip_rest */
    uint8_t escape;    /* enum in prompt.c: in the sequence of a key */
};

enum prompt_event {
    PROMPT_NEED_MORE, /* all input was used */
    PROMPT_ENTERED,   /* the line is whole */
    PROMPT_LEFT,      /* Ctrl-C or Ctrl-D: the person does not want to go on */
};

/* A prompt that is all zeros has an empty line. begin: a new line; what is left
 * of an Enter before it does not enter it. done: wipes the line. */
void prompt_begin(struct prompt *p, bool is_echoed);
void prompt_done(struct prompt *p);

/*
 * Takes bytes off the front of *in up to the next event; behind PROMPT_ENTERED
 * the line must be begun anew. The echo is appended to out. 0, or a failure of
 * buf_append.
 */
int prompt_next(struct prompt *p, struct slice *in, struct buf *out,
                enum prompt_event *ret_event);

#endif
