/*
 * rescue.h - what can still be done with a state file that cannot be used.
 */
#ifndef STORE_RESCUE_H
#define STORE_RESCUE_H

#include "store/database.h"

/* Renames the file, and its log with it, to FILE.damaged-TIME. 0, or -errno
 * with err filled. */
int rescue_move_aside(const char *path, char *ret_aside, size_t size,
                      struct err *err);

/*
 * As database_load, from a file that cannot be written: from a copy in TMPDIR,
 * because the last changes are in the file's log, and SQLite does not read
 * that without locking and, after a crash, repairing it. 0 also where there is
 * no file; else as database_open and database_load.
 */
int rescue_load(const char *path, database_each_fn *each, void *owner,
                struct pending *pending, struct err *err);

#endif
