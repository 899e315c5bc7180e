#include "net/tls/stream_tls.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/tls/stream_tls_private.h"
#include "net/tls/tls_context_private.h"
#include "net/tls/tls_engine.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Joins an engine (tls_engine.h) to the stream below it, and wakes either side
 * when it is its turn.
 *
 * Two sources tell the owner. The stream below does, as long as it is asked for
 * what the owner wants. But it knows nothing of input that lies here already,
 * decrypted or not, nor of errors in TLS itself: for those there is the queue
 * again, which falls due in the next turn (has_to_tell).
 *
 * out holds records that the stream below did not take; an idle connection has
 * none. Its bytes count as taken from the owner: a failure to send them shows
 * in the owner's next call.
 */

enum {
    /* Above this, the peer's input is not read, because the peer takes no
     * answers. A single write stays below it. */
    TLS_OUT_MARK = TLS_WRITE_MAX + 8 * KIB,
};

struct stream_tls {
    struct stream stream;
    struct tls_hub *hub;
    /* NULL: closed; the memory is freed in the next turn */
    struct stream *below;
    struct tls_engine engine;
    struct buf out; /* for the stream below */
    struct deadline again;
    /* Limits the handshake, or closing. In between, it ends when the
     * certificate's dates are looked at next. */
    struct deadline patience;
    struct list step;       /* in hub->waiting, or empty */
    uint32_t trust_version; /* of the context, by which the peer was judged */
    uint8_t name;           /* enum tls_name_kind: of the peer */
    bool is_closing;        /* the owner has closed it: only out is sent */
    uint8_t closes;         /* enum stream_close: how below is closed */
    bool has_told;          /* the owner knows that it is broken */
};

static struct stream_tls *stream_tls_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_tls, stream);
}

/* ---- waking the owner -------------------------------------------------- */

/* True if the owner must be told, and the stream below would not wake us for
 * it. */
static bool has_to_tell(const struct stream_tls *t)
{
    unsigned wanted = t->stream.interest;

    if (t->engine.state == TLS_BROKEN)
        return wanted != 0 || !t->has_told;
    return wanted & STREAM_READ && tls_engine_is_readable(&t->engine);
}

/* What the stream below is asked for. Once TLS is broken it is asked for
 * nothing, because we tell the owner. */
static unsigned interest_below(const struct stream_tls *t)
{
    unsigned wanted = 0;

    switch ((enum tls_state)t->engine.state) {
    case TLS_SHAKING_HANDS:
        /* The step that it waits for reads. */
        wanted = list_is_empty(&t->step) ? STREAM_READ : 0;
        break;
    case TLS_OPEN:
        wanted = t->stream.interest;
        break;
    case TLS_ENDED:
        wanted = t->stream.interest & STREAM_WRITE;
        break;
    case TLS_BROKEN:
        return 0;
    }
    if (t->out.len > TLS_OUT_MARK)
        wanted &= ~(unsigned)STREAM_READ;
    if (t->out.len > 0)
        wanted |= STREAM_WRITE;
    return wanted;
}

/* Must follow each change of the engine's state, of out, or of what the owner
 * wants, and come before the owner is told, because the owner may close the
 * stream. */
static void settle(struct stream_tls *t)
{
    if (t->engine.state == TLS_BROKEN) {
        deadline_stop(&t->patience);
        list_remove(&t->step);
        t->stream.error = (int16_t)t->engine.error;
    }
    if (!has_to_tell(t))
        deadline_stop(&t->again);
    else if (!deadline_is_running(&t->again))
        deadline_start(&t->hub->again, &t->again, clock_now_us());
    stream_want(t->below, interest_below(t));
}

/* The owner may close the stream inside: t must not be used afterwards. */
static void tell_owner(struct stream_tls *t, unsigned ready)
{
    if (ready & STREAM_BROKEN)
        t->has_told = true;
    if (ready != 0)
        t->stream.on_ready(t->stream.owner, ready);
}

/* ---- the stream below -------------------------------------------------- */

/* Returns the bytes that it took. A failure breaks the whole connection. */
static size_t write_below(struct stream_tls *t, struct slice bytes)
{
    ssize_t n = stream_write(t->below, bytes.data, bytes.len);

    if (n >= 0)
        return (size_t)n;
    buf_done(&t->out);
    t->hub->out->len = 0;
    /* A peer that refuses the handshake sends its reason before it closes: that
     * is read first, and the break shows behind it. */
    if (t->engine.state != TLS_SHAKING_HANDS)
        tls_engine_fail_below(&t->engine, (int)n);
    return 0;
}

static void flush_out(struct stream_tls *t)
{
    size_t taken;

    if (t->out.len == 0)
        return;
    taken = write_below(t, buf_bytes(&t->out));
    if (taken > 0)
        buf_take(&t->out, taken);
}

