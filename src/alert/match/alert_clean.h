/*
 * alert_clean.h - the output of a serial port as lines of text, for patterns.
 *
 * What a pattern sees is what was printed, in the order in which it was
 * printed, and not what stands on the screen in the end:
 *
 * - CR, LF, VT, FF, and each sequence that moves the cursor to another line or
 *   clears the screen, is a line end: '\n'. Several in a row are one, so there
 *   are no empty lines, and a CR that begins a line anew ("10 %" CR "20 %")
 *   makes another line.
 * - A tab, and a sequence that moves the cursor within its line, is a blank.
 * - All other escape sequences are left out (ECMA-48 and xterm: CSI, OSC, DCS,
 *   SOS, PM, APC, character sets), and so are NUL, BEL, DEL and the other
 *   control characters. A backspace is left out, and takes nothing back.
 * - Bytes from 0x80 on are text: most of them are UTF-8, where C1 control
 *   characters would be parts of letters.
 *
 * A sequence ends at the latest with a line end, with CAN or SUB, or after
 * ALERT_CLEAN_MAX bytes; what follows is text again. So nobody hides output
 * behind a sequence without an end.
 *
 * Pure; no allocation. The output of any cut of the input is the same, and is
 * never longer than the input.
 */
#ifndef ALERT_MATCH_ALERT_CLEAN_H
#define ALERT_MATCH_ALERT_CLEAN_H

#include "base/slice.h"

enum { ALERT_CLEAN_MAX = 1024 }; /* bytes of a sequence */

struct alert_clean {
    uint8_t state;       /* 0: text */
    bool is_within_line; /* the last byte was not '\n' */
    uint16_t len;        /* bytes of the sequence so far */
};

/* At the beginning of a line. */
void alert_clean_init(struct alert_clean *clean);

/* Takes bytes off the front of *in until it is empty or room bytes were
 * written; returns how many were. The last byte that was taken has then given
 * the last one that was written, or room was not used up. */
size_t alert_clean_feed(struct alert_clean *clean, struct slice *in,
                        uint8_t *to, size_t room);

#endif
