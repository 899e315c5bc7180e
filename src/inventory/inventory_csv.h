/*
 * inventory_csv.h - reads an inventory as CSV (RFC 4180), in pieces.
 *
 *     uuid,name,folder,owner,tags
 *     564d0000-...,web-1,/prod/web,alice,"web,linux"
 *
 * The first line has the names of the columns, in any order; columns with other
 * names are passed over. Lines end with LF or CRLF, the last one too: so a file
 * that is being written is not taken for a whole one. Pure.
 */
#ifndef INVENTORY_INVENTORY_CSV_H
#define INVENTORY_INVENTORY_CSV_H

#include "inventory/inventory_build.h"

enum { INVENTORY_COLUMNS_MAX = 64 };

enum inventory_csv_state {
    INVENTORY_CSV_BEGIN,  /* of a field */
    INVENTORY_CSV_PLAIN,  /* in a field */
    INVENTORY_CSV_QUOTED, /* in one that is quoted */
    INVENTORY_CSV_QUOTE,  /* behind a " in it: its end, or "" */
    INVENTORY_CSV_RETURN, /* behind a CR */
};

/* "begin", "plain", "quoted", "quote", "return". */
const char *inventory_csv_state_name(enum inventory_csv_state state);

struct inventory_csv {
    struct inventory_build *build; /* borrowed */
    const char *why; /* static text: what is wrong in line; NULL: nothing */
    unsigned line;
    enum inventory_csv_state state;
    bool has_header;
    bool is_cut; /* text had no room for all of the field */
    unsigned column_count;
    unsigned at; /* column of the field */
    enum inventory_field column[INVENTORY_COLUMNS_MAX];
    size_t len;
    char text[INVENTORY_FIELD_MAX];
    struct inventory_draft draft;
};

void inventory_csv_init(struct inventory_csv *csv,
                        struct inventory_build *build);

/* False: why and line say what is wrong. Nothing is fed then. */
bool inventory_csv_feed(struct inventory_csv *csv, struct slice bytes);

/* There is no more. False: it cannot end here. */
bool inventory_csv_end(struct inventory_csv *csv);

#endif
