#include "net/stream_mem.h"

#include "base/list.h"

#include <errno.h>

static struct stream_mem *stream_mem_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_mem, stream);
}

static ssize_t stream_mem_read(struct stream *s, void *to, size_t len)
{
    struct stream_mem *m = stream_mem_of(s);

    if (m->to_session.len == 0 && m->is_broken)
        return s->error = -ECONNRESET;
    if (m->to_session.len == 0)
        return m->is_ended ? 0 : -EAGAIN;
    if (len > m->to_session.len)
        len = m->to_session.len;
    memcpy(to, buf_bytes(&m->to_session).data, len);
    buf_take(&m->to_session, len);
    return (ssize_t)len;
}

static ssize_t stream_mem_writev(struct stream *s, const struct iovec *part,
                                 int count)
{
    struct stream_mem *m = stream_mem_of(s);
    size_t taken = 0;

    m->write_count++;
    if (m->is_broken)
        return -EPIPE;
    for (int i = 0; i < count && m->room > 0; i++) {
        size_t len = part[i].iov_len;

        if (len > m->room)
            len = m->room;
        if (buf_append(&m->from_session, slice_of(part[i].iov_base, len)) < 0)
            break;
        m->room -= len;
        taken += len;
    }
    return (ssize_t)taken;
}

static void stream_mem_want(struct stream *s, unsigned interest)
{
    (void)s;
    (void)interest;
}

static void stream_mem_finish(struct stream *s)
{
    stream_mem_of(s)->is_finished = true;
}

static void stream_mem_close(struct stream *s, enum stream_close how)
{
    stream_mem_of(s)->is_closed = true;
    stream_mem_of(s)->is_reset = how == STREAM_CLOSE_RESET;
}

static size_t stream_mem_owed(const struct stream *s)
{
    return CONTAINER_OF(s, const struct stream_mem, stream)->from_session.len;
}

static struct stream_pulse stream_mem_pulse(const struct stream *s)
{
    return CONTAINER_OF(s, const struct stream_mem, stream)->pulse;
}

static const struct stream_ops stream_mem_ops = {
    .read = stream_mem_read,
    .writev = stream_mem_writev,
    .want = stream_mem_want,
    .finish = stream_mem_finish,
    .close = stream_mem_close,
    .owed = stream_mem_owed,
    .pulse = stream_mem_pulse,
};

void stream_mem_init(struct stream_mem *m, uint32_t max)
{
    *m = (struct stream_mem){ .stream.ops = &stream_mem_ops, .room = SIZE_MAX };
    buf_init(&m->to_session, max);
    buf_init(&m->from_session, max);
}

void stream_mem_done(struct stream_mem *m)
{
    buf_done(&m->to_session);
    buf_done(&m->from_session);
}

int stream_mem_give(struct stream_mem *m, struct slice bytes)
{
    return buf_append(&m->to_session, bytes);
}

bool stream_mem_turn(struct stream_mem *m)
{
    unsigned ready = 0;

    if (m->is_closed)
        return false;
    if (m->is_broken) {
        if (m->stream.interest == 0 && m->has_told)
            return false;
        m->has_told = true;
        m->stream.error = -ECONNRESET;
        ready = stream_broken_readiness(&m->stream);
    } else {
        if (m->to_session.len > 0 || m->is_ended)
            ready |= STREAM_READ;
        if (m->room > 0)
            ready |= STREAM_WRITE;
        ready &= m->stream.interest;
    }
    if (ready == 0)
        return false;
    m->stream.on_ready(m->stream.owner, ready);
    return true;
}