/* Sends what the engine wrote during a call, behind records that wait in out:
 * their order must not change. */
static void send_out(struct stream_tls *t)
{
    struct tls_bio_out *out = t->hub->out;
    size_t taken = 0;

    if (out->len == 0)
        return;
    if (t->out.len == 0)
        taken = write_below(t, slice_of(out->bytes, out->len));
    if (taken < out->len &&
        buf_append(&t->out, slice_of(out->bytes + taken, out->len - taken)) < 0)
        tls_engine_fail(&t->engine, -ENOBUFS, "TLS: the peer takes no answers");
    out->len = 0;
}

/* One read of the stream below, behind the remaining input (at most the first
 * bytes of the connection). */
static void fetch(struct stream_tls *t, size_t most)
{
    uint8_t *to = t->hub->in;
    size_t left = tls_engine_take_input(&t->engine, to);
    ssize_t n =
        stream_read(t->below, to + left, most < LIMIT_READ ? most : LIMIT_READ);

    if (n > 0)
        tls_engine_give_input(&t->engine, slice_of(to, left + (size_t)n));
    else if (n == 0)
        tls_engine_give_end(&t->engine);
    else if (n != -EAGAIN)
        tls_engine_fail_below(&t->engine, (int)n);
}

/* ---- handshakes, and certificates --------------------------------------- */

static bool has_steps_left(const struct tls_hub *hub)
{
    return hub->steps < TLS_STEPS_PER_TURN && hub->steps_us < TLS_STEPS_US;
}

static void await_next_turn(struct tls_hub *hub)
{
    if (!deadline_is_running(&hub->turn))
        deadline_start(&hub->turns, &hub->turn, clock_now_us());
}

static void count_step(struct tls_hub *hub, uint64_t since_us)
{
    hub->steps++;
    hub->steps_us += clock_now_us() - since_us;
}

static void wait_for_step(struct stream_tls *t)
{
    if (list_is_empty(&t->step))
        list_add_tail(&t->hub->waiting, &t->step);
    await_next_turn(t->hub);
}

/* The certificate is judged again now if something else is trusted than when it
 * was accepted, or when its dates are over. */
static void watch_certificate(struct stream_tls *t)
{
    if (!tls_engine_has_certificate(&t->engine))
        return;
    if (t->trust_version != t->engine.context->trust_version ||
        tls_verify_has_expired(t->engine.ssl))
        wait_for_step(t);
    else
        deadline_start(&t->hub->looks, &t->patience, clock_now_us());
}

/* The owner may close the stream inside. */
static void judge(struct stream_tls *t)
{
    uint64_t since_us = clock_now_us();

    t->trust_version = t->engine.context->trust_version;
    tls_engine_judge(&t->engine);
    count_step(t->hub, since_us);
    if (t->engine.has_lost)
        tell_owner(t, STREAM_DISTRUSTED);
    else
        deadline_start(&t->hub->looks, &t->patience, clock_now_us());
}

/* Input that was read before the stream began is a step of its own: nothing can
 * be read behind it. */
static void take_step(struct stream_tls *t)
{
    struct tls_hub *hub = t->hub;
    uint64_t since_us = clock_now_us();

    tls_engine_begin_input(&t->engine);
    if (t->engine.bio.in.len < TLS_FIRST_BYTES)
        fetch(t, LIMIT_READ);
    tls_engine_shake_hands(&t->engine);
    tls_engine_keep_input(&t->engine);
    send_out(t);
    count_step(hub, since_us);
    if (t->engine.state == TLS_SHAKING_HANDS)
        return;
    deadline_stop(&t->patience);
    watch_certificate(t);
}

/* Now, if this turn has a step left and nobody has waited longer. */
static void ask_for_step(struct stream_tls *t)
{
    struct tls_hub *hub = t->hub;

    if (!list_is_empty(&t->step))
        return;
    if (has_steps_left(hub) && list_is_empty(&hub->waiting)) {
        take_step(t);
        await_next_turn(hub);
    } else {
        wait_for_step(t);
    }
}

/* ---- what the owner calls ---------------------------------------------- */

static ssize_t state_of_reading(const struct stream_tls *t)
{
    switch ((enum tls_state)t->engine.state) {
    case TLS_ENDED:
        return 0;
    case TLS_BROKEN:
        return t->engine.error;
    default:
        return -EAGAIN;
    }
}

static ssize_t stream_tls_read(struct stream *s, void *to, size_t len)
{
    struct stream_tls *t = stream_tls_of(s);
    struct tls_engine *e = &t->engine;
    size_t total;

    if (e->state != TLS_OPEN)
        return state_of_reading(t);
    tls_engine_begin_input(e);
    total = tls_engine_read(e, to, len);
    /* One read a turn: data that was kept from before counts as that read. */
    if (total == 0 && e->state == TLS_OPEN && t->out.len <= TLS_OUT_MARK) {
        fetch(t, len > TLS_RECORD_MAX ? len : TLS_RECORD_MAX);
        total = tls_engine_read(e, to, len);
    }
    tls_engine_free_buffers(e);
    tls_engine_keep_input(e);
    send_out(t);
    settle(t);
    return total > 0 ? (ssize_t)total : state_of_reading(t);
}

