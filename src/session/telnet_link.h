/*
 * telnet_link.h - one telnet connection: the stream, the telnet endpoint on it,
 * TLS that may begin, what waits to be written, and when it is read.
 *
 * VM sessions and client sessions embed it. They decide what is said and what
 * comes of what is heard. The link does what all of them have in common: TLS
 * from the first byte or by AUTHENTICATION (secure.h), the greeting behind
 * that, one read for each readiness, one event after the other, and a
 * connection that breaks.
 *
 * A connection that cannot be written any more is mute: what is said on it is
 * dropped, and what its peer has said before the break is still heard. It ends
 * when reading reports its end.
 *
 * The owner lives as long as the link, and ends it once. A link that has ended
 * (telnet_link_end) says and hears nothing any more; telnet_link_done frees
 * what it has. Operations may end the link.
 */
#ifndef SESSION_TELNET_LINK_H
#define SESSION_TELNET_LINK_H

#include "session/secure.h"
#include "session/session_context.h"
#include "session/wire.h"

struct telnet_link;

/* Whether the link is read. */
enum telnet_link_pace {
    TELNET_LINK_READS,
    /* Not now, but in bounded time, whatever the peer does: what the peer said
     * before a break is still heard then. */
    TELNET_LINK_WAITS,
    /* Not before others do something, which may be never: a break ends the
     * link at once. */
    TELNET_LINK_RESTS,
};
enum { TELNET_LINK_PACE_COUNT = TELNET_LINK_RESTS + 1 };

/* "reads", "waits", "rests". */
const char *telnet_link_pace_name(enum telnet_link_pace pace);

/* The telnet options that a session accepts. */
struct telnet_link_policies {
    /* AUTHENTICATION is not on offer, or not any more. */
    const struct telpeer_policy *clear;
    /* AUTHENTICATION is on offer. */
    const struct telpeer_policy *with_tls;
};

struct telnet_link_ops {
    /* The telnet options that there are; and for a caller in TLS the name that
     * it has called (may be NULL where vspcd is called). */
    const struct telnet_link_policies *(*policies)(const struct telnet_link *l);
    const char *(*host)(const struct telnet_link *l);
    /* Appends what is said first, in TLS or in the clear. 0, or a failure of
     * buf_append. */
    int (*greet)(struct telnet_link *l);
    /* secure.state is another one: a step to TLS, or away from it. */
    void (*on_secured)(struct telnet_link *l);
    /* Bytes of the peer, TLS undone: the owner looks at them, and gives what is
     * telnet to telnet_link_feed. */
    void (*on_bytes)(struct telnet_link *l, struct slice in);
    /* Before each event: takes data off the front of *in, as much as it likes.
     * True: the owner takes nothing more now, and telnet_link_feed returns the
     * rest to it. */
    bool (*take_data)(struct telnet_link *l, struct slice *in);
    /* One event, but none of AUTHENTICATION. 0, or a failure of buf_append. */
    int (*on_event)(struct telnet_link *l, enum telpeer_event event,
                    const struct telpeer_item *item);
    enum telnet_link_pace (*pace)(const struct telnet_link *l);
    /* The stream is readable: worth one telnet_link_read. */
    void (*on_readable)(struct telnet_link *l);
    /* The stream was writable, and takes what was queued as far as it can. */
    void (*on_written)(struct telnet_link *l);
    /* The peer sends no more. */
    void (*on_end)(struct telnet_link *l);
    /* The connection is broken (-errno): the owner ends the link. */
    void (*on_broken)(struct telnet_link *l, int error);
    /* The certificate that the peer has shown is accepted no more, for this
     * reason, which lasts as long as the stream: the owner ends the link. */
    void (*on_distrusted)(struct telnet_link *l, const char *reason);
};

struct telnet_link_setup {
    const struct telnet_link_ops *ops;
    enum tls_policy policy;
    struct tls_context *tls; /* shared by secure_init; may be NULL */
    bool is_caller;          /* we made the connection */
    uint32_t out_max;        /* bytes that may wait (base/limits.h) */
};

struct telnet_link {
    const struct telnet_link_ops *ops;
    struct session_context *ctx;
    struct wire wire;
    struct secure secure;
    bool is_mute;
    bool has_ended;
    bool has_heard; /* the peer has sent a byte */
};

/* Takes the stream over. */
void telnet_link_init(struct telnet_link *l, struct session_context *ctx,
                      struct stream *stream,
                      const struct telnet_link_setup *setup);

/* The link wants nothing of its stream any more. May be called twice. */
void telnet_link_end(struct telnet_link *l);
void telnet_link_done(struct telnet_link *l, bool gently);

/* Greets at once, unless a TLS hello may come first. */
void telnet_link_start(struct telnet_link *l);

/* The time for a hello has passed without one. */
void telnet_link_hello_overdue(struct telnet_link *l);

/* If TLS has not begun, it cannot begin any more. */
void telnet_link_stay_clear(struct telnet_link *l);

/* The peer has left. Counts it, if it has sent nothing at all: it has only
 * looked whether the port is open, as balancers do. Returns whether it was
 * that. */
bool telnet_link_was_check(const struct telnet_link *l);

/* One read of at most room bytes into to, and what comes of them. Returns what
 * stream_read has returned. */
ssize_t telnet_link_read(struct telnet_link *l, uint8_t *to, size_t room);

/* Bytes that are telnet. Returns the rest if take_data has taken enough, else
 * nothing. */
struct slice telnet_link_feed(struct telnet_link *l, struct slice in);

/* Writes what is queued. telnet_link_flush_if_writable does not try while it is
 * known that the stream takes nothing. */
void telnet_link_flush(struct telnet_link *l);
void telnet_link_flush_if_writable(struct telnet_link *l);

/* Whether it is known that the stream takes nothing now. */
static inline bool telnet_link_is_blocked(const struct telnet_link *l)
{
    return l->wire.stream->interest & STREAM_WRITE;
}

/* The pace, or whether the stream takes anything, may have changed. */
void telnet_link_update_interest(struct telnet_link *l, bool is_blocked);

/* telnet_link_break: an answer did not fit into the queue, or reading has
 * failed
 * (-errno). telnet_link_write_failed: writing has failed. */
void telnet_link_break(struct telnet_link *l, int error);
void telnet_link_write_failed(struct telnet_link *l, int error);

static inline bool telnet_link_is_encrypted(const struct telnet_link *l)
{
    return stream_security(l->wire.stream).is_secure;
}

#endif
