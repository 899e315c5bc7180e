/*
 * hook_start.h - starts a program as hooks are: without a shell, as a session
 * and process group of its own, in /, with default signals and no descriptors
 * but the three that it is given.
 */
#ifndef HOOK_HOOK_START_H
#define HOOK_HOOK_START_H

#include <sys/types.h>

struct hook_start {
    const char *program; /* absolute */
    char **environment;
    int input, output, errors; /* the caller's, who closes them */
};

/* Waits for the program's disk. *ret_pidfd, the caller's to close, is readable
 * when the program has ended. 0, or -errno: it was not started. */
int hook_start(const struct hook_start *start, pid_t *ret_pid, int *ret_pidfd);

/* Programs are waited for by their pidfd, so SIGCHLD must not be ignored, as a
 * parent may hand it down: the kernel would keep their status from us. */
void hook_start_allow(void);

#endif
