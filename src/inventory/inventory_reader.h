/*
 * inventory_reader.h - reads an inventory, CSV or JSON, in pieces of any size.
 *
 * What begins with [ or { is JSON. A piece costs what its bytes do, and the
 * whole is bounded by INVENTORY_BYTES_MAX. Pure; some 20 KiB.
 */
#ifndef INVENTORY_INVENTORY_READER_H
#define INVENTORY_INVENTORY_READER_H

#include "inventory/inventory_csv.h"
#include "inventory/inventory_json.h"

enum { INVENTORY_BYTES_MAX = 64 * 1024 * 1024 };

/* Which of the formats it is. */
enum inventory_format {
    INVENTORY_FORMAT_UNKNOWN, /* nothing but blanks has come */
    INVENTORY_FORMAT_CSV,
    INVENTORY_FORMAT_JSON,
};

struct inventory_reader {
    struct inventory_build build; /* build.doubts: what was left out */
    enum inventory_format format;
    unsigned mark_len;   /* bytes of the mark of UTF-8 that have come */
    unsigned first_line; /* lines before the format was known */
    size_t bytes;
    const char *why; /* static text: what is wrong; NULL: nothing */
    unsigned line;   /* where; 0: nowhere */
    struct inventory_csv csv;
    struct inventory_json json;
};

/* seed: random, for map_init. */
void inventory_reader_init(struct inventory_reader *r, const uint64_t seed[2]);
void inventory_reader_done(struct inventory_reader *r);

/* False: why and line say what is wrong. */
bool inventory_reader_feed(struct inventory_reader *r, struct slice bytes);

/* The table, when all was fed. NULL: as false. */
struct inventory *inventory_reader_end(struct inventory_reader *r);

#endif
