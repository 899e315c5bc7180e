#include "cli/output/width.h"

#include "base/text.h"

#include <wchar.h>

/* Walks over text while it has at most max columns. */
static size_t walk(const char *text, unsigned max, unsigned *ret_columns)
{
    struct slice rest = slice_of_text(text);
    unsigned columns = 0;

    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);
        int wide = len > 1 ? wcwidth((wchar_t)code) : 1;
        unsigned more = wide >= 0 ? (unsigned)wide : 1;

        if (columns + more > max)
            break;
        columns += more;
        rest = slice_after(rest, len > 0 ? len : 1);
    }
    *ret_columns = columns;
    return (size_t)(rest.data - (const uint8_t *)text);
}

unsigned width_of(const char *text)
{
    unsigned columns;

    (void)walk(text, ~0U, &columns);
    return columns;
}

size_t width_cut(const char *text, unsigned columns)
{
    unsigned used;

    return walk(text, columns, &used);
}
