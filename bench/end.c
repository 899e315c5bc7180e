#include "end.h"

#include "measure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IAC = 255, EVENTS_PER_TURN = 256 };

void loop_init(struct loop *l)
{
    l->epfd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epfd < 0)
        die("epoll_create1: %s", strerror(errno));
    l->buf = zalloc(PATTERN_RUN, 1);
    atomic_init(&l->quit, false);
}

static void watch(struct end *e, int op, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = e };

    if (epoll_ctl(e->loop->epfd, op, e->fd, &event) < 0)
        die("%s %u: epoll_ctl: %s", e->kind, e->number, strerror(errno));
}

static bool is_sending(const struct end *e)
{
    return e->out && !atomic_load(&e->out->finished);
}

static uint32_t wanted_events(const struct end *e)
{
    return is_sending(e) ? EPOLLIN | EPOLLOUT : EPOLLIN;
}

void end_join_loop(struct end *e, struct loop *l)
{
    e->loop = l;
    watch(e, EPOLL_CTL_ADD, wanted_events(e));
}

void end_leave_loop(struct end *e)
{
    watch(e, EPOLL_CTL_DEL, 0);
}

void end_open(struct end *e, struct loop *l, int fd, enum telnet_role role,
              unsigned number)
{
    e->fd = fd;
    e->number = number;
    telnet_init(&e->telnet, role, number);
    end_join_loop(e, l);
    if (e->tls)
        tls_shake_hands(e->tls);
    end_send_reply(e);
}

static bool is_shaking_hands(const struct end *e)
{
    return e->tls && !e->tls->is_open;
}

bool end_is_ready(const struct end *e)
{
    return !is_shaking_hands(e) && telnet_is_ready(&e->telnet) &&
           (e->websocket == NULL || e->websocket->is_live);
}

void end_close(struct end *e)
{
    tls_free(e->tls);
    e->tls = NULL;
    close(e->fd); /* which takes it out of the loop, too */
    e->fd = -1;
}

/* ---- sending ---------------------------------------------------------- */

/* Returns how many bytes the kernel took; 0 if it has no room. */
static size_t try_send(struct end *e, const void *bytes, size_t len)
{
    ssize_t n;

    if (e->tls)
        return tls_send(e->tls, bytes, len);
    n = send(e->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0)
        return (size_t)n;
    if (errno != EAGAIN && errno != EINTR)
        die("%s %u: send: %s", e->kind, e->number, strerror(errno));
    return 0;
}

void end_send_now(struct end *e, const void *bytes, size_t len)
{
    uint8_t frame[WEBSOCKET_FRAME_MAX];

    if (e->websocket) {
        len = websocket_put_input(frame, bytes, len);
        bytes = frame;
    }
    if (try_send(e, bytes, len) != len)
        die("%s %u: the server does not take %zu bytes", e->kind, e->number,
            len);
}

/* What has to be sent next, if it is not 0: see tls_send. */
static size_t held_len(const struct end *e)
{
    return e->tls ? e->tls->held_len : 0;
}

void end_send_reply(struct end *e)
{
    if (e->telnet.reply_len == 0 || is_shaking_hands(e))
        return;
    /* Not inside a record, or a doubled 255; send_some comes back to it. */
    if (held_len(e) > 0 ||
        (e->out && pattern_is_split(e->out->pattern, e->out_at)))
        return;
    end_send_now(e, e->telnet.reply, e->telnet.reply_len);
    e->telnet.reply_len = 0;
}

static void finish_source(struct end *e)
{
    atomic_store(&e->out->finished, true);
    watch(e, EPOLL_CTL_MOD, EPOLLIN);
}

static void send_some(struct end *e)
{
    struct flow *f = e->out;
    const struct pattern *p = f->pattern;
    uint64_t sent = atomic_load(&f->sent), limit = atomic_load(&f->limit);
    size_t len = PATTERN_RUN, n;
    uint64_t now;

    if (held_len(e) > 0) {
        len = held_len(e);
    } else if (sent >= limit || e->telnet.reply_len > 0) {
        if (pattern_is_split(p, e->out_at)) {
            len = 1;
        } else if (sent >= limit) {
            finish_source(e);
            return;
        }
    } else if (len > limit - sent) {
        len = (size_t)(limit - sent);
    }
    n = try_send(e, p->bytes + e->out_at, len);
    if (n == 0)
        return;
    now = now_us();
    if (now - e->sent_us > e->longest_wait_us)
        e->longest_wait_us = now - e->sent_us;
    e->sent_us = now;
    e->out_at = (e->out_at + n) % p->period;
    atomic_store(&f->sent, sent + n);
    end_send_reply(e);
}

/* ---- receiving -------------------------------------------------------- */

static void print_bytes(const char *title, const uint8_t *bytes, size_t len)
{
    fprintf(stderr, "  %s", title);
    for (size_t i = 0; i < len && i < 24; i++)
        fprintf(stderr, " %02x", bytes[i]);
    fputs("  \"", stderr);
    for (size_t i = 0; i < len && i < 24; i++)
        fputc(bytes[i] >= 32 && bytes[i] < 127 ? bytes[i] : '.', stderr);
    fputs("\"\n", stderr);
}

_Noreturn static void die_of_wrong_byte(const struct end *e, size_t in_at,
                                        uint64_t received, const uint8_t *bytes,
                                        size_t len)
{
    print_bytes("expected", e->in->pattern->bytes + in_at, 24);
    print_bytes("received", bytes, len);
    die("%s %u: wrong byte after %" PRIu64 " right ones", e->kind, e->number,
        received);
}

static size_t count_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t i = 0;

    if (memcmp(a, b, len) == 0)
        return len;
    while (a[i] == b[i])
        i++;
    return i;
}

