/*
 * client_session.h - a person or program on a console's telnet port.
 *
 * Glue between a telnet link and a client of a console. Greets as a telnet
 * server that offers an 8-bit clean line; serves whoever never negotiates (nc,
 * gdb) with the bare bytes.
 *
 * Which of the two a connection is, is known by its first byte: IAC is telnet,
 * anything else is raw. Output waits for that, or for the answer about BINARY,
 * at most CLIENT_NEGOTIATION_US. A raw connection that answers one of our
 * questions after all had typed ahead of our greeting, and is telnet from there
 * on: option bytes are never typed.
 *
 * Connections that a service URI asks for (service/service.h) are client
 * sessions with other roles.
 *
 * Owns itself (session.h): it ends with the connection.
 */
#ifndef SESSION_CLIENT_CLIENT_SESSION_H
#define SESSION_CLIENT_CLIENT_SESSION_H

#include "core/console.h"
#include "net/stream.h"
#include "session/session_context.h"

enum {
    CLIENT_NEGOTIATION_US = 500 * 1000,
    /* A remote system may look up our name before it answers an offer of TLS.
     * Where TLS is required it is waited for more than once. */
    CLIENT_ANSWER_US = 3000 * 1000,
    CLIENT_ANSWER_WAITS = 3,
    /* How long a client that ends may take for what is still its due, and one
     * that has begun AUTHENTICATION for the end of that. */
    CLIENT_DRAIN_US = 2000 * 1000,
    /* How long raw bytes that may be half of a telnet client's answer are kept
     * from the VM. */
    CLIENT_DOUBT_US = 500 * 1000,
};

/* What all client sessions of a context wait in. */
struct client_sessions {
    struct deadline_queue first_bytes;  /* a TLS hello may be the first word */
    struct deadline_queue calls;        /* remote systems that may yet do TLS */
    struct deadline_queue exchanges;    /* AUTHENTICATION is under way */
    struct deadline_queue negotiations; /* they may yet answer */
    struct deadline_queue half_closes;  /* since the last output */
    struct deadline_queue drains;       /* take their last */
    struct deadline_queue doubts;       /* raw, or telnet? */
    struct deadline_queue pasts;        /* wait for older output */
};

/* Once for a context, before the first session, and after the last one. */
void client_session_open_all(struct session_context *ctx);
void client_session_close_all(struct session_context *ctx);

enum client_way {
    CLIENT_OF_PORT, /* came to us: by telnet, or with bare bytes */
    CLIENT_RAW,     /* bare bytes both ways, and not a word of ours */
    CLIENT_REMOTE,  /* telnet again, but we called it: a server, and the one
                     * that shows its certificate */
};

/* What a session is; it must last as long as the session. */
struct client_role {
    enum client_way way;
    enum client_door door;
    enum tls_policy policy;  /* of RAW: must be TLS_OFF. Over a TLS stream, and
                              * for REMOTE with OFFERED or REQUIRED: whether
                              * AUTHENTICATION leads to TLS */
    struct tls_context *tls; /* REMOTE: for that */
    const char *host;        /* REMOTE: for that; whom we mean */
    /* For connections that we made, else NULL. The peer is there, with these
     * terms of TLS ("none"); and the session has ended, whether it was or
     * not. */
    void (*on_open)(void *owner, const char *tls);
    void (*on_end)(void *owner, const char *reason);
    void *owner;
    /* Where in the console's output it begins, if that is still kept; for
     * others than those that we made, with what comes next. */
    uint64_t output_at;
};

/* The role of who comes to a console's port with this policy. */
const struct client_role *client_port_role(enum tls_policy policy);

/* The role of who comes to a listener that a service URI has asked for: by
 * telnet with this policy, or with bare bytes. */
const struct client_role *client_listener_role(enum tls_policy policy);
const struct client_role *client_raw_role(void);

/* Takes the stream over. Whatever is wrong with it, it ends at the end of the
 * turn, not before; so does one that finds the console full, which it says. */
struct client *client_session_start(struct session_context *ctx,
                                    struct stream *stream,
                                    struct console *console,
                                    const struct client_role *role);

/* It takes what is still its due, for a bounded time, and ends. */
void client_session_shut_down(struct client *client, const char *reason);

/* It ends with what it has not taken. Its role is not used any more, so the
 * owner may go. */
void client_session_end(struct client *client, const char *reason);

/*
 * The connection stays, and leaves its console, or goes to another one than it
 * has (which it leaves first): it sees that one's output from now on. While it
 * has none it is not read and shown nothing. Refused: it has none, and why says
 * the reason.
 */
void client_session_detach(struct client *client);
enum client_outcome client_session_attach(struct client *client,
                                          struct console *console,
                                          struct err *why);

#endif
