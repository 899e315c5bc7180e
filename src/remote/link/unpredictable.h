/*
 * unpredictable.h - bytes that nobody can predict, from the kernel: masks,
 * keys and labels of connections, and pauses that spread.
 */
#ifndef REMOTE_LINK_UNPREDICTABLE_H
#define REMOTE_LINK_UNPREDICTABLE_H

#include <stdlib.h>
#include <sys/random.h>

/* For so few bytes, getrandom(2) can only fail by our own mistake. */
static inline void unpredictable_fill(void *to, size_t len)
{
    if (getrandom(to, len, 0) != (ssize_t)len)
        abort();
}

#endif
