/*
 * pidfile.h - the file with our process ID: for scripts that send signals, and
 * so that there is one of us.
 *
 * It is locked from the start to the end (fcntl(2); the kernel says who has
 * the lock, and lets go of it when a process dies, however it does), and is
 * written when VMs may connect. A file without a lock is stale, and taken over.
 * Symbolic links, further links, and what is no pidfile are refused.
 */
#ifndef DAEMON_PROCESS_PIDFILE_H
#define DAEMON_PROCESS_PIDFILE_H

#include "base/err.h"

struct pidfile {
    char *path; /* our own; NULL: none is wanted */
    int fd;     /* -1: no pidfile is wanted, or there is none any more */
};

/* Before anything is opened that two cannot have. path is copied; NULL: none is
 * wanted. 0, or negative with err filled and nothing to close. */
int pidfile_open(struct pidfile *p, const char *path, struct err *err);

/* 0, or negative with err filled. */
int pidfile_write(const struct pidfile *p, struct err *err);

/* Removes it. */
void pidfile_close(struct pidfile *p);

#endif
