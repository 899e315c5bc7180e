/*
 * history.h - where in a console's last output a client begins that wants to
 * see what was there before: a position, nothing is copied. Pure.
 *
 * The output is the VM's, and any bytes at all. A line ends with LF; the last
 * line may be without an end (a prompt), and counts. If fewer lines are kept
 * than were wished for, the client begins with the first whole line. If there
 * is none, it begins at the next place that is not inside an escape sequence
 * (ECMA-48, and the strings of xterm) or a character of UTF-8.
 *
 * What such a place cannot give is the state of the terminal there: colours, or
 * another screen. No reset is put before it: no byte is made up, and on a
 * screen that was just opened nothing is set that would have to be undone.
 *
 * Older bytes than the ring's (core/told/past.h) are looked at as if they stood
 * in front of them: a line may begin there and end here.
 */
#ifndef CORE_TOLD_HISTORY_H
#define CORE_TOLD_HISTORY_H

#include "base/ring.h"

/* So many bytes before those that are shown help to tell where to begin. */
enum { HISTORY_CONTEXT = 256 };

/* At most this many lines and bytes; 0 in either: nothing. */
struct history_wish {
    uint32_t lines;
    uint32_t bytes;
};

/* The position at which the wished output before end begins; end if there is
 * none. Looks at no more than the bytes that are wished for and HISTORY_CONTEXT
 * before them. */
uint64_t history_start(const struct ring *r, uint64_t end,
                       const struct history_wish *wish);

/*
 * history_start with older bytes (past) that came before position 0, for a ring
 * that still has everything from position 0 on. Returns how many of the last
 * bytes of past are shown; 0: none of them, history_start has the place.
 * is_beginning: nothing ever came before past.
 */
size_t history_of_past(const struct ring *r, uint64_t end, struct slice past,
                       bool is_beginning, const struct history_wish *wish);

#endif
