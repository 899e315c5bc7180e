#include "store/tokens/web_session_rows.h"

#include "base/mem.h"
#include "store/sqlite_file.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(WEB_SESSION_ROWS_MAX == 1024, "select_rows has this number");

void web_session_list_done(struct web_session_list *list)
{
    free(list->item);
    *list = (struct web_session_list){ 0 };
}

/* ---- reading ------------------------------------------------------------ */

static bool read_digest(sqlite3_stmt *row, int column,
                        uint8_t to[WEB_SESSION_ROWS_DIGEST_LEN])
{
    const void *digest = sqlite3_column_blob(row, column);

    if (digest == NULL ||
        sqlite3_column_bytes(row, column) != WEB_SESSION_ROWS_DIGEST_LEN)
        return false;
    memcpy(to, digest, WEB_SESSION_ROWS_DIGEST_LEN);
    return true;
}

static bool read_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
    const char *text = sqlite_file_text(row, column);

    return (size_t)snprintf(to, size, "%s", text) < size;
}

static bool read_row(sqlite3_stmt *row, struct web_session_record *ret)
{
    *ret = (struct web_session_record){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .has_account = sqlite3_column_int(row, 3) != 0,
        .created_s = sqlite3_column_int64(row, 6),
        .used_s = sqlite3_column_int64(row, 7),
    };
    return ret->id != 0 && read_digest(row, 1, ret->digest) &&
           (sqlite3_column_type(row, 2) == SQLITE_NULL ||
            read_digest(row, 2, ret->token_digest)) &&
           read_text(row, 4, ret->name, sizeof ret->name) &&
           read_text(row, 5, ret->owner, sizeof ret->owner) &&
           read_text(row, 8, ret->address, sizeof ret->address) &&
           read_text(row, 9, ret->used_address, sizeof ret->used_address);
}

static const char select_rows[] =
    "SELECT id, substr(digest, 1, 33), substr(token_digest, 1, 33),"
    " has_account, substr(name, 1, 256), substr(owner, 1, 256), created, used,"
    " substr(address, 1, 64), substr(used_address, 1, 64)"
    " FROM web_sessions ORDER BY place LIMIT 1024";

int web_session_rows_load(const struct sqlite_file *file,
                          struct web_session_list *ret_list, struct err *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(file->sql, select_rows, -1, &row, NULL);

    web_session_list_done(ret_list);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        if (ret_list->item == NULL)
            ret_list->item =
                xcalloc(WEB_SESSION_ROWS_MAX, sizeof *ret_list->item);
        if (read_row(row, &ret_list->item[ret_list->count]))
            ret_list->count++;
    }
    sqlite3_finalize(row);
    if (code == SQLITE_DONE)
        return 0;
    web_session_list_done(ret_list);
    return sqlite_file_fail(file, code, err);
}

/* ---- writing ------------------------------------------------------------ */

static void bind_digest(sqlite3_stmt *statement, int place,
                        const uint8_t digest[WEB_SESSION_ROWS_DIGEST_LEN])
{
    sqlite3_bind_blob(statement, place, digest, WEB_SESSION_ROWS_DIGEST_LEN,
                      SQLITE_STATIC);
}

static int insert(sqlite3_stmt *statement, const struct web_session_record *r)
{
    static const uint8_t none[WEB_SESSION_ROWS_DIGEST_LEN];

    sqlite3_bind_int64(statement, 1, (int64_t)r->id);
    bind_digest(statement, 2, r->digest);
    if (memcmp(r->token_digest, none, sizeof none) == 0)
        sqlite3_bind_null(statement, 3);
    else
        bind_digest(statement, 3, r->token_digest);
    sqlite3_bind_int(statement, 4, r->has_account);
    sqlite_file_bind(statement, 5, r->name);
    sqlite_file_bind(statement, 6, r->owner);
    sqlite3_bind_int64(statement, 7, r->created_s);
    sqlite3_bind_int64(statement, 8, r->used_s);
    sqlite_file_bind(statement, 9, r->address);
    sqlite_file_bind(statement, 10, r->used_address);
    return sqlite_file_step(statement);
}

int web_session_rows_replace(const struct sqlite_file *file,
                             const struct web_session_list *list,
                             struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite_file_begin(file);

    if (code == SQLITE_OK)
        code = sqlite3_exec(file->sql, "DELETE FROM web_sessions", NULL, NULL,
                            NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            file->sql,
            "INSERT INTO web_sessions (id, digest, token_digest, has_account,"
            " name, owner, created, used, address, used_address)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            -1, &statement, NULL);
    for (size_t i = 0; i < list->count && code == SQLITE_OK; i++)
        code = insert(statement, &list->item[i]);
    sqlite3_finalize(statement);
    return sqlite_file_end(file, 0, code, err);
}
