/*
 * show_schema.h - what the answers of commands are made of, as rows: for
 * openapi.json and for the documentation.
 *
 * A type is a word, with "?" behind it if it may be null:
 *
 *     text, number, seconds, flag, time    as in show_value.h
 *     a|b|c                                a text that is one of these
 *     Name                                 an object with a schema of its own
 *     [TYPE]                               an array
 *     {TYPE}                               an object with any names
 */
#ifndef API_SHOW_SHOW_SCHEMA_H
#define API_SHOW_SHOW_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

struct show_member {
    const char *name;
    const char *type;
    const char *help; /* a sentence */
};

struct show_schema {
    const char *name;
    const char *help;
    const struct show_member *member; /* ends with a name NULL; NULL: a
                                       * console's, from show_console.h */
};

/* All schemas. */
const struct show_schema *show_schemas(size_t *ret_count);

/* The member of a schema. False: there are no more. */
bool show_schema_member(const struct show_schema *schema, size_t i,
                        struct show_member *ret);

#endif
