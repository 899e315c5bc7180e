/*
 * show_schema.h - what the answers of commands are made of, as rows: for
 * openapi.json and for the documentation.
 */
#ifndef API_SCHEMA_SHOW_SCHEMA_H
#define API_SCHEMA_SHOW_SCHEMA_H

#include "api/schema/show_schema_rows.h"

#include <stdbool.h>
#include <stddef.h>

/* The schemas, from 0 on. NULL: there are no more. */
const struct show_schema *show_schema_at(size_t i);

/* The member of a schema. False: there are no more. */
bool show_schema_member(const struct show_schema *schema, size_t i,
                        struct show_member *ret);

#endif
