#include "inventory/inventory_reader.h"

void inventory_reader_init(struct inventory_reader *r, const uint64_t seed[2])
{
    r->format = INVENTORY_FORMAT_UNKNOWN;
    r->mark_len = 0;
    r->first_line = 1;
    r->bytes = 0;
    r->why = NULL;
    r->line = 0;
    inventory_build_init(&r->build, seed);
    inventory_csv_init(&r->csv, &r->build);
    inventory_json_init(&r->json, &r->build);
}

void inventory_reader_done(struct inventory_reader *r)
{
    inventory_build_done(&r->build);
}

static bool fail(struct inventory_reader *r, unsigned line, const char *why)
{
    r->line = line;
    r->why = why;
    return false;
}

/* Passes over the mark that some programs put before UTF-8, and blanks. */
static void find_format(struct inventory_reader *r, struct slice *bytes)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

    for (; bytes->len > 0; *bytes = slice_after(*bytes, 1)) {
        uint8_t c = bytes->data[0];

        if (r->mark_len < sizeof mark && c == mark[r->mark_len]) {
            r->mark_len++;
            continue;
        }
        if (c == '[' || c == '{')
            r->format = INVENTORY_FORMAT_JSON;
        else if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            r->format = INVENTORY_FORMAT_CSV;
        if (r->format != INVENTORY_FORMAT_UNKNOWN)
            break;
        r->first_line += c == '\n';
    }
    r->csv.line = r->json.line = r->first_line;
}

bool inventory_reader_feed(struct inventory_reader *r, struct slice bytes)
{
    if (r->why != NULL)
        return false;
    r->bytes += bytes.len;
    if (r->bytes > INVENTORY_BYTES_MAX)
        return fail(r, 0, "it has more than 64 MiB");
    if (r->format == INVENTORY_FORMAT_UNKNOWN)
        find_format(r, &bytes);
    if (r->format == INVENTORY_FORMAT_CSV &&
        !inventory_csv_feed(&r->csv, bytes))
        return fail(r, r->csv.line, r->csv.why);
    if (r->format == INVENTORY_FORMAT_JSON &&
        !inventory_json_feed(&r->json, bytes))
        return fail(r, r->json.line, r->json.why);
    return true;
}

struct inventory *inventory_reader_end(struct inventory_reader *r)
{
    struct inventory *table;

    if (r->why != NULL)
        return NULL;
    if (r->format == INVENTORY_FORMAT_JSON) {
        if (!inventory_json_end(&r->json)) {
            (void)fail(r, r->json.line, r->json.why);
            return NULL;
        }
    } else if (!inventory_csv_end(&r->csv)) {
        (void)fail(r, r->csv.line, r->csv.why);
        return NULL;
    }
    table = inventory_build_end(&r->build);
    if (table == NULL)
        (void)fail(r, 0, "there is no memory");
    return table;
}
