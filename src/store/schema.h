/*
 * schema.h - the versions of the state file (database.h).
 *
 * PRAGMA user_version is the number of steps that were taken. A released step
 * never changes; a new version adds a step.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

enum { SCHEMA_APPLICATION_ID = 0x76737063 }; /* "vspc" */

struct schema {
    const char *const *steps;
    int count;
};

extern const struct schema schema_current;

/* Takes the missing steps, all or none. 0 or SQLite's code. */
int schema_migrate(sqlite3 *sql, const struct schema *schema, int version);

#endif
