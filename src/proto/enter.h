/*
 * enter.h - LF and CR LF become CR: what a script sends as the end of a line
 * (echo, printf) is what a person types as Enter.
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
 * put into to, at most room (at least 1) of them.
 *
 * *is_behind_cr: the last byte of the stream so far was CR; at first false. An
 * LF behind it belongs to it.
 */
struct slice enter_next(bool *is_behind_cr, struct slice *in, uint8_t *to,
                        size_t room);

#endif
