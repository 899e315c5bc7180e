#include "net/standard/file_stream.h"

#include <errno.h>
#include <unistd.h>

static struct file_stream *file_of(struct stream *s)
{
    return CONTAINER_OF(s, struct file_stream, stream);
}

static void file_stream_on_turn(void *owner)
{
    struct file_stream *f = owner;

    /* Started first, because the handler may close it. */
    timer_start(&f->turn, 0);
    f->stream.on_ready(f->stream.owner, f->stream.interest);
}

static ssize_t file_stream_read(struct stream *s, void *to, size_t len)
{
    ssize_t n = read(file_of(s)->fd, to, len);

    return n < 0 ? -errno : n;
}

static ssize_t file_stream_writev(struct stream *s, const struct iovec *part,
                                  int count)
{
    ssize_t n = writev(file_of(s)->fd, part, count);

    return n < 0 ? -errno : n;
}

/* A file is always ready, as poll reports it too: it gets a turn in each turn
 * of the loop as long as the owner wants anything. */
static void file_stream_want(struct stream *s, unsigned interest)
{
    struct file_stream *f = file_of(s);

    if (interest == 0)
        timer_stop(&f->turn);
    else if (!timer_is_running(&f->turn))
        timer_start(&f->turn, 0);
}

static void file_stream_close(struct stream *s, enum stream_close how)
{
    struct file_stream *f = file_of(s);

    (void)how;
    timer_stop(&f->turn);
    close(f->fd);
    f->fd = -1;
}

static const struct stream_ops file_ops = {
    .read = file_stream_read,
    .writev = file_stream_writev,
    .want = file_stream_want,
    .close = file_stream_close,
};

void file_stream_init(struct file_stream *f, struct loop *loop)
{
    f->fd = -1;
    timer_init(&f->turn, loop, file_stream_on_turn, f);
}

void file_stream_done(struct file_stream *f)
{
    if (f->fd >= 0)
        file_stream_close(&f->stream, false);
    timer_done(&f->turn);
}

void file_stream_open(struct file_stream *f, int fd)
{
    f->stream = (struct stream){ .ops = &file_ops };
    f->fd = fd;
}
