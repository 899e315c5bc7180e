/*
 * Whatever the output, and wherever in a ring it stands: somebody begins with a
 * line of it, and gets no more than was wished for. The first bytes say how
 * large the ring is, what is wished for, and where the output ends.
 */
#include "core/told/history.h"

#include <stdlib.h>

enum { HEAD = 5 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool begins_line(const uint8_t *output, uint64_t at)
{
    return at == 0 || output[at - 1] == '\n';
}

/* Of the ring's first byte it does not show what was before it. */
static void check(const struct ring *r, const uint8_t *output, uint64_t end,
                  const struct history_wish *wish)
{
    uint64_t tail = ring_tail(r);
    uint64_t at = history_start(r, end, wish);
    uint32_t lines = 0;
    bool any_begins = false;

    require(at <= end);
    if (at == end)
        return;
    require(at >= tail && end - at <= wish->bytes && wish->lines > 0);
    for (uint64_t i = at; i < end; i++) {
        bool begins = begins_line(output, i);

        lines += begins || i == at;
        any_begins |= begins;
    }
    require(lines <= wish->lines);
    require(begins_line(output, at) || !any_begins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history_wish wish;
    struct ring r;
    uint64_t end;

    if (size < HEAD)
        return 0;
    wish = (struct history_wish){ data[1], data[2] * 8u + data[3] % 8u };
    ring_init(&r);
    require(ring_resize(&r, 16u << data[0] % 8) == 0);
    ring_write(&r, slice_of(data + HEAD, size - HEAD));
    end = r.head - data[4] % (r.head - ring_tail(&r) + 1);
    check(&r, data + HEAD, end, &wish);
    ring_done(&r);
    return 0;
}
