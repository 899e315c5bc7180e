#include "net/listener.h"

#include "base/mem.h"
#include "net/loop_private.h"
#include "net/stream_fd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    /* Accepts of one port in one turn, so that a storm of connects leaves time
     * for existing connections. */
    ACCEPTS_PER_TURN = 16,
};

/*
 * On uv_poll_t, not uv_tcp_t: at EMFILE, libuv's own listener uses a spare
 * descriptor to accept and drop what is queued. Here a connection is taken off
 * the backlog only to be served or refused.
 */
struct listener {
    uv_poll_t poll;
    struct loop *loop;
    int fd;
    uint8_t way; /* enum listener_way */
    bool is_bare;
    bool is_unix;                       /* embedded in a struct unix_listener */
    bool uses_lobby;                    /* a connection has waited */
    const struct listener_guard *guard; /* NULL: none */
    union {
        listener_accepted_fn *on_accepted;
        listener_connected_fn *on_connected; /* is_bare */
    };
    void *owner;
    struct descriptor_waiter waiter;
};

/* A separate struct, because there may be a TCP listener for each console:
 * members that only Unix sockets need would cost memory in all of them. */
struct unix_listener {
    struct listener listener;
    struct unix_socket_file file;
};

static void listener_on_connection(uv_poll_t *poll, int status, int events);

static void listener_wake(struct descriptor_waiter *w)
{
    struct listener *l = CONTAINER_OF(w, struct listener, waiter);

    uv_poll_start(&l->poll, UV_READABLE, listener_on_connection);
}

/* Polling must stop: a backlog that cannot be accepted stays readable, and
 * would wake the loop in every turn. */
static void rest(struct listener *l)
{
    uv_poll_stop(&l->poll);
    descriptors_wait(&l->loop->descriptors, &l->waiter);
}

/* The close that follows ends the connection on both sides at once, by a reset.
 * After an orderly close, the kernel would keep its state for a minute. */
