#include "net/listener.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop_private.h"
#include "net/stream_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    /* Of one port in one turn, so that a storm of connects leaves time for
     * the connections that are there. */
    ACCEPTS_PER_TURN = 16,
    /* Dead peers are noticed after 60 + 5 * 10 s (PROTOCOL: VM side). */
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_INTERVAL_S = 10,
    KEEPALIVE_PROBES = 5,
    STARVED_TELL_AGAIN_US = 60 * 1000 * 1000,
};

struct listener {
    uv_poll_t poll;
    struct loop *loop;
    int fd;
    unsigned way;                       /* enum listener_way */
    const struct listener_guard *guard; /* NULL: none */
    listener_accepted_fn *on_accepted;
    void *owner;
    struct list starved; /* in loop->starved while it rests */
};

static void on_connection(uv_poll_t *poll, int status, int events);

static bool is_out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ENOBUFS;
}

void listener_wake_starved(struct loop *loop)
{
    deadline_stop(&loop->starved_retry);
    LIST_EACH (node, after, &loop->starved) {
        struct listener *l = CONTAINER_OF(node, struct listener, starved);

        list_remove(&l->starved);
        uv_poll_start(&l->poll, UV_READABLE, on_connection);
    }
}

static void rest(struct listener *l)
{
    struct loop *loop = l->loop;

    uv_poll_stop(&l->poll);
    list_add_tail(&loop->starved, &l->starved);
    if (!deadline_is_running(&loop->starved_retry))
        deadline_start(&loop->starved_queue, &loop->starved_retry,
                       clock_now_us());
}

/* With a reset the connection is gone on both sides at once; an end in order
 * would leave the kernel with it for a minute. */
static void reset(int fd)
{
    const struct linger now = { .l_onoff = 1 };

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* True: it was sent away. */
static bool turn_away(const struct listener *l, int fd,
                      const struct address *peer)
{
    struct listener_answer answer;

    if (l->guard == NULL)
        return false;
    answer = l->guard->judge(l->guard->owner, peer);
    if (!answer.is_refused)
        return false;
    if (answer.line != NULL && (l->way & LISTENER_REFUSE)) {
        (void)!write(fd, answer.line, strlen(answer.line));
        close(fd);
    } else {
        reset(fd);
    }
    return true;
}

/* As accept4(2). */
static int accept_one(const struct listener *l, struct address *ret_peer)
{
    socklen_t len = sizeof *ret_peer;

    *ret_peer = (struct address){ 0 };
    return accept4(l->fd, &ret_peer->any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/*
 * Gives up the reserve descriptor for as long as it takes to accept one
 * connection and to tell it why it is closed.
 */
static void refuse_one(struct listener *l)
{
    static const char refusal[] =
        "[vspcd: too many connections are open; try again later]\r\n";
    struct address peer;
    int fd;

    if (l->loop->reserve_fd < 0)
        return;
    close(l->loop->reserve_fd);
    fd = accept_one(l, &peer);
    if (fd >= 0 && !turn_away(l, fd, &peer)) {
        (void)!write(fd, refusal, sizeof refusal - 1);
        close(fd);
    }
    l->loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Each connection that ends lets another one in, and then there is none left
 * again: that is one state of affairs, and no news. */
static bool is_news(struct loop *loop)
{
    uint64_t now_us = clock_now_us();
    bool is_new = !loop->is_starved_logged &&
                  (loop->starved_told_us == 0 ||
                   now_us - loop->starved_told_us >= STARVED_TELL_AGAIN_US);

    loop->is_starved_logged = true;
    if (is_new)
        loop->starved_told_us = now_us;
    return is_new;
}

static void handle_starvation(struct listener *l, int error)
{
    l->loop->starved_count++;
    if (is_news(l->loop)) {
        log_warning("no file descriptors left: new connections wait or are "
                    "refused until some are closed; raise the limit of open "
                    "files (LimitNOFILE=, ulimit -n) reason=%s",
                    LOG_TEXT(strerror(error)));
    }
    if (l->way & LISTENER_REFUSE)
        refuse_one(l);
    rest(l);
}

static bool make_room(const struct listener *l)
{
    return l->guard != NULL && l->guard->make_room != NULL &&
           l->guard->make_room(l->guard->owner);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    struct listener *l = poll->data;

    (void)events;
    (void)status;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct address peer;
        struct stream *stream;
        int fd = accept_one(l, &peer);

        if (fd < 0 && is_out_of_descriptors(errno) && make_room(l))
            fd = accept_one(l, &peer);
        if (fd < 0) {
            if (is_out_of_descriptors(errno))
                handle_starvation(l, errno);
            /* EAGAIN: no more; others: that one is gone, the next turn tells
             * about the next one. */
            return;
        }
        l->loop->is_starved_logged = false;
        /* Another thread may have taken it. */
        if (l->loop->reserve_fd < 0)
            l->loop->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (turn_away(l, fd, &peer))
            continue;
        if (stream_fd_open(l->loop, fd, &peer, &stream) == 0)
            l->on_accepted(l->owner, stream);
    }
}

static int set_options(int fd, const struct address *address, unsigned way)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        { SOL_SOCKET, SO_REUSEADDR, 1 },
        /* Inherited by the accepted sockets (Linux). */
        { SOL_SOCKET, SO_KEEPALIVE, 1 },
        /* RFC 854, SYNCH: the urgent byte is the DM of IAC DM. Without this
         * it is taken out of the stream, and the IAC in front of it spoils the
         * byte behind it. */
        { SOL_SOCKET, SO_OOBINLINE, 1 },
        { IPPROTO_TCP, TCP_NODELAY, 1 },
        { IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
        { IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
        { IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                       sizeof options[i].value) != 0)
            return -errno;
    }
    if (address->any.sa_family == AF_INET6) {
        /* "::" serves IPv4 too, whatever the system's default */
        int only = (way & LISTENER_IPV6_ONLY) != 0;

        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0)
            return -errno;
    }
    return 0;
}

/* A listening socket, or -errno. */
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

int listener_open(struct loop *loop, const struct address *address,
                  unsigned way, const struct listener_guard *guard,
                  listener_accepted_fn *on_accepted, void *owner,
                  struct listener **ret_listener)
{
    int fd = open_socket(address, way);
    struct listener *l;
    int r;

    if (fd < 0)
        return fd;
    l = xcalloc(1, sizeof *l);
    r = uv_poll_init(&loop->uv, &l->poll, fd);
    if (r < 0) {
        close(fd);
        free(l);
        return r;
    }
    l->poll.data = l;
    l->loop = loop;
    l->fd = fd;
    l->way = way;
    l->guard = guard;
    l->on_accepted = on_accepted;
    l->owner = owner;
    list_init(&l->starved);
    uv_poll_start(&l->poll, UV_READABLE, on_connection);
    *ret_listener = l;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void listener_close(struct listener *l)
{
    struct loop *loop;

    if (l == NULL)
        return;
    loop = l->loop;
    list_remove(&l->starved);
    uv_close((uv_handle_t *)&l->poll, on_closed);
    close(l->fd);
    loop_descriptor_freed(loop);
}

struct address listener_address(const struct listener *l)
{
    struct address a = { 0 };
    socklen_t len = sizeof a;

    (void)getsockname(l->fd, &a.any, &len);
    return a;
}
