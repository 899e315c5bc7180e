/*
 * naws.h - the messages of the telnet option NAWS: the size of a client's
 * window (RFC 1073).
 *
 * No I/O, no clock. telnet_decode.h has what clients do wrong with 255.
 */
#ifndef PROTO_NAWS_H
#define PROTO_NAWS_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/window.h"

/* body: of a subnegotiation, IAC IAC undone. False: it has not NAWS_LEN bytes,
 * and *ret is unchanged. */
enum { NAWS_LEN = 4 };
bool naws_parse(struct slice body, struct window *ret);

/* Appends a subnegotiation. Fails as buf_append does. */
int naws_put(struct buf *out, struct window window);

#endif
