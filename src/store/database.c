#include "store/database.h"

#include "base/mem.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* Another process that is ending may have the lock for a short time. */
    BUSY_MS = 2000,
    PORT_MAX = 65535,
};

struct database {
    sqlite3 *sql;
    sqlite3_stmt *put;
    sqlite3_stmt *forget;
    bool is_new;
};

/* ---- results of SQLite ------------------------------------------------ */

static int outcome_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
        return 0;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DATABASE_BUSY;
    case SQLITE_NOTADB:
        return DATABASE_FOREIGN;
    case SQLITE_CORRUPT:
        return DATABASE_DAMAGED;
    default:
        return -EIO;
    }
}

static int fail(const struct database *db, int code, struct err *err)
{
    int r = outcome_of(code);
    int system_error = sqlite3_system_errno(db->sql);

    if (r == DATABASE_BUSY)
        err_set(err, "another process has it open");
    else if (system_error != 0 && system_error != ENOENT)
        err_set(err, "%s: %s", sqlite3_errmsg(db->sql), strerror(system_error));
    else
        err_set(err, "%s", sqlite3_errmsg(db->sql));
    return r;
}

static int execute(const struct database *db, const char *sql)
{
    return sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
}

/* The first value of the first row as a number. Returns SQLite's code. */
static int ask_number(const struct database *db, const char *sql, int *ret)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            *ret = sqlite3_column_int(statement, 0);
            code = SQLITE_OK;
        }
    }
    sqlite3_finalize(statement);
    return code;
}

/* ---- opening ---------------------------------------------------------- */

static int check_version(struct database *db, struct err *err, int *ret_version)
{
    int application = 0, version = 0, tables = 0;
    int code = ask_number(db, "PRAGMA application_id", &application);

    if (code == SQLITE_OK)
        code = ask_number(db, "PRAGMA user_version", &version);
    if (code == SQLITE_OK)
        code = ask_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return fail(db, code, err);
    db->is_new = tables == 0;
    *ret_version = version;
    if (tables > 0 && application != SCHEMA_APPLICATION_ID) {
        err_set(err, "it is the database of another program");
        return DATABASE_FOREIGN;
    }
    if (version > schema_current.count) {
        err_set(err,
                "a later version of vspcd has written it (schema %d, this one "
                "knows %d)",
                version, schema_current.count);
        return DATABASE_NEWER;
    }
    return 0;
}

static int check_whole(const struct database *db, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1,
                                  &statement, NULL);
    int r = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        r = fail(db, code, err);
    } else {
        const char *said = (const char *)sqlite3_column_text(statement, 0);

        if (said == NULL || strcmp(said, "ok") != 0) {
            err_set(err, "%s", said != NULL ? said : "the check failed");
            r = DATABASE_DAMAGED;
        }
    }
    sqlite3_finalize(statement);
    return r;
}

static int use_log(const struct database *db, struct err *err)
{
    /* The log's file is cut to this size after it was longer. */
    int code = execute(db, "PRAGMA journal_mode = WAL;"
                           "PRAGMA synchronous = FULL;"
                           "PRAGMA journal_size_limit = 4194304;"
                           "PRAGMA cache_size = -1024");

    return code == SQLITE_OK ? 0 : fail(db, code, err);
}

static int prepare(struct database *db, struct err *err)
{
    int code = sqlite3_prepare_v3(
        db->sql,
        "INSERT INTO consoles (uuid, label, name, port, first_seen, last_seen,"
        "                      left_at, address, used, by_tls)"
        " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, iif(?6 = 0, ?5, ?6), "
        "nullif(?7, 0), ?8, ?9, ?10)"
        " ON CONFLICT (uuid, label) DO UPDATE SET"
        "  name = excluded.name,"
        "  port = coalesce(excluded.port, port),"
        "  last_seen = iif(?6 = 0, last_seen, ?6),"
        "  left_at = excluded.left_at,"
        "  address = iif(?8 = '', address, ?8),"
        "  used = excluded.used,"
        "  by_tls = excluded.by_tls",
        -1, SQLITE_PREPARE_PERSISTENT, &db->put, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(
            db->sql, "DELETE FROM consoles WHERE uuid = ?1 AND label = ?2", -1,
            SQLITE_PREPARE_PERSISTENT, &db->forget, NULL);
    return code == SQLITE_OK ? 0 : fail(db, code, err);
}

/* Creates the file with mode 0600; SQLite would use the umask alone. */
static int make_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        err_set(err, "%s", strerror(errno));
        return -EIO;
    }
    close(fd);
    return 0;
}

