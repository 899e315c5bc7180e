/*
 * buf.h - a bounded queue of bytes: appended at the end, taken off the front.
 *
 * Holds no memory while it is empty, so an idle connection pays for none.
 * The owner of the struct owns its memory and calls buf_done. Lengths are in
 * bytes. The maximum is fixed at buf_init: no queue grows without one.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
    uint8_t *data;
    uint32_t start; /* first byte that was not taken */
    uint32_t len;
    uint32_t cap;
    uint32_t max;
};

void buf_init(struct buf *b, uint32_t max);
void buf_done(struct buf *b);

/*
 * Appends all of bytes or nothing. -ENOBUFS: the content would exceed the
 * maximum. -ENOMEM: no memory. The buffer is unchanged after a failure.
 */
int buf_append(struct buf *b, struct slice bytes);

/* As buf_append and buf_done, for a buffer that may have a secret in it: memory
 * is wiped before it is freed. What was taken off its front is wiped then, too,
 * if buf_take does not take all. */
int buf_append_secret(struct buf *b, struct slice bytes);
void buf_done_secret(struct buf *b);

/*
 * Makes room for len more bytes behind the content and returns where to write
 * them. NULL: len would exceed the maximum, or there is no memory. buf_added
 * appends the bytes that were written there.
 */
uint8_t *buf_reserve(struct buf *b, size_t len);
void buf_added(struct buf *b, size_t len);

/* Takes len bytes off the front; frees the memory when nothing is left. */
void buf_take(struct buf *b, size_t len);

/* Takes away all behind the first len bytes, which is no more than there is. */
void buf_cut(struct buf *b, size_t len);

/* Good until the next call that changes the buffer. */
static inline struct slice buf_bytes(const struct buf *b)
{
    return slice_of(b->len > 0 ? b->data + b->start : NULL, b->len);
}

#endif
