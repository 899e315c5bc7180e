#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Another process that is ending, or that writes, may have the lock for a short
 * time. */
enum { BUSY_MS = 2000 };

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

int sqlite_file_fail(const struct sqlite_file *f, int code, struct err *err)
{
    int r = outcome_of(code);
    int system_error = sqlite3_system_errno(f->sql);

    if (r == DATABASE_BUSY)
        err_set(err, "another process has it open");
    else if (system_error != 0 && system_error != ENOENT)
        err_set(err, "%s: %s", sqlite3_errmsg(f->sql), strerror(system_error));
    else
        err_set(err, "%s", sqlite3_errmsg(f->sql));
    return r;
}

int sqlite_file_run(const struct sqlite_file *f, const char *sql)
{
    return sqlite3_exec(f->sql, sql, NULL, NULL, NULL);
}

int sqlite_file_step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    (void)sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int sqlite_file_number(const struct sqlite_file *f, const char *sql, int *ret)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(f->sql, sql, -1, &statement, NULL);

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

const char *sqlite_file_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text != NULL ? text : "";
}

void sqlite_file_bind(sqlite3_stmt *statement, int number, const char *text)
{
    sqlite3_bind_text(statement, number, text, -1, SQLITE_STATIC);
}

bool sqlite_file_has_moved(const struct sqlite_file *f)
{
    int moved = 0;
    int code =
        sqlite3_file_control(f->sql, "main", SQLITE_FCNTL_HAS_MOVED, &moved);

    return code == SQLITE_OK && moved != 0;
}

/* ---- transactions ----------------------------------------------------- */

int sqlite_file_begin(const struct sqlite_file *f)
{
    return sqlite_file_run(f, "BEGIN IMMEDIATE");
}

int sqlite_file_end(const struct sqlite_file *f, int r, int code,
                    struct err *err)
{
    if (r == 0 && code == SQLITE_OK)
        code = sqlite_file_run(f, "COMMIT");
    if (r == 0 && code == SQLITE_OK)
        return 0;
    if (r == 0)
        r = sqlite_file_fail(f, code, err);
    (void)sqlite_file_run(f, "ROLLBACK");
    return r;
}

/* ---- opening ---------------------------------------------------------- */

/* Of one moment: another process may be making the file. */
static int read_version(const struct sqlite_file *f, int *application,
                        int *version, int *tables)
{
    int code = sqlite_file_run(f, "BEGIN");

    if (code == SQLITE_OK)
        code =
            sqlite_file_number(f, "SELECT count(*) FROM sqlite_schema", tables);
    if (code == SQLITE_OK)
        code = sqlite_file_number(f, "PRAGMA application_id", application);
    if (code == SQLITE_OK)
        code = sqlite_file_number(f, "PRAGMA user_version", version);
    if (code == SQLITE_OK)
        code = sqlite_file_run(f, "COMMIT");
    return code;
}

static int check_version(struct sqlite_file *f, const struct schema *schema,
                         struct err *err, int *ret_version)
{
    int application = 0, version = 0, tables = 0;
    int code = read_version(f, &application, &version, &tables);

    if (code != SQLITE_OK)
        return sqlite_file_fail(f, code, err);
    f->is_new = tables == 0;
    *ret_version = version;
    if (tables > 0 && application != schema->application_id) {
        err_set(err, "it is the database of another program");
        return DATABASE_FOREIGN;
    }
    if (version > schema->count) {
        err_set(err,
                "a later version of vspcd has written it (schema %d, this one "
                "knows %d)",
                version, schema->count);
        return DATABASE_NEWER;
    }
    return 0;
}

static int check_whole(const struct sqlite_file *f, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(f->sql, "PRAGMA quick_check(1)", -1,
                                  &statement, NULL);
    int r = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
        r = sqlite_file_fail(f, code, err);
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

/* Called within the transaction. */
static int take_steps(const struct sqlite_file *f, const struct schema *schema)
{
    char pragmas[96];
    int version = 0;
    int code = sqlite_file_number(f, "PRAGMA user_version", &version);

    for (int i = version; i < schema->count && code == SQLITE_OK; i++)
        code = sqlite_file_run(f, schema->steps[i]);
    if (code != SQLITE_OK || version >= schema->count)
        return code;
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             schema->application_id, schema->count);
    return sqlite_file_run(f, pragmas);
}

/* Takes the missing steps, all or none; another process may take them at the
 * same time. */
static int migrate(const struct sqlite_file *f, const struct schema *schema,
                   struct err *err)
{
    int code = sqlite_file_begin(f);

    if (code == SQLITE_OK)
        code = take_steps(f, schema);
    return sqlite_file_end(f, 0, code, err);
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

static int connect_to(struct sqlite_file *f, const char *path,
                      const char *pragmas, struct err *err)
{
    int r = make_file(path, err);
    int code;

    if (r < 0)
        return r;
    code = sqlite3_open_v2(path, &f->sql,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (f->sql == NULL) {
        err_set(err, "out of memory");
        return -EIO;
    }
    if (code != SQLITE_OK)
        return sqlite_file_fail(f, code, err);
    sqlite3_extended_result_codes(f->sql, 1);
    sqlite3_busy_timeout(f->sql, BUSY_MS);
    code = sqlite_file_run(f, "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON");
    if (code == SQLITE_OK)
        code = sqlite_file_run(f, pragmas);
    return code == SQLITE_OK ? 0 : sqlite_file_fail(f, code, err);
}

int sqlite_file_open(struct sqlite_file *f, const char *path,
                     const struct sqlite_kind *kind, struct err *err)
{
    int version = 0;
    int code = SQLITE_OK;
    int r;

    *f = (struct sqlite_file){ 0 };
    r = connect_to(f, path, kind->connection, err);
    /* The order matters: the file's pragmas change the file, which must be left
     * alone if it is not ours; and a damaged file must not be migrated. */
    if (r == 0)
        r = check_version(f, kind->schema, err, &version);
    if (r == 0)
        code = sqlite_file_run(f, kind->file);
    if (code != SQLITE_OK)
        r = sqlite_file_fail(f, code, err);
    if (r == 0)
        r = check_whole(f, err);
    if (r == 0 && version < kind->schema->count)
        r = migrate(f, kind->schema, err);
    return r;
}

void sqlite_file_close(struct sqlite_file *f)
{
    (void)sqlite3_close(f->sql);
    f->sql = NULL;
}
