/*
 * websocket_link.h - one WebSocket connection of a session: the answer to its
 * request, messages both ways, what waits to go out, pings, and its end. For
 * console_socket and event_stream, as telnet_link is for telnet.
 *
 * Output is never kept here but for the rest of a frame that was begun: data is
 * written from where it lies, as binary messages, and what the connection does
 * not take stays with the owner. Texts are queued, bounded.
 *
 * The link answers pings and the peer's close by itself. It pings a peer that
 * has been silent for WEBSOCKET_PING_US, and ends one that has been silent for
 * three times as long. A peer whose connection takes nothing any more is read
 * to its end: its last bytes count.
 *
 * Embedded in a session, which owns it. Operations are called from the loop's
 * handlers of the link; each of them calls directory_settle behind them. They
 * may end the link's session, but not close the link (websocket_link_done).
 */
#ifndef WEB_SOCKET_WEBSOCKET_LINK_H
#define WEB_SOCKET_WEBSOCKET_LINK_H

#include "base/ring.h"
#include "net/stream.h"
#include "proto/websocket/websocket.h"
#include "session/session_context.h"

enum {
    WEBSOCKET_PING_US = 20 * 1000 * 1000,
    WEBSOCKET_SILENT_MAX = 3, /* pings' times, then it has gone */
    /* A message of output. What is left of one that was begun is copied. */
    WEBSOCKET_FRAME_MAX = LIMIT_OF(16 * KIB),
    /* Texts that wait; above the mark, nothing that can be left out is queued,
     * and a flood of requests is not read. */
    WEBSOCKET_QUEUE_MARK = LIMIT_OF(16 * KIB),
    WEBSOCKET_QUEUE_MAX = 4 * WEBSOCKET_QUEUE_MARK + LIMIT_OF(64 * KIB),
};

/* Close codes that vspcd sends (RFC 6455, 7.4, and its own). */
enum websocket_code {
    WEBSOCKET_CODE_GONE = 1000,     /* the console: no use to come again */
    WEBSOCKET_CODE_PROTOCOL = 1002, /* the peer breaks the protocol */
    WEBSOCKET_CODE_NOT_UTF8 = 1007,
    WEBSOCKET_CODE_POLICY = 1008,
    WEBSOCKET_CODE_TOO_LARGE = 1009,
    WEBSOCKET_CODE_RESTART = 1012,  /* vspcd stops: come again */
    WEBSOCKET_CODE_ENDED = 4001,    /* by somebody: do not come again */
    WEBSOCKET_CODE_NO_RIGHT = 4003, /* do not come again */
    WEBSOCKET_CODE_NO_CONSOLE = 4004,
    WEBSOCKET_CODE_LOCKED = 4009, /* by somebody else; later */
    WEBSOCKET_CODE_LIMIT = 4029,  /* a limit is reached; later */
};

struct websocket_link;

/* Why nothing more comes. */
struct websocket_link_end {
    uint16_t code;    /* of the peer's close (1005: it had none); 0: the
                       * connection is over without one */
    int error;        /* -errno of a broken connection; 0: not broken */
    bool is_fault;    /* the peer has broken the protocol */
    const char *text; /* static, or the stream's own: for the log */
};

struct websocket_link_ops {
    /* Some of a message, TEXT or BINARY, in order; is_end: it is complete. The
     * bytes are good for the call. */
    void (*on_data)(struct websocket_link *l, enum websocket_opcode opcode,
                    struct slice bytes, bool is_end);
    /* There was input, or the connection takes output again: time to write what
     * there is. */
    void (*on_ready)(struct websocket_link *l);
    /* Once. The owner ends (session_mark_ending). */
    void (*on_end)(struct websocket_link *l,
                   const struct websocket_link_end *end);
    /* The peer is pinged, and may be told more with that. NULL: it is not. */
    void (*on_ping)(struct websocket_link *l);
    /* The peer's certificate is accepted no more. */
    void (*on_distrusted)(struct websocket_link *l, const char *reason);
    /* How many bytes of input the owner can take now; 0: it is not read. */
    size_t (*room)(const struct websocket_link *l);
};

struct websocket_link {
    struct session_context *ctx;
    struct stream *stream; /* NULL: not open, or closed */
    const struct websocket_link_ops *ops;
    struct websocket_reader reader;
    struct buf out;       /* goes out before anything else */
    struct deadline ping; /* since the peer was heard, or pinged */
    uint8_t silences;     /* pings without an answer */
    bool is_blocked;      /* the stream took less than all */
    bool is_mute;         /* writing has failed: nothing more goes out */
    bool is_closing;      /* a close was queued: nothing follows it */
    bool has_ended;       /* on_end was called */
};

/* Of all links of a context. */
struct websocket_links {
    struct deadline_queue pings;
};

/* Once for a context, before the first link and after the last one. */
void websocket_link_open_all(struct session_context *ctx);
void websocket_link_close_all(struct session_context *ctx);

/* Without a connection yet. */
void websocket_link_init(struct websocket_link *l, struct session_context *ctx,
                         const struct websocket_link_ops *ops);

/* Takes the stream over and queues the answer to a request with this key.
 * protocol NULL: none was agreed on. */
void websocket_link_open(struct websocket_link *l, struct stream *stream,
                         const char *key, const char *protocol);

/* Bytes that came behind the request. Once, when the owner can take input. More
 * than it has room for ends the link: a peer has to wait for the answer. */
void websocket_link_feed_early(struct websocket_link *l, struct slice early);

/* Queues a text, or a close, which is the last that goes out. False: there is
 * no room, or nothing can follow; nothing was queued. */
bool websocket_link_put_text(struct websocket_link *l, struct slice text);
bool websocket_link_put_close(struct websocket_link *l,
                              enum websocket_code code, const char *reason);

/* Whether there is room for what can be left out. */
static inline bool websocket_link_has_room(const struct websocket_link *l)
{
    return l->out.len <= WEBSOCKET_QUEUE_MARK;
}

/*
 * Writes what is queued and then data, as binary messages. Returns how many
 * bytes of data were taken; 0 while the link is blocked, or when it has failed,
 * which on_end was told.
 */
size_t websocket_link_write(struct websocket_link *l,
                            const struct ring_span *data);

/* Writes what is queued. */
void websocket_link_flush(struct websocket_link *l);

/* Tells the stream what is wanted now; whoever has written or may have changed
 * `room` calls it last. */
void websocket_link_update(struct websocket_link *l);

/* Everything that was queued has gone. */
static inline bool websocket_link_is_drained(const struct websocket_link *l)
{
    return l->out.len == 0;
}

/* Closes the connection, and forgets what was queued; gently: what was taken
 * still arrives. May be called twice, and another connection may be opened. */
void websocket_link_done(struct websocket_link *l, bool gently);

#endif
