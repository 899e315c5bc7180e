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
    /*
     * 2. used is 0 while the console is new, and expires sooner: until its VM
     * has been connected for a minute, or a client has attached. What an older
     * version has kept counts as used. by_tls is 1 if its VM's last connection
     * that lasted a minute was in TLS.
     */
    "ALTER TABLE consoles ADD COLUMN used INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE consoles ADD COLUMN by_tls INTEGER NOT NULL DEFAULT 0",
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
