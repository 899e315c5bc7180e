/*
 * A console's output as text: in any pieces it becomes the same, and the text
 * is UTF-8 without control characters.
 *
 * The first byte has the format, whether lines have times, and the length of
 * the pieces.
 */
#include "base/text.h"
#include "proto/text/output_text.h"

#include <stdlib.h>

enum { OUT_MAX = 16 * 1024 * 1024, SINCE_MS = 1000 };

static void put_all(struct output_text *t, struct slice in, size_t piece,
                    struct buf *out)
{
    while (in.len > 0 && !t->is_over) {
        struct slice rest = slice_of(in.data, in.len < piece ? in.len : piece);
        size_t len = rest.len;

        output_text_put(t, &rest, out, out->len + 100);
        if (rest.len == len && !t->is_over)
            abort();
        in = slice_after(in, len - rest.len);
    }
    output_text_end(t, out);
}

static void check_text(struct slice out)
{
    while (out.len > 0) {
        uint32_t code;
        size_t len = text_character(out, &code);

        if (len == 0 || (text_is_control(code) && code != '\n' && code != '\t'))
            abort();
        out = slice_after(out, len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct output_text whole, pieces;
    struct buf out, other;
    enum output_format format;

    if (size < 1)
        return 0;
    format = (enum output_format)(data[0] % 3);
    output_text_init(&whole, format, (data[0] & 4) != 0,
                     (data[0] & 8) != 0 ? SINCE_MS : 0, 0);
    pieces = whole;
    buf_init(&out, OUT_MAX);
    buf_init(&other, OUT_MAX);
    put_all(&whole, slice_of(data + 1, size - 1), size, &out);
    put_all(&pieces, slice_of(data + 1, size - 1), 1 + (data[0] >> 4), &other);
    if (!slice_is_equal(buf_bytes(&out), buf_bytes(&other)))
        abort();
    if (format != OUTPUT_RAW)
        check_text(buf_bytes(&out));
    buf_done(&out);
    buf_done(&other);
    return 0;
}
