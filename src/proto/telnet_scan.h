/*
 * telnet_scan.h - looking for the bytes that telnet has to do something about,
 * IAC and, where line ends count, CR. Shared by decoder and encoder.
 *
 * Speed is all that is here. What a console says is text, and text has no 255:
 * it is looked through and passed on from where it lies. Binary streams have
 * one every few hundred bytes; there an event, or a part of a writev, for each
 * would cost more than copying the short runs between them. So there is a pass
 * that looks and copies at once, a block at a time.
 */
#ifndef PROTO_TELNET_SCAN_H
#define PROTO_TELNET_SCAN_H

#include "proto/telnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first IAC or, with_cr, CR of [p, end), or NULL. */
const uint8_t *telnet_scan_find(const uint8_t *p, const uint8_t *end,
                                bool with_cr);

/*
 * Copies len bytes up to, and without, the first IAC or, with_cr, CR; returns
 * how many. Writes nothing but those: what is behind them may be bytes of a
 * ring that still count.
 */
size_t telnet_scan_copy(uint8_t *to, const uint8_t *from, size_t len,
                        bool with_cr);

/* How many IACs [p, end) has. */
size_t telnet_scan_count(const uint8_t *p, const uint8_t *end);

#endif
