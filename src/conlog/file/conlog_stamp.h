/*
 * conlog_stamp.h - puts a time before each line of a console's output, and
 * removes it again.
 *
 *     2026-01-31T23:59:59.123Z login: root
 *
 * No I/O, no allocation, no clock. Bytes keep their values and order; only
 * stamps are put between them. So removing stamps restores exactly what the VM
 * printed, however the input was cut on either side.
 *
 * A line begins with the first byte behind a LF, and is stamped when this byte
 * comes. CR LF ends a line as LF does; a CR alone (a progress bar) is a byte of
 * its line; firmware that ends lines with LF CR has its CR behind the stamp,
 * where it does not disturb grep and less.
 *
 * A stamp is never written in part: it comes with the first byte of its line.
 */
#ifndef CONLOG_FILE_CONLOG_STAMP_H
#define CONLOG_FILE_CONLOG_STAMP_H

#include "base/clock.h"
#include "base/slice.h"

enum {
    CONLOG_STAMP_LEN = 25, /* with the space behind it */
    /* Free bytes that a call needs in order to make progress. */
    CONLOG_STAMP_ROOM = CONLOG_STAMP_LEN + 1,
};

/* In the caller's memory; nothing to free. */
struct conlog_stamp {
    bool is_in_line; /* the next byte continues a line */
    int64_t utc_ms;  /* the time in text */
    char text[CLOCK_TEXT_LEN];
};

/* is_in_line: the file does not end in a LF. */
void conlog_stamp_init(struct conlog_stamp *s, bool is_in_line);

/*
 * Takes bytes off the front of *in and writes them to `to`, stamped with
 * utc_ms. Returns how many bytes it has written, at most size. Stops when *in
 * is empty, or when `to` has no room for what comes next; then it must be
 * called again, with a buffer of at least CONLOG_STAMP_ROOM.
 */
size_t conlog_stamp_put(struct conlog_stamp *s, struct slice *in,
                        int64_t utc_ms, uint8_t *to, size_t size);

/* Whether the bytes begin with a whole stamp. */
bool conlog_stamp_is_at(struct slice bytes);

/* Removes stamps. In the caller's memory; nothing to free. */
struct conlog_stamp_stripper {
    bool is_in_line;
    uint8_t held_len; /* bytes that may begin a stamp */
    uint8_t held[CONLOG_STAMP_LEN];
};

/* is_in_line: the input begins within a line. (It should not begin within a
 * stamp: skip to behind the next LF first.) */
void conlog_stamp_stripper_init(struct conlog_stamp_stripper *s,
                                bool is_in_line);

/*
 * Takes bytes off the front of *in and writes them to `to` without stamps; a
 * line without a stamp stays as it is. `to` needs CONLOG_STAMP_ROOM to make
 * progress; one of in->len + CONLOG_STAMP_LEN takes everything. Returns how
 * many bytes it has written.
 */
size_t conlog_stamp_strip(struct conlog_stamp_stripper *s, struct slice *in,
                          uint8_t *to, size_t size);

/* Must follow the last byte: writes a held text that was no stamp, or a torn
 * one. Returns how many bytes. */
size_t conlog_stamp_strip_end(struct conlog_stamp_stripper *s,
                              uint8_t to[CONLOG_STAMP_LEN]);

#endif
