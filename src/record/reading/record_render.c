#include "record/reading/record_render.h"

#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>

void record_render_init(struct record_render *r, enum record_format format)
{
    *r = (struct record_render){ .format = format };
    cast_writer_init(&r->cast, format == RECORD_V3 ? 3 : 2);
    output_text_init(&r->text, OUTPUT_TEXT, false, 0, 0);
}

/* ---- the header ------------------------------------------------------- */

static json_t *first_of(const json_t *a, const char *a_name, const json_t *b,
                        const char *b_name)
{
    json_t *value = json_object_get(a, a_name);

    return value != NULL ? value : json_object_get(b, b_name);
}

static void put_window(json_t *made, const json_t *root, bool is_v3)
{
    const json_t *term = json_object_get(root, "term");
    json_t *columns = first_of(root, "width", term, "cols");
    json_t *rows = first_of(root, "height", term, "rows");

    if (is_v3) {
        (void)json_object_set_new(
            made, "term",
            json_pack("{s:O, s:O}", "cols", columns, "rows", rows));
        return;
    }
    (void)json_object_set(made, "width", columns);
    (void)json_object_set(made, "height", rows);
}

/* Its members in the order of our own files; others behind them. */
static json_t *convert(const json_t *root, bool is_v3)
{
    json_t *made = json_object();
    const char *name;
    json_t *value;

    (void)json_object_set_new(made, "version", json_integer(is_v3 ? 3 : 2));
    put_window(made, root, is_v3);
    json_object_foreach ((json_t *)(uintptr_t)root, name, value) {
        if (strcmp(name, "version") != 0 && strcmp(name, "width") != 0 &&
            strcmp(name, "height") != 0 && strcmp(name, "term") != 0)
            (void)json_object_set(made, name, value);
    }
    return made;
}

static bool put_converted(const json_t *root, bool is_v3, struct buf *to)
{
    json_t *made = convert(root, is_v3);
    char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(15));
    bool is_put = text != NULL && buf_append(to, slice_of_text(text)) == 0;

    free(text);
    json_decref(made);
    return is_put;
}

bool record_render_header(struct record_render *r, struct slice header,
                          struct buf *to)
{
    bool is_v3 = r->format == RECORD_V3;
    json_t *root;
    bool is_put;

    if (r->format == RECORD_TEXT)
        return true;
    root =
        json_loadb((const char *)header.data, header.len, JSON_ALLOW_NUL, NULL);
    if (json_integer_value(json_object_get(root, "version")) == (is_v3 ? 3 : 2))
        is_put = buf_append(to, header) == 0;
    else
        is_put = put_converted(root, is_v3, to);
    json_decref(root);
    return is_put && buf_append(to, slice_of("\n", 1)) == 0;
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
