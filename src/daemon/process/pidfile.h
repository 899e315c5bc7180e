/*
 * pidfile.h - the file with our process ID: for scripts that send signals, and
 * so that only one vspcd runs.
 *
 * It is locked from start to end (fcntl(2): the kernel knows the holder of the
 * lock, and releases it however the process ends), and written when VMs may
 * connect. A file without a lock is stale and is taken over. Symbolic links,
 * hard links, and files that are no pidfile are refused.
 */
#ifndef DAEMON_PROCESS_PIDFILE_H
#define DAEMON_PROCESS_PIDFILE_H

#include "base/err.h"

struct pidfile {
    char *path; /* owned; NULL: no pidfile is wanted */
    int fd;     /* -1: no pidfile is wanted, or it was closed */
};

/* Must come before anything that two processes cannot have. Copies path; NULL:
 * no pidfile is wanted. 0, or negative with err filled and nothing to close. */
int pidfile_open(struct pidfile *p, const char *path, struct err *err);

/* 0, or negative with err filled. */
int pidfile_write(const struct pidfile *p, struct err *err);

/* Removes the file, or empties it if that is not allowed. */
void pidfile_close(struct pidfile *p);

#endif