static bool is_open(const struct stream_tls *t)
{
    return t->engine.state == TLS_OPEN || t->engine.state == TLS_ENDED;
}

static ssize_t stream_tls_writev(struct stream *s, const struct iovec *part,
                                 int count)
{
    struct stream_tls *t = stream_tls_of(s);
    size_t total = 0;

    flush_out(t);
    if (t->out.len == 0 && is_open(t)) {
        total = tls_engine_write(&t->engine, t->hub->plain, part, count);
        send_out(t);
    }
    settle(t);
    /* Bytes that were taken are reported as taken; a failure to send them shows
     * in the next call. */
    if (total == 0 && t->engine.state == TLS_BROKEN)
        return t->engine.error;
    return (ssize_t)total;
}

static void stream_tls_want(struct stream *s, unsigned interest)
{
    (void)interest;
    settle(stream_tls_of(s));
}

static void stream_tls_finish(struct stream *s)
{
    struct stream_tls *t = stream_tls_of(s);

    tls_engine_say_end(&t->engine);
    send_out(t);
    settle(t);
}

/* t is freed in the next turn, because one of its callers may still use it. */
static void close_below(struct stream_tls *t)
{
    assert(t->below != NULL);
    stream_close_as(t->below, (enum stream_close)t->closes);
    t->below = NULL;
    deadline_stop(&t->patience);
    deadline_start(&t->hub->again, &t->again, clock_now_us());
}

static void stream_tls_close(struct stream *s, enum stream_close how)
{
    struct stream_tls *t = stream_tls_of(s);
    bool was_open = is_open(t);

    if (how != STREAM_CLOSE_RESET) {
        tls_engine_say_end(&t->engine);
        send_out(t);
    }
    /* Without a gentle close, TCP might discard the alert that says why. */
    if (t->engine.error == -EPROTO)
        how = STREAM_CLOSE_GENTLY;
    t->closes = (uint8_t)how;
    s->interest = 0;
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    list_remove(&t->step);
    if (how != STREAM_CLOSE_GENTLY || !was_open || t->out.len == 0) {
        close_below(t);
        return;
    }
    t->is_closing = true;
    deadline_start(&t->hub->handshakes, &t->patience, clock_now_us());
    stream_want(t->below, STREAM_WRITE);
}

static struct stream_security stream_tls_security(const struct stream *s)
{
    const struct stream_tls *t = stream_tls_of((struct stream *)(uintptr_t)s);
    const struct tls_engine *e = &t->engine;
    struct stream_security security = {
        .is_secure = true,
        .has_refused = e->has_refused,
        .problem = e->problem != NULL ? e->problem : "",
    };

    if (!SSL_is_init_finished(e->ssl))
        return security;
    security.has_certificate = !e->has_lost &&
                               SSL_get0_peer_certificate(e->ssl) != NULL &&
                               SSL_get_verify_result(e->ssl) == X509_V_OK;
    snprintf(security.terms, sizeof security.terms, "%s, %s",
             SSL_get_version(e->ssl), SSL_get_cipher_name(e->ssl));
    return security;
}

static struct stream_certificate stream_tls_certificate(const struct stream *s)
{
    const struct stream_tls *t =
        CONTAINER_OF(s, const struct stream_tls, stream);
    const SSL *ssl = t->engine.ssl;
    bool is_shown = SSL_is_init_finished(ssl) && !t->engine.has_lost;

    return tls_peer_describe(is_shown ? SSL_get0_peer_certificate(ssl) : NULL,
                             (enum tls_name_kind)t->name);
}

static size_t stream_tls_owed(const struct stream *s)
{
    const struct stream_tls *t =
        CONTAINER_OF(s, const struct stream_tls, stream);

    return t->out.len + stream_owed(t->below);
}

static struct stream_pulse stream_tls_pulse(const struct stream *s)
{
    return stream_pulse(
        CONTAINER_OF(s, const struct stream_tls, stream)->below);
}

static const struct stream_ops stream_tls_ops = {
    .read = stream_tls_read,
    .writev = stream_tls_writev,
    .want = stream_tls_want,
    .finish = stream_tls_finish,
    .close = stream_tls_close,
    .security = stream_tls_security,
    .certificate = stream_tls_certificate,
    .owed = stream_tls_owed,
    .pulse = stream_tls_pulse,
};

/* ---- events ------------------------------------------------------------ */

