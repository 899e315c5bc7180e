/*
 * listing.h - what a verb answers with, in the form that -o asks for: a table,
 * a wider one, JSON as the API has it, a line of JSON for each, names alone.
 */
#ifndef CLI_OUTPUT_LISTING_H
#define CLI_OUTPUT_LISTING_H

#include "base/err.h"
#include "cli/output/table.h"

enum listing_form {
    LISTING_TABLE,
    LISTING_WIDE,
    LISTING_JSON,
    LISTING_JSONL,
    LISTING_NAME,
};

#define LISTING_FORMS "table, wide, json, jsonl or name"

/* text NULL: TABLE. False: err has the forms. */
bool listing_parse_form(const char *text, enum listing_form *ret,
                        struct err *err);

struct listing {
    const struct column *columns;
    const char *name_path; /* what NAME shows */
};

/* answer: {"items": [...], "hidden": N}. A number that is hidden is told. */
void listing_print(const struct listing *l, const json_t *answer,
                   enum listing_form form, bool has_headings);

/* One object: details, or JSON in a piece or a line; NAME: of name_path. */
void listing_print_one(const json_t *object, enum listing_form form,
                       const char *name_path);

#endif
