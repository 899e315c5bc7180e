/*
 * What of a recording a terminal is given: the same in one piece and byte by
 * byte, and again all of it when it is filtered once more; and nothing in it
 * makes a terminal answer.
 */
#include "cli/play/screen_filter.h"

#include <stdlib.h>

enum { OUT_MAX = 4 * 1024 * 1024 };

static void check(bool is_right)
{
    if (!is_right)
        abort();
}

static void feed(struct slice in, size_t step, struct buf *to)
{
    struct screen_filter f;

    buf_init(to, OUT_MAX);
    screen_filter_init(&f);
    while (in.len > 0) {
        size_t len = in.len < step ? in.len : step;

        check(screen_filter_put(&f, slice_of(in.data, len), to));
        in = slice_after(in, len);
    }
}

/* ENQ, C1, and ESC with anything but what is known. */
static void look(struct slice out)
{
    for (size_t i = 0; i < out.len; i++) {
        uint8_t byte = out.data[i];
        uint8_t next = i + 1 < out.len ? out.data[i + 1] : 0;

        check(byte >= 0x20 || byte == 0x1b || (byte >= 7 && byte <= 15));
        check(byte != 0xc2 || next >= 0xa0);
        check(byte != 0x1b || strchr("[78DEHMc=>()*+#", next) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of(data, size);
    struct buf whole, bytes, again;

    feed(in, size > 0 ? size : 1, &whole);
    feed(in, 1, &bytes);
    feed(buf_bytes(&whole), 7, &again);
    check(slice_is_equal(buf_bytes(&whole), buf_bytes(&bytes)));
    check(slice_is_equal(buf_bytes(&whole), buf_bytes(&again)));
    look(buf_bytes(&whole));
    buf_done(&whole);
    buf_done(&bytes);
    buf_done(&again);
    return 0;
}
