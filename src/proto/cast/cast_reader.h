/*
 * cast_reader.h - the lines of an asciicast (v2, v3) -> events.
 *
 *     {"version":2,"width":80,"height":24,...}
 *     [1.234567,"o","login: "]
 *
 * The first line is the header; its JSON is the caller's to read, who then says
 * which version it is: in v2 an event has its time since the beginning, in v3
 * since the event before. Then comes a line for each event.
 *
 * No I/O, no callbacks, no clock. The bytes are foreign, may be anything, and
 * may come in any pieces. A line that is too long, or no event, is left out and
 * counted; what comes behind it is read as ever. Memory: a line that has not
 * come whole, and a text, each of CAST_LINE_MAX at most.
 */
#ifndef PROTO_CAST_CAST_READER_H
#define PROTO_CAST_CAST_READER_H

#include "base/buf.h"

enum {
    /* 64 KiB of output, each byte of it a \u00XX. */
    CAST_LINE_MAX = 512 * 1024,
    CAST_HEADER_MAX = 64 * 1024,
    /* A time is less than so many seconds: 317 years. */
    CAST_SECONDS_MAX = INT32_MAX,
};

/* What an event is; any other letter is possible, too. */
enum cast_code {
    CAST_OUTPUT = 'o',
    CAST_INPUT = 'i',
    CAST_MARKER = 'm',
    CAST_RESIZE = 'r', /* "80x24" */
    CAST_EXIT = 'x',   /* v3 */
};

struct cast_event {
    char code;         /* printable ASCII */
    uint64_t time_us;  /* since the beginning; never less than before */
    struct slice text; /* UTF-8, which may have NULs */
};

enum cast_item {
    CAST_NEED_MORE, /* all input is used; feed more later */
    CAST_HEADER,    /* text: the line; cast_reader_begin comes next */
    CAST_EVENT,
};

struct cast_reader {
    struct buf line; /* that has not come whole yet */
    struct buf text; /* of the event */
    uint64_t time_us;
    uint64_t skipped; /* lines that were left out */
    bool has_intervals;
    bool has_header;
    bool is_too_long; /* the line is left out up to its end */
    bool is_text_out; /* text is to be emptied */
};

void cast_reader_init(struct cast_reader *r);
void cast_reader_done(struct cast_reader *r);

/*
 * Takes one item off the front of *in. Texts are good until the next call, and
 * for as long as *in's bytes are.
 */
enum cast_item cast_reader_next(struct cast_reader *r, struct slice *in,
                                struct cast_event *ret_event);

/* After the header: 2 or 3. False: nothing else can be read. */
bool cast_reader_begin(struct cast_reader *r, unsigned version);

/* Nothing comes any more: whether the last line has not come whole. */
bool cast_reader_is_torn(const struct cast_reader *r);

#endif
