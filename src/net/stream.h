/*
 * stream.h - a connection's bytes, whatever carries them (TCP, any pollable
 * file descriptor, memory in tests; TLS stacks on the same interface).
 *
 * Readiness, not completion: the owner says what it wants to do, is told when
 * that can be done, and then reads into its own buffer and writes from its own
 * memory. Nothing is queued here, so the history ring is written to the socket
 * directly, and pushing back is nothing but not wanting to read.
 *
 * Each readiness is worth one read of at most LIMIT_READ bytes: then other
 * connections have their share of the turn. Readiness is level: what was not
 * read is told again in the next turn.
 *
 * A connection that breaks (the peer reset it, or does not answer any more)
 * wakes its owner, whatever the owner wants, even nothing: STREAM_BROKEN. As
 * long as the owner wants anything it is told again in each turn; an owner that
 * wants nothing is told once, and again when it wants something. So no owner
 * waits for a connection that is gone.
 *
 * Bytes that arrived before the break can still be read, and so can the peer's
 * end; behind them reading says what is wrong. Writing says so at once, and is
 * therefore left to those who do not want to read: what the peer said last is
 * not lost to an answer that cannot be given. That the peer only sends no more
 * (reading gives 0) is no break: it is told to those who want to read.
 *
 * The owner closes the stream exactly once; nothing is called afterwards. The
 * stream's memory goes when the loop is done with it.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "net/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

enum stream_interest { STREAM_READ = 1, STREAM_WRITE = 2 };

/* Told beside the bits of enum stream_interest, and never wanted. */
enum { STREAM_BROKEN = 4 };

struct stream;

/* ready: of the bits that are wanted, those that can be done now. Of a broken
 * connection: STREAM_BROKEN and STREAM_READ, wanted or not, and STREAM_WRITE if
 * nothing else is wanted. */
typedef void stream_ready_fn(void *owner, unsigned ready);

/* What protects a connection, and what went wrong with that. */
struct stream_security {
    bool is_secure;      /* TLS, or on the way to it */
    bool has_refused;    /* broken because the peer is not who it must be */
    const char *problem; /* why it broke: a sentence for the log that begins
                          * with "TLS: ", good until the stream is closed; "":
                          * it did not, or stream.error says all */
    char terms[80];      /* "TLSv1.3, TLS_AES_256_GCM_SHA384"; "" before the
                          * handshake is done; "none" where nothing protects */
};

/* finish and security may be NULL: it cannot be finished; nothing protects it.
 */
struct stream_ops {
    ssize_t (*read)(struct stream *s, void *to, size_t len);
    ssize_t (*writev)(struct stream *s, const struct iovec *part, int count);
    void (*want)(struct stream *s, unsigned interest);
    void (*finish)(struct stream *s);
    void (*close)(struct stream *s, bool gently);
    struct stream_security (*security)(const struct stream *s);
};

struct stream {
    const struct stream_ops *ops;
    stream_ready_fn *on_ready;
    void *owner;
    uint16_t interest; /* enum stream_interest bits */
    int16_t error; /* what broke it, -errno; 0: it is not known to be broken */
    struct address peer; /* AF_UNSPEC if it has none */
};

/* Before the first stream_want; again to hand the stream to a new owner. */
static inline void stream_set_owner(struct stream *s, stream_ready_fn *on_ready,
                                    void *owner)
{
    s->on_ready = on_ready;
    s->owner = owner;
}

/* Bytes read; 0: the peer will send no more; -EAGAIN: nothing there now;
 * another -errno: the connection is broken, and nothing will be read. */
static inline ssize_t stream_read(struct stream *s, void *to, size_t len)
{
    return s->ops->read(s, to, len);
}

/* Bytes taken, 0 if there is no room now; -errno: the connection is broken. */
static inline ssize_t stream_writev(struct stream *s, const struct iovec *part,
                                    int count)
{
    return s->ops->writev(s, part, count);
}

static inline ssize_t stream_write(struct stream *s, const void *data,
                                   size_t len)
{
    struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };

    return s->ops->writev(s, &part, 1);
}

/* What to be told of from now on: enum stream_interest bits, 0 for none. */
static inline void stream_want(struct stream *s, unsigned interest)
{
    if (interest == s->interest)
        return;
    s->interest = (uint16_t)interest;
    s->ops->want(s, interest);
}

/* Says that nothing will be written any more, behind what was taken: a FIN, or
 * in TLS a close_notify. What the peer sends can still be read, and the stream
 * is still to be closed. */
static inline void stream_finish(struct stream *s)
{
    if (s->ops->finish != NULL)
        s->ops->finish(s);
}

static inline struct stream_security stream_security(const struct stream *s)
{
    if (s->ops->security != NULL)
        return s->ops->security(s);
    return (struct stream_security){ .problem = "", .terms = "none" };
}

/* For those who make streams: what the owner of a broken one is told. */
static inline unsigned stream_broken_readiness(const struct stream *s)
{
    return STREAM_BROKEN | STREAM_READ |
           (s->interest == STREAM_WRITE ? STREAM_WRITE : 0u);
}

/* At once. */
static inline void stream_close(struct stream *s)
{
    s->ops->close(s, false);
}

/*
 * Sends FIN and waits a while (bounded) for the peer to end too, reading and
 * forgetting what it still sends: a plain close with unread input would make
 * TCP take back the last words that we sent. To the owner it is closed now.
 */
static inline void stream_close_gently(struct stream *s)
{
    s->ops->close(s, true);
}

#endif
