#include "vm/ends/telnet_stream.h"

#include "base/limits.h"

#include <errno.h>

static const struct telpeer_policy policy = {
    .options = {
        { TELNET_OPTION_BINARY, true, true },
        { TELNET_OPTION_SGA, true, true },
        { TELNET_OPTION_ECHO, false, true },
    },
    .count = 3,
    .nvt_lines = TELNET_LINES_PRINTER,
};

static struct telnet_stream *telnet_of(struct stream *s)
{
    return CONTAINER_OF(s, struct telnet_stream, stream);
}

static void update_interest(struct telnet_stream *t)
{
    unsigned interest = t->stream.interest;

    if (t->out.len > 0)
        interest |= STREAM_WRITE;
    /* A peer that does not take our answers is not read. */
    if (t->out.len > LIMIT_ANSWERS_MARK)
        interest &= ~(unsigned)STREAM_READ;
    stream_want(t->below, interest);
}

static bool owes(const struct telnet_stream *t)
{
    return telnet_encoder_owes(&t->encoder);
}

/* The owed half of a doubled byte goes first, then commands: a command between
 * the halves would begin with the second half. 1: nothing is left; 0: the peer
 * does not take all; -errno. */
static int flush(struct telnet_stream *t)
{
    static const uint8_t iac = TELNET_IAC;
    ssize_t n;

    if (owes(t)) {
        n = stream_write(t->below, &iac, 1);
        if (n <= 0)
            return (int)n;
        t->encoder.owes_iac = false;
    }
    if (t->out.len > 0) {
        struct slice waiting = buf_bytes(&t->out);

        n = stream_write(t->below, waiting.data, waiting.len);
        if (n < 0)
            return (int)n;
        buf_take(&t->out, (size_t)n);
    }
    return t->out.len == 0;
}

static void follow_binary(struct telnet_stream *t)
{
    t->encoder.is_nvt =
        !telpeer_is_on(&t->peer, TELPEER_US, TELNET_OPTION_BINARY);
}

/*
 * Decodes in place; returns the bytes of data, or -errno. There is always room:
 * data points into in, at or behind the place to which it is moved.
 *
 * A break's place counts bytes of data, not of the wire. Every other command is
 * left out. That includes DM of a SYNCH: what it is to discard has been read,
 * and our reader knows no urgent data.
 */
static ssize_t decode(struct telnet_stream *t, struct slice in)
{
    uint8_t *to = (uint8_t *)(uintptr_t)in.data;
    enum telpeer_event event;
    struct telpeer_item item;
    size_t len = 0;
    int r;

    for (;;) {
        r = telpeer_next(&t->peer, &in, &t->out, &event, &item);
        if (r < 0)
            return r;
        if (event == TELPEER_NEED_MORE)
            return (ssize_t)len;
        if (event == TELPEER_OVERSIZED)
            return -EPROTO;
        if (event == TELPEER_DATA) {
            memmove(to + len, item.body.data, item.body.len);
            len += item.body.len;
        } else if (event == TELPEER_COMMAND && item.verb == TELNET_BRK) {
            *t->read_break = (struct end_break){ true, len };
        } else if (event == TELPEER_OPTION) {
            follow_binary(t);
        }
    }
}

static ssize_t telnet_stream_read(struct stream *s, void *to, size_t len)
{
    struct telnet_stream *t = telnet_of(s);
    ssize_t n = stream_read(t->below, to, len);
    int r;

    if (n <= 0)
        return n;
    n = decode(t, slice_of(to, (size_t)n));
    if (n < 0)
        return n;
    r = flush(t);
    update_interest(t);
    if (r < 0)
        return r;
    /* Only commands came; 0 would be the end of the stream. */
    return n > 0 ? n : -EAGAIN;
}

static ssize_t telnet_stream_writev(struct stream *s, const struct iovec *part,
                                    int count)
{
    struct telnet_stream *t = telnet_of(s);
    ssize_t taken = 0;

    for (int i = 0; i < count; i++) {
        struct slice rest = slice_of(part[i].iov_base, part[i].iov_len);

        while (rest.len > 0) {
            const struct slice in[2] = { rest };
            ssize_t n = flush(t);
            size_t done;

            if (n > 0) {
                telnet_encode(&t->encoder, in, &t->batch);
                n = stream_writev(t->below, t->batch.part, t->batch.count);
            }
            if (n < 0)
                return n;
            if (n == 0)
                return taken;
            done = telnet_encode_sent(&t->encoder, &t->batch, (size_t)n);
            rest = slice_after(rest, done);
            taken += (ssize_t)done;
            if ((size_t)n < t->batch.bytes)
                return taken;
        }
    }
    return taken;
}

static void telnet_stream_want(struct stream *s, unsigned interest)
{
    (void)interest;
    update_interest(telnet_of(s));
}

static void telnet_stream_close(struct stream *s, enum stream_close how)
{
    struct telnet_stream *t = telnet_of(s);

    s->interest = 0;
    stream_close_as(t->below, how);
    t->below = NULL;
    telpeer_done(&t->peer);
    buf_done(&t->out);
}

static struct stream_security telnet_stream_security(const struct stream *s)
{
    return stream_security(telnet_of((struct stream *)(uintptr_t)s)->below);
}

static const struct stream_ops telnet_ops = {
    .read = telnet_stream_read,
    .writev = telnet_stream_writev,
    .want = telnet_stream_want,
    .close = telnet_stream_close,
    .security = telnet_stream_security,
};

/* The owner sees a failure to write when it reads. */
static void telnet_stream_on_below_ready(void *owner, unsigned ready)
{
    struct telnet_stream *t = owner;

    if (ready & STREAM_WRITE && t->out.len > 0) {
        (void)flush(t);
        update_interest(t);
    }
    if (ready & STREAM_BROKEN) {
        /* Nobody takes these bytes any more: they would wake it again and
         * again. */
        buf_done(&t->out);
        t->stream.error = t->below->error;
        update_interest(t);
        ready &= t->stream.interest | STREAM_READ | STREAM_BROKEN;
    } else {
        ready &= t->stream.interest;
    }
    if (ready != 0)
        t->stream.on_ready(t->stream.owner, ready);
}

struct stream *telnet_stream_open(struct telnet_stream *t, struct stream *below,
                                  struct end_break *read_break)
{
    t->stream = (struct stream){ .ops = &telnet_ops, .peer = below->peer };
    t->below = below;
    t->read_break = read_break;
    t->encoder = (struct telnet_encoder){ .is_nvt = true };
    telpeer_init(&t->peer, &policy);
    buf_init(&t->out, LIMIT_ANSWERS);
    stream_set_owner(below, telnet_stream_on_below_ready, t);
    /* The buffer is empty, so these fit. */
    (void)telpeer_enable(&t->peer, TELPEER_PEER, TELNET_OPTION_SGA, &t->out);
    (void)telpeer_enable(&t->peer, TELPEER_US, TELNET_OPTION_BINARY, &t->out);
    (void)telpeer_enable(&t->peer, TELPEER_PEER, TELNET_OPTION_BINARY, &t->out);
    (void)flush(t);
    update_interest(t);
    return &t->stream;
}

void telnet_stream_send_break(struct telnet_stream *t)
{
    if (t->below == NULL || t->out.len > LIMIT_ANSWERS_MARK)
        return;
    (void)telnet_put_command(&t->out, TELNET_BRK);
    (void)flush(t);
    update_interest(t);
}
