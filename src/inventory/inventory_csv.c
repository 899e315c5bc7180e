#include "inventory/inventory_csv.h"

const char *inventory_csv_state_name(enum inventory_csv_state state)
{
    switch (state) {
    case INVENTORY_CSV_BEGIN:
        return "begin";
    case INVENTORY_CSV_PLAIN:
        return "plain";
    case INVENTORY_CSV_QUOTED:
        return "quoted";
    case INVENTORY_CSV_QUOTE:
        return "quote";
    case INVENTORY_CSV_RETURN:
        return "return";
    }
    return "?";
}

void inventory_csv_init(struct inventory_csv *csv,
                        struct inventory_build *build)
{
    csv->build = build;
    csv->why = NULL;
    csv->line = 1;
    csv->state = INVENTORY_CSV_BEGIN;
    csv->has_header = false;
    csv->is_cut = false;
    csv->column_count = 0;
    csv->at = 0;
    csv->len = 0;
    inventory_draft_begin(&csv->draft, 1);
}

static bool fail(struct inventory_csv *csv, const char *why)
{
    csv->why = why;
    return false;
}

/* ---- fields and lines ---------------------------------------------------- */

static bool add_column(struct inventory_csv *csv, struct slice name)
{
    enum inventory_field field = inventory_field_of(name);

    if (csv->at == INVENTORY_COLUMNS_MAX)
        return fail(csv, "there are more than 64 columns");
    for (unsigned i = 0; i < csv->at; i++) {
        if (field != INVENTORY_FIELDS && csv->column[i] == field)
            return fail(csv, "a column is there twice");
    }
    csv->column[csv->at++] = field;
    return true;
}

static bool end_field(struct inventory_csv *csv)
{
    struct slice text = slice_of(csv->text, csv->len);
    bool is_cut = csv->is_cut;

    csv->len = 0;
    csv->is_cut = false;
    csv->state = INVENTORY_CSV_BEGIN;
    if (!csv->has_header)
        return add_column(csv, text);
    if (csv->at < csv->column_count && csv->column[csv->at] != INVENTORY_FIELDS)
        inventory_draft_set(&csv->draft, csv->column[csv->at], text, is_cut);
    /* A line of very many fields is no reason to count on. */
    if (csv->at <= INVENTORY_COLUMNS_MAX)
        csv->at++;
    return true;
}

static bool end_header(struct inventory_csv *csv)
{
    csv->has_header = true;
    csv->column_count = csv->at;
    for (unsigned i = 0; i < csv->column_count; i++) {
        if (csv->column[i] == INVENTORY_UUID)
            return true;
    }
    return fail(csv, "expected the names of the columns, uuid among them, "
                     "with commas between them");
}

/* A name with a comma in it, which a careless program has not quoted, would put
 * the rest of the line into other columns. */
static bool add_vm(struct inventory_csv *csv)
{
    if (csv->at != csv->column_count)
        inventory_draft_refuse(&csv->draft,
                               "has not as many columns as the first line");
    if (!inventory_build_add(csv->build, &csv->draft))
        return fail(csv, "there are too many VMs, or there is no memory");
    return true;
}

static bool end_line(struct inventory_csv *csv)
{
    bool is_empty = csv->at == 0 && csv->len == 0 && !csv->is_cut &&
                    csv->state == INVENTORY_CSV_BEGIN;

    if (!is_empty) {
        if (!end_field(csv) ||
            !(csv->has_header ? add_vm(csv) : end_header(csv)))
            return false;
    }
    csv->at = 0;
    csv->line++;
    csv->state = INVENTORY_CSV_BEGIN;
    inventory_draft_begin(&csv->draft, csv->line);
    return true;
}

/* ---- bytes --------------------------------------------------------------- */

static bool add(struct inventory_csv *csv, uint8_t c)
{
    if (csv->len < sizeof csv->text)
        csv->text[csv->len++] = (char)c;
    else
        csv->is_cut = true;
    return true;
}

/* What ends a field, or is none of it. A CR that ends an empty line leaves the
 * state that tells so. */
static bool take_plain(struct inventory_csv *csv, uint8_t c)
{
    if (c == ',')
        return end_field(csv);
    if (c == '\n')
        return end_line(csv);
    if (c == '\r') {
        if (csv->state != INVENTORY_CSV_BEGIN || csv->at > 0)
            csv->state = INVENTORY_CSV_RETURN;
        return true;
    }
    if (csv->state == INVENTORY_CSV_QUOTE)
        return fail(csv, "a text in quotes goes on behind its last quote");
    csv->state = INVENTORY_CSV_PLAIN;
    return add(csv, c);
}

static bool take_quoted(struct inventory_csv *csv, uint8_t c)
{
    if (c == '"') {
        csv->state = INVENTORY_CSV_QUOTE;
        return true;
    }
    csv->line += c == '\n';
    return add(csv, c);
}

static bool take(struct inventory_csv *csv, uint8_t c)
{
    switch (csv->state) {
    case INVENTORY_CSV_QUOTED:
        return take_quoted(csv, c);
    case INVENTORY_CSV_RETURN:
        return c == '\n' ? end_line(csv)
                         : fail(csv, "a carriage return ends no line");
    case INVENTORY_CSV_BEGIN:
    case INVENTORY_CSV_QUOTE:
        if (c == '"') {
            bool is_doubled = csv->state == INVENTORY_CSV_QUOTE;

            csv->state = INVENTORY_CSV_QUOTED;
            return is_doubled ? add(csv, c) : true;
        }
        return take_plain(csv, c);
    case INVENTORY_CSV_PLAIN:
        break;
    }
    return take_plain(csv, c);
}

bool inventory_csv_feed(struct inventory_csv *csv, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && csv->why == NULL; i++)
        (void)take(csv, bytes.data[i]);
    return csv->why == NULL;
}

bool inventory_csv_end(struct inventory_csv *csv)
{
    if (csv->why != NULL)
        return false;
    if (csv->state == INVENTORY_CSV_QUOTED)
        return fail(csv, "a text in quotes has no end");
    if (csv->state != INVENTORY_CSV_BEGIN || csv->at > 0)
        return fail(csv, "the last line has no end: was the file not written "
                         "completely?");
    if (!csv->has_header)
        return fail(csv, "there is nothing: expected a first line with the "
                         "names of the columns");
    return true;
}
