#include "net/dial.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/loop_private.h"
#include "net/stream_fd.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Freed only after both the resolver and the timer have finished: libuv calls
 * back even after uv_cancel. Until then is_over keeps the callbacks from doing
 * anything.
 */
struct dial {
    struct loop *loop;
    uv_getaddrinfo_t resolver;
    uv_timer_t timer; /* per address; also defers an immediate failure */
    unsigned timeout_ms;
    dial_done_fn *on_done;
    void *owner;
    struct addrinfo *found;        /* belongs to libuv */
    const struct addrinfo *trying; /* one of found */
    struct stream *stream;         /* connecting */
    struct err err;
    char target[300];
    char unix_path[sizeof((struct sockaddr_un *)NULL)->sun_path];
    bool is_resolving;
    bool is_over; /* on_done was called, or dial_cancel was */
};

static void dial_on_timer_closed(uv_handle_t *handle)
{
    struct dial *d = handle->data;

    if (d->found != NULL)
        uv_freeaddrinfo(d->found);
    free(d);
}

/* Releases everything; libuv's last callback frees the memory. While the name
 * is resolved, the timer stays open, because dial_on_resolved needs the dial
 * and comes back here. */
static void dial_end(struct dial *d)
{
    d->is_over = true;
    if (d->stream != NULL)
        stream_close(d->stream);
    d->stream = NULL;
    if (d->is_resolving)
        uv_cancel((uv_req_t *)&d->resolver);
    else if (!uv_is_closing((uv_handle_t *)&d->timer))
        uv_close((uv_handle_t *)&d->timer, dial_on_timer_closed);
}

static void finish(struct dial *d, struct stream *stream)
{
    dial_done_fn *on_done = d->on_done;
    void *owner = d->owner;
    struct err err = d->err;

    d->stream = NULL;
    dial_end(d);
    on_done(owner, stream, stream != NULL ? NULL : &err);
}

static void fail(struct dial *d, const char *why)
{
    err_set(&d->err, "%s: %s", d->target, why);
}

static void try_next(struct dial *d);

static void dial_on_connected(void *owner, unsigned ready)
{
    struct dial *d = owner;

    uv_timer_stop(&d->timer);
    if (!(ready & STREAM_BROKEN)) {
        /* The owner begins with an interest of its own. */
        stream_want(d->stream, 0);
        finish(d, d->stream);
        return;
    }
    fail(d, strerror(-d->stream->error));
    stream_close(d->stream);
    d->stream = NULL;
    try_next(d);
}

static void dial_on_timeout(uv_timer_t *timer)
{
    struct dial *d = timer->data;

    fail(d, "no answer in time");
    stream_close(d->stream);
    d->stream = NULL;
    try_next(d);
}

/* 0: under way; otherwise d->err has the reason. d->err keeps the last failure,
 * so on_done names the last address that was tried. */
static int connect_to(struct dial *d, const struct sockaddr *to, socklen_t len)
{
    struct address peer = { 0 };
    int on = 1;
    int fd =
        socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0) {
        fail(d, strerror(errno));
        return -1;
    }
    if (to->sa_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        /* Keeps a telnet server's SYNCH in its place in the stream (set_options
         * in net/listener.c). */
        (void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
        memcpy(&peer, to, len);
    }
    if (connect(fd, to, len) != 0 && errno != EINPROGRESS) {
        fail(d, strerror(errno));
        close(fd);
        return -1;
    }
    r = stream_fd_open(d->loop, fd, &peer, &d->stream);
    if (r < 0) {
        d->stream = NULL;
        fail(d, strerror(-r));
        return -1;
    }
    stream_set_owner(d->stream, dial_on_connected, d);
    stream_want(d->stream, STREAM_WRITE);
    uv_timer_start(&d->timer, dial_on_timeout, d->timeout_ms, 0);
    return 0;
}

static void try_next(struct dial *d)
{
    while (d->trying != NULL) {
        const struct addrinfo *to = d->trying;

        d->trying = to->ai_next;
        if (connect_to(d, to->ai_addr, to->ai_addrlen) == 0)
            return;
    }
    finish(d, NULL);
}

static void dial_on_resolved(uv_getaddrinfo_t *request, int status,
                             struct addrinfo *found)
{
    struct dial *d = request->data;

    d->is_resolving = false;
    d->found = found;
    /* dial_cancel came while the name was resolved: now the timer is closed. */
    if (d->is_over) {
        dial_end(d);
        return;
    }
    if (status < 0)
        fail(d, uv_strerror(status));
    d->trying = found;
    try_next(d);
}

static void dial_on_unix_start(uv_timer_t *timer)
{
    struct dial *d = timer->data;
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    memcpy(to.sun_path, d->unix_path, sizeof to.sun_path);
    if (connect_to(d, (const struct sockaddr *)&to, sizeof to) < 0)
        finish(d, NULL);
}

/* An immediate failure is reported in a later turn: on_done must not end a dial
 * that the owner has not got from dial_tcp yet. */
static void dial_on_failed_start(uv_timer_t *timer)
{
    finish(timer->data, NULL);
}

static struct dial *dial_new(struct loop *loop, const char *target,
                             unsigned timeout_ms, dial_done_fn *on_done,
                             void *owner)
{
    struct dial *d = xcalloc(1, sizeof *d);

    d->loop = loop;
    d->timeout_ms = timeout_ms;
    d->on_done = on_done;
    d->owner = owner;
    d->resolver.data = d;
    snprintf(d->target, sizeof d->target, "%s", target);
    uv_timer_init(&loop->uv, &d->timer);
    d->timer.data = d;
    return d;
}

struct dial *dial_tcp(struct loop *loop, const char *host, uint16_t port,
                      enum dial_family family, unsigned timeout_ms,
                      dial_done_fn *on_done, void *owner)
{
    static const int families[] = {
        [DIAL_ANY_FAMILY] = AF_UNSPEC,
        [DIAL_IPV4] = AF_INET,
        [DIAL_IPV6] = AF_INET6,
    };
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_family = families[family] };
    char target[300];
    char number[8];
    struct dial *d;
    int r;

    snprintf(number, sizeof number, "%u", port);
    snprintf(target, sizeof target,
             strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, number);
    d = dial_new(loop, target, timeout_ms, on_done, owner);
    r = uv_getaddrinfo(&loop->uv, &d->resolver, dial_on_resolved, host, number,
                       &hints);
    if (r == 0) {
        d->is_resolving = true;
    } else {
        fail(d, uv_strerror(r));
        uv_timer_start(&d->timer, dial_on_failed_start, 0, 0);
    }
    return d;
}

struct dial *dial_unix(struct loop *loop, const char *path,
                       dial_done_fn *on_done, void *owner)
{
    enum { UNIX_TIMEOUT_MS = 10000 };
    struct dial *d = dial_new(loop, path, UNIX_TIMEOUT_MS, on_done, owner);

    if (strlen(path) < sizeof d->unix_path) {
        memcpy(d->unix_path, path, strlen(path) + 1);
        uv_timer_start(&d->timer, dial_on_unix_start, 0, 0);
    } else {
        fail(d, "the path is too long for a Unix socket");
        uv_timer_start(&d->timer, dial_on_failed_start, 0, 0);
    }
    return d;
}

void dial_cancel(struct dial *d)
{
    dial_end(d);
}
