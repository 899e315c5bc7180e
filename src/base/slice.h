/*
 * slice.h - a borrowed run of bytes: a pointer and a length.
 *
 * Owns nothing. The function that returns a slice says how long it stays valid.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;          /* bytes */
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){ .data = data, .len = len };
}

static inline struct slice slice_of_text(const char *text)
{
    return slice_of(text, strlen(text));
}

/* The bytes behind the first n; n must not exceed s.len. */
static inline struct slice slice_after(struct slice s, size_t n)
{
    return n == 0 ? s : slice_of(s.data + n, s.len - n);
}

static inline bool slice_is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Compares secrets: the time depends on the lengths alone, not on the
 * content. */
static inline bool slice_is_same_secret(struct slice a, struct slice b)
{
    volatile uint8_t different = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        different = (uint8_t)(different | (a.data[i] ^ b.data[i]));
    return different == 0;
}

#endif
