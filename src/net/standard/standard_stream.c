#include "net/standard/standard_stream.h"

#include "net/stream_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int own_descriptor(int fd)
{
    char path[32];
    struct stat what;
    int own = -1;

    if (fstat(fd, &what) != 0)
        return -errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (S_ISFIFO(what.st_mode) || isatty(fd))
        own = open(path, (fd == 0 ? O_RDONLY : O_WRONLY) | O_NOCTTY |
                             O_NONBLOCK | O_CLOEXEC);
    if (own < 0)
        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return own < 0 ? -errno : own;
}

void standard_stream_init(struct standard_stream *s, struct loop *loop, int fd)
{
    s->loop = loop;
    s->fd = fd;
    s->flags = fcntl(fd, F_GETFL);
    file_stream_init(&s->file, loop);
}

int standard_stream_open(struct standard_stream *s, struct stream **ret)
{
    int own = own_descriptor(s->fd);
    int r;

    if (own < 0)
        return own;
    r = stream_fd_open(s->loop, own, NULL, ret);
    if (r != -EPERM)
        return r;
    own = own_descriptor(s->fd); /* the first descriptor was closed */
    if (own < 0)
        return own;
    file_stream_open(&s->file, own);
    *ret = &s->file.stream;
    return 0;
}

void standard_stream_done(struct standard_stream *s)
{
    file_stream_done(&s->file);
    if (s->flags >= 0)
        (void)fcntl(s->fd, F_SETFL, s->flags);
}
