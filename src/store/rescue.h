/*
 * rescue.h - saves what it can of a state file that cannot be used.
 */
#ifndef STORE_RESCUE_H
#define STORE_RESCUE_H

#include "store/database.h"

/* Renames the file and its log to FILE.damaged-TIME. 0, or -errno with err
 * filled. */
int rescue_move_aside(const char *path, char *ret_aside, size_t size,
                      struct err *err);

/*
 * Like database_load, and database_load_notes (each_note NULL: without), for a
 * file that cannot be written. Loads a copy in
 * TMPDIR: the last changes are in the file's log, and SQLite reads the log only
 * with a lock and, after a crash, a repair. 0 also if there is no file;
 * otherwise the outcomes of database_open and database_load.
 */
int rescue_load(const char *path, database_each_fn *each,
                database_note_fn *each_note, void *owner,
                struct pending *pending, struct err *err);

#endif
