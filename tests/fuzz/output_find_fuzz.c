/*
 * A text in a console's output: in any pieces, it is found at the same bytes,
 * which rise, and what is shown is UTF-8 that has it.
 *
 * The first byte has whether lines have times, and the length of the pieces;
 * then what is looked for, up to a NUL; then the output.
 */
#include "base/text.h"
#include "proto/text/output_find.h"

#include <stdlib.h>
#include <string.h>

enum { AT = 7, SUM_PRIME = 31 };

struct found {
    uint64_t count, sum, last;
};

static void note(struct found *found, const struct output_find_hit *hit,
                 uint64_t end)
{
    struct slice line = slice_of_text(hit->line);

    if (hit->at < AT || hit->at >= end ||
        (found->count > 0 && hit->at <= found->last))
        abort();
    found->last = hit->at;
    found->count++;
    found->sum = found->sum * SUM_PRIME + hit->at;
    while (line.len > 0) {
        uint32_t code;
        size_t len = text_character(line, &code);

        found->sum = found->sum * SUM_PRIME + line.data[0];
        if (len == 0 || code == '\n')
            abort();
        line = slice_after(line, len);
    }
}

static struct found find(const char *text, bool is_stamped, struct slice in,
                         size_t piece)
{
    struct found found = { 0 };
    uint64_t end = AT + in.len;
    struct output_find f;
    struct output_find_hit hit;

    output_find_init(&f, text, is_stamped, AT, false);
    while (in.len > 0) {
        struct slice rest = slice_of(in.data, in.len < piece ? in.len : piece);

        in = slice_after(in, rest.len);
        while (rest.len > 0) {
            if (output_find_put(&f, &rest, &hit))
                note(&found, &hit, end);
        }
    }
    if (output_find_end(&f, &hit))
        note(&found, &hit, end);
    output_find_done(&f);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 1 ? memchr(data + 1, '\0', size - 1) : NULL;
    struct found whole, pieces;
    struct slice output;
    char text[OUTPUT_FIND_TEXT_MAX + 1];

    if (end == NULL)
        return 0;
    (void)text_clean(text, sizeof text,
                     slice_of(data + 1, (size_t)(end - data) - 1));
    output = slice_of(end + 1, size - (size_t)(end - data) - 1);
    whole = find(text, (data[0] & 1) != 0, output, size);
    pieces = find(text, (data[0] & 1) != 0, output, 1 + (data[0] >> 1));
    if (whole.count != pieces.count || whole.sum != pieces.sum)
        abort();
    return 0;
}
