#include "audit/audit_file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPEN_FLAGS =
        O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    /* More than a disk that fails leaves behind the last whole line. */
    END_MAX = 1024 * 1024,
};

static int refuse(const char *path, int error, const char *why, struct err *err)
{
    err_set(err, "%.200s: %s", path, why);
    return error;
}

/* For an open that failed. */
static int refuse_errno(const char *path, struct err *err)
{
    return refuse(path, -errno,
                  errno == ELOOP ? "it is a symbolic link" : strerror(errno),
                  err);
}

/* With its mode, whatever our umask is, or not at all. */
static int make(const char *path)
{
    int fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);
    int r;

    if (fd < 0 || fchmod(fd, 0640) == 0)
        return fd;
    r = errno;
    unlink(path);
    close(fd);
    errno = r;
    return -1;
}

static int check_kind(const char *path, int fd, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return refuse(path, -errno, strerror(errno), err);
    if (!S_ISREG(st.st_mode))
        return refuse(path, -EINVAL, "it is no regular file", err);
    if (st.st_nlink != 1)
        return refuse(path, -EINVAL, "it has other names (hard links)", err);
    return 0;
}

/* The lock is the file's and not the process's (fcntl): it must not go with
 * another descriptor of the file that is closed. */
static int lock(const char *path, int fd, struct err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? refuse(path, -EBUSY, "another process writes it", err)
                   : refuse(path, -errno, strerror(errno), err);
    return 0;
}

/* Returns how many bytes there are; -errno. */
static ssize_t read_at(int fd, uint8_t *to, size_t len, off_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = pread(fd, to + done, len - done, at + (off_t)done);

        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        done += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)done;
}

static int read_end(const char *path, int fd, struct audit_end *ret_end,
                    struct err *err)
{
    off_t size = lseek(fd, 0, SEEK_END);
    off_t at = size > END_MAX ? size - END_MAX : 0;
    uint8_t *bytes;
    ssize_t len;
    bool is_one;

    if (size < 0)
        return refuse(path, -errno, strerror(errno), err);
    bytes = xcalloc(1, END_MAX);
    len = read_at(fd, bytes, (size_t)(size - at), at);
    is_one = len >= 0 && audit_chain_read_end(slice_of(bytes, (size_t)len),
                                              at == 0, ret_end);
    free(bytes);
    if (len < 0)
        return refuse(path, (int)len, strerror((int)-len), err);
    if (!is_one)
        return refuse(path, -EINVAL,
                      "it does not end as an audit log and is left alone; "
                      "move it away, or name another file",
                      err);
    return 0;
}

int audit_file_open(struct audit_file *f, const char *path,
                    struct audit_end *ret_end, struct err *err)
{
    int fd = open(path, OPEN_FLAGS);
    int r;

    if (fd < 0 && errno == ENOENT)
        fd = make(path);
    if (fd < 0)
        return refuse_errno(path, err);
    r = check_kind(path, fd, err);
    if (r == 0)
        r = lock(path, fd, err);
    if (r == 0)
        r = read_end(path, fd, ret_end, err);
    if (r < 0) {
        close(fd);
        return r;
    }
    *f = (struct audit_file){ .path = path, .fd = fd };
    if (ret_end->lacks_newline)
        ret_end->lacks_newline = audit_file_write(f, slice_of("\n", 1)) != 1;
    return 0;
}

/* Of a file that will be made. */
static int check_directory(const char *path, struct err *err)
{
    char *parent = xstrdup(path);
    int r = access(dirname(parent), W_OK | X_OK) < 0
                ? refuse(path, -errno, strerror(errno), err)
                : 0;

    free(parent);
    return r;
}

int audit_file_check(const char *path, struct err *err)
{
    struct audit_end end;
    int fd = open(path, OPEN_FLAGS);
    int r;

    if (fd < 0 && errno == ENOENT)
        return check_directory(path, err);
    if (fd < 0)
        return refuse_errno(path, err);
    r = check_kind(path, fd, err);
    if (r == 0)
        r = read_end(path, fd, &end, err);
    close(fd);
    return r;
}

void audit_file_close(struct audit_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

ssize_t audit_file_write(struct audit_file *f, struct slice bytes)
{
    ssize_t written;

    do
        written = write(f->fd, bytes.data, bytes.len);
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : written;
}

int audit_file_sync(struct audit_file *f)
{
    return fdatasync(f->fd) < 0 ? -errno : 0;
}

enum audit_place audit_file_place(const struct audit_file *f)
{
    struct stat ours, there;

    if (fstat(f->fd, &ours) < 0 || ours.st_nlink == 0)
        return AUDIT_DELETED;
    if (lstat(f->path, &there) < 0 || there.st_dev != ours.st_dev ||
        there.st_ino != ours.st_ino)
        return AUDIT_MOVED;
    return AUDIT_IN_PLACE;
}
