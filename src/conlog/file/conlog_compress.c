#include "conlog/file/conlog_compress.h"

#include "conlog/file/conlog_positions.h"
#include "conlog/file/conlog_rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK = 64 * 1024 };

struct compression {
    int directory;
    int from, to; /* descriptors */
    struct conlog_rotation_name plain, packed, temporary;
    struct stat st; /* of the file */
    uint64_t taken; /* bytes of the file */
    z_stream z;
    bool has_z;
    struct {
        uint8_t in[CHUNK], out[CHUNK];
    } * buffers;
};

/* Returns -errno of the call that has just failed. */
static int failed(const char *what, const char *name, struct err *err)
{
    int r = -errno;

    err_set(err, "cannot %s %s: %s", what, name, strerror(-r));
    return r;
}

/* ---- before and after ------------------------------------------------- */

static int begin(struct compression *c, struct err *err)
{
    const int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

    c->from = openat(c->directory, c->plain.text, O_RDONLY | flags);
    if (c->from < 0)
        return failed("open", c->plain.text, err);
    if (fstat(c->from, &c->st) < 0)
        return failed("look at", c->plain.text, err);
    if (!S_ISREG(c->st.st_mode)) {
        err_set(err, "%s is no regular file", c->plain.text);
        return -EINVAL;
    }
    /* Removes an old one. If that fails, creating it returns the reason. */
    unlinkat(c->directory, c->temporary.text, 0);
    c->to = openat(c->directory, c->temporary.text,
                   O_WRONLY | O_CREAT | O_EXCL | flags, 0600);
    if (c->to < 0)
        return failed("make", c->temporary.text, err);
    c->buffers = malloc(sizeof *c->buffers);
    /* 16 selects the gzip format; the rest is the window. */
    if (c->buffers == NULL ||
        deflateInit2(&c->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16,
                     MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY) != Z_OK) {
        err_set(err, "out of memory");
        return -ENOMEM;
    }
    c->has_z = true;
    return 0;
}

static void end(struct compression *c)
{
    if (c->has_z)
        deflateEnd(&c->z);
    free(c->buffers);
    if (c->from >= 0)
        close(c->from);
    if (c->to >= 0)
        close(c->to);
}

