/*
 * database.h - the state file: a SQLite database, written by one process at a
 * time. The only module that knows its schema.
 *
 * Blocks on the disk. Any thread may use a database, one at a time.
 *
 * The file is in WAL mode: a commit appends a few pages to FILE-wal, and a
 * process that is killed leaves a valid file. The file is locked while it is
 * open (locking_mode EXCLUSIVE). The lock keeps a second process from assigning
 * ports twice. It also keeps SQLite from using shared memory, which is a mapped
 * file: a failing disk would then end us by SIGBUS, while read() and write()
 * only return an error.
 *
 * A commit is on the disk when it returns (synchronous FULL): so a port that
 * was announced is kept over a power failure.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "base/err.h"
#include "store/database_outcome.h"
#include "store/pending.h"
#include "store/record.h"

#include <stdbool.h>

struct database;

/* Creates the file if there is none, checks all of it, and migrates it to this
 * version. 0 or an outcome. */
int database_open(struct database **ret_database, const char *path,
                  struct err *err);
void database_close(struct database *db); /* takes NULL */

/* True if the file was empty or new. */
bool database_is_new(const struct database *db);

/* Called for each console, in the order in which they were first put. False:
 * delete it. */
typedef bool database_each_fn(void *owner, const struct store_record *record);

/* Hands every console to each; those to be deleted are put into pending. */
int database_load(struct database *db, database_each_fn *each, void *owner,
                  struct pending *pending, struct err *err);

/* Hands every note to each. */
typedef void database_note_fn(void *owner, const struct store_note *note);
int database_load_notes(struct database *db, database_note_fn *each,
                        void *owner, struct err *err);

/* Writes all changes or none; they stay in pending. */
int database_write(struct database *db, const struct pending *pending,
                   struct err *err);

#endif