/*
 * The on_data of a sink. A doubled 255 is compared in its doubled form, so
 * that the telnet decoder is only asked where the bytes differ from the
 * pattern: there a command may stand, and nothing else.
 */
static void check_data(struct end *e, uint8_t *bytes, size_t len)
{
    const struct pattern *p = e->in->pattern;
    uint64_t received = atomic_load(&e->received);
    size_t at = e->in_at, run;

    while (len > 0) {
        if (e->telnet.state != TELNET_DATA) {
            if (telnet_decode(&e->telnet, bytes, 1, &(uint8_t){ 0 }) > 0)
                die_of_wrong_byte(e, at, received, bytes, len);
            bytes++;
            len--;
            continue;
        }
        run = count_equal(bytes, p->bytes + at, len);
        at = (at + run) % p->period;
        received += run;
        bytes += run;
        len -= run;
        if (len == 0)
            break;
        if (pattern_is_split(p, at)) {
            /* The 255 before began a command and was no data. */
            at--;
            received--;
            e->telnet.state = TELNET_IAC;
        } else if (p->is_telnet && *bytes == IAC) {
            e->telnet.state = TELNET_IAC;
            bytes++;
            len--;
        } else {
            die_of_wrong_byte(e, at, received, bytes, len);
        }
    }
    e->in_at = at;
    e->received_us = now_us();
    atomic_store(&e->received, received);
    end_send_reply(e);
}

/* What recv returns, on all it says. */
static ssize_t receive(struct end *e, void *to, size_t len)
{
    ssize_t n;

    if (!e->tls)
        return recv(e->fd, to, len, MSG_DONTWAIT);
    n = tls_recv(e->tls, to, len);
    if (n < 0)
        errno = EAGAIN;
    return n;
}

/* The server knows what has arrived by what was acknowledged. */
static void take_frames(struct end *e, uint8_t *bytes, size_t len)
{
    uint8_t ack[WEBSOCKET_FRAME_MAX];

    len = websocket_decode(e->websocket, bytes, len, bytes);
    if (len > 0)
        e->on_data(e, bytes, len);
    len = websocket_put_ack(e->websocket, ack);
    if (len > 0 && try_send(e, ack, len) != len)
        die("%s %u: the server takes no acknowledgement", e->kind, e->number);
}

/* Whether there is more here of which no event will tell. */
static bool receive_some(struct end *e)
{
    uint8_t *buf = e->loop->buf;
    ssize_t n = receive(e, buf, PATTERN_RUN);

    if (n > 0 && e->websocket)
        take_frames(e, buf, (size_t)n);
    else if (n > 0)
        e->on_data(e, buf, (size_t)n);
    else if (n == 0 && e->on_closed)
        e->on_closed(e);
    else if (n == 0)
        die("%s %u: the server closed the connection", e->kind, e->number);
    else if (errno != EAGAIN && errno != EINTR)
        die("%s %u: recv: %s", e->kind, e->number, strerror(errno));
    return n == PATTERN_RUN && e->tls && tls_has_pending(e->tls);
}

static void take_input(struct end *e)
{
    if (is_shaking_hands(e)) {
        tls_shake_hands(e->tls);
        if (is_shaking_hands(e))
            return;
        end_send_reply(e);
    }
    while (receive_some(e))
        continue;
}

/* ---- the loop --------------------------------------------------------- */

void loop_turn(struct loop *l, int timeout_ms)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(l->epfd, events, EVENTS_PER_TURN, timeout_ms);

    if (count < 0 && errno != EINTR)
        die("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct end *e = events[i].data.ptr;

        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            take_input(e);
        if (events[i].events & EPOLLOUT && is_sending(e))
            send_some(e);
    }
}

void loop_wait(struct loop *l, bool (*done)(void *arg), void *arg,
               unsigned timeout_s, const char *what)
{
    uint64_t until = now_us() + timeout_s * UINT64_C(1000000);

    while (!done(arg)) {
        if (now_us() > until)
            die("gave up after %u s waiting for %s", timeout_s, what);
        loop_turn(l, 5);
    }
}

void *loop_thread(void *arg)
{
    struct loop *l = arg;

    while (!atomic_load(&l->quit))
        loop_turn(l, 5);
    return NULL;
}

/* ---- flows ------------------------------------------------------------ */

void flow_init(struct flow *f, const struct pattern *p, unsigned number)
{
    f->pattern = p;
    f->start = pattern_start(p, number);
    atomic_init(&f->sent, 0);
    atomic_init(&f->limit, UINT64_MAX);
    atomic_init(&f->finished, false);
}

void flow_stop(struct flow *f)
{
    atomic_store(&f->limit, 0);
}

uint64_t flow_user_bytes(const struct flow *f)
{
    return pattern_user_bytes(f->pattern, f->start, atomic_load(&f->sent));
}

void end_start_source(struct end *e, struct flow *f)
{
    e->out = f;
    e->out_at = f->start;
    e->sent_us = now_us();
    e->longest_wait_us = 0;
    watch(e, EPOLL_CTL_MOD, wanted_events(e));
}

void end_start_sink(struct end *e, struct flow *f)
{
    e->in = f;
    e->in_at = f->start;
    e->on_data = check_data;
    atomic_store(&e->received, 0);
}

bool end_has_all(const struct end *e)
{
    uint64_t received = atomic_load(&e->received);

    if (!atomic_load(&e->in->finished))
        return false;
    if (received > atomic_load(&e->in->sent))
        die("%s %u: more bytes arrived than were sent", e->kind, e->number);
    return received == atomic_load(&e->in->sent);
}