static int open_file(struct database *db, const char *path, struct err *err)
{
    int r = make_file(path, err);
    int code;

    if (r < 0)
        return r;
    code = sqlite3_open_v2(path, &db->sql,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (db->sql == NULL) {
        err_set(err, "out of memory");
        return -EIO;
    }
    if (code != SQLITE_OK)
        return fail(db, code, err);
    sqlite3_extended_result_codes(db->sql, 1);
    sqlite3_busy_timeout(db->sql, BUSY_MS);
    code = execute(db, "PRAGMA locking_mode = EXCLUSIVE;"
                       "PRAGMA trusted_schema = OFF;"
                       "PRAGMA cell_size_check = ON");
    return code == SQLITE_OK ? 0 : fail(db, code, err);
}

int database_open(struct database **ret_database, const char *path,
                  struct err *err)
{
    struct database *db = xcalloc(1, sizeof *db);
    int version = 0;
    int r = open_file(db, path, err);

    /* The order matters: use_log changes the file, which must be left alone if
     * it is not ours; and a damaged file must not be migrated. */
    if (r == 0)
        r = check_version(db, err, &version);
    if (r == 0)
        r = use_log(db, err);
    if (r == 0)
        r = check_whole(db, err);
    if (r == 0 && version < schema_current.count) {
        int code = schema_migrate(db->sql, &schema_current, version);

        if (code != SQLITE_OK)
            r = fail(db, code, err);
    }
    if (r == 0)
        r = prepare(db, err);
    if (r != 0) {
        database_close(db);
        return r;
    }
    *ret_database = db;
    return 0;
}

void database_close(struct database *db)
{
    if (db == NULL)
        return;
    sqlite3_finalize(db->put);
    sqlite3_finalize(db->forget);
    (void)sqlite3_close(db->sql);
    free(db);
}

bool database_is_new(const struct database *db)
{
    return db->is_new;
}

/* ---- reading and writing ---------------------------------------------- */

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL ? text : "";
}

int database_load(struct database *db, database_each_fn *each, void *owner,
                  struct pending *pending, struct err *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(
        db->sql,
        "SELECT uuid, label, name, port, first_seen, last_seen, left_at,"
        " address, used, by_tls FROM consoles ORDER BY id",
        -1, &row, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        int port = sqlite3_column_int(row, 3);
        struct store_record record = {
            .uuid = text_of(row, 0),
            .label = text_of(row, 1),
            .name = text_of(row, 2),
            .port = port > 0 && port <= PORT_MAX ? (uint16_t)port : 0,
            .first_seen_s = sqlite3_column_int64(row, 4),
            .last_seen_s = sqlite3_column_int64(row, 5),
            .left_s = sqlite3_column_int64(row, 6),
            .address = text_of(row, 7),
            .is_proven = sqlite3_column_int(row, 8) != 0,
            .came_by_tls = sqlite3_column_int(row, 9) != 0,
        };

        if (!each(owner, &record))
            pending_forget(pending, record.uuid, record.label);
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE ? 0 : fail(db, code, err);
}

static int step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Without a copy: the text outlives the step that uses it. */
static void bind_text(sqlite3_stmt *statement, int number, const char *text)
{
    sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
}

static int write_change(const struct database *db,
                        const struct pending_change *change)
{
    const struct store_record *r = &change->record;
    int code = SQLITE_OK;

    if (change->forgets) {
        bind_text(db->forget, 1, r->uuid);
        bind_text(db->forget, 2, r->label);
        code = step(db->forget);
    }
    if (!change->puts || code != SQLITE_OK)
        return code;
    bind_text(db->put, 1, r->uuid);
    bind_text(db->put, 2, r->label);
    bind_text(db->put, 3, r->name);
    sqlite3_bind_int(db->put, 4, r->port);
    sqlite3_bind_int64(db->put, 5, r->first_seen_s);
    sqlite3_bind_int64(db->put, 6, r->last_seen_s);
    sqlite3_bind_int64(db->put, 7, r->left_s);
    bind_text(db->put, 8, r->address);
    sqlite3_bind_int(db->put, 9, r->is_proven);
    sqlite3_bind_int(db->put, 10, r->came_by_tls);
    return step(db->put);
}

/* True if somebody has deleted or replaced the file: what we write into it
 * would never be read. */
static bool has_moved(const struct database *db)
{
    int moved = 0;
    int code =
        sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

    return code == SQLITE_OK && moved != 0;
}

int database_write(struct database *db, const struct pending *pending,
                   struct err *err)
{
    int code, r;

    if (has_moved(db)) {
        err_set(err, "the file was moved or deleted");
        return -EIO;
    }
    code = execute(db, "BEGIN IMMEDIATE");
    for (const struct list *node = pending->changes.next;
         node != &pending->changes && code == SQLITE_OK; node = node->next)
        code =
            write_change(db, CONTAINER_OF(node, struct pending_change, node));
    if (code == SQLITE_OK)
        code = execute(db, "COMMIT");
    if (code == SQLITE_OK)
        return 0;
    r = fail(db, code, err);
    (void)execute(db, "ROLLBACK");
    return r;
}
