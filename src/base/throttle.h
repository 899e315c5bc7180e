/*
 * throttle.h - lets something be reported at most once a second. The next
 * report has the number of those that were left out.
 *
 * Reads no clock. Zeroed before use.
 */
#ifndef BASE_THROTTLE_H
#define BASE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct throttle {
    uint32_t passed_s; /* second of the last report, plus one; 0: none */
    uint32_t left_out; /* since the last report */
};

/* True: report it; *ret_left_out were left out before. */
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
