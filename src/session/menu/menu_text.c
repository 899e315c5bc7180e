#include "session/menu/menu_text.h"

#include "base/text.h"

/* Sorted. What a name may be made of in most of the world, as far as terminals
 * agree: letters without marks that combine, ideographs, syllables, emoji of
 * the first generations. */
static const struct {
    uint32_t first, last;
    unsigned columns;
} widths[] = {
    { 0x20, 0x7e, 1 },       { 0xa1, 0xac, 1 },       { 0xae, 0x2ff, 1 },
    { 0x370, 0x482, 1 },     { 0x48a, 0x58f, 1 },     { 0x5d0, 0x5ea, 1 },
    { 0x620, 0x64a, 1 },     { 0x10a0, 0x10ff, 1 },   { 0x1100, 0x115e, 2 },
    { 0x1e00, 0x1fff, 1 },   { 0x2010, 0x2027, 1 },   { 0x2030, 0x205e, 1 },
    { 0x2070, 0x20bf, 1 },   { 0x2100, 0x22ff, 1 },   { 0x2500, 0x259f, 1 },
    { 0x2e80, 0x2ffb, 2 },   { 0x3001, 0x3029, 2 },   { 0x3041, 0x3096, 2 },
    { 0x309b, 0x3163, 2 },   { 0x3165, 0x33ff, 2 },   { 0x3400, 0x4dbf, 2 },
    { 0x4e00, 0x9fff, 2 },   { 0xa000, 0xa4c6, 2 },   { 0xac00, 0xd7a3, 2 },
    { 0xf900, 0xfaff, 2 },   { 0xff01, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 },
    { 0x1f300, 0x1f320, 2 }, { 0x1f330, 0x1f335, 2 }, { 0x1f400, 0x1f43e, 2 },
    { 0x1f600, 0x1f64f, 2 }, { 0x1f680, 0x1f6c5, 2 }, { 0x20000, 0x2fffd, 2 },
};

unsigned menu_text_columns(uint32_t code)
{
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (code >= widths[i].first && code <= widths[i].last)
            return widths[i].columns;
    }
    return 0;
}

/* One character of the front of *rest, and the columns that it takes. */
static struct slice next_character(struct slice *rest, unsigned *ret_columns)
{
    uint32_t code = 0;
    size_t len = text_character(*rest, &code);
    struct slice character = slice_of(rest->data, len);

    *ret_columns = len > 0 ? menu_text_columns(code) : 0;
    *rest = slice_after(*rest, len > 0 ? len : 1);
    if (*ret_columns > 0)
        return character;
    *ret_columns = 1;
    return slice_of("?", 1);
}

unsigned menu_text_width(const char *text)
{
    struct slice rest = slice_of_text(text);
    unsigned sum = 0;

    while (rest.len > 0) {
        unsigned columns;

        (void)next_character(&rest, &columns);
        sum += columns;
    }
    return sum;
}

static int put_blanks(struct buf *out, unsigned count)
{
    static const char blanks[] = "                                ";
    int r = 0;

    while (count > 0 && r == 0) {
        unsigned some =
            count < sizeof blanks - 1 ? count : (unsigned)sizeof blanks - 1;

        r = buf_append(out, slice_of(blanks, some));
        count -= some;
    }
    return r;
}

int menu_text_put(struct buf *out, const char *text, unsigned columns)
{
    struct slice rest = slice_of_text(text);
    bool is_cut = menu_text_width(text) > columns;
    unsigned room = is_cut && columns > 0 ? columns - 1 : columns;
    unsigned used = 0;
    int r = 0;

    while (rest.len > 0 && r == 0) {
        unsigned wide;
        struct slice character = next_character(&rest, &wide);

        if (used + wide > room)
            break;
        r = buf_append(out, character);
        used += wide;
    }
    if (r == 0 && is_cut && columns > 0) {
        r = buf_append(out, slice_of("+", 1));
        used++;
    }
    return r < 0 ? r : put_blanks(out, columns - used);
}
