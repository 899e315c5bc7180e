#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { BUF_FIRST_CAP = 64 };

void buf_init(struct buf *b, uint32_t max)
{
    *b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ .max = b->max };
}

static int buf_grow(struct buf *b, size_t needed)
{
    size_t cap = b->cap > 0 ? b->cap : BUF_FIRST_CAP;
    uint8_t *data;

    while (cap < needed)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    data = malloc(cap);
    if (data == NULL)
        return -1;
    if (b->len > 0)
        memcpy(data, b->data + b->start, b->len);
    free(b->data);
    b->data = data;
    b->start = 0;
    b->cap = (uint32_t)cap;
    return 0;
}

uint8_t *buf_reserve(struct buf *b, size_t len)
{
    size_t needed = b->len + len;

    if (len > b->max || needed > b->max)
        return NULL;
    if (needed > b->cap) {
        if (buf_grow(b, needed) < 0)
            return NULL;
    } else if (b->start + needed > b->cap) {
        memmove(b->data, b->data + b->start, b->len);
        b->start = 0;
    }
    return b->data + b->start + b->len;
}

void buf_added(struct buf *b, size_t len)
{
    assert((size_t)b->start + b->len + len <= b->cap);
    b->len += (uint32_t)len;
}

int buf_append(struct buf *b, struct slice bytes)
{
    uint8_t *room;

    if (bytes.len == 0)
        return 0;
    if (bytes.len > b->max || b->len + bytes.len > b->max)
        return -ENOBUFS;
    room = buf_reserve(b, bytes.len);
    if (room == NULL)
        return -ENOMEM;
    memcpy(room, bytes.data, bytes.len);
    buf_added(b, bytes.len);
    return 0;
}

int buf_append_secret(struct buf *b, struct slice bytes)
{
    struct buf larger;
    int failure;

    if (b->len + bytes.len <= b->cap)
        return buf_append(b, bytes);
    if (bytes.len > b->max - b->len)
        return -ENOBUFS;
    buf_init(&larger, b->max);
    if (buf_reserve(&larger, b->len + bytes.len) == NULL)
        return -ENOMEM;
    failure = buf_append(&larger, buf_bytes(b));
    if (failure == 0)
        failure = buf_append(&larger, bytes);
    assert(failure == 0); /* there is room for both */
    buf_done_secret(b);
    *b = larger;
    return failure;
}

void buf_done_secret(struct buf *b)
{
    if (b->data != NULL)
        explicit_bzero(b->data, b->cap);
    buf_done(b);
}

void buf_take(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->start += (uint32_t)len;
    b->len -= (uint32_t)len;
    if (b->len == 0)
        buf_done(b);
}

void buf_cut(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len = (uint32_t)len;
    if (b->len == 0)
        buf_done(b);
}
