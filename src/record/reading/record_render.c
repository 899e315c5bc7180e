#include "record/reading/record_render.h"

#include "base/text.h"

#include <stdio.h>

void record_render_init(struct record_render *r, enum record_format format)
{
    *r = (struct record_render){ .format = format };
    cast_writer_init(&r->cast, format == RECORD_V3 ? 3 : 2);
    output_text_init(&r->text, OUTPUT_TEXT, false, 0, 0);
}

/* ---- the header ------------------------------------------------------- */

enum { BEGIN_MAX = 80 };

/* Of the beginning of a header of ours; 0: it is another. Behind it nothing is
 * touched, so that a conversion and its way back are equal. */
static size_t read_begin(struct slice header, unsigned *ret_columns,
                         unsigned *ret_rows)
{
    char text[BEGIN_MAX];
    int len = 0;

    snprintf(text, sizeof text, "%.*s", (int)header.len,
             (const char *)header.data);
    if (sscanf(text, "{\"version\":2,\"width\":%u,\"height\":%u,%n",
               ret_columns, ret_rows, &len) != 2 ||
        len == 0)
        (void)sscanf(text,
                     "{\"version\":3,\"term\":{\"cols\":%u,\"rows\":%u},%n",
                     ret_columns, ret_rows, &len);
    return (size_t)len;
}

static bool put_begin(bool is_v3, unsigned columns, unsigned rows,
                      struct buf *to)
{
    char text[BEGIN_MAX];

    if (is_v3)
        snprintf(text, sizeof text,
                 "{\"version\":3,\"term\":{\"cols\":%u,\"rows\":%u},", columns,
                 rows);
    else
        snprintf(text, sizeof text,
                 "{\"version\":2,\"width\":%u,\"height\":%u,", columns, rows);
    return buf_append(to, slice_of_text(text)) == 0;
}

bool record_render_header(struct record_render *r, struct slice header,
                          struct buf *to)
{
    bool is_v3 = r->format == RECORD_V3;
    unsigned columns = 0, rows = 0;
    size_t len;

    if (r->format == RECORD_TEXT)
        return true;
    len = read_begin(header, &columns, &rows);
    return len > 0 && put_begin(is_v3, columns, rows, to) &&
           buf_append(to, slice_after(header, len)) == 0 &&
           buf_append(to, slice_of("\n", 1)) == 0;
}

/* ---- events ----------------------------------------------------------- */

static void put_note(struct record_render *r, struct slice text, struct buf *to)
{
    char note[256];

    text_clean(note, sizeof note, text);
    output_text_note(&r->text, note, to);
}

static bool put_text(struct record_render *r, const struct cast_event *event,
                     struct buf *to)
{
    struct slice rest = event->text;

    if (event->code == CAST_MARKER)
        put_note(r, rest, to);
    while (event->code == CAST_OUTPUT && rest.len > 0) {
        size_t len = rest.len;

        output_text_put(&r->text, &rest, to, to->max);
        if (rest.len == len)
            return false;
    }
    return true;
}

bool record_render_event(struct record_render *r,
                         const struct cast_event *event, struct buf *to)
{
    if (r->format == RECORD_TEXT)
        return put_text(r, event, to);
    return cast_writer_put(&r->cast, to, event->code, event->time_us,
                           event->text);
}

void record_render_end(struct record_render *r, struct buf *to)
{
    if (r->format == RECORD_TEXT)
        output_text_end(&r->text, to);
}