/* ---- the bytes -------------------------------------------------------- */

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Reads until the chunk is full or the file ends. */
static ssize_t read_chunk(int fd, uint8_t *to)
{
    size_t len = 0;

    while (len < CHUNK) {
        ssize_t n = read(fd, to + len, CHUNK - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

/* Compresses a chunk; after the last one, writes all that is left. */
static int pack_chunk(struct compression *c, size_t len, struct err *err)
{
    int flush = len < CHUNK ? Z_FINISH : Z_NO_FLUSH;

    c->z.next_in = c->buffers->in;
    c->z.avail_in = (uInt)len;
    do {
        c->z.next_out = c->buffers->out;
        c->z.avail_out = CHUNK;
        deflate(&c->z, flush); /* can only fail by our own mistake */
        errno = -write_all(c->to, c->buffers->out, CHUNK - c->z.avail_out);
        if (errno != 0)
            return failed("write", c->temporary.text, err);
    } while (c->z.avail_out == 0);
    return 0;
}

static int pack(struct compression *c, const atomic_bool *stop, struct err *err)
{
    ssize_t len;

    do {
        int r;

        if (atomic_load_explicit(stop, memory_order_relaxed))
            return CONLOG_COMPRESS_STOPPED;
        len = read_chunk(c->from, c->buffers->in);
        if (len < 0) {
            errno = (int)-len;
            return failed("read", c->plain.text, err);
        }
        c->taken += (uint64_t)len;
        r = pack_chunk(c, (size_t)len, err);
        if (r < 0)
            return r;
    } while (len == CHUNK);
    return CONLOG_COMPRESS_DONE;
}

/* ---- in place of the file --------------------------------------------- */

/* Mode, owner, mtime. Without the right to give a file away, it stays the
 * process's. */
static int copy_attributes(struct compression *c, struct err *err)
{
    mode_t mode = c->st.st_mode & 07777;
    const struct timespec times[2] = { c->st.st_atim, c->st.st_mtim };
    struct conlog_positions positions;

    /* First: without the owner's right to write, it cannot be done. */
    conlog_positions_read(c->from, &positions);
    if (positions.count > 0)
        conlog_positions_write(c->to, &positions);
    if (fchown(c->to, c->st.st_uid, c->st.st_gid) < 0)
        mode &= 0700; /* without the group's bits: it may be another group */
    if (fchmod(c->to, mode) < 0 || futimens(c->to, times) < 0)
        return failed("set mode and time of", c->temporary.text, err);
    return 0;
}

/* The new name must be on the disk before the old file is deleted. */
static int sync_directory(struct compression *c, struct err *err)
{
    const char *slash = strrchr(c->packed.text, '/');
    struct conlog_rotation_name folder = { "." };
    int fd;
    int r = 0;

    if (slash != NULL)
        snprintf(folder.text, sizeof folder.text, "%.*s",
                 (int)(slash - c->packed.text), c->packed.text);
    fd = openat(c->directory, folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed("open", folder.text, err);
    /* EINVAL: this file system has nothing to sync. */
    if (fsync(fd) < 0 && errno != EINVAL)
        r = failed("sync", folder.text, err);
    close(fd);
    return r;
}

static int check_size(struct compression *c, struct err *err)
{
    struct stat now;

    if (fstat(c->from, &now) < 0)
        return failed("look at", c->plain.text, err);
    if ((uint64_t)now.st_size == c->taken)
        return 0;
    err_set(err, "%s is still written to", c->plain.text);
    return -EBUSY;
}

static int put_in_place(struct compression *c, struct err *err)
{
    int r = check_size(c, err);

    if (r == 0)
        r = copy_attributes(c, err);
    if (r < 0)
        return r;
    if (fsync(c->to) < 0)
        return failed("sync", c->temporary.text, err);
    if (renameat(c->directory, c->temporary.text, c->directory,
                 c->packed.text) < 0)
        return failed("rename to", c->packed.text, err);
    return 0;
}

static int drop_plain(struct compression *c, struct err *err)
{
    int r = sync_directory(c, err);

    if (r == 0 && unlinkat(c->directory, c->plain.text, 0) < 0)
        r = failed("delete", c->plain.text, err);
    return r;
}

/* True: there is nothing to compress; *ret has the result. */
static bool is_settled(struct compression *c, int *ret, struct err *err)
{
    struct stat plain, packed;

    *ret = CONLOG_COMPRESS_DONE;
    if (fstatat(c->directory, c->plain.text, &plain, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            *ret = failed("look at", c->plain.text, err);
        return true;
    }
    if (fstatat(c->directory, c->packed.text, &packed, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (packed.st_mtim.tv_sec == plain.st_mtim.tv_sec &&
        packed.st_mtim.tv_nsec == plain.st_mtim.tv_nsec) {
        *ret = drop_plain(c, err);
        return true;
    }
    err_set(err, "%s is there, and is of another file", c->packed.text);
    *ret = -EEXIST;
    return true;
}

int conlog_compress_file(int directory, const char *path, unsigned number,
                         const atomic_bool *stop, struct err *err)
{
    struct compression c = {
        .directory = directory,
        .from = -1,
        .to = -1,
        .plain = conlog_rotation_name(path, number, false),
        .packed = conlog_rotation_name(path, number, true),
        .temporary = conlog_rotation_temporary_name(path),
    };
    int r;

    if (is_settled(&c, &r, err))
        return r;
    r = begin(&c, err);
    if (r == 0)
        r = pack(&c, stop, err);
    if (r == CONLOG_COMPRESS_DONE)
        r = put_in_place(&c, err);
    if (r != CONLOG_COMPRESS_DONE)
        unlinkat(directory, c.temporary.text, 0);
    else
        r = drop_plain(&c, err);
    end(&c);
    return r;
}
