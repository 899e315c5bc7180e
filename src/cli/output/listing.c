#include "cli/output/listing.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/common/say.h"
#include "cli/output/details.h"
#include "cli/output/out.h"

#include <stdlib.h>
#include <string.h>

bool listing_parse_form(const char *text, enum listing_form *ret,
                        struct err *err)
{
    static const char *const names[] = {
        [LISTING_TABLE] = "table", [LISTING_WIDE] = "wide",
        [LISTING_JSON] = "json",   [LISTING_JSONL] = "jsonl",
        [LISTING_NAME] = "name",
    };

    *ret = LISTING_TABLE;
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret = (enum listing_form)i;
            return true;
        }
    }
    err_set(err, "-o %.40s: expected " LISTING_FORMS, text);
    return false;
}

/* Names are shown as letters, but for what a terminal would act on: JSON
 * escapes control characters itself, all but DEL and C1. */
static void print_json(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, flags | JSON_ENCODE_ANY);
    char *line;

    if (text != NULL && out_is_terminal()) {
        line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        if (line == NULL || !text_is_visible(line)) {
            free(text);
            text =
                json_dumps(value, flags | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        }
        free(line);
    }
    if (text == NULL)
        mem_end();
    out_text(text);
    out_text("\n");
    free(text);
}

static void print_name(const json_t *item, const char *path)
{
    out_text(value_format(value_at(item, path), VALUE_TEXT, 0).text);
    out_text("\n");
}

void listing_print(const struct listing *l, const json_t *answer,
                   enum listing_form form, bool has_headings)
{
    const json_t *items = json_object_get(answer, "items");
    long long hidden = json_integer_value(json_object_get(answer, "hidden"));
    const struct table_style style = {
        .is_wide = form == LISTING_WIDE,
        .has_headings = has_headings,
        .width = form == LISTING_WIDE ? 0 : out_columns(),
        .now_ms = clock_utc_ms(),
    };

    switch (form) {
    case LISTING_TABLE:
    case LISTING_WIDE:
        table_print(l->columns, items, &style);
        break;
    case LISTING_JSON:
        print_json(answer, JSON_INDENT(2));
        break;
    case LISTING_JSONL:
        for (size_t i = 0; i < json_array_size(items); i++)
            print_json(json_array_get(items, i), JSON_COMPACT);
        break;
    case LISTING_NAME:
        for (size_t i = 0; i < json_array_size(items); i++)
            print_name(json_array_get(items, i), l->name_path);
        break;
    }
    out_flush();
    if (hidden > 0)
        say_news("%lld more may not be read by you", hidden);
}

void listing_print_one(const json_t *object, enum listing_form form,
                       const char *name_path)
{
    switch (form) {
    case LISTING_TABLE:
    case LISTING_WIDE:
        details_print(object);
        break;
    case LISTING_JSON:
        print_json(object, JSON_INDENT(2));
        break;
    case LISTING_JSONL:
        print_json(object, JSON_COMPACT);
        break;
    case LISTING_NAME:
        print_name(object, name_path);
        break;
    }
    out_flush();
}
