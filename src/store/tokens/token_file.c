#include "store/tokens/token_file.h"

#include "base/mem.h"
#include "store/sqlite_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct token_file {
    struct sqlite_file file;
    int version; /* PRAGMA data_version at the last look; -1: none */
};

static const struct sqlite_kind kind = {
    .schema = &schema_tokens,
    .connection = "PRAGMA mmap_size = 0",
    .file = "PRAGMA journal_mode = DELETE;"
            "PRAGMA synchronous = FULL",
};

static_assert(TOKEN_FILE_TEXT_MAX == 256 && TOKEN_FILE_ROWS_MAX == 4096 &&
                  TOKEN_FILE_DIGEST_LEN == 32,
              "select_rows has these numbers");

/* ---- lists ------------------------------------------------------------ */

bool token_record_holds(const struct token_record *r, int64_t now_s)
{
    return r->revoked_s == 0 && (r->expires_s == 0 || now_s < r->expires_s);
}

void token_list_done(struct token_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct token_list){ 0 };
}

/* The texts of a record, which are copied together. */
enum { TEXT_COUNT = 7 };

static void list_texts(struct token_record *r, const char **text[TEXT_COUNT])
{
    text[0] = &r->name;
    text[1] = &r->owner;
    text[2] = &r->rights;
    text[3] = &r->consoles;
    text[4] = &r->created_by;
    text[5] = &r->used_from;
    text[6] = &r->revoked_by;
}

static struct token_record *copy(const struct token_record *record)
{
    struct token_record from = *record;
    const char **text[TEXT_COUNT];
    struct token_record *to;
    size_t size = sizeof *to;
    char *at;

    list_texts(&from, text);
    for (int i = 0; i < TEXT_COUNT; i++)
        size += strlen(*text[i]) + 1;
    to = xmalloc(size);
    at = (char *)(to + 1);
    for (int i = 0; i < TEXT_COUNT; i++) {
        size_t len = strlen(*text[i]) + 1;

        *text[i] = memcpy(at, *text[i], len);
        at += len;
    }
    *to = from;
    return to;
}

static void append(struct token_list *list, const struct token_record *record)
{
    if (list->item == NULL)
        list->item =
            xcalloc(TOKEN_FILE_ROWS_MAX, sizeof(struct token_record *));
    list->item[list->count++] = copy(record);
}

/* ---- opening ---------------------------------------------------------- */

int token_file_open(struct token_file **ret_file, const char *path,
                    bool is_made, struct err *err)
{
    struct token_file *f;
    int r;

    if (!is_made && access(path, F_OK) < 0 && errno == ENOENT) {
        err_set(err, "%s", strerror(ENOENT));
        return -ENOENT;
    }
    f = xcalloc(1, sizeof *f);
    f->version = -1;
    r = sqlite_file_open(&f->file, path, &kind, err);
    if (r != 0) {
        token_file_close(f);
        return r;
    }
    *ret_file = f;
    return 0;
}

void token_file_close(struct token_file *f)
{
    if (f == NULL)
        return;
    sqlite_file_close(&f->file);
    free(f);
}

const struct sqlite_file *token_file_sqlite(const struct token_file *f)
{
    return &f->file;
}

/* ---- reading ---------------------------------------------------------- */

/* The version is asked for before the rows are read: what is written in between
 * counts as a change at the next look. */
int token_file_look(struct token_file *f, bool *ret_is_changed, struct err *err)
{
    int version = 0;
    int code;

    if (sqlite_file_has_moved(&f->file)) {
        err_set(err, "the file was moved or deleted");
        return -ENOENT;
    }
    code = sqlite_file_number(&f->file, "PRAGMA data_version", &version);
    if (code != SQLITE_OK)
        return sqlite_file_fail(&f->file, code, err);
    *ret_is_changed = version != f->version;
    f->version = version;
    return 0;
}

static bool read_row(sqlite3_stmt *row, struct token_record *ret)
{
    const void *digest = sqlite3_column_blob(row, 5);

    *ret = (struct token_record){
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .name = sqlite_file_text(row, 1),
        .owner = sqlite_file_text(row, 2),
        .rights = sqlite_file_text(row, 3),
        .consoles = sqlite_file_text(row, 4),
        .created_s = sqlite3_column_int64(row, 6),
        .created_by = sqlite_file_text(row, 7),
        .expires_s = sqlite3_column_int64(row, 8),
        .used_s = sqlite3_column_int64(row, 9),
        .used_from = sqlite_file_text(row, 10),
        .revoked_s = sqlite3_column_int64(row, 11),
        .revoked_by = sqlite_file_text(row, 12),
    };
    if (ret->id == 0 || digest == NULL ||
        sqlite3_column_bytes(row, 5) != TOKEN_FILE_DIGEST_LEN)
        return false;
    memcpy(ret->digest, digest, sizeof ret->digest);
    return true;
}

/* Ids rise, so the order of ids is that of creation. */
static const char select_rows[] =
    "SELECT * FROM ("
    " SELECT id, substr(name, 1, 256), substr(owner, 1, 256),"
    "  substr(rights, 1, 256), substr(coalesce(consoles, ''), 1, 256),"
    "  substr(digest, 1, 33), created, substr(created_by, 1, 256), expires,"
    "  used, substr(used_from, 1, 256), revoked,"
    "  substr(coalesce(revoked_by, ''), 1, 256)"
    " FROM tokens ORDER BY revoked IS NOT NULL, id DESC LIMIT 4096"
    ") ORDER BY id";

