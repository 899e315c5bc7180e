/* window.h - the size of a terminal's window, in characters. 0: not known. */
#ifndef BASE_WINDOW_H
#define BASE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct window {
    uint16_t columns;
    uint16_t rows;
};

static inline bool window_is_known(struct window w)
{
    return w.columns != 0 && w.rows != 0;
}

static inline bool window_is_equal(struct window a, struct window b)
{
    return a.columns == b.columns && a.rows == b.rows;
}

#endif
