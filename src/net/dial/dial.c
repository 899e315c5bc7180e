#include "net/dial/dial.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/dial/resolver.h"
#include "net/loop_private.h"
#include "net/stream_fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct dial {
    struct loop *loop;
    struct lookup *lookup; /* NULL: not under way */
    uv_timer_t timer;      /* per step; also defers an immediate failure */
    unsigned timeout_ms;
    dial_allows_fn *allows;
    bool *is_slow;
    dial_done_fn *on_done;
    void *owner;
    struct resolver_answer found;
    size_t next;           /* of found, to be tried */
    struct stream *stream; /* connecting */
    struct err err;
    char target[300];
    char unix_path[sizeof((struct sockaddr_un *)NULL)->sun_path];
};

static void dial_on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Releases everything; libuv's last callback frees the memory. */
static void dial_end(struct dial *d)
{
    if (d->stream != NULL)
        stream_close(d->stream);
    d->stream = NULL;
    if (d->lookup != NULL)
        resolver_cancel(d->lookup);
    d->lookup = NULL;
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
    err_set(&d->err, "%.255s: %.255s", d->target, why);
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
    int fd =
        socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int r;

    if (fd < 0) {
        fail(d, strerror(errno));
        return -1;
    }
    if (to->sa_family != AF_UNIX) {
        (void)stream_fd_set_tcp(fd, false);
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

static bool is_allowed(struct dial *d, const struct address *to, bool is_own)
{
    struct err why;

    if (d->allows == NULL)
        return true;
    if (d->found.own_error != 0) {
        err_set(&d->err, "%s: cannot list the addresses of this host: %s",
                d->target, strerror(-d->found.own_error));
        return false;
    }
    if (d->allows(d->owner, to, is_own, &why))
        return true;
    err_set(&d->err, "%.255s: %.255s", d->target, why.text);
    return false;
}

static void try_next(struct dial *d)
{
    while (d->next < d->found.count) {
        size_t i = d->next++;
        const struct address *to = &d->found.item[i].address;

        if (is_allowed(d, to, d->found.item[i].is_own) &&
            connect_to(d, &to->any, address_len(to)) == 0)
            return;
    }
    finish(d, NULL);
}

static void note_slowness(struct dial *d, bool was_slow)
{
    if (d->is_slow != NULL)
        *d->is_slow = was_slow;
}

static void dial_on_found(void *owner, const struct resolver_answer *answer)
{
    struct dial *d = owner;

    d->lookup = NULL;
    uv_timer_stop(&d->timer);
    note_slowness(d, answer->was_slow);
    if (answer->count == 0)
        fail(d, answer->err.text);
    d->found = *answer;
    try_next(d);
}

static void dial_on_lookup_timeout(uv_timer_t *timer)
{
    struct dial *d = timer->data;

    note_slowness(d, true);
    fail(d, "no answer from the name server in time");
    finish(d, NULL);
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
    snprintf(d->target, sizeof d->target, "%s", target);
    /* The loop's time stands still while nobody runs the loop, and the time-out
     * would have begun with its last turn. */
    uv_update_time(&loop->uv);
    uv_timer_init(&loop->uv, &d->timer);
    d->timer.data = d;
    return d;
}

struct dial *dial_tcp(struct loop *loop, const struct dial_target *target,
                      dial_done_fn *on_done, void *owner)
{
    static const int families[] = {
        [DIAL_ANY_FAMILY] = AF_UNSPEC,
        [DIAL_IPV4] = AF_INET,
        [DIAL_IPV6] = AF_INET6,
    };
    const struct resolver_question question = {
        .host = target->host,
        .port = target->port,
        .family = families[target->family],
        .is_slow = target->is_slow != NULL && *target->is_slow,
    };
    bool is_ipv6 = strchr(target->host, ':') != NULL;
    char text[300];
    struct err why;
    struct dial *d;

    snprintf(text, sizeof text, is_ipv6 ? "[%s]:%u" : "%s:%u", target->host,
             target->port);
    d = dial_new(loop, text, target->timeout_ms, on_done, owner);
    d->allows = target->allows;
    d->is_slow = target->is_slow;
    d->lookup = resolver_ask(loop, &question, dial_on_found, d, &why);
    if (d->lookup == NULL) {
        fail(d, why.text);
        uv_timer_start(&d->timer, dial_on_failed_start, 0, 0);
    } else {
        uv_timer_start(&d->timer, dial_on_lookup_timeout, d->timeout_ms, 0);
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