int token_file_load(struct token_file *f, struct token_list *ret_list,
                    unsigned *ret_damaged, struct err *err)
{
    struct token_list list = { 0 };
    unsigned damaged = 0;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(f->file.sql, select_rows, -1, &row, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    for (; code == SQLITE_ROW; code = sqlite3_step(row)) {
        struct token_record record;

        if (read_row(row, &record))
            append(&list, &record);
        else
            damaged++;
    }
    sqlite3_finalize(row);
    if (code != SQLITE_DONE) {
        token_list_done(&list);
        return sqlite_file_fail(&f->file, code, err);
    }
    *ret_list = list;
    *ret_damaged = damaged;
    return 0;
}

/* ---- writing ---------------------------------------------------------- */

/* Those that ended long ago; and the oldest, if there are too many: otherwise
 * who makes tokens and revokes them fills the disk, and his rows take the place
 * of others' tokens among those that are read. */
static int remove_ended(struct token_file *f, int64_t now_s)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        f->file.sql,
        "DELETE FROM tokens WHERE revoked < ?1 OR expires < ?1 OR id IN"
        " (SELECT id FROM tokens WHERE revoked IS NOT NULL OR expires <= ?2"
        " ORDER BY id DESC LIMIT -1 OFFSET ?3)",
        -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, now_s - TOKEN_FILE_ENDED_S);
        sqlite3_bind_int64(statement, 2, now_s);
        sqlite3_bind_int(statement, 3, TOKEN_FILE_ENDED_MAX);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

/* Counts the tokens that hold: all, and those of this name. */
static int count_holding(struct token_file *f, const char *name, int64_t now_s,
                         int *ret_all, int *ret_named)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(
        f->file.sql,
        "SELECT count(*), count(*) FILTER (WHERE name = ?1) FROM tokens"
        " WHERE revoked IS NULL AND (expires IS NULL OR expires > ?2)",
        -1, &row, NULL);

    if (code == SQLITE_OK) {
        sqlite_file_bind(row, 1, name);
        sqlite3_bind_int64(row, 2, now_s);
        code = sqlite3_step(row);
    }
    if (code == SQLITE_ROW) {
        *ret_all = sqlite3_column_int(row, 0);
        *ret_named = sqlite3_column_int(row, 1);
        code = SQLITE_OK;
    }
    sqlite3_finalize(row);
    return code;
}

static int insert(struct token_file *f, const struct token_record *r)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(
        f->file.sql,
        "INSERT INTO tokens (name, owner, rights, consoles, digest, created,"
        " created_by, expires) VALUES"
        " (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?7, nullif(?8, 0))",
        -1, &statement, NULL);

    if (code == SQLITE_OK) {
        sqlite_file_bind(statement, 1, r->name);
        sqlite_file_bind(statement, 2, r->owner);
        sqlite_file_bind(statement, 3, r->rights);
        sqlite_file_bind(statement, 4, r->consoles);
        sqlite3_bind_blob(statement, 5, r->digest, sizeof r->digest,
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 6, r->created_s);
        sqlite_file_bind(statement, 7, r->created_by);
        sqlite3_bind_int64(statement, 8, r->expires_s);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    return code;
}

int token_file_create(struct token_file *f, const struct token_record *record,
                      struct err *err)
{
    int all = 0, named = 0;
    int code = sqlite_file_begin(&f->file);
    int r = 0;

    if (code == SQLITE_OK)
        code = remove_ended(f, record->created_s);
    if (code == SQLITE_OK)
        code = count_holding(f, record->name, record->created_s, &all, &named);
    if (code == SQLITE_OK && named > 0) {
        err_set(err, "a token has this name already: revoke it, or "
                     "choose another name");
        r = TOKEN_FILE_NAME_TAKEN;
    } else if (code == SQLITE_OK && all >= TOKEN_FILE_HOLDING_MAX) {
        err_set(err, "there are %d tokens already, the most that there can be",
                all);
        r = TOKEN_FILE_FULL;
    }
    if (r == 0 && code == SQLITE_OK)
        code = insert(f, record);
    return sqlite_file_end(&f->file, r, code, err);
}

int token_file_revoke(struct token_file *f, const char *name, const char *by,
                      int64_t now_s, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite_file_begin(&f->file);
    int r = 0;

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            f->file.sql,
            "UPDATE tokens SET revoked = ?1, revoked_by = ?2 WHERE name = ?3"
            " AND revoked IS NULL AND (expires IS NULL OR expires > ?1)",
            -1, &statement, NULL);
    if (code == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, now_s);
        sqlite_file_bind(statement, 2, by);
        sqlite_file_bind(statement, 3, name);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    if (code == SQLITE_OK && sqlite3_changes(f->file.sql) == 0) {
        err_set(err, "no token that holds has this name: see --token list");
        r = TOKEN_FILE_NO_SUCH_NAME;
    }
    return sqlite_file_end(&f->file, r, code, err);
}

int token_file_note_uses(struct token_file *f, const struct token_use *uses,
                         size_t count, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite_file_begin(&f->file);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            f->file.sql,
            "UPDATE tokens SET used = ?1, used_from = ?2 WHERE id = ?3", -1,
            &statement, NULL);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        sqlite3_bind_int64(statement, 1, uses[i].used_s);
        sqlite_file_bind(statement, 2, uses[i].from);
        sqlite3_bind_int64(statement, 3, (int64_t)uses[i].id);
        code = sqlite_file_step(statement);
    }
    sqlite3_finalize(statement);
    return sqlite_file_end(&f->file, 0, code, err);
}
