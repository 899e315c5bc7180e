/*
 * state_path.h - where the state file is, and what to do if it cannot be used.
 */
#ifndef DAEMON_PROCESS_STATE_PATH_H
#define DAEMON_PROCESS_STATE_PATH_H

#include "base/err.h"
#include "conf/options.h"
#include "daemon/process/state_directory.h"

enum { STATE_PATH_MAX = STATE_DIRECTORY_MAX + 64 }; /* with its end */

/* --file, or state.db in the state directory. 0; -ENOENT: there is no place
 * for it; others with err filled. */
int state_path_find(const struct settings *settings, char to[STATE_PATH_MAX],
                    struct err *err);

/* What somebody has written by hand is looked at before it is waited for: 0, or
 * negative with err filled. */
int state_path_check(const char *path, struct err *err);

/* The state directory that a path of state_path_find stands in. 0 or -errno.
 * Any thread. */
int state_path_make(const char *path);

/* -EINVAL, and in err what a person can do about this outcome of opening it
 * (store_open, database_open). */
int state_path_explain(const char *path, int outcome, const struct err *why,
                       struct err *err);

#endif
