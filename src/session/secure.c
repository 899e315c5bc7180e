#include "session/secure.h"

#include "net/stream_tls.h"
#include "proto/telauth.h"
#include "proto/tls_hello.h"

#include <errno.h>

void secure_init(struct secure *e, enum tls_policy policy,
                 struct tls_context *context, bool is_caller,
                 bool stream_is_tls)
{
    *e = (struct secure){
        .context = policy != TLS_OFF ? tls_context_share(context) : NULL,
        .policy = (uint8_t)policy,
        .state = SECURE_FIRST,
        .is_caller = is_caller,
    };
    if (stream_is_tls)
        e->state = SECURE_DONE;
    else if (policy == TLS_OFF)
        e->state = SECURE_NOT;
    else if (is_caller)
        e->state = SECURE_OFFERED;
}

void secure_done(struct secure *e)
{
    tls_context_close(e->context);
    e->context = NULL;
}

int secure_call(const struct secure *e, struct wire *w)
{
    if (e->state != SECURE_OFFERED)
        return 0;
    return telpeer_enable(&w->peer, TELPEER_US, TELNET_OPTION_AUTHENTICATION,
                          &w->out);
}

bool secure_is_hello(const struct secure *e, struct slice bytes)
{
    if (e->context == NULL)
        return false;
    if (e->is_caller)
        return e->state == SECURE_ACCEPTED;
    return (e->state == SECURE_FIRST || e->state == SECURE_ACCEPTED) &&
           tls_hello_look(bytes) != TLS_HELLO_NOT;
}

bool secure_is_late_hello(const struct secure *e, struct slice bytes)
{
    /* Sure, and no less: what is taken for one is not typed into the VM. */
    return e->policy != TLS_OFF && e->state != SECURE_DONE &&
           tls_hello_look(bytes) == TLS_HELLO_SURE;
}

int secure_begin(struct secure *e, struct wire *w, struct tls_hub *hub,
                 struct slice read, const char *host)
{
    struct stream *below = w->stream;
    stream_ready_fn *on_ready = below->on_ready;
    void *owner = below->owner;
    int r = wire_flush(w);

    if (r < 0)
        return r;
    if (w->is_held && w->may_go > 0)
        return -ENOBUFS;
    w->stream = stream_tls_new(hub, e->context, below, read, host);
    stream_set_owner(w->stream, on_ready, owner);
    wire_release(w);
    e->state = SECURE_DONE;
    return 0;
}

int secure_go_on_clear(struct secure *e, struct wire *w)
{
    bool is_first = e->state == SECURE_FIRST;

    e->state = SECURE_NOT;
    wire_release(w);
    if (!is_first || !secure_offers((enum tls_policy)e->policy))
        return 0;
    e->state = SECURE_OFFERED;
    return telpeer_enable(&w->peer, TELPEER_PEER, TELNET_OPTION_AUTHENTICATION,
                          &w->out);
}

int secure_handle_option(struct secure *e, struct wire *w, bool is_on)
{
    int r;

    if ((e->state == SECURE_ASKED || e->state == SECURE_STARTED) && !is_on)
        return secure_go_on_clear(e, w);
    if (e->state != SECURE_OFFERED)
        return 0;
    if (!is_on) {
        e->state = SECURE_NOT;
        return 0;
    }
    e->state = SECURE_ASKED;
    if (e->is_caller)
        return 0;
    r = telauth_put(&w->out, TELAUTH_SEND);
    wire_hold(w);
    return r;
}

static int handle_message_of_called(struct secure *e, struct wire *w,
                                    const struct telauth_message *m)
{
    int r;

    /* Too late, or once more: who asks waits for an answer. */
    if (m->kind == TELAUTH_SEND &&
        (e->state == SECURE_NOT || e->state == SECURE_DONE))
        return telauth_put(&w->out, TELAUTH_NULL);
    if (e->state == SECURE_ASKED && m->kind == TELAUTH_SEND) {
        e->state = m->offers_ssl ? SECURE_STARTED : SECURE_NOT;
        r = telauth_put(&w->out, m->offers_ssl ? TELAUTH_START : TELAUTH_NULL);
        if (m->offers_ssl)
            wire_hold(w);
        return r;
    }
    if (e->state == SECURE_STARTED && m->kind == TELAUTH_ACCEPT)
        e->state = SECURE_ACCEPTED;
    else if (e->state == SECURE_STARTED && m->kind == TELAUTH_REJECT)
        return secure_go_on_clear(e, w);
    return 0;
}

/* Past what is held, which is for later. */
static int say_accept(struct wire *w)
{
    struct buf answer;
    int r;

    buf_init(&answer, TELAUTH_MAX);
    r = telauth_put(&answer, TELAUTH_ACCEPT);
    if (r == 0)
        r = wire_write_past_held(w, buf_bytes(&answer));
    buf_done(&answer);
    return r;
}

int secure_handle_message(struct secure *e, struct wire *w, struct slice body)
{
    struct telauth_message m = telauth_parse(body);

    if (e->is_caller)
        return handle_message_of_called(e, w, &m);
    if (e->state != SECURE_ASKED)
        return 0;
    switch ((enum telauth_kind)m.kind) {
    case TELAUTH_START:
        e->state = SECURE_ACCEPTED;
        return say_accept(w);
    case TELAUTH_NULL:
        return secure_go_on_clear(e, w);
    default:
        return 0;
    }
}

void secure_give_up(struct secure *e)
{
    if (e->state == SECURE_FIRST || e->state == SECURE_OFFERED)
        e->state = SECURE_NOT;
}
