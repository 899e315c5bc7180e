#include "daemon/process/pidfile.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if the path still leads to the open file: another process may have
 * removed it before we got the lock. */
static bool is_in_place(const struct pidfile *p)
{
    struct stat ours, there;

    return fstat(p->fd, &ours) == 0 && lstat(p->path, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* True if the file is empty or contains a number. */
static bool is_pidfile(int fd)
{
    char text[32];
    ssize_t len = pread(fd, text, sizeof text, 0);

    if (len < 0 || len == sizeof text)
        return false;
    for (ssize_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]) && text[i] != '\n')
            return false;
    }
    return true;
}

static int refuse(const struct pidfile *p, const char *why, struct err *err)
{
    err_set(err, "--pidfile: %.200s: %s", p->path, why);
    return -EINVAL;
}

/* Names the holder of the lock for people; it may have ended meanwhile. */
static int refuse_second(const struct pidfile *p, struct err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (fcntl(p->fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
        err_set(err,
                "--pidfile: %.200s is held by process %ld, which is running: "
                "end it first, or use another file",
                p->path, (long)lock.l_pid);
    else
        (void)refuse(p, "another process has just had it: try again", err);
    return -EBUSY;
}

static int check(const struct pidfile *p, struct err *err)
{
    struct stat s;

    if (fstat(p->fd, &s) < 0)
        return refuse(p, strerror(errno), err);
    if (!S_ISREG(s.st_mode) || s.st_nlink > 1)
        return refuse(p, "it is no regular file of its own", err);
    if (!is_pidfile(p->fd))
        return refuse(p,
                      "it has something else than a process ID in it and is "
                      "left alone",
                      err);
    return 0;
}

static int open_and_lock(struct pidfile *p, struct err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int r;

    p->fd = open(p->path,
                 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (p->fd < 0)
        return refuse(
            p, errno == ELOOP ? "it is a symbolic link" : strerror(errno), err);
    r = check(p, err);
    if (r == 0 && fcntl(p->fd, F_SETLK, &lock) < 0)
        r = errno == EAGAIN || errno == EACCES
                ? refuse_second(p, err)
                : refuse(p, strerror(errno), err);
    if (r < 0) {
        close(p->fd);
        p->fd = -1;
    }
    return r;
}

int pidfile_open(struct pidfile *p, const char *path, struct err *err)
{
    int r = 0;

    *p = (struct pidfile){ .fd = -1 };
    if (path == NULL)
        return 0;
    p->path = xstrdup(path);
    do {
        if (p->fd >= 0)
            close(p->fd); /* its owner has just removed it */
        r = open_and_lock(p, err);
    } while (r == 0 && !is_in_place(p));
    /* A stale number may be another process's by now: nobody must send it a
     * signal that is meant for us. */
    if (r == 0 && ftruncate(p->fd, 0) < 0)
        r = refuse(p, strerror(errno), err);
    if (r < 0)
        pidfile_close(p);
    return r;
}

int pidfile_write(const struct pidfile *p, struct err *err)
{
    char text[24];
    int len;
    ssize_t written;

    if (p->fd < 0)
        return 0;
    len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Scripts of other users may read it, whatever our umask is. */
    (void)fchmod(p->fd, 0644);
    written = pwrite(p->fd, text, (size_t)len, 0);
    if (written == len)
        return 0;
    return refuse(p, strerror(written < 0 ? errno : ENOSPC), err);
}

/* After --user the directory may be root's alone: then the file is left without
 * a number. */
static void remove_file(const struct pidfile *p)
{
    if (unlink(p->path) < 0)
        (void)!ftruncate(p->fd, 0);
}

void pidfile_close(struct pidfile *p)
{
    /* Removed before the lock is released: a process that waits for the lock
     * sees that the file is gone. */
    if (p->fd >= 0 && is_in_place(p))
        remove_file(p);
    if (p->fd >= 0)
        close(p->fd);
    free(p->path);
    *p = (struct pidfile){ .fd = -1 };
}
