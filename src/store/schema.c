#include "store/schema.h"

/* No STRICT tables: SQLite before 3.37 (EL9) takes a file that has one for
 * damaged, and a state file goes from machine to machine. Who reads a row
 * checks it. */

static const char *const state_steps[] = {
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
    ")",
    /*
     * 2. used is 0 while the console is new, and expires sooner: until its VM
     * has been connected for a minute, or a client has attached. What an older
     * version has kept counts as used. by_tls is 1 if its VM's last connection
     * that lasted a minute was in TLS.
     */
    ("ALTER TABLE consoles ADD COLUMN used INTEGER NOT NULL DEFAULT 1;"
     "ALTER TABLE consoles ADD COLUMN by_tls INTEGER NOT NULL DEFAULT 0"),
    /* 3. keyed is 1 if its VM has come with the key of its configuration. */
    "ALTER TABLE consoles ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0",
    /*
     * 4. Texts that other parts keep by a number (pending_notes.h). kind is 1
     * for alerts, 2 for mutes.
     */
    "CREATE TABLE notes ("
    "  kind INTEGER NOT NULL,"
    "  id INTEGER NOT NULL,"
    "  text TEXT NOT NULL,"
    "  PRIMARY KEY (kind, id)"
    ") WITHOUT ROWID",
};

const struct schema schema_state = {
    .steps = state_steps,
    .count = sizeof state_steps / sizeof state_steps[0],
    .application_id = 0x76737063, /* "vspc" */
};

static const char *const token_steps[] = {
    /*
     * 1. Times are seconds since 1970. A token holds while revoked is NULL and
     * expires is NULL or to come; of tokens that hold, no two have one name. A
     * token is known by the SHA-256 of its text, which is kept nowhere. Ids are
     * never used again: what is open by a token that was revoked must not go on
     * by another one.
     */
    "CREATE TABLE tokens ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL,"
    "  digest BLOB NOT NULL UNIQUE,"
    "  owner TEXT NOT NULL,"
    "  rights TEXT NOT NULL,"
    "  consoles TEXT,"
    "  created INTEGER NOT NULL,"
    "  created_by TEXT NOT NULL,"
    "  expires INTEGER,"
    "  used INTEGER,"
    "  used_from TEXT NOT NULL DEFAULT '',"
    "  revoked INTEGER,"
    "  revoked_by TEXT"
    ")",
    /*
     * 2. The keys of people who come by ssh: "TYPE BASE64", as in
     * authorized_keys. fingerprint follows from key.
     */
    "CREATE TABLE ssh_keys ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  fingerprint TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  comment TEXT NOT NULL,"
    "  created INTEGER NOT NULL,"
    "  created_by TEXT NOT NULL"
    ")",
    /*
     * 3. Sessions of people on pages of vspcd, as they were when they changed
     * last. A cookie is known by its SHA-256, and is kept nowhere; token_digest
     * is that of the token that has proven the session, NULL of a password's.
     * id is a random number of 64 bits.
     */
    "CREATE TABLE web_sessions ("
    "  place INTEGER PRIMARY KEY,"
    "  id INTEGER NOT NULL UNIQUE,"
    "  digest BLOB NOT NULL UNIQUE,"
    "  token_digest BLOB,"
    "  has_account INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  owner TEXT NOT NULL,"
    "  created INTEGER NOT NULL,"
    "  used INTEGER NOT NULL,"
    "  address TEXT NOT NULL,"
    "  used_address TEXT NOT NULL"
    ")",
};

const struct schema schema_tokens = {
    .steps = token_steps,
    .count = sizeof token_steps / sizeof token_steps[0],
    .application_id = 0x76737074, /* "vspt" */
};
