/*
 * conlog_stamp.h - a time in front of each line of a console's output, and off
 * again.
 *
 *   2026-01-31T23:59:59.123Z login: root
 *
 * No I/O, no allocation, no clock. Bytes stay as they are and where they are;
 * the stamps are all that comes in between, so that taking them off gives back
 * what the VM has printed, byte for byte, however either side was cut.
 *
 * A line begins with the first byte behind a LF, whatever that is, and is
 * stamped when this byte comes. So CR LF ends a line as LF does; a CR alone (a
 * progress bar) is a byte of its line; firmware that ends lines with LF CR has
 * its CR behind the stamp, where grep and less do not mind it.
 *
 * A stamp is never written in part: it comes with the first byte of its line.
 */
#ifndef CONLOG_FILE_CONLOG_STAMP_H
#define CONLOG_FILE_CONLOG_STAMP_H

#include "base/clock.h"
#include "base/slice.h"

enum {
    CONLOG_STAMP_LEN = 25, /* with the space behind it */
    /* What must be free in the buffer for a call to get on. */
    CONLOG_STAMP_ROOM = CONLOG_STAMP_LEN + 1,
};

/* The caller's; nothing to free. */
struct conlog_stamp {
    bool is_in_line; /* the next byte goes on with a line */
    int64_t utc_ms;  /* which text is for */
    char text[CLOCK_TEXT_LEN];
};

/* is_in_line: the file that is gone on with does not end in a LF. */
void conlog_stamp_init(struct conlog_stamp *s, bool is_in_line);

/*
 * Takes bytes off the front of *in and writes them, stamped with utc_ms, to
 * to. Returns how many bytes it has written there: at most size. Stops when
 * all of *in is taken, or when the rest of to has no room for what comes next;
 * to be called again then, with a buffer of at least CONLOG_STAMP_ROOM.
 */
size_t conlog_stamp_put(struct conlog_stamp *s, struct slice *in,
                        int64_t utc_ms, uint8_t *to, size_t size);

/* The way back. The caller's; nothing to free. */
struct conlog_stamp_stripper {
    bool is_in_line;
    uint8_t held_len; /* bytes that may be the beginning of a stamp */
    uint8_t held[CONLOG_STAMP_LEN];
};

/* is_in_line: it begins in the middle of a line. (Nobody should begin in the
 * middle of a stamp: read on to behind the next LF first.) */
void conlog_stamp_stripper_init(struct conlog_stamp_stripper *s,
                                bool is_in_line);

/*
 * As conlog_stamp_put, but takes the stamps off; a line without a stamp stays
 * as it is. to needs CONLOG_STAMP_ROOM to get on; one of in->len +
 * CONLOG_STAMP_LEN takes all.
 */
size_t conlog_stamp_strip(struct conlog_stamp_stripper *s, struct slice *in,
                          uint8_t *to, size_t size);

/* Behind the last byte: what looked like the beginning of a stamp, and was not
 * one, or one that was torn. Returns how many bytes. */
size_t conlog_stamp_strip_end(struct conlog_stamp_stripper *s,
                              uint8_t to[CONLOG_STAMP_LEN]);

#endif
