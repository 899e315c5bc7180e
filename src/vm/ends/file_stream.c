#include "vm/ends/file_stream.h"

#include "base/mem.h"
#include "vm/timer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct file_stream {
    struct stream stream;
    struct timer turn;
    int fd;
    bool is_telling; /* on_ready is being called */
    bool is_closed;
};

static struct file_stream *file_of(struct stream *s)
{
    return CONTAINER_OF(s, struct file_stream, stream);
}

static void release(struct file_stream *f)
{
    timer_done(&f->turn);
    close(f->fd);
    free(f);
}

static void on_turn(void *owner)
{
    struct file_stream *f = owner;

    f->is_telling = true;
    f->stream.on_ready(f->stream.owner, f->stream.interest);
    f->is_telling = false;
    if (f->is_closed)
        release(f);
    else if (f->stream.interest != 0)
        timer_start(&f->turn, 0);
}

static ssize_t file_read(struct stream *s, void *to, size_t len)
{
    ssize_t n = read(file_of(s)->fd, to, len);

    return n < 0 ? -errno : n;
}

static ssize_t file_writev(struct stream *s, const struct iovec *part,
                           int count)
{
    ssize_t n = writev(file_of(s)->fd, part, count);

    return n < 0 ? -errno : n;
}

static void file_want(struct stream *s, unsigned interest)
{
    struct file_stream *f = file_of(s);

    if (interest == 0)
        timer_stop(&f->turn);
    else if (!f->is_telling && !timer_is_running(&f->turn))
        timer_start(&f->turn, 0);
}

static void file_close(struct stream *s, bool gently)
{
    struct file_stream *f = file_of(s);

    (void)gently;
    timer_stop(&f->turn);
    f->is_closed = true;
    if (!f->is_telling)
        release(f);
}

static const struct stream_ops file_ops = {
    .read = file_read,
    .writev = file_writev,
    .want = file_want,
    .close = file_close,
};

struct stream *file_stream_open(struct loop *loop, int fd)
{
    struct file_stream *f = xcalloc(1, sizeof *f);

    f->stream.ops = &file_ops;
    f->fd = fd;
    timer_init(&f->turn, loop, on_turn, f);
    return &f->stream;
}
