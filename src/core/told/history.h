/*
 * history.h - where in a console's last output somebody begins who wants to
 * see what was there before: a position, nothing is copied. Pure.
 *
 * The output is the VM's, and any bytes at all. A line ends with LF; the last
 * one may be without an end (a prompt), and counts. Where the bytes end before
 * the lines do, the first whole line is the first; if there is none, it is the
 * next place that is not inside of an escape sequence (ECMA-48, and the strings
 * of xterm) or of a character of UTF-8.
 *
 * What such a place cannot give is the state of the terminal there: colours, or
 * another screen. No reset is put before it: no byte is made up, and on a
 * screen that was just opened nothing is set that would have to be undone.
 *
 * Older bytes than the ring's (core/past.h) are looked at as if they stood in
 * front of them: a line may begin there and end here.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "base/ring.h"

/* So many older bytes than those that are shown help to tell where they begin.
 */
enum { HISTORY_CONTEXT = 256 };

/* As much as neither of the two cuts off; 0 in one of them: nothing. */
struct history_wish {
    uint32_t lines;
    uint32_t bytes;
};

/* From where up to end this is; end if there is nothing. Looks at no more than
 * the bytes that are wished for, and some hundred before them. */
uint64_t history_start(const struct ring *r, uint64_t end,
                       const struct history_wish *wish);

/*
 * The same with bytes that came before the first of the ring, which must still
 * have all that came since: how many of their last ones are shown. 0: as
 * history_start says. is_beginning: nothing ever came before them.
 */
size_t history_of_past(const struct ring *r, uint64_t end, struct slice past,
                       bool is_beginning, const struct history_wish *wish);

#endif
