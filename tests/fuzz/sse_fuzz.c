/*
 * Server-Sent Events: whatever a server sends is the same events in one piece
 * and byte by byte.
 */
#include "cli/verbs/sse.h"

#include <stdlib.h>
#include <string.h>

struct digest {
    uint64_t sum;
    size_t count;
};

static void note(void *owner, const struct sse_event *event)
{
    struct digest *d = owner;

    d->count++;
    for (size_t i = 0; i < event->data.len; i++)
        d->sum = d->sum * 31 + event->data.data[i];
    for (const char *c = event->kind; *c != '\0'; c++)
        d->sum = d->sum * 33 + (unsigned char)*c;
}

static struct digest feed(const uint8_t *data, size_t size, size_t step)
{
    struct digest digest = { 0 };
    struct sse s;

    sse_init(&s, note, &digest);
    for (size_t at = 0; at < size; at += step)
        sse_feed(&s, slice_of(data + at, size - at < step ? size - at : step));
    sse_done(&s);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct digest whole = feed(data, size, size > 0 ? size : 1);
    struct digest bytes = feed(data, size, 1);

    if (whole.sum != bytes.sum || whole.count != bytes.count)
        abort();
    return 0;
}
