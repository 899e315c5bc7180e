/*
 * output_text.h - a console's output as somebody wants to read it: as text,
 * raw, or each line with its time.
 *
 * TEXT is for people and programs that read lines: escape sequences and control
 * characters are left out, invalid bytes become U+FFFD, and a line ends with
 * one LF (CR LF, LF CR; a CR alone begins a new line). TIMED is the same, with
 * the time of each line before it, or "-" where it is not known. RAW is what
 * the VM has printed, byte by byte.
 *
 * What comes from a log may have times before its lines (is_stamped): they are
 * taken off, and are the times of the lines.
 *
 * Pure. The output is foreign, and may be anything; it may come in any pieces.
 */
#ifndef PROTO_TEXT_OUTPUT_TEXT_H
#define PROTO_TEXT_OUTPUT_TEXT_H

#include "base/buf.h"
#include "base/clock.h"

enum output_format { OUTPUT_TEXT, OUTPUT_RAW, OUTPUT_TIMED };

enum {
    OUTPUT_STAMP_LEN = 24,
    /* What a byte can become: a held stamp that is none, behind a time. */
    OUTPUT_TEXT_ROOM = 256,
};

struct output_text {
    enum output_format format;
    char since[CLOCK_TEXT_LEN]; /* lines before it are left out; "": none */
    char until[CLOCK_TEXT_LEN]; /* with the first line behind it, is_over; "":
                                 * never */
    bool is_stamped;            /* what comes has times */
    bool is_over;               /* nothing more is wanted */

    bool is_in_line;  /* of what comes */
    bool is_left_out; /* the line is of an earlier time */
    uint8_t held_len; /* bytes of what may be a time */
    uint8_t held[OUTPUT_STAMP_LEN + 1];
    char time[OUTPUT_STAMP_LEN + 1]; /* of the line; "": not known */
    char now[CLOCK_TEXT_LEN];        /* of what comes; "": it is not of now */

    bool is_in_shown_line; /* of what was put */
    bool has_return;       /* a CR came, and may be part of a line's end */
    uint8_t escape;        /* enum escape in output_text.c */
    uint8_t character_len; /* bytes of a character */
    uint8_t character[4];
};

/* since_ms, until_ms: 0: none. */
void output_text_init(struct output_text *t, enum output_format format,
                      bool is_stamped, int64_t since_ms, int64_t until_ms);

/* Takes bytes off the front of *in, and appends what becomes of them, while
 * `to` has less than mark bytes and room for OUTPUT_TEXT_ROOM more. */
void output_text_put(struct output_text *t, struct slice *in, struct buf *to,
                     uint32_t mark);

/* What comes next is without times, and is of now; or it is the beginning of a
 * file, with times if the last one had them. */
void output_text_go_live(struct output_text *t);
void output_text_set_now(struct output_text *t, int64_t now_ms);
void output_text_begin_file(struct output_text *t, bool is_in_line);

/* Nothing comes any more: what is held goes out. */
void output_text_end(struct output_text *t, struct buf *to);

/* A line of ours, "[vspcd: ...]"; not in raw output. */
void output_text_note(struct output_text *t, const char *text, struct buf *to);

#endif
