/*
 * telnet_link.h - one telnet connection of ours: the stream, the telnet
 * endpoint on it, TLS that may begin, what waits to be written, and when it is
 * read.
 *
 * Whoever has such a connection embeds it (VM sessions, client sessions), and
 * decides what is said on it and what comes of what it hears. Here is what all
 * of them have in common: TLS from the first byte or by AUTHENTICATION
 * (secure.h), the greeting behind that, one read for each readiness, one event
 * after the other, and a connection that breaks.
 *
 * A connection that cannot be written any more is mute: what is said on it is
 * dropped, and what its peer has said before it broke is heard. It ends when
 * reading says so.
 *
 * The owner lives as long as the link, and ends it once. A link that has ended
 * (telnet_link_end) says and hears nothing any more; its memory goes with
 * telnet_link_done. Operations may end the link.
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
    /* Not now, but in bounded time, whatever its peer does: what it said before
     * it broke is still heard then. */
    TELNET_LINK_WAITS,
    /* Not before others do something, which may be never: one that breaks now
     * has ended. */
    TELNET_LINK_RESTS,
};
enum { TELNET_LINK_PACE_COUNT = TELNET_LINK_RESTS + 1 };

/* "reads", "waits", "rests". */
const char *telnet_link_pace_name(enum telnet_link_pace pace);

/* Which options of telnet there are. */
struct telnet_link_policies {
    const struct telpeer_policy *clear; /* TLS is not on offer, or not more */
    const struct telpeer_policy *with_tls; /* AUTHENTICATION is */
};

struct telnet_link_ops {
    /* Which options of telnet there are; whom a caller means by the stream, for
     * TLS (may be NULL where it is called). */
    const struct telnet_link_policies *(*policies)(const struct telnet_link *l);
    const char *(*host)(const struct telnet_link *l);
    /* Appends what is said first, in TLS or in the clear. 0, or the failures of
     * buf_append, as of every int here. */
    int (*greet)(struct telnet_link *l);
    /* A step on the way to TLS, or away from it, was taken: secure.state. */
    void (*on_secured)(struct telnet_link *l);
    /* Bytes of the peer, TLS undone: the owner looks at them, and gives what is
     * telnet to telnet_link_feed. */
    void (*on_bytes)(struct telnet_link *l, struct slice in);
    /* Before each event: takes data off the front of *in, as much as it likes.
     * True: it has taken all that it takes now, and keeps the rest. */
    bool (*take_data)(struct telnet_link *l, struct slice *in);
    /* One event, but none of AUTHENTICATION. */
    int (*on_event)(struct telnet_link *l, enum telpeer_event event,
                    const struct telpeer_item *item);
    enum telnet_link_pace (*pace)(const struct telnet_link *l);
    /* Worth one telnet_link_read. */
    void (*on_readable)(struct telnet_link *l);
    /* What was queued has gone out, as far as it goes. */
    void (*on_written)(struct telnet_link *l);
    /* The peer sends no more. */
    void (*on_end)(struct telnet_link *l);
    /* It is broken, as an -errno says: the owner ends it. */
    void (*on_broken)(struct telnet_link *l, int error);
};

struct telnet_link_setup {
    const struct telnet_link_ops *ops;
    enum tls_policy policy;
    struct tls_context *tls; /* as secure_init */
    bool is_caller;          /* we made the connection */
    uint32_t out_max;        /* bytes that wait: see base/limits.h */
};

struct telnet_link {
    const struct telnet_link_ops *ops;
    struct session_context *ctx;
    struct wire wire;
    struct secure secure;
    bool is_mute;
    bool has_ended;
};

/* Takes the stream over. */
void telnet_link_init(struct telnet_link *l, struct session_context *ctx,
                      struct stream *stream,
                      const struct telnet_link_setup *setup);

/* Wants nothing of its stream any more. May be called twice. */
void telnet_link_end(struct telnet_link *l);
void telnet_link_done(struct telnet_link *l, bool gently);

/* Greets at once, if no TLS hello may come before. */
void telnet_link_start(struct telnet_link *l);

/* The peer was given its time to say a hello. */
void telnet_link_hello_overdue(struct telnet_link *l);

/* TLS cannot begin any more, if it has not. */
void telnet_link_stay_clear(struct telnet_link *l);

/* One read of at most room bytes into this buffer, and what comes of it. What
 * stream_read has returned. */
ssize_t telnet_link_read(struct telnet_link *l, uint8_t *to, size_t room);

/* Bytes that are telnet. Returns the rest, where take_data has said so. */
struct slice telnet_link_feed(struct telnet_link *l, struct slice in);

/* Writes what is queued; the second one not while it is known that the stream
 * takes nothing: another try would only cost a call. */
void telnet_link_flush(struct telnet_link *l);
void telnet_link_flush_if_writable(struct telnet_link *l);

/* The stream takes nothing now. */
static inline bool telnet_link_is_blocked(const struct telnet_link *l)
{
    return l->wire.stream->interest & STREAM_WRITE;
}

/* The pace, or what can be written, may be another one. */
void telnet_link_update_interest(struct telnet_link *l, bool is_blocked);

/* What was queued did not fit, or the stream cannot be read or written: a
 * negative errno. The second one is for writing alone. */
void telnet_link_break(struct telnet_link *l, int error);
void telnet_link_write_failed(struct telnet_link *l, int error);

static inline bool telnet_link_is_encrypted(const struct telnet_link *l)
{
    return stream_security(l->wire.stream).is_secure;
}

#endif
