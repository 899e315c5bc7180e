/*
 * schema.h - the versions of the program's files: the state (database.h) and
 * the tokens (token_file.h).
 *
 * PRAGMA user_version is the number of steps that were taken. A released step
 * never changes; a new version adds a step.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

struct schema {
    const char *const *steps;
    int count;
    int application_id; /* of the file's kind: PRAGMA application_id */
};

extern const struct schema schema_state;
extern const struct schema schema_tokens;

/* Takes the missing steps, all or none; another process may take them at the
 * same time. 0 or SQLite's code. */
int schema_migrate(sqlite3 *sql, const struct schema *schema);

#endif
