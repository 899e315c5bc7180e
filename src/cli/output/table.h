/*
 * table.h - a list of JSON objects as a table, a row each.
 *
 * On a terminal a table fits its width: the widest columns that may be cut are
 * cut, with an ellipsis. Elsewhere nothing is cut.
 */
#ifndef CLI_OUTPUT_TABLE_H
#define CLI_OUTPUT_TABLE_H

#include "cli/output/value.h"

struct column {
    const char *heading; /* NULL: the end of a table's columns */
    const char *path;    /* of the value: "log.size" */
    enum value_kind kind;
    bool is_right;  /* numbers */
    bool is_wide;   /* only where the person asks for more */
    bool is_filled; /* only where a row has something in it */
    bool is_firm;   /* never cut */
    bool is_state;  /* a console's state: coloured */
};

enum { TABLE_COLUMNS_MAX = 24, TABLE_GAP = 2 };

struct table_style {
    bool is_wide;
    bool has_headings;
    unsigned width; /* of the terminal; 0: nothing is cut */
    int64_t now_ms;
};

/* Writes to standard output. rows: an array of objects. */
void table_print(const struct column *columns, const json_t *rows,
                 const struct table_style *style);

/* Pure part: widths of columns, as they are wanted, made to fit width. firm:
 * which are never cut. */
void table_fit(unsigned *widths, const bool *firm, size_t count,
               unsigned width);

#endif
