/*
 * state_path.h - the path of the state file, and what to do if the file cannot
 * be used.
 */
#ifndef DAEMON_PROCESS_STATE_PATH_H
#define DAEMON_PROCESS_STATE_PATH_H

#include "base/err.h"
#include "conf/options.h"
#include "daemon/process/state_directory.h"

enum { STATE_PATH_MAX = STATE_DIRECTORY_MAX + 64 }; /* with its NUL */

/* --file, or state.db in the state directory. 0; -ENOENT: there is no directory
 * for it; other errors with err filled. */
int state_path_find(const struct settings *settings, char to[STATE_PATH_MAX],
                    struct err *err);

/* The file of the tokens, beside the state file: its path with ".tokens". As
 * state_path_find; also -ENOENT if no state is kept. */
int state_path_find_tokens(const struct settings *settings,
                           char to[STATE_PATH_MAX], struct err *err);

/* Checks a path from the settings before anything waits for it: 0, or negative
 * with err filled. */
int state_path_check(const char *path, struct err *err);

/* Makes the state directory of a path from state_path_find. 0 or -errno. May be
 * called on any thread. */
int state_path_make(const char *path);

/* -EINVAL, and in err what a person can do about an outcome of store_open or
 * database_open. */
int state_path_explain(const char *path, int outcome, const struct err *why,
                       struct err *err);

#endif
