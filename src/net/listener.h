/*
 * listener.h - a TCP port or a Unix socket that accepts connections, and hands
 * out streams or bare descriptors.
 *
 * Accepted TCP sockets inherit what stream_fd_set_tcp sets, so that an accept
 * costs one system call. Without free file descriptors a listener rests, uses
 * no CPU, and retries when the loop closes a descriptor, or once a second.
 * Connections that wait in the backlog are then served.
 *
 * A connection that is not admitted is refused as soon as it is accepted:
 * before a byte of it is read and before anything is kept for it. Left in the
 * backlog, it would block the connections behind it.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/loop.h"
#include "net/stream.h"
#include "net/unix_socket.h"

struct listener;

/* The new stream is the owner's. */
typedef void listener_accepted_fn(void *owner, struct stream *stream);

/* A connection without a stream, for an owner that decides by peer or
 * credentials what to do with it, or passes it to another program. */
struct listener_connection {
    int fd; /* non-blocking, close-on-exec */
    struct address peer;
    struct peer_credentials credentials; /* known for a Unix socket's peer */
};

/* The descriptor is the owner's; stream_fd_open makes a stream of it. */
typedef void listener_connected_fn(
    void *owner, const struct listener_connection *connection);

/* Bits. */
enum listener_way {
    /* Without free descriptors, LISTENER_WAIT leaves connections in the backlog
     * (for programs). LISTENER_REFUSE sends them a line of text that says so,
     * and closes them (for people, without TLS). */
    LISTENER_WAIT = 0,
    LISTENER_REFUSE = 1,
    LISTENER_IPV6_ONLY = 2, /* "::" leaves IPv4's port to other sockets */
    LISTENER_LITTLE = 4,    /* peers take little (stream_fd_set_tcp) */
};

/* What to do with a connection. A refusal's line is for people: it is sent by a
 * listener with LISTENER_REFUSE, which then closes without a reset. */
struct listener_answer {
    bool is_refused;
    const char *line; /* with its line end; NULL: reset without a line */
};

/*
 * Where connections wait whose peer is not the one that they are for: those of
 * a balancer, which says first for whom it connects. Streams only.
 */
struct listener_lobby {
    /* Whether the connections of this peer wait. The guard judges them when
     * they are admitted, and not before. */
    bool (*is_for)(void *owner, const struct address *peer);
    /* Takes the stream over. It is closed, or its peer is set and
     * listener_admit called, in a handler of the loop. */
    void (*take)(void *owner, struct listener *l, struct stream *stream);
    /* The listener is closed; nothing can be admitted by it any more. Called
     * if it has ever had a connection that waited. */
    void (*forget)(void *owner, struct listener *l);
    void *owner;
};

/* Decides about each connection; borrowed, must outlive the listener. */
struct listener_guard {
    struct listener_answer (*judge)(void *owner, const struct address *peer);
    /* Called without free descriptors. True: it has closed a connection to make
     * room for the next one. NULL: it never does. */
    bool (*make_room)(void *owner);
    void *owner;
    const struct listener_lobby *lobby; /* NULL: no connection waits */
    bool is_mute; /* nothing is said in the clear: peers expect TLS */
};

/*
 * guard may be NULL: every connection is admitted. 0 or -errno: -EADDRINUSE
 * (another socket has the port), -EMFILE, -ENFILE, and other errors of socket,
 * bind and listen.
 */
int listener_open(struct loop *loop, const struct address *address,
                  unsigned way, const struct listener_guard *guard,
                  listener_accepted_fn *on_accepted, void *owner,
                  struct listener **ret_listener);

/* Like listener_open, but hands out bare descriptors. */
int listener_open_bare(struct loop *loop, const struct address *address,
                       unsigned way, const struct listener_guard *guard,
                       listener_connected_fn *on_connected, void *owner,
                       struct listener **ret_listener);

/* Listens on a Unix socket; fails as unix_socket_listen does. The guard is
 * asked about peers without an internet address. */
int listener_open_unix(struct loop *loop, const struct unix_socket_place *place,
                       unsigned way, const struct listener_guard *guard,
                       listener_connected_fn *on_connected, void *owner,
                       struct listener **ret_listener);

/* A connection of the lobby, which now has its peer, goes on as if it had just
 * been accepted: the guard judges it, and the owner gets it. Takes the stream
 * over. */
void listener_admit(struct listener *l, struct stream *stream);

/* Also removes a Unix socket's file. Takes NULL. */
void listener_close(struct listener *l);

/* If port 0 was asked for, with the port that the system chose. */
struct address listener_address(const struct listener *l);

#endif
