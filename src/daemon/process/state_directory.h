/*
 * state_directory.h - where the program keeps what it makes itself: state and
 * certificate.
 *
 * $STATE_DIRECTORY (systemd sets it), for root /var/lib/vspcd, else vspcd in
 * $XDG_STATE_HOME or ~/.local/state.
 */
#ifndef DAEMON_PROCESS_STATE_DIRECTORY_H
#define DAEMON_PROCESS_STATE_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { STATE_DIRECTORY_MAX = 1024 }; /* with its end */

/* False: there is no such place. */
bool state_directory_find(char to[STATE_DIRECTORY_MAX]);

/* With all that leads there, for nobody else to read. 0 or -errno. */
int state_directory_make(const char *path);

#endif
