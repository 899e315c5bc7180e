/*
 * database.h - the state file: a SQLite database, written by one process at a
 * time. The one place that knows its schema, and SQLite.
 *
 * Blocks on the disk. A database may be used by any thread, one at a time.
 *
 * The file is in WAL mode: a commit is a few pages at the end of FILE-wal, and
 * a process that is killed leaves a file that is good as it is. It is locked
 * from opening to closing (locking_mode EXCLUSIVE). That keeps a second
 * process from giving out the same ports, and SQLite from using shared memory,
 * which is a file that is mapped: a disk that fails then would end us by
 * SIGBUS, while read() and write() only return an error.
 *
 * Each commit is on the disk when it returns (synchronous FULL): a port that
 * was told to somebody is the same after a power failure, too.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include "base/err.h"
#include "store/pending.h"
#include "store/record.h"

#include <stdbool.h>

struct database;

/* Outcomes besides 0. Everything else that can go wrong (no space, no
 * permission, a disk that fails) is -EIO. err has the words for each. */
enum database_outcome {
    DATABASE_NEWER = 1, /* a later version of the program has written it */
    DATABASE_FOREIGN,   /* it is no state file */
    DATABASE_BUSY,      /* another process has it open */
    DATABASE_DAMAGED,
};

/* Makes it where there is none; checks it from end to end; brings it to this
 * version. */
int database_open(struct database **ret_database, const char *path,
                  struct err *err);
void database_close(struct database *db); /* takes NULL */

/* Whether there was nothing in it. */
bool database_is_new(const struct database *db);

/* Each console in the order in which they were first put. False: forget it. */
typedef bool database_each_fn(void *owner, const struct store_record *record);

/* Hands all of it to each; those to forget go into pending. */
int database_load(struct database *db, database_each_fn *each, void *owner,
                  struct pending *pending, struct err *err);

/* All changes or none; they stay in pending. */
int database_write(struct database *db, const struct pending *pending,
                   struct err *err);

#endif
