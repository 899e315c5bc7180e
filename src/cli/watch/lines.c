#include "cli/watch/lines.h"

#include <string.h>

enum { MARK = 2 * LINES_MAX };

void lines_init(struct lines *l, lines_fn *on_line, void *owner)
{
    *l = (struct lines){ .on_line = on_line, .owner = owner };
    output_text_init(&l->text, OUTPUT_TEXT, false, 0, 0);
    buf_init(&l->shown, MARK + OUTPUT_TEXT_ROOM);
}

void lines_done(struct lines *l)
{
    buf_done(&l->shown);
}

/* Up to the end of a character. */
static size_t cut(struct slice text)
{
    size_t len = LINES_MAX;

    while (len > LINES_MAX - 3 && (text.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void take_lines(struct lines *l)
{
    while (l->shown.len > 0) {
        struct slice text = buf_bytes(&l->shown);
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
        bool is_whole = end != NULL && len <= LINES_MAX;

        if (!is_whole && len <= LINES_MAX)
            return;
        if (!is_whole)
            len = cut(text);
        l->on_line(l->owner, slice_of(text.data, len));
        buf_take(&l->shown, is_whole ? len + 1 : len);
    }
}

void lines_feed(struct lines *l, struct slice bytes)
{
    while (bytes.len > 0) {
        output_text_put(&l->text, &bytes, &l->shown, MARK);
        take_lines(l);
    }
}

void lines_end(struct lines *l)
{
    struct slice rest;

    output_text_end(&l->text, &l->shown);
    take_lines(l);
    rest = buf_bytes(&l->shown);
    if (rest.len > 0)
        l->on_line(l->owner, rest);
    buf_take(&l->shown, rest.len);
}
