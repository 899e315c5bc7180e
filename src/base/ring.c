#include "base/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

void ring_init(struct ring *r)
{
    *r = (struct ring){ 0 };
}

void ring_done(struct ring *r)
{
    free(r->data);
    *r = (struct ring){ 0 };
}

void ring_clear(struct ring *r)
{
    uint64_t head = r->head;

    ring_done(r);
    r->head = head;
}

/* Copies bytes to the places of these positions; at most one capacity of
 * bytes. */
static void ring_put(struct ring *r, uint64_t at, struct slice bytes)
{
    size_t offset = (size_t)(at & (r->cap - 1));
    size_t run = r->cap - offset;

    if (run > bytes.len)
        run = bytes.len;
    memcpy(r->data + offset, bytes.data, run);
    if (run < bytes.len)
        memcpy(r->data, bytes.data + run, bytes.len - run);
}

int ring_resize(struct ring *r, uint32_t cap)
{
    struct ring resized = { .head = r->head, .cap = cap, .len = r->len };
    struct ring_span kept;
    uint64_t at;

    assert(cap > 0 && (cap & (cap - 1)) == 0);
    if (resized.len > cap)
        resized.len = cap;
    /* Zeroed, because telnet_copy_data merges what it writes with what is in
     * memory, and a memory checker cannot see that this changes nothing. */
    resized.data = calloc(1, cap);
    if (resized.data == NULL)
        return -ENOMEM;
    at = ring_tail(&resized);
    ring_peek(r, &at, &kept);
    for (size_t i = 0; i < 2; i++) {
        if (kept.part[i].len == 0)
            continue;
        ring_put(&resized, at, kept.part[i]);
        at += kept.part[i].len;
    }
    free(r->data);
    *r = resized;
    return 0;
}

void ring_write(struct ring *r, struct slice bytes)
{
    uint64_t skipped = 0;

    /* Only the last cap bytes can stay. */
    if (bytes.len > r->cap)
        skipped = bytes.len - r->cap;
    if (r->cap > 0 && bytes.len > 0)
        ring_put(r, r->head + skipped, slice_after(bytes, (size_t)skipped));
    ring_wrote(r, bytes.len);
}

uint8_t *ring_reserve(struct ring *r, size_t *ret_room)
{
    size_t offset = r->cap > 0 ? (size_t)(r->head & (r->cap - 1)) : 0;

    *ret_room = r->cap - offset;
    return *ret_room > 0 ? r->data + offset : NULL;
}

void ring_wrote(struct ring *r, size_t len)
{
    r->head += len;
    if (len >= r->cap - r->len)
        r->len = r->cap;
    else
        r->len += (uint32_t)len;
}

uint64_t ring_peek(const struct ring *r, uint64_t *at, struct ring_span *ret)
{
    uint64_t tail = ring_tail(r);
    uint64_t lost = *at < tail ? tail - *at : 0;
    size_t offset;
    size_t len;
    size_t run;

    assert(*at <= r->head);
    *at += lost;
    len = (size_t)(r->head - *at);
    *ret = (struct ring_span){ 0 };
    if (len == 0)
        return lost;
    offset = (size_t)(*at & (r->cap - 1));
    run = r->cap - offset;
    if (run > len)
        run = len;
    ret->part[0] = slice_of(r->data + offset, run);
    ret->part[1] = slice_of(r->data, len - run);
    return lost;
}
