/*
 * stall.so - a disk that does not answer: loaded before the C library, it
 * holds up reading, writing and syncing of the files whose path has the text
 * $STALL_FILES in it, for as long as the file $STALL_WHILE is there. Closing
 * too, if there is a $STALL_CLOSE; write(2) and writev(2), if there is a
 * $STALL_WRITE.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_held(int fd)
{
    const char *files = getenv("STALL_FILES");
    char link[32], path[1024] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return files != NULL && readlink(link, path, sizeof path - 1) > 0 &&
           strstr(path, files) != NULL;
}

static void wait_for(int fd)
{
    const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
    const char *flag = getenv("STALL_WHILE");

    if (flag == NULL || !is_held(fd))
        return;
    while (access(flag, F_OK) == 0)
        nanosleep(&pause, NULL);
}

/* ISO C has no way from a pointer to a function. */
static void find_next(const char *name, void *ret_function)
{
    void *found = dlsym(RTLD_NEXT, name);

    memcpy(ret_function, &found, sizeof found);
}

int fdatasync(int fd)
{
    int (*next)(int);

    find_next("fdatasync", &next);
    wait_for(fd);
    return next(fd);
}

int fsync(int fd)
{
    int (*next)(int);

    find_next("fsync", &next);
    wait_for(fd);
    return next(fd);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    ssize_t (*next)(int, const void *, size_t, off64_t);

    find_next("pwrite64", &next);
    wait_for(fd);
    return next(fd, data, len, at);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
    ssize_t (*next)(int, void *, size_t, off64_t);

    find_next("pread64", &next);
    wait_for(fd);
    return next(fd, data, len, at);
}

int close(int fd)
{
    int (*next)(int);

    find_next("close", &next);
    if (getenv("STALL_CLOSE") != NULL)
        wait_for(fd);
    return next(fd);
}

ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*next)(int, const void *, size_t);

    find_next("write", &next);
    if (getenv("STALL_WRITE") != NULL)
        wait_for(fd);
    return next(fd, data, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*next)(int, const struct iovec *, int);

    find_next("writev", &next);
    if (getenv("STALL_WRITE") != NULL)
        wait_for(fd);
    return next(fd, parts, count);
}
