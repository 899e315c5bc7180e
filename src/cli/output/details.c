#include "cli/output/details.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/output/out.h"
#include "cli/output/value.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* JSON of a server is no deeper; what is, is left out. */
enum { DEPTH_MAX = 6, INDENT = 2 };

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Lines of its own. */
static bool is_block(const json_t *value)
{
    return (json_is_object(value) && json_object_size(value) > 0) ||
           (json_is_array(value) && json_is_object(json_array_get(value, 0)));
}

/* With what a person would have to work out. */
static void print_value(const char *key, const json_t *value)
{
    int64_t now_ms = clock_utc_ms();
    struct value_text text = value_format(value, VALUE_TEXT, now_ms);
    int64_t time_ms;

    out_text(text.text);
    if (json_is_string(value) &&
        value_time_ms(json_string_value(value), &time_ms)) {
        if (time_ms <= now_ms)
            out_format(" (%s ago)",
                       value_format(value, VALUE_AGO, now_ms).text);
    } else if (ends_with(key, "bytes") && json_is_integer(value) &&
               json_integer_value(value) >= 1024) {
        out_format(" (%s)", value_format(value, VALUE_BYTES, now_ms).text);
    }
    out_text("\n");
}

/* An object on its way: where its next line comes from. */
struct level {
    json_t *object;
    void *next;    /* its next member; NULL: none */
    json_t *list;  /* that it is an item of; NULL: none */
    size_t at;     /* behind it in the list */
    size_t widest; /* of its keys */
    bool is_first; /* nothing of it was printed */
};

static void enter_object(struct level *l, json_t *object)
{
    const char *key;
    json_t *value;

    l->object = object;
    l->next = json_object_iter(object);
    l->widest = 0;
    l->is_first = true;
    json_object_foreach (object, key, value) {
        if (!is_block(value) && strlen(key) > l->widest)
            l->widest = strlen(key);
    }
}

static void enter_block(struct level *l, json_t *value)
{
    l->list = json_is_array(value) ? value : NULL;
    l->at = 1;
    enter_object(l, l->list != NULL ? json_array_get(value, 0) : value);
}

/* One member; returns its value if that is a block, which is not printed. */
static json_t *print_member(struct level *l, unsigned depth)
{
    const char *key = json_object_iter_key(l->next);
    json_t *value = json_object_iter_value(l->next);
    char name[64];

    (void)text_clean(name, sizeof name, slice_of_text(key));
    if (l->list != NULL)
        out_format("%*s%s", (int)(depth * INDENT - INDENT), "",
                   l->is_first ? "- " : "  ");
    else
        out_format("%*s", (int)(depth * INDENT), "");
    l->is_first = false;
    l->next = json_object_iter_next(l->object, l->next);
    out_begin(OUT_HEADING);
    out_format("%s:", name);
    out_end(OUT_HEADING);
    if (is_block(value)) {
        out_text("\n");
        return value;
    }
    out_format("%*s", (int)(l->widest - strlen(key)) + 1, "");
    print_value(key, value);
    return NULL;
}

void details_print(const json_t *object)
{
    struct level levels[DEPTH_MAX];
    unsigned depth = 0;

    enter_block(&levels[0], (json_t *)(uintptr_t)object);
    for (;;) {
        struct level *l = &levels[depth];
        json_t *block;

        if (l->next != NULL) {
            block = print_member(l, depth);
            if (block != NULL && depth + 1 < DEPTH_MAX)
                enter_block(&levels[++depth], block);
        } else if (l->list != NULL && l->at < json_array_size(l->list)) {
            enter_object(l, json_array_get(l->list, l->at++));
        } else if (depth-- == 0) {
            return;
        }
    }
}
