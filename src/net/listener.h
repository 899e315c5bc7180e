/*
 * listener.h - a TCP port or a Unix socket that accepts connections, and hands
 * out streams or bare descriptors.
 *
 * Accepted TCP sockets inherit NODELAY and the keepalive settings, so that an
 * accept costs one system call. Without free file descriptors a listener
 * rests, uses no CPU and tries again when a stream of the loop was closed, or
 * once a second: who waits in the backlog is then served.
 *
 * Whoever is not to come in is sent away as soon as it is accepted: before a
 * byte of it is read and before anything is kept for it. It cannot be left in
 * the backlog, where others wait behind it.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/loop.h"
#include "net/stream.h"
#include "net/unix_socket.h"

struct listener;

/* The new stream is the owner's. */
typedef void listener_accepted_fn(void *owner, struct stream *stream);

/* A connection without a stream on it: for somebody who decides by peer or
 * credentials what becomes of it, or passes it to another program. */
struct listener_connection {
    int fd; /* non-blocking, close-on-exec */
    struct address peer;
    struct peer_credentials credentials; /* of a Unix socket's peer */
};

/* The descriptor is the owner's; stream_fd_open makes a stream of it. */
typedef void listener_connected_fn(
    void *owner, const struct listener_connection *connection);

/* Bits. */
enum listener_way {
    /* Without descriptors: they are left in the backlog (for programs), or get
     * a line of text that says so, and are closed (for people, in the clear) */
    LISTENER_WAIT = 0,
    LISTENER_REFUSE = 1,
    LISTENER_IPV6_ONLY = 2, /* "::" leaves the port of IPv4 to others */
};

/* What becomes of who connects. A line is for people: it goes out where the
 * listener may speak (LISTENER_REFUSE), and the connection ends in order. */
struct listener_answer {
    bool is_refused;
    const char *line; /* with its line end; NULL: reset without a word */
};

/* Who is asked about it; borrowed, and lives longer than the listener. */
struct listener_guard {
    struct listener_answer (*judge)(void *owner, const struct address *peer);
    /* Without descriptors: whether it has closed somebody for the next one;
     * NULL: it does not. */
    bool (*make_room)(void *owner);
    void *owner;
};

/*
 * guard may be NULL: everybody may come in. 0 or -errno: -EADDRINUSE (somebody
 * else has the port), -EMFILE, -ENFILE, and what else socket, bind and listen
 * say.
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

/* A Unix socket; the failures of unix_socket_listen. Its guard is asked about
 * peers without an internet address. */
int listener_open_unix(struct loop *loop, const struct unix_socket_place *place,
                       unsigned way, const struct listener_guard *guard,
                       listener_connected_fn *on_connected, void *owner,
                       struct listener **ret_listener);

/* Removes a Unix socket's file. Takes NULL. */
void listener_close(struct listener *l);

/* With the port that the system chose, where 0 was asked for. */
struct address listener_address(const struct listener *l);

#endif
