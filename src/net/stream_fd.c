#include "net/stream_fd.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/loop_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * On uv_poll_t, not uv_tcp_t: libuv's streams read into buffers of their own
 * choosing until the socket is empty and queue what is written; here each
 * readiness is one read, so that no connection takes more than its share of a
 * turn, and the ring is written from directly.
 */
struct stream_fd {
    struct stream stream;
    struct loop *loop;
    uv_poll_t poll;
    int fd;
    /* What libuv watches for: may be more than stream.interest. A change costs
     * two system calls, and flow control goes to and fro: so less interest is
     * only noted, and carried out when an event comes that nobody wants. */
    unsigned armed;
    struct deadline linger;
    uint32_t lingered; /* bytes read and forgotten while lingering */
};

enum { LINGER_READ_MAX = 1024 * 1024 };

static struct stream_fd *fd_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_fd, stream);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void arm(struct stream_fd *f, unsigned interest)
{
    f->armed = interest;
    if (interest == 0)
        uv_poll_stop(&f->poll);
    else
        uv_poll_start(&f->poll,
                      (interest & STREAM_READ ? UV_READABLE : 0) |
                          (interest & STREAM_WRITE ? UV_WRITABLE : 0),
                      on_poll);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream_fd *f = poll->data;
    unsigned ready = 0;

    if (status < 0) {
        /* libuv has stopped watching; reading tells what is wrong. */
        f->armed = 0;
        f->stream.interest = 0;
        f->stream.on_ready(f->stream.owner, STREAM_READ);
        return;
    }
    if (events & UV_READABLE)
        ready |= STREAM_READ;
    if (events & UV_WRITABLE)
        ready |= STREAM_WRITE;
    if (ready & ~f->stream.interest)
        arm(f, f->stream.interest);
    ready &= f->stream.interest;
    if (ready != 0)
        f->stream.on_ready(f->stream.owner, ready);
}

static ssize_t fd_read(struct stream *s, void *to, size_t len)
{
    ssize_t n;

    do
        n = read(fd_of(s)->fd, to, len);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    /* A pty whose other side was closed reads as EIO: that is its end. */
    return errno == EIO ? 0 : -errno;
}

static ssize_t fd_writev(struct stream *s, const struct iovec *part, int count)
{
    ssize_t n;

    do
        n = writev(fd_of(s)->fd, part, count);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    return errno == EAGAIN ? 0 : -errno;
}

static void fd_want(struct stream *s, unsigned interest)
{
    struct stream_fd *f = fd_of(s);

    if (interest & ~f->armed)
        arm(f, interest);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_now(struct stream_fd *f)
{
    struct loop *loop = f->loop;

    deadline_stop(&f->linger);
    uv_close((uv_handle_t *)&f->poll, on_closed);
    close(f->fd);
    f->fd = -1;
    loop_descriptor_freed(loop);
}

static void on_linger_ready(void *owner, unsigned ready)
{
    struct stream_fd *f = owner;
    ssize_t n = fd_read(&f->stream, loop_read_buffer(f->loop), LIMIT_READ);

    (void)ready;
    if (n > 0)
        f->lingered += (uint32_t)n;
    if (n == 0 || (n < 0 && n != -EAGAIN) || f->lingered > LINGER_READ_MAX)
        close_now(f);
}

void stream_fd_linger_due(struct deadline *d, void *owner)
{
    (void)owner;
    close_now(CONTAINER_OF(d, struct stream_fd, linger));
}

void stream_fd_end_lingering(struct loop *loop)
{
    struct deadline *d;

    while ((d = deadline_first(&loop->linger_queue)) != NULL)
        stream_fd_linger_due(d, loop);
}

static void fd_close(struct stream *s, bool gently)
{
    struct stream_fd *f = fd_of(s);

    if (!gently || shutdown(f->fd, SHUT_WR) != 0) {
        close_now(f);
        return;
    }
    stream_set_owner(s, on_linger_ready, f);
    stream_want(s, STREAM_READ);
    deadline_start(&f->loop->linger_queue, &f->linger, clock_now_us());
}

static const struct stream_ops fd_ops = {
    .read = fd_read,
    .writev = fd_writev,
    .want = fd_want,
    .close = fd_close,
};

int stream_fd_open(struct loop *loop, int fd, const struct address *peer,
                   struct stream **ret_stream)
{
    struct stream_fd *f = xcalloc(1, sizeof *f);
    int r = uv_poll_init(&loop->uv, &f->poll, fd);

    if (r < 0) {
        close(fd);
        free(f);
        return r;
    }
    f->poll.data = f;
    f->loop = loop;
    f->fd = fd;
    f->stream.ops = &fd_ops;
    if (peer != NULL)
        f->stream.peer = *peer;
    deadline_init(&f->linger);
    *ret_stream = &f->stream;
    return 0;
}

int stream_fd_number(const struct stream *s)
{
    return CONTAINER_OF(s, const struct stream_fd, stream)->fd;
}
