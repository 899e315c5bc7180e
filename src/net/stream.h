/*
 * stream.h - a connection's bytes, whatever carries them: TCP, any pollable
 * file descriptor, memory in tests. TLS stacks on the interface.
 *
 * Readiness, not completion: the owner says what it wants to do, is told when
 * that is possible, and then reads into its own buffer and writes from its own
 * memory. A stream queues nothing. So the history ring is written to the socket
 * directly, and to push back, an owner merely does not want to read.
 *
 * Each readiness is worth one read of at most LIMIT_READ bytes, so that other
 * connections get their share of the turn. Readiness is level-triggered: unread
 * input is reported again in the next turn.
 *
 * A connection that breaks (the peer reset it, or no longer answers) wakes its
 * owner with STREAM_BROKEN, even if the owner wants nothing. An owner that
 * wants anything is told again in each turn; an owner that wants nothing is
 * told once, and again when it wants something. So no owner waits for a
 * connection that is gone.
 *
 * Bytes that arrived before the break can still be read, and so can the peer's
 * end; behind them, reading returns the error. Writing returns it at once. So
 * an owner that wants to read is not asked to write: the peer's last bytes are
 * not lost to an answer that cannot be sent. A peer that only stops sending
 * (reading returns 0) is no break; only an owner that wants to read is told.
 *
 * The owner closes the stream exactly once; nothing is called afterwards. The
 * stream's memory is freed when the loop no longer needs it.
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

/*
 * Told beside the bits of enum stream_interest, and never wanted.
 * STREAM_DISTRUSTED, once: the certificate that the peer has shown is accepted
 * no more. The stream works as before, its peer is nobody, and the owner
 * decides; stream_security has the reason.
 */
enum { STREAM_BROKEN = 4, STREAM_DISTRUSTED = 8 };

struct stream;

/* ready: the wanted bits that can be done now. For a broken connection:
 * STREAM_BROKEN and STREAM_READ, wanted or not, and STREAM_WRITE if nothing
 * else is wanted. */
typedef void stream_ready_fn(void *owner, unsigned ready);

/* What protects a connection, and what went wrong with the protection. */
struct stream_security {
    bool is_secure;       /* TLS, even if its handshake is not done */
    bool has_certificate; /* the peer has shown one, and it was verified */
    bool has_refused; /* broken because the peer fails a demand on who it is */
    /* why it broke, or is distrusted: a sentence for the log that begins with
     * "TLS: ", valid until the stream is closed; "": it is neither, or
     * stream.error says all */
    const char *problem;
    /* "TLSv1.3, TLS_AES_256_GCM_SHA384"; "" during the handshake; "none"
     * without protection */
    char terms[80];
};

/* Who the peer is by the certificate that it showed and that is accepted; all
 * are "" if there is none. Cut if they are too long. */
struct stream_certificate {
    char subject[256]; /* RFC 4514: "CN=alice,O=Example"; UTF-8 */
    char issuer[256];
    char serial[48]; /* hex digits */
    /* The one name that rules know it by: its common name, e-mail address, DNS
     * name or URI, as the settings say. Printable UTF-8, never cut. "": it
     * proves no name, and nameless says why, and what to do: static text, ""
     * with a name. */
    char name[256];
    const char *nameless;
};

/* What the connection's system knows of the peer's system. The program at the
 * other end may have stopped, or read nothing: its system answers all the same.
 */
struct stream_pulse {
    uint32_t heard;     /* packets that have come from it; wraps */
    bool is_answer_due; /* it has something to acknowledge, and has not */
};

enum stream_close {
    STREAM_CLOSE,        /* without waiting for the peer */
    STREAM_CLOSE_GENTLY, /* stream_close_gently */
    /* So that the peer can tell that what has come is not all: TCP resets, and
     * TLS has no close_notify. What was not sent yet is dropped. */
    STREAM_CLOSE_RESET,
};

/* pulse may be NULL: nothing is known, and the peer counts as present. finish
 * may be NULL: the stream cannot be finished. security may be NULL:
 * nothing protects it. certificate may be NULL: no peer has any. owed may be
 * NULL: what is taken is delivered. */
struct stream_ops {
    ssize_t (*read)(struct stream *s, void *to, size_t len);
    ssize_t (*writev)(struct stream *s, const struct iovec *part, int count);
    void (*want)(struct stream *s, unsigned interest);
    void (*finish)(struct stream *s);
    void (*close)(struct stream *s, enum stream_close how);
    struct stream_security (*security)(const struct stream *s);
    struct stream_certificate (*certificate)(const struct stream *s);
    size_t (*owed)(const struct stream *s);
    struct stream_pulse (*pulse)(const struct stream *s);
};

struct stream {
    const struct stream_ops *ops;
    stream_ready_fn *on_ready;
    void *owner;
    uint16_t interest;   /* enum stream_interest bits */
    int16_t error;       /* -errno that broke it; 0: not known to be broken */
    struct address peer; /* AF_UNSPEC if it has none */
    bool is_relayed;     /* a balancer has said who its peer is */
};

/* Before the first stream_want; again to hand the stream to a new owner. */
static inline void stream_set_owner(struct stream *s, stream_ready_fn *on_ready,
                                    void *owner)
{
    s->on_ready = on_ready;
    s->owner = owner;
}

/* Bytes read; 0: the peer sends no more; -EAGAIN: nothing to read now; another
 * -errno: the connection is broken, and nothing will be read. */
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

/* What the owner is told of from now on: enum stream_interest bits, or 0. */
static inline void stream_want(struct stream *s, unsigned interest)
{
    if (interest == s->interest)
        return;
    s->interest = (uint16_t)interest;
    s->ops->want(s, interest);
}

/* Tells the peer, behind what was written, that nothing more will be: a FIN, or
 * in TLS a close_notify. The peer's bytes can still be read, and the stream
 * must still be closed. */
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

static inline struct stream_certificate stream_certificate(
    const struct stream *s)
{
    if (s->ops->certificate != NULL)
        return s->ops->certificate(s);
    return (struct stream_certificate){ .nameless = "" };
}

/* How many of the bytes that were taken the peer's system has not taken yet:
 * what the connection costs in memory behind this interface. A system call. */
static inline size_t stream_owed(const struct stream *s)
{
    return s->ops->owed != NULL ? s->ops->owed(s) : 0;
}

/* A system call. */
static inline struct stream_pulse stream_pulse(const struct stream *s)
{
    if (s->ops->pulse != NULL)
        return s->ops->pulse(s);
    return (struct stream_pulse){ .heard = 0 };
}

/* For implementations: what the owner of a broken stream is told. */
static inline unsigned stream_broken_readiness(const struct stream *s)
{
    return STREAM_BROKEN | STREAM_READ |
           (s->interest == STREAM_WRITE ? STREAM_WRITE : 0u);
}

/* Closes without waiting for the peer. */
static inline void stream_close(struct stream *s)
{
    s->ops->close(s, STREAM_CLOSE);
}

/*
 * Sends FIN and waits a bounded time for the peer to end too, reading and
 * dropping what it still sends: after a plain close with unread input, TCP
 * would discard the last bytes that we sent. The owner must not use the stream
 * afterwards.
 */
static inline void stream_close_gently(struct stream *s)
{
    s->ops->close(s, STREAM_CLOSE_GENTLY);
}

static inline void stream_close_as(struct stream *s, enum stream_close how)
{
    s->ops->close(s, how);
}

#endif