static void bury(struct stream_tls *t)
{
    t->hub->stream_count--;
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    tls_engine_done(&t->engine);
    buf_done(&t->out);
    free(t);
}

static void go_on_closing(struct stream_tls *t, bool is_broken)
{
    flush_out(t);
    if (t->out.len == 0 || is_broken)
        close_below(t);
}

static void stream_tls_on_below_ready(void *owner, unsigned ready)
{
    struct stream_tls *t = owner;
    bool is_broken = ready & STREAM_BROKEN;
    unsigned told = t->stream.interest;

    if (t->is_closing) {
        go_on_closing(t, is_broken);
        return;
    }
    if (ready & STREAM_WRITE)
        flush_out(t);
    if (t->engine.state == TLS_SHAKING_HANDS) {
        /* The peer may have sent a reason before it closed: that is read first,
         * and the break shows behind it, in this turn or a later one. */
        if (ready & STREAM_READ)
            ask_for_step(t);
        ready = 0;
        is_broken = false;
    }
    if (t->out.len > 0)
        ready &= ~(unsigned)STREAM_WRITE;
    /* The queue again tells the owner in the next turn: once is enough. */
    if (deadline_is_running(&t->again) && !is_broken)
        ready &= ~(unsigned)STREAM_READ;
    if (is_broken) {
        told |= STREAM_READ | STREAM_BROKEN;
        if (t->stream.error == 0)
            t->stream.error = t->below->error;
    }
    settle(t);
    tell_owner(t, ready & told);
}

void tls_hub_again_due(struct deadline *d, void *owner)
{
    struct stream_tls *t = CONTAINER_OF(d, struct stream_tls, again);
    unsigned ready = t->stream.interest;

    (void)owner;
    if (t->below == NULL) {
        bury(t);
        return;
    }
    if (t->engine.state == TLS_BROKEN) {
        ready = stream_broken_readiness(&t->stream);
        t->has_told = true;
    } else {
        ready &= STREAM_READ;
    }
    settle(t);
    tell_owner(t, ready);
}

void tls_hub_handshake_due(struct deadline *d, void *owner)
{
    struct stream_tls *t = CONTAINER_OF(d, struct stream_tls, patience);

    (void)owner;
    if (t->is_closing) {
        t->closes = STREAM_CLOSE;
        close_below(t);
        return;
    }
    tls_engine_fail(&t->engine, -ETIMEDOUT,
                    "TLS: the handshake takes too long");
    settle(t);
}

void tls_hub_look_due(struct deadline *d, void *owner)
{
    (void)owner;
    watch_certificate(CONTAINER_OF(d, struct stream_tls, patience));
}

void tls_hub_turn_due(struct deadline *d, void *owner)
{
    struct tls_hub *hub = owner;

    (void)d;
    hub->steps = 0;
    hub->steps_us = 0;
    while (has_steps_left(hub) && !list_is_empty(&hub->waiting)) {
        struct stream_tls *t =
            CONTAINER_OF(hub->waiting.next, struct stream_tls, step);

        list_remove(&t->step);
        if (t->engine.state != TLS_SHAKING_HANDS) {
            judge(t);
            continue;
        }
        take_step(t);
        settle(t);
    }
    if (hub->steps > 0)
        await_next_turn(hub);
}

/* ---- making one -------------------------------------------------------- */

struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host)
{
    struct stream_tls *t = xcalloc(1, sizeof *t);

    t->stream.ops = &stream_tls_ops;
    t->stream.peer = below->peer;
    t->stream.is_relayed = below->is_relayed;
    t->hub = hub;
    t->below = below;
    t->trust_version = context->trust_version;
    t->name = context->name;
    hub->stream_count++;
    tls_engine_init(&t->engine, context, host, hub->out);
    buf_init(&t->out, TLS_OUT_MAX);
    deadline_init(&t->again);
    deadline_init(&t->patience);
    list_init(&t->step);
    stream_set_owner(below, stream_tls_on_below_ready, t);
    deadline_start(&hub->handshakes, &t->patience, clock_now_us());
    tls_engine_give_input(&t->engine, already_read);
    tls_engine_keep_input(&t->engine);
    /* Bytes that were read before have an answer; a client says its hello. */
    if (already_read.len > 0 || tls_engine_speaks_first(&t->engine))
        ask_for_step(t);
    settle(t);
    return &t->stream;
}

bool stream_tls_follow(struct stream *s, const struct tls_context *next)
{
    struct stream_tls *t = stream_tls_of(s);
    uint8_t name;

    if (s->ops != &stream_tls_ops || t->engine.context->is_client)
        return false;
    tls_context_follow(t->engine.context, next);
    name = t->name;
    t->name = t->engine.context->name;
    if (!tls_engine_has_certificate(&t->engine))
        return false;
    if (t->trust_version != t->engine.context->trust_version)
        wait_for_step(t);
    return t->name != name;
}
