/*
 * background.h - going to the background: --daemon.
 *
 * The program forks at once, before there is a loop or a thread, and the first
 * process waits until the second one is ready, so that what comes behind it on
 * a command line finds the ports open. Until then the second one is of the same
 * session: what is wrong is said on the same terminal, and Ctrl-C ends both.
 * When it is ready it leaves session, terminal and working directory.
 */
#ifndef DAEMON_PROCESS_BACKGROUND_H
#define DAEMON_PROCESS_BACKGROUND_H

#include "base/err.h"

/*
 * Returns in the process that is to go on, with *ret_fd for background_done; in
 * the first one it never returns: that one ends with status 0 when the other is
 * ready, else with the other's own. Negative with err filled: there is no other
 * one.
 */
int background_begin(int *ret_fd, struct err *err);

/* Ready: the first process ends. */
void background_done(int fd);

#endif
