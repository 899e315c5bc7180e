/*
 * throttle.h - what may be told once a second, however often it happens: the
 * next that is told says how many were not.
 *
 * Reads no clock. All zero is a throttle that nothing has passed.
 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
    uint32_t passed_s; /* when, plus one; 0: never */
    uint32_t left_out; /* since */
};

/* True: it may be told, and with it that *ret_left_out were not. */
static inline bool throttle_passes(struct throttle *t, uint64_t now_us,
                                   uint32_t *ret_left_out)
{
    uint32_t now_s = (uint32_t)(now_us / (1000 * 1000)) + 1;

    if (t->passed_s == now_s) {
        t->left_out++;
        return false;
    }
    *ret_left_out = t->left_out;
    *t = (struct throttle){ .passed_s = now_s };
    return true;
}

#endif
