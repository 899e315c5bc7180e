/*
 * console_socket.h - a WebSocket that is attached to a console: the door "api"
 * for its bytes. docs/api-attach.md has the messages both ways, and the close
 * codes.
 *
 * Binary messages are the console's bytes and its input, and nothing else;
 * texts are JSON. What is shown has a position in the console's output, which
 * the peer acknowledges; it is never sent more than SOCKET_WINDOW beyond that,
 * and then lags like a telnet client that reads nothing (core/reader.h).
 *
 * A peer that gives its connection a session label can lose it and come again:
 * for SOCKET_AWAY_US the session stays at the console without a connection,
 * keeps its keyboard and its place in the output, and goes on with the next
 * connection of the same principal that has the label. For such a peer what is
 * not acknowledged is not taken: the VM waits for it, and it is still there for
 * the next connection. Input has positions too, so that nothing is typed twice
 * or lost.
 *
 * The session owns itself (session/session.h). It ends with its connection, or
 * that time later.
 */
#ifndef WEB_SOCKET_CONSOLE_SOCKET_H
#define WEB_SOCKET_CONSOLE_SOCKET_H

#include "access/lock.h"
#include "access/principal.h"
#include "core/console.h"
#include "net/stream.h"
#include "session/session_context.h"

enum {
    /* Bytes of output that a peer need not have acknowledged. */
    SOCKET_WINDOW = 256 * KIB,
    /* Bytes of input that vspcd keeps for a VM that takes none now; a peer that
     * has no more of them under way always gets its commands through. */
    SOCKET_INPUT_WINDOW = LIMIT_OF(64 * KIB),
    /* How long a session waits for its next connection. */
    SOCKET_AWAY_US = 15 * 1000 * 1000,
    SOCKET_LABEL_MAX = 64, /* bytes of a session label */
};

/* Once for a context, before the first one and after the last one. */
void console_socket_open_all(struct session_context *ctx);
void console_socket_close_all(struct session_context *ctx);

/* What an HTTP request has asked for. Texts are borrowed for the call; NULL:
 * not given. */
struct console_socket_start {
    struct session_context *ctx;
    struct stream *stream;   /* taken over; nothing was answered on it */
    struct slice early;      /* bytes that have come behind the request */
    struct principal *who;   /* taken over: *who is nobody afterwards */
    const char *peer;        /* its address, "" if it has none */
    struct console *console; /* NULL: there is none (close code 4004) */
    const char *key;         /* Sec-WebSocket-Key, valid */
    const char *protocol;    /* Sec-WebSocket-Protocol that was agreed on */
    const char *from;        /* "EPOCH:POSITION" or "POSITION" */
    const char *label;       /* of the session */
    const uint32_t *history; /* lines of earlier output; not given: as for a
                              * telnet client. Not with from */
    enum lock_mode mode;
    bool takes; /* takes the keyboard over, if it may */
};

/*
 * Answers the request (101) and attaches the peer, or closes the WebSocket with
 * the code and reason why not. The right is asked for here (RIGHT_READ), and
 * again whenever it may have changed; a place is taken here. Not from within
 * core's work; the caller settles.
 */
void console_socket_open(const struct console_socket_start *start);

#endif
