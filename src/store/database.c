#include "store/database.h"

#include "base/mem.h"
#include "store/sqlite_file.h"

#include <errno.h>
#include <stdlib.h>

enum { PORT_MAX = 65535 };

struct database {
    struct sqlite_file file;
    sqlite3_stmt *put;
    sqlite3_stmt *forget;
    sqlite3_stmt *put_note;
    sqlite3_stmt *forget_note;
};

/* What is locked, and why there is no shared memory: database.h. The log's file
 * is cut to journal_size_limit after it was longer. */
static const struct sqlite_kind kind = {
    .schema = &schema_state,
    .connection = "PRAGMA locking_mode = EXCLUSIVE",
    .file = "PRAGMA journal_mode = WAL;"
            "PRAGMA synchronous = FULL;"
            "PRAGMA journal_size_limit = 4194304;"
            "PRAGMA cache_size = -1024",
};

/* ---- opening ---------------------------------------------------------- */

static int prepare_one(const struct database *db, const char *sql,
                       sqlite3_stmt **ret)
{
    return sqlite3_prepare_v3(db->file.sql, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              ret, NULL);
}

static int prepare(struct database *db, struct err *err)
{
    int code = prepare_one(
        db,
        "INSERT INTO consoles (uuid, label, name, port, first_seen, last_seen,"
        "                      left_at, address, used, by_tls, "
        "                      keyed)"
        " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, iif(?6 = 0, ?5, ?6), "
        "nullif(?7, 0), ?8, ?9, ?10, ?11)"
        " ON CONFLICT (uuid, label) DO UPDATE SET"
        "  name = excluded.name,"
        "  port = coalesce(excluded.port, port),"
        "  last_seen = iif(?6 = 0, last_seen, ?6),"
        "  left_at = excluded.left_at,"
        "  address = iif(?8 = '', address, ?8),"
        "  used = excluded.used,"
        "  by_tls = excluded.by_tls,"
        "  keyed = excluded.keyed",
        &db->put);

    if (code == SQLITE_OK)
        code = prepare_one(
            db, "DELETE FROM consoles WHERE uuid = ?1 AND label = ?2",
            &db->forget);
    if (code == SQLITE_OK)
        code = prepare_one(
            db,
            "INSERT OR REPLACE INTO notes (kind, id, text) VALUES (?1, ?2, ?3)",
            &db->put_note);
    if (code == SQLITE_OK)
        code = prepare_one(db, "DELETE FROM notes WHERE kind = ?1 AND id = ?2",
                           &db->forget_note);
    return code == SQLITE_OK ? 0 : sqlite_file_fail(&db->file, code, err);
}

int database_open(struct database **ret_database, const char *path,
                  struct err *err)
{
    struct database *db = xcalloc(1, sizeof *db);
    int r = sqlite_file_open(&db->file, path, &kind, err);

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
    sqlite3_finalize(db->put_note);
    sqlite3_finalize(db->forget_note);
    sqlite_file_close(&db->file);
    free(db);
}

bool database_is_new(const struct database *db)
{
    return db->file.is_new;
}

/* ---- reading and writing ---------------------------------------------- */

int database_load(struct database *db, database_each_fn *each, void *owner,
                  struct pending *pending, struct err *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(
        db->file.sql,
        "SELECT uuid, label, name, port, first_seen, last_seen, left_at,"
        " address, used, by_tls, keyed FROM consoles ORDER BY id",
        -1, &row, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        int port = sqlite3_column_int(row, 3);
        struct store_record record = {
            .uuid = sqlite_file_text(row, 0),
            .label = sqlite_file_text(row, 1),
            .name = sqlite_file_text(row, 2),
            .port = port > 0 && port <= PORT_MAX ? (uint16_t)port : 0,
            .first_seen_s = sqlite3_column_int64(row, 4),
            .last_seen_s = sqlite3_column_int64(row, 5),
            .left_s = sqlite3_column_int64(row, 6),
            .address = sqlite_file_text(row, 7),
            .is_proven = sqlite3_column_int(row, 8) != 0,
            .came_by_tls = sqlite3_column_int(row, 9) != 0,
            .is_keyed = sqlite3_column_int(row, 10) != 0,
        };

        if (!each(owner, &record))
            pending_forget(pending, record.uuid, record.label);
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE ? 0 : sqlite_file_fail(&db->file, code, err);
}

int database_load_notes(struct database *db, database_note_fn *each,
                        void *owner, struct err *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(
        db->file.sql, "SELECT kind, id, text FROM notes ORDER BY kind, id", -1,
        &row, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        const struct store_note note = {
            .kind = (enum store_note_kind)sqlite3_column_int(row, 0),
            .id = (uint64_t)sqlite3_column_int64(row, 1),
            .text = sqlite_file_text(row, 2),
        };

        each(owner, &note);
    }
    sqlite3_finalize(row);
    return code == SQLITE_DONE ? 0 : sqlite_file_fail(&db->file, code, err);
}

static int write_note(const struct database *db, const struct store_note *note)
{
    sqlite3_stmt *how = note->text != NULL ? db->put_note : db->forget_note;

    sqlite3_bind_int(how, 1, (int)note->kind);
    sqlite3_bind_int64(how, 2, (sqlite3_int64)note->id);
    if (note->text != NULL)
        sqlite_file_bind(how, 3, note->text);
    return sqlite_file_step(how);
}

static int write_change(const struct database *db,
                        const struct pending_change *change)
{
    const struct store_record *r = &change->record;
    int code = SQLITE_OK;

    if (change->forgets) {
        sqlite_file_bind(db->forget, 1, r->uuid);
        sqlite_file_bind(db->forget, 2, r->label);
        code = sqlite_file_step(db->forget);
    }
    if (!change->puts || code != SQLITE_OK)
        return code;
    sqlite_file_bind(db->put, 1, r->uuid);
    sqlite_file_bind(db->put, 2, r->label);
    sqlite_file_bind(db->put, 3, r->name);
    sqlite3_bind_int(db->put, 4, r->port);
    sqlite3_bind_int64(db->put, 5, r->first_seen_s);
    sqlite3_bind_int64(db->put, 6, r->last_seen_s);
    sqlite3_bind_int64(db->put, 7, r->left_s);
    sqlite_file_bind(db->put, 8, r->address);
    sqlite3_bind_int(db->put, 9, r->is_proven);
    sqlite3_bind_int(db->put, 10, r->came_by_tls);
    sqlite3_bind_int(db->put, 11, r->is_keyed);
    return sqlite_file_step(db->put);
}

int database_write(struct database *db, const struct pending *pending,
                   struct err *err)
{
    int code;

    if (sqlite_file_has_moved(&db->file)) {
        err_set(err, "the file was moved or deleted");
        return -EIO;
    }
    code = sqlite_file_begin(&db->file);
    for (const struct list *node = pending->changes.next;
         node != &pending->changes && code == SQLITE_OK; node = node->next)
        code =
            write_change(db, CONTAINER_OF(node, struct pending_change, node));
    for (const struct list *node = pending->notes.changes.next;
         node != &pending->notes.changes && code == SQLITE_OK;
         node = node->next)
        code = write_note(db,
                          &CONTAINER_OF(node, struct pending_note, node)->note);
    return sqlite_file_end(&db->file, 0, code, err);
}
