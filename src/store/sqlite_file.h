/*
 * sqlite_file.h - what all SQLite files of the program have in common: making
 * and opening one, checking it, converting it to this version, and SQLite's
 * results as outcomes.
 *
 * Blocks on the disk. Any thread may use a file, one at a time.
 */
#ifndef STORE_SQLITE_FILE_H
#define STORE_SQLITE_FILE_H

#include "base/err.h"
#include "store/database_outcome.h"
#include "store/schema.h"

#include <sqlite3.h>
#include <stdbool.h>

/* How a kind of file is used. */
struct sqlite_kind {
    const struct schema *schema;
    /* Pragmas: of the connection, set before the file is looked at; and of the
     * file, set when it is known to be of this kind. */
    const char *connection;
    const char *file;
};

struct sqlite_file {
    sqlite3 *sql; /* NULL: not open */
    bool is_new;  /* it was empty or new */
};

/*
 * Creates the file (mode 0600) if there is none, checks all of it, and migrates
 * it to this version. 0 or an outcome. The caller closes it in either case.
 */
int sqlite_file_open(struct sqlite_file *f, const char *path,
                     const struct sqlite_kind *kind, struct err *err);
void sqlite_file_close(struct sqlite_file *f); /* may be called twice */

/* The outcome of a code of SQLite's that is not SQLITE_OK, with its words. */
int sqlite_file_fail(const struct sqlite_file *f, int code, struct err *err);

/* Runs statements without results, or one step of a prepared statement without
 * results, which is reset. SQLITE_OK or SQLite's code. */
int sqlite_file_run(const struct sqlite_file *f, const char *sql);
int sqlite_file_step(sqlite3_stmt *statement);

/* A transaction, which has the lock from its beginning: what is read in it
 * stays true. SQLITE_OK or SQLite's code. */
int sqlite_file_begin(const struct sqlite_file *f);

/* Its end, also if it was not begun: by r, 0 or an outcome with err filled, and
 * by code, SQLITE_OK or SQLite's. Commits if both are good. 0 or an outcome; in
 * that case nothing is written. */
int sqlite_file_end(const struct sqlite_file *f, int r, int code,
                    struct err *err);

/* The first value of the first row as a number. SQLite's code. */
int sqlite_file_number(const struct sqlite_file *f, const char *sql, int *ret);

/* True if somebody has deleted or replaced the file: what is written into it
 * would never be read. */
bool sqlite_file_has_moved(const struct sqlite_file *f);

/* The text of a column, "" for NULL; until the row's next step. */
const char *sqlite_file_text(sqlite3_stmt *row, int column);

/* Binds text without a copy: it outlives the step that uses it. */
void sqlite_file_bind(sqlite3_stmt *statement, int number, const char *text);

#endif
