#include "cli/output/table.h"

#include "cli/output/out.h"
#include "cli/output/width.h"

#include <assert.h>
#include <string.h>

enum { SHORTEST = 4 }; /* of a column that is cut */

void table_fit(unsigned *widths, const bool *firm, size_t count, unsigned width)
{
    for (;;) {
        unsigned total = 0;
        size_t widest = count;

        for (size_t i = 0; i < count; i++) {
            total += widths[i] + (i > 0 ? TABLE_GAP : 0);
            if (!firm[i] && widths[i] > SHORTEST &&
                (widest == count || widths[i] > widths[widest]))
                widest = i;
        }
        if (total <= width || widest == count)
            return;
        widths[widest]--;
    }
}

struct layout {
    const struct column *column[TABLE_COLUMNS_MAX];
    unsigned width[TABLE_COLUMNS_MAX];
    size_t count;
};

static bool has_something(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) > 0
                                : value != NULL && !json_is_null(value);
}

static void lay_out(struct layout *l, const struct column *columns,
                    const json_t *rows, const struct table_style *style)
{
    bool firm[TABLE_COLUMNS_MAX];

    l->count = 0;
    for (const struct column *c = columns; c->heading != NULL; c++) {
        unsigned width = style->has_headings ? width_of(c->heading) : 1;

        bool has_any = !c->is_filled;

        if (c->is_wide && !style->is_wide)
            continue;
        assert(l->count < TABLE_COLUMNS_MAX);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            json_t *value = value_at(json_array_get(rows, i), c->path);
            unsigned w =
                width_of(value_format(value, c->kind, style->now_ms).text);

            width = w > width ? w : width;
            has_any = has_any || has_something(value);
        }
        if (!has_any)
            continue;
        firm[l->count] = c->is_firm || c->is_right;
        l->width[l->count] = width;
        l->column[l->count++] = c;
    }
    if (style->width > 0)
        table_fit(l->width, firm, l->count, style->width);
}

static void pad(unsigned columns)
{
    if (columns > 0)
        out_format("%*s", (int)columns, "");
}

static enum out_style style_of(const struct column *c, const char *text)
{
    if (!c->is_state)
        return OUT_PLAIN;
    if (strcmp(text, "connected") == 0)
        return OUT_GOOD;
    return strcmp(text, "moving") == 0 ? OUT_NOTABLE : OUT_FAINT;
}

static void print_cell(const struct layout *l, size_t i, const char *text,
                       enum out_style style)
{
    unsigned columns = width_of(text);
    unsigned room = l->width[i];
    bool is_last = i + 1 == l->count;
    bool is_cut = columns > room;

    if (i > 0)
        pad(TABLE_GAP);
    if (l->column[i]->is_right && !is_cut)
        pad(room - columns);
    out_begin(style);
    if (is_cut) {
        out_bytes(slice_of(text, width_cut(text, room - 1)));
        out_text("…");
    } else {
        out_text(text);
    }
    out_end(style);
    if (!is_last && !l->column[i]->is_right && !is_cut)
        pad(room - columns);
}

void table_print(const struct column *columns, const json_t *rows,
                 const struct table_style *style)
{
    struct layout l;

    lay_out(&l, columns, rows, style);
    for (size_t i = 0; style->has_headings && i < l.count; i++)
        print_cell(&l, i, l.column[i]->heading, OUT_HEADING);
    if (style->has_headings)
        out_text("\n");
    for (size_t row = 0; row < json_array_size(rows); row++) {
        for (size_t i = 0; i < l.count; i++) {
            const struct column *c = l.column[i];
            json_t *value = value_at(json_array_get(rows, row), c->path);
            struct value_text shown =
                value_format(value, c->kind, style->now_ms);

            print_cell(&l, i, shown.text, style_of(c, shown.text));
        }
        out_text("\n");
    }
}
