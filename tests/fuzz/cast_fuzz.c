/*
 * Recordings: whatever is in a file is the same events in one piece and byte by
 * byte; texts are UTF-8, and times do not go back. The first byte says which
 * version it is.
 */
#include "base/text.h"
#include "proto/cast/cast_reader.h"

#include <stdlib.h>

struct digest {
    uint64_t sum;
    uint64_t count;
    uint64_t skipped;
    bool is_torn;
};

static void check(bool is_right)
{
    if (!is_right)
        abort();
}

static void note(struct digest *d, enum cast_item item,
                 const struct cast_event *event, uint64_t *before_us)
{
    struct text_check utf8 = { 0 };

    d->count++;
    d->sum = d->sum * 31 + item;
    for (size_t i = 0; i < event->text.len; i++)
        d->sum = d->sum * 31 + event->text.data[i];
    if (item == CAST_HEADER)
        return;
    d->sum = d->sum * 31 + event->time_us + (uint64_t)event->code;
    check(event->code > ' ' && event->code <= '~');
    check(event->time_us >= *before_us);
    check(text_check(&utf8, event->text) && utf8.left == 0);
    *before_us = event->time_us;
}

static struct digest feed(const uint8_t *data, size_t size, unsigned version,
                          size_t step)
{
    struct digest digest = { 0 };
    uint64_t before_us = 0;
    struct cast_event event;
    struct cast_reader r;
    enum cast_item item;

    cast_reader_init(&r);
    for (size_t at = 0; at < size; at += step) {
        struct slice in =
            slice_of(data + at, size - at < step ? size - at : step);

        while ((item = cast_reader_next(&r, &in, &event)) != CAST_NEED_MORE) {
            note(&digest, item, &event, &before_us);
            if (item == CAST_HEADER)
                check(cast_reader_begin(&r, version));
        }
        check(in.len == 0);
    }
    digest.skipped = r.skipped;
    digest.is_torn = cast_reader_is_torn(&r);
    cast_reader_done(&r);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned version = size > 0 && (data[0] & 1) != 0 ? 3 : 2;
    struct digest whole, bytes;

    if (size == 0)
        return 0;
    whole = feed(data + 1, size - 1, version, size);
    bytes = feed(data + 1, size - 1, version, 1);
    check(whole.sum == bytes.sum && whole.count == bytes.count &&
          whole.skipped == bytes.skipped && whole.is_torn == bytes.is_torn);
    return 0;
}