static void prepare_reset(int fd)
{
    const struct linger now = { .l_onoff = 1 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static struct listener_answer judge(const struct listener *l,
                                    const struct address *peer)
{
    if (l->guard == NULL)
        return (struct listener_answer){ .is_refused = false };
    return l->guard->judge(l->guard->owner, peer);
}

/* Whether a line of text may go out in the clear. */
static bool is_clear(const struct listener *l)
{
    return (l->way & LISTENER_REFUSE) &&
           (l->guard == NULL || !l->guard->is_mute);
}

static bool may_say(const struct listener *l,
                    const struct listener_answer *answer)
{
    return answer->line != NULL && is_clear(l);
}

/* NULL: the connections of this peer do not wait. */
static const struct listener_lobby *lobby_for(const struct listener *l,
                                              const struct address *peer)
{
    const struct listener_lobby *lobby =
        l->guard != NULL && !l->is_bare ? l->guard->lobby : NULL;

    return lobby != NULL && lobby->is_for(lobby->owner, peer) ? lobby : NULL;
}

/* True: the connection was refused and closed. */
static bool turn_away(const struct listener *l, int fd,
                      const struct address *peer)
{
    struct listener_answer answer = judge(l, peer);

    if (!answer.is_refused)
        return false;
    if (may_say(l, &answer))
        (void)!write(fd, answer.line, strlen(answer.line));
    else
        prepare_reset(fd);
    close(fd);
    return true;
}

/* Gently where a line is said: the peer has bytes here that nobody reads. */
void listener_admit(struct listener *l, struct stream *stream)
{
    struct listener_answer answer = judge(l, &stream->peer);

    if (!answer.is_refused) {
        l->on_accepted(l->owner, stream);
    } else if (may_say(l, &answer)) {
        (void)stream_write(stream, answer.line, strlen(answer.line));
        stream_close_gently(stream);
    } else {
        prepare_reset(stream_fd_number(stream));
        stream_close(stream);
    }
}

static int accept_one(const struct listener *l, struct address *ret_peer)
{
    socklen_t len = sizeof *ret_peer;

    *ret_peer = (struct address){ 0 };
    return accept4(l->fd, &ret_peer->any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/*
 * Lends the reserve descriptor for as long as it takes to accept one connection
 * and to refuse it, with a reason where one may be said. turn_away comes first:
 * an address that is not admitted gets its own answer, not this text.
 */
static void refuse_one(struct listener *l)
{
    static const char refusal[] =
        "[vspcd: too many connections are open; try again later]\r\n";
    struct address peer;
    int fd;

    if (!descriptors_lend_reserve(&l->loop->descriptors))
        return;
    fd = accept_one(l, &peer);
    if (fd >= 0 && (lobby_for(l, &peer) != NULL || !turn_away(l, fd, &peer))) {
        if (is_clear(l))
            (void)!write(fd, refusal, sizeof refusal - 1);
        else
            prepare_reset(fd);
        close(fd);
    }
    descriptors_take_reserve_back(&l->loop->descriptors);
}

static void handle_lack(struct listener *l, int error)
{
    descriptors_report_lack(&l->loop->descriptors, error);
    if (l->way & LISTENER_REFUSE)
        refuse_one(l);
    rest(l);
}

static bool make_room(const struct listener *l)
{
    return l->guard != NULL && l->guard->make_room != NULL &&
           l->guard->make_room(l->guard->owner);
}

static void hand_out(struct listener *l, int fd, const struct address *peer)
{
    struct listener_connection connection = { .fd = fd, .peer = *peer };
    struct stream *stream;

    if (l->is_bare) {
        if (l->is_unix)
            connection.credentials = unix_socket_peer(fd);
        l->on_connected(l->owner, &connection);
    } else if (stream_fd_open(l->loop, fd, peer, &stream) == 0) {
        l->on_accepted(l->owner, stream);
    }
}

static void let_wait(struct listener *l, const struct listener_lobby *lobby,
                     int fd, const struct address *peer)
{
    struct stream *stream;

    if (stream_fd_open(l->loop, fd, peer, &stream) < 0)
        return;
    l->uses_lobby = true;
    lobby->take(lobby->owner, l, stream);
}

static void receive(struct listener *l, int fd, const struct address *peer)
{
    const struct listener_lobby *lobby = lobby_for(l, peer);

    if (lobby != NULL)
        let_wait(l, lobby, fd, peer);
    else if (!turn_away(l, fd, peer))
        hand_out(l, fd, peer);
}

/* The owner may close the listener when it gets a connection. libuv keeps the
 * listener's memory until the end of the turn, and fd < 0 ends the loop. */
static void listener_on_connection(uv_poll_t *poll, int status, int events)
{
    struct listener *l = poll->data;

    (void)events;
    (void)status;
    loop_turn_begins(l->loop);
    for (int i = 0; i < ACCEPTS_PER_TURN && l->fd >= 0; i++) {
        struct address peer;
        int fd = accept_one(l, &peer);

        /* One retry: a connection is closed for one that was waiting. */
        if (fd < 0 && descriptors_is_lack(errno) && make_room(l))
            fd = accept_one(l, &peer);
        if (fd < 0) {
            if (descriptors_is_lack(errno))
                handle_lack(l, errno);
            /* EAGAIN: the backlog is empty. Other errors: that connection is
             * gone, and poll reports the next one in the next turn. */
            return;
        }
        descriptors_report_success(&l->loop->descriptors);
        receive(l, fd, &peer);
    }
}

static int set_options(int fd, const struct address *address, unsigned way)
{
    int on = 1;
    int r = stream_fd_set_tcp(fd, (way & LISTENER_LITTLE) != 0);

    if (r < 0)
        return r;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return -errno;
    if (address->any.sa_family == AF_INET6) {
        /* "::" serves IPv4 too, whatever the system's default is */
        int only = (way & LISTENER_IPV6_ONLY) != 0;

        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0)
            return -errno;
    }
    return 0;
}

static int open_socket(const struct address *address, unsigned way)
{
    int fd = socket(address->any.sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0)
        return -errno;
    r = set_options(fd, address, way);
    if (r == 0 && bind(fd, &address->any, address_len(address)) != 0)
        r = -errno;
    if (r == 0 && listen(fd, BACKLOG) != 0)
        r = -errno;
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

/* Takes fd over, and closes it on failure. The caller keeps l's memory. */
static int start(struct listener *l, struct loop *loop, int fd, unsigned way,
                 const struct listener_guard *guard, void *owner)
{
    int r = uv_poll_init(&loop->uv, &l->poll, fd);

    if (r < 0) {
        close(fd);
        return r;
    }
    l->poll.data = l;
    l->loop = loop;
    l->fd = fd;
    l->way = (uint8_t)way;
    l->guard = guard;
    l->owner = owner;
    list_init(&l->waiter.node);
    l->waiter.wake = listener_wake;
    uv_poll_start(&l->poll, UV_READABLE, listener_on_connection);
    return 0;
}

static int open_tcp(struct loop *loop, const struct address *address,
                    unsigned way, const struct listener_guard *guard,
                    void *owner, struct listener **ret_listener)
{
    int fd = open_socket(address, way);
    struct listener *l;
    int r;

    if (fd < 0)
        return fd;
    l = xcalloc(1, sizeof *l);
    r = start(l, loop, fd, way, guard, owner);
    if (r < 0)
        free(l);
    else
        *ret_listener = l;
    return r;
}

int listener_open(struct loop *loop, const struct address *address,
                  unsigned way, const struct listener_guard *guard,
                  listener_accepted_fn *on_accepted, void *owner,
                  struct listener **ret_listener)
{
    int r = open_tcp(loop, address, way, guard, owner, ret_listener);

    if (r == 0)
        (*ret_listener)->on_accepted = on_accepted;
    return r;
}

int listener_open_bare(struct loop *loop, const struct address *address,
                       unsigned way, const struct listener_guard *guard,
                       listener_connected_fn *on_connected, void *owner,
                       struct listener **ret_listener)
{
    int r = open_tcp(loop, address, way, guard, owner, ret_listener);

    if (r < 0)
        return r;
    (*ret_listener)->is_bare = true;
    (*ret_listener)->on_connected = on_connected;
    return 0;
}

int listener_open_unix(struct loop *loop, const struct unix_socket_place *place,
                       unsigned way, const struct listener_guard *guard,
                       listener_connected_fn *on_connected, void *owner,
                       struct listener **ret_listener)
{
    struct unix_socket_file file;
    int fd = unix_socket_listen(place, BACKLOG, &file);
    struct unix_listener *u;
    int r;

    if (fd < 0)
        return fd;
    u = xcalloc(1, sizeof *u);
    r = start(&u->listener, loop, fd, way, guard, owner);
    if (r < 0) {
        unix_socket_remove(&file);
        free(u);
        return r;
    }
    u->file = file;
    u->listener.is_unix = true;
    u->listener.is_bare = true;
    u->listener.on_connected = on_connected;
    *ret_listener = &u->listener;
    return 0;
}

/* A listener is the first member of a unix_listener, so data is the start of
 * the allocation in both cases. */
static void listener_on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void listener_close(struct listener *l)
{
    struct loop *loop;

    if (l == NULL)
        return;
    loop = l->loop;
    list_remove(&l->waiter.node);
    if (l->uses_lobby)
        l->guard->lobby->forget(l->guard->lobby->owner, l);
    /* The file is removed first: as long as it exists, it must have a
     * listener. */
    if (l->is_unix)
        unix_socket_remove(
            &CONTAINER_OF(l, struct unix_listener, listener)->file);
    uv_close((uv_handle_t *)&l->poll, listener_on_closed);
    close(l->fd);
    l->fd = -1;
    descriptors_freed(&loop->descriptors);
}

struct address listener_address(const struct listener *l)
{
    struct address a = { 0 };
    socklen_t len = sizeof a;

    (void)getsockname(l->fd, &a.any, &len);
    return a;
}
