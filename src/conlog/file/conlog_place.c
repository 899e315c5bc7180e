#include "conlog/file/conlog_place.h"

#include "conlog/file/conlog_error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    FOLDER = O_PATH | O_DIRECTORY | O_CLOEXEC,
    OLD_FILE = O_RDWR | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
};

/* For owner and group; and for others, if they may read the files. */
static mode_t folder_mode(mode_t mode)
{
    return (mode & S_IROTH) != 0 ? 0755 : 0750;
}

/* With all of its attributes, whatever our umask is, or not at all. */
static int make_folder(const struct conlog_settings *s, int at,
                       const char *name)
{
    int fd;
    int r = 0;

    if (mkdirat(at, name, 0700) < 0)
        return errno == EEXIST ? 0 : -errno;
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchown(fd, s->uid, s->gid) < 0 ||
        fchmod(fd, folder_mode(s->mode)) < 0)
        r = -errno;
    if (fd >= 0)
        close(fd);
    if (r < 0)
        unlinkat(at, name, AT_REMOVEDIR);
    return r;
}

static int open_folder(const struct conlog_settings *s, int at,
                       const char *name, int *ret_fd)
{
    int fd = openat(at, name, FOLDER | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        int r = make_folder(s, at, name);

        if (r < 0)
            return r;
        fd = openat(at, name, FOLDER | O_NOFOLLOW);
    }
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

static int make_file(const struct conlog_settings *s, int at, const char *name,
                     int flags, int *ret_fd)
{
    int fd = openat(at, name, flags | O_CREAT | O_EXCL, s->mode & 0600);

    if (fd < 0)
        return -errno;
    if (fchown(fd, s->uid, s->gid) < 0 || fchmod(fd, s->mode) < 0) {
        int r = -errno;

        unlinkat(at, name, 0);
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

/* A file with another name may be anybody's: a VM's output must not go into
 * it. */
static int what_is_wrong(int fd, bool may_be_fifo)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (may_be_fifo && S_ISFIFO(st.st_mode))
        return 0;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    return st.st_nlink > 1 ? -CONLOG_ERROR_LINKED : 0;
}

/* Takes the descriptor over. */
static int check_file(int fd, bool may_be_fifo, int *ret_fd)
{
    int r = what_is_wrong(fd, may_be_fifo);

    if (r < 0)
        close(fd);
    else
        *ret_fd = fd;
    return r;
}

static int open_file(const struct conlog_settings *s, int at, const char *name,
                     int *ret_fd)
{
    int fd = openat(at, name, OLD_FILE);

    if (fd < 0 && errno == ENOENT) {
        int r = make_file(s, at, name, OLD_FILE, &fd);

        if (r < 0)
            return r;
    }
    return fd < 0 ? -errno : check_file(fd, true, ret_fd);
}

/* A directory for logs is made at the start, and one for parts when it is
 * needed first. Returns -errno. */
static int open_directory(const struct conlog_settings *s)
{
    int at = open(s->directory, FOLDER);

    if (at < 0 && errno == ENOENT && s->part_end != NULL) {
        int r = conlog_place_make(s->directory);

        if (r < 0)
            return r;
        at = open(s->directory, FOLDER);
    }
    return at < 0 ? -errno : at;
}

/* Opens the path folder by folder. */
static int open_beneath(const struct conlog_settings *s, const char *path,
                        int *ret_fd)
{
    int at = open_directory(s);
    int r = at < 0 ? at : 0;

    while (r == 0) {
        size_t len = strcspn(path, "/");
        char part[NAME_MAX + 1];
        int folder = -1;

        if (len > NAME_MAX) {
            r = -ENAMETOOLONG;
            break;
        }
        snprintf(part, sizeof part, "%.*s", (int)len, path);
        if (path[len] == '\0') {
            r = open_file(s, at, part, ret_fd);
            break;
        }
        r = open_folder(s, at, part, &folder);
        if (r == 0) {
            close(at);
            at = folder;
        }
        path += len + 1;
    }
    if (at >= 0)
        close(at);
    return r;
}

/* One call is enough for an existing file outside folders, which might be
 * links. It matters, because with many logs a file is opened for nearly every
 * line. */
int conlog_place_open(const struct conlog_settings *s, const char *path,
                      int *ret_fd)
{
    char whole[CONLOG_DIRECTORY_MAX + 1 + CONLOG_NAME_PART_MAX + 1];
    int fd;

    if (strchr(path, '/') != NULL || strlen(path) > CONLOG_NAME_PART_MAX)
        return open_beneath(s, path, ret_fd);
    snprintf(whole, sizeof whole, "%s/%s", s->directory, path);
    fd = open(whole, OLD_FILE);
    return fd < 0 ? open_beneath(s, path, ret_fd)
                  : check_file(fd, true, ret_fd);
}

/* Some file systems (FUSE) say that they have no blocks at all. A directory
 * that is not there yet will be where the nearest one above it is. */
uint64_t conlog_place_free(const char *directory)
{
    char path[CONLOG_DIRECTORY_MAX];
    struct statvfs st;
    int r;

    snprintf(path, sizeof path, "%s", directory);
    while ((r = statvfs(path, &st)) < 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');

        if (slash == NULL || slash == path)
            break;
        *slash = '\0';
    }
    if (r < 0 || st.f_blocks == 0)
        return UINT64_MAX;
    return (uint64_t)st.f_bavail * st.f_frsize;
}

int conlog_place_make(const char *directory)
{
    char part[CONLOG_DIRECTORY_MAX];

    for (size_t i = 1; directory[i - 1] != '\0'; i++) {
        if (directory[i] != '/' && directory[i] != '\0')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, directory);
        if (mkdir(part, directory[i] == '\0' ? 0750 : 0755) < 0 &&
            errno != EEXIST) {
            struct stat st;

            /* On a read-only disk mkdir fails even for existing folders. */
            if (stat(part, &st) < 0 || !S_ISDIR(st.st_mode))
                return errno == ENOENT ? -EROFS : -errno;
        }
    }
    return 0;
}

int conlog_place_folder(const char *directory, const char *path,
                        const char **ret_name)
{
    static const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    int fd = open(directory, flags);
    int r = fd < 0 ? -errno : fd;

    for (size_t len; r >= 0 && path[len = strcspn(path, "/")] == '/';
         path += len + 1) {
        char part[NAME_MAX + 1];

        snprintf(part, sizeof part, "%.*s", (int)len, path);
        fd = r;
        r = len > NAME_MAX ? -ENAMETOOLONG
                           : openat(fd, part, flags | O_NOFOLLOW);
        if (r == -1)
            r = -errno;
        close(fd);
    }
    *ret_name = path;
    return r;
}

int conlog_place_find(const struct conlog_settings *s, const char *path,
                      int *ret_fd)
{
    const char *name;
    int folder = conlog_place_folder(s->directory, path, &name);
    int fd;
    int r;

    if (folder < 0)
        return folder;
    /* Without O_NONBLOCK, opening a FIFO without a writer would block for
     * ever. */
    fd = openat(folder, name,
                O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
    r = fd < 0 ? -errno : check_file(fd, false, ret_fd);
    close(folder);
    return r;
}
