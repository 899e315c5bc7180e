#include "store/schema.h"

#include <stdio.h>

static const char *const steps[] = {
    /*
     * 1. Times are seconds since 1970; left_at is NULL while the console has a
     * VM or a client. Several rows may have one port, if another console got
     * the port of an absent console: the later row's console owns it.
     */
    "CREATE TABLE consoles ("
    "  id INTEGER PRIMARY KEY,"
    "  uuid TEXT NOT NULL,"
    "  label TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  port INTEGER CHECK (port BETWEEN 1 AND 65535),"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL,"
    "  left_at INTEGER,"
    "  address TEXT NOT NULL,"
    "  UNIQUE (uuid, label)"
    ") STRICT",
};

const struct schema schema_current = {
    .steps = steps,
    .count = sizeof steps / sizeof steps[0],
};

int schema_migrate(sqlite3 *sql, const struct schema *schema, int version)
{
    char pragmas[96];
    int r = sqlite3_exec(sql, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    for (int i = version; i < schema->count && r == SQLITE_OK; i++)
        r = sqlite3_exec(sql, schema->steps[i], NULL, NULL, NULL);
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SCHEMA_APPLICATION_ID, schema->count);
    if (r == SQLITE_OK)
        r = sqlite3_exec(sql, pragmas, NULL, NULL, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
    if (r != SQLITE_OK)
        (void)sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
    return r;
}
