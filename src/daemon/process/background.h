/*
 * background.h - runs the program in the background: --daemon.
 *
 * The program forks at once, before there is a loop or a thread. The first
 * process waits until the second one is ready, so that the next command in a
 * script finds the ports open. Until then both are in one session: errors
 * appear on the terminal, and Ctrl-C ends both. When the second process is
 * ready, it leaves session, terminal and working directory.
 */
#ifndef DAEMON_PROCESS_BACKGROUND_H
#define DAEMON_PROCESS_BACKGROUND_H

#include "base/err.h"

/*
 * Returns in the process that continues, with *ret_fd for background_done. The
 * first process never returns: it ends with status 0 when the other one is
 * ready, else with the other one's status. Negative with err filled: no process
 * was started.
 */
int background_begin(int *ret_fd, struct err *err);

/* The program is ready: the first process ends. */
void background_done(int fd);

#endif
