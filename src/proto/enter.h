/*
 * enter.h - ends of lines: LF and CR LF become CR, so that what a script sends
 * (echo, printf) is what a person types as Enter; and what is left of an Enter
 * when its line has ended already.
 *
 * No I/O, no allocation. The caller keeps one bit of state for each stream.
 */
#ifndef PROTO_ENTER_H
#define PROTO_ENTER_H

#include "base/slice.h"

/*
 * Takes bytes off the front of *in, and returns them as they are to be typed.
 * The slice is empty if they are nothing, and valid until `to` or the bytes of
 * *in change. Bytes without an LF are returned from where they lie; others are
 * put into to, at most room (at least 1) of them. `to` may be where *in begins,
 * because no byte becomes two.
 *
 * *is_behind_cr: the last byte of the stream so far was CR; at first false. An
 * LF behind it belongs to it.
 */
struct slice enter_next(bool *is_behind_cr, struct slice *in, uint8_t *to,
                        size_t room);

/*
 * A line has ended with its CR, and *in is what comes next: takes the LF or NUL
 * that belongs to that Enter off its front. *is_behind_cr: as enter_next has
 * it; false afterwards, unless *in is empty.
 */
void enter_skip_rest(bool *is_behind_cr, struct slice *in);

#endif
