/*
 * telnet_scan.h - finds the bytes that telnet must act on: IAC and, where line
 * ends count, CR. Shared by decoder and encoder.
 *
 * Exists for speed. A console's output is text, which has no 255: it is
 * searched and passed on from where it lies. A binary stream has a 255 every
 * few hundred bytes. An event, or a part of a writev, for each would cost more
 * than copying the short runs between them; so one pass searches and copies, a
 * block at a time.
 */
#ifndef PROTO_TELNET_SCAN_H
#define PROTO_TELNET_SCAN_H

#include "proto/telnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first IAC, or CR if with_cr, of [p, end); NULL: none. */
const uint8_t *telnet_scan_find(const uint8_t *p, const uint8_t *end,
                                bool with_cr);

/*
 * Copies len bytes up to, and without, the first IAC, or CR if with_cr; returns
 * how many. Writes nothing behind them: those may be bytes of a ring that are
 * still kept.
 */
size_t telnet_scan_copy(uint8_t *to, const uint8_t *from, size_t len,
                        bool with_cr);

/* The number of IACs in [p, end). */
size_t telnet_scan_count(const uint8_t *p, const uint8_t *end);

#endif
