#include "store/tokens/ssh_key_rows.h"

#include "base/mem.h"
#include "store/sqlite_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(SSH_KEY_ROWS_MAX == 1024 && SSH_KEY_ROWS_KEY_MAX == 3072,
              "select_rows has these numbers");

void ssh_key_list_done(struct ssh_key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct ssh_key_list){ 0 };
}

/* A copy of text at *at, which moves behind it. */
static const char *put(char **at, const char *text)
{
    size_t len = strlen(text) + 1;
    char *to = memcpy(*at, text, len);

    *at += len;
    return to;
}

static void append(struct ssh_key_list *list, sqlite3_stmt *row)
{
    struct ssh_key_record *to;
    size_t size = sizeof *to;
    char *at;

    for (int i = 1; i <= 5; i++)
        size += strlen(sqlite_file_text(row, i)) + 1;
    to = xmalloc(size);
    at = (char *)(to + 1);
    to->id = (uint64_t)sqlite3_column_int64(row, 0);
    to->fingerprint = put(&at, sqlite_file_text(row, 1));
    to->name = put(&at, sqlite_file_text(row, 2));
    to->key = put(&at, sqlite_file_text(row, 3));
    to->comment = put(&at, sqlite_file_text(row, 4));
    to->created_by = put(&at, sqlite_file_text(row, 5));
    to->created_s = sqlite3_column_int64(row, 6);
    if (list->item == NULL)
        list->item = xcalloc(SSH_KEY_ROWS_MAX, sizeof(struct ssh_key_record *));
    list->item[list->count++] = to;
}

static const char select_rows[] =
    "SELECT id, substr(fingerprint, 1, 63), substr(name, 1, 255),"
    " substr(key, 1, 3071), substr(comment, 1, 255),"
    " substr(created_by, 1, 255), created"
    " FROM ssh_keys WHERE ?1 IN ('', fingerprint, CAST(id AS TEXT))"
    " ORDER BY id LIMIT 1024";

int ssh_key_rows_load(const struct sqlite_file *file, const char *fingerprint,
                      struct ssh_key_list *ret_list, struct err *err)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(file->sql, select_rows, -1, &row, NULL);

    ssh_key_list_done(ret_list);
    if (code == SQLITE_OK) {
        sqlite_file_bind(row, 1, fingerprint);
        code = sqlite3_step(row);
    }
    for (; code == SQLITE_ROW; code = sqlite3_step(row))
        append(ret_list, row);
    sqlite3_finalize(row);
    if (code == SQLITE_DONE)
        return 0;
    ssh_key_list_done(ret_list);
    return sqlite_file_fail(file, code, err);
}

static int insert(const struct sqlite_file *file,
                  const struct ssh_key_record *record)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        file->sql,
        "INSERT OR IGNORE INTO ssh_keys"
        " (fingerprint, name, key, comment, created, created_by)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite_file_bind(statement, 1, record->fingerprint);
        sqlite_file_bind(statement, 2, record->name);
        sqlite_file_bind(statement, 3, record->key);
        sqlite_file_bind(statement, 4, record->comment);
        sqlite3_bind_int64(statement, 5, record->created_s);
        sqlite_file_bind(statement, 6, record->created_by);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

int ssh_key_rows_add(const struct sqlite_file *file,
                     const struct ssh_key_record *record, struct err *err)
{
    int count = 0;
    int code = sqlite_file_begin(file);
    int r = 0;

    if (code == SQLITE_OK)
        code =
            sqlite_file_number(file, "SELECT count(*) FROM ssh_keys", &count);
    if (code == SQLITE_OK && count >= SSH_KEY_ROWS_MAX) {
        err_set(err, "there are %d keys already, the most that there can be",
                count);
        r = SSH_KEY_ROWS_FULL;
    } else if (code == SQLITE_OK) {
        code = insert(file, record);
    }
    if (r == 0 && code == SQLITE_OK && sqlite3_changes(file->sql) == 0) {
        err_set(err, "the key is somebody's already");
        r = SSH_KEY_ROWS_TAKEN;
    }
    return sqlite_file_end(file, r, code, err);
}

int ssh_key_rows_delete(const struct sqlite_file *file, const char *fingerprint,
                        struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite_file_begin(file);
    int r = 0;

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            file->sql,
            "DELETE FROM ssh_keys WHERE ?1 IN (fingerprint, CAST(id AS TEXT))",
            -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite_file_bind(statement, 1, fingerprint);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    if (code == SQLITE_OK && sqlite3_changes(file->sql) == 0) {
        err_set(err, "no key has this fingerprint or id");
        r = SSH_KEY_ROWS_NO_SUCH_KEY;
    }
    return sqlite_file_end(file, r, code, err);
}
