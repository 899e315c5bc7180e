#include "record/reading/record_facts.h"

#include "proto/cast/cast_reader.h"

#include <jansson.h>

enum {
    WINDOW_MAX = 10000, /* columns, rows */
    US_PER_S = 1000 * 1000,
};

/* False: there is no such text. */
static bool read_text(const json_t *object, const char *name,
                      char to[TEXT_ID_MAX + 1])
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);

    if (text == NULL)
        return false;
    text_clean(to, TEXT_ID_MAX + 1, slice_of(text, json_string_length(value)));
    return true;
}

static uint64_t read_count(const json_t *object, const char *name, uint64_t max)
{
    json_int_t count = json_integer_value(json_object_get(object, name));

    if (count < 0)
        return 0;
    return (uint64_t)count < max ? (uint64_t)count : max;
}

static uint64_t read_seconds(const json_t *object, const char *name)
{
    double s = json_number_value(json_object_get(object, name));

    if (!(s >= 0))
        return 0;
    if (s > CAST_SECONDS_MAX)
        s = CAST_SECONDS_MAX;
    return (uint64_t)(s * US_PER_S + 0.5);
}

static bool read_reason(const json_t *ours, enum record_reason *ret)
{
    const char *text = json_string_value(json_object_get(ours, "reason"));

    for (int i = RECORD_RULE; text != NULL && i <= RECORD_DEMAND; i++) {
        if (strcmp(text, record_reason_name((enum record_reason)i)) != 0)
            continue;
        *ret = (enum record_reason)i;
        return true;
    }
    return false;
}

static void read_window(struct record_facts *f, const json_t *root)
{
    const json_t *window =
        f->version == 3 ? json_object_get(root, "term") : root;

    f->columns = (uint32_t)read_count(
        window, f->version == 3 ? "cols" : "width", WINDOW_MAX);
    f->rows = (uint32_t)read_count(window, f->version == 3 ? "rows" : "height",
                                   WINDOW_MAX);
}

static bool read_all(struct record_facts *f, const json_t *root)
{
    const json_t *ours = json_object_get(root, "vspcd");

    f->version = (unsigned)read_count(root, "version", 4);
    if ((f->version != 2 && f->version != 3) ||
        !read_text(ours, "uuid", f->uuid) || !read_text(ours, "name", f->name))
        return false;
    if (!read_text(ours, "label", f->label) || !read_text(ours, "by", f->by) ||
        !read_reason(ours, &f->reason))
        return false;
    read_window(f, root);
    f->timestamp_s = (int64_t)read_count(root, "timestamp", INT32_MAX * 8ULL);
    f->has_input = json_is_true(json_object_get(ours, "input"));
    f->offset_us = read_seconds(ours, "offset");
    f->gaps = read_count(ours, "gaps", INT64_MAX);
    f->missing = read_count(ours, "missing", INT64_MAX);
    return true;
}

bool record_facts_read(struct record_facts *ret, struct slice header)
{
    struct record_facts facts = { .version = 0 };
    json_t *root =
        json_loadb((const char *)header.data, header.len, JSON_ALLOW_NUL, NULL);
    bool is_ours = root != NULL && read_all(&facts, root);

    json_decref(root);
    if (is_ours)
        *ret = facts;
    return is_ours;
}
