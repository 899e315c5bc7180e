/*
 * proof.h - a stream of bytes that proves itself: whoever knows its number
 * knows each of its bytes, so nothing can be lost, doubled, changed or moved
 * unseen. All byte values come, telnet's 255 too. Pure.
 */
#ifndef VM_REHEARSE_STAGE_PROOF_H
#define VM_REHEARSE_STAGE_PROOF_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proof {
    uint64_t number; /* of the stream */
    uint64_t at;     /* position of the next byte */
    bool is_broken;  /* a byte was not the one that belongs there: at is its
                      * position, and nothing more is looked at */
};

/* Copies the bytes from at on, without going on. */
void proof_copy(const struct proof *p, uint8_t *to, size_t len);

/* Looks at the next bytes, and goes on behind them. */
void proof_check(struct proof *p, struct slice bytes);

#endif
