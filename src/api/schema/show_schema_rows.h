/*
 * show_schema_rows.h - the rows of show_schema.h, a file for each subject. Each
 * array ends with a name NULL.
 *
 * A type is a word, with "?" behind it if it may be null:
 *
 *     text, number, seconds, flag, time    as in show_value.h
 *     a|b|c                                a text that is one of these
 *     Name                                 an object with a schema of its own
 *     [TYPE]                               an array
 *     {TYPE}                               an object with any names
 */
#ifndef API_SCHEMA_SHOW_SCHEMA_ROWS_H
#define API_SCHEMA_SHOW_SCHEMA_ROWS_H

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

/* The members of a list. */
#define LIST_OF(type)                                                          \
    {                                                                          \
        { "items", "[" type "]", "What may be read." },                        \
            { "total", "number", "How many there are, on other pages too." },  \
            { "hidden", "number",                                              \
              "How many the caller may not read, whatever it looks for." },    \
        {                                                                      \
            .name = NULL                                                       \
        }                                                                      \
    }

extern const struct show_schema show_schema_consoles[];
extern const struct show_schema show_schema_people[];
extern const struct show_schema show_schema_server[];
extern const struct show_schema show_schema_alerts[];

#endif
