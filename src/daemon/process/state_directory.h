/*
 * state_directory.h - the directory of files that the program makes: state and
 * certificate.
 *
 * $STATE_DIRECTORY (set by systemd), for root /var/lib/vspcd, else vspcd in
 * $XDG_STATE_HOME or ~/.local/state.
 */
#ifndef DAEMON_PROCESS_STATE_DIRECTORY_H
#define DAEMON_PROCESS_STATE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { STATE_DIRECTORY_MAX = 1024 }; /* with its NUL */

/* False: there is no such place. */
bool state_directory_find(char to[STATE_DIRECTORY_MAX]);

/* Makes it and its parents, readable for this user only. 0 or -errno. */
int state_directory_make(const char *path);

#endif
