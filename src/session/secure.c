/*
 * The way to TLS. Its messages and states are a table in proto/telauth; here
 * are the parts that need a connection: what is held meanwhile, and the change
 * of streams.
 *
 * Nothing here waits, so nothing here bounds a half-finished AUTHENTICATION.
 * The owner's deadline does: for a client and for a remote system that vspcd
 * called, the phase CLIENT_AUTHENTICATING (client_session.c); for a VM, its
 * time to identify itself (vm_session.c).
 */
#include "session/secure.h"

#include "net/tls/stream_tls.h"
#include "proto/first/tls_hello.h"
#include "proto/telauth.h"

#include <assert.h>
#include <errno.h>

const char *secure_state_name(enum secure_state state)
{
    static const char *const names[SECURE_STATE_COUNT] = {
        [SECURE_NOT] = "not",         [SECURE_FIRST] = "first",
        [SECURE_OFFERED] = "offered", [SECURE_ASKED] = "asked",
        [SECURE_STARTED] = "started", [SECURE_ACCEPTED] = "accepted",
        [SECURE_DONE] = "done",
    };

    return (unsigned)state < SECURE_STATE_COUNT ? names[state] : "?";
}

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

/* A first byte decides between the two worlds: 0x16 begins no telnet, 0xff no
 * TLS. So "possibly one" is enough here, while nothing else was said. */
bool secure_is_hello(const struct secure *e, struct slice bytes)
{
    if (e->context == NULL)
        return false;
    if (e->is_caller)
        return e->state == SECURE_ACCEPTED;
    return (e->state == SECURE_FIRST || e->state == SECURE_ACCEPTED) &&
           tls_hello_look(bytes) != TLS_HELLO_NOT;
}

/*
 * The order: everything that was queued goes out in the clear first, because
 * the peer decides by it when to change. If not all of it goes, there is no way
 * to go on: half of a message would follow in the clear behind the hello. What
 * is held is not said before TLS; wire_release comes when the stream is TLS's,
 * so it goes out inside.
 *
 * The stream below gets the bytes that were read of it already (read): its
 * owner is TLS from here on.
 */
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

/* Two contexts: TLS may begin yet, and a stream that was TLS's from its start
 * has one of its own. */
bool secure_follow(struct secure *e, struct stream *stream,
                   const struct tls_context *next)
{
    assert(!e->is_caller);
    if (e->context != NULL)
        tls_context_follow(e->context, next);
    return stream_tls_follow(stream, next);
}

/*
 * AUTHENTICATION's part of enum secure_state, as proto/telauth.h has it. Why it
 * is in the clear does not matter here: each reason is TELAUTH_STATE_CLEAR.
 * FIRST is no state of AUTHENTICATION, nothing was offered: none of its inputs
 * comes then, and CLEAR ignores what could.
 */
static const uint8_t telauth_states[] = {
    [SECURE_NOT] = TELAUTH_STATE_CLEAR,
    [SECURE_FIRST] = TELAUTH_STATE_CLEAR,
    [SECURE_OFFERED] = TELAUTH_STATE_OFFERED,
    [SECURE_ASKED] = TELAUTH_STATE_ASKED,
    [SECURE_STARTED] = TELAUTH_STATE_STARTED,
    [SECURE_ACCEPTED] = TELAUTH_STATE_ACCEPTED,
    [SECURE_DONE] = TELAUTH_STATE_SECURE,
};

static struct telauth_step find_step(const struct secure *e,
                                     enum telauth_input input)
{
    return telauth_step(e->is_caller ? TELAUTH_CLIENT : TELAUTH_SERVER,
                        (enum telauth_state)telauth_states[e->state], input);
}

static enum secure_state state_of(enum telauth_state state)
{
    for (int i = SECURE_OFFERED; i <= SECURE_DONE; i++)
        if (telauth_states[i] == state)
            return (enum secure_state)i;
    return SECURE_NOT;
}

/* While our output is held, a message of AUTHENTICATION goes out past it: what
 * is held has to stay where it is until TLS has begun, or not. */
static int say(struct wire *w, enum telauth_kind kind)
{
    struct buf answer;
    int r;

    if (!w->is_held)
        return telauth_put(&w->out, kind);
    buf_init(&answer, TELAUTH_MAX);
    r = telauth_put(&answer, kind);
    if (r == 0)
        r = wire_write_past_held(w, buf_bytes(&answer));
    buf_done(&answer);
    return r;
}

/* Moves AUTHENTICATION on; 0 or the failures of buf_append. */
static int take_step(struct secure *e, struct wire *w, enum telauth_input input)
{
    enum telauth_side side = e->is_caller ? TELAUTH_CLIENT : TELAUTH_SERVER;
    struct telauth_step next = find_step(e, input);
    enum telauth_state state = (enum telauth_state)next.state;
    int r = 0;

    if (next.say != TELAUTH_OTHER)
        r = say(w, (enum telauth_kind)next.say);
    if (state == telauth_states[e->state])
        return r;
    e->state = (uint8_t)state_of(state);
    /* Behind our message, which has to go; and only once, because what was
     * queued since then must stay where it is. */
    if (telauth_is_clear(state))
        wire_release(w);
    else if (telauth_is_holding(side, state) && !w->is_held)
        wire_hold(w);
    return r;
}

/* In state FIRST nothing was offered yet; a caller begins as OFFERED and never
 * comes here in FIRST. */
int secure_go_on_clear(struct secure *e, struct wire *w)
{
    if (e->state != SECURE_FIRST)
        return take_step(e, w, TELAUTH_INPUT_NO_HELLO);
    e->state = SECURE_NOT;
    if (!secure_offers((enum tls_policy)e->policy))
        return 0;
    e->state = SECURE_OFFERED;
    return telpeer_enable(&w->peer, TELPEER_PEER, TELNET_OPTION_AUTHENTICATION,
                          &w->out);
}

int secure_handle_option(struct secure *e, struct wire *w, bool is_on)
{
    return take_step(e, w, is_on ? TELAUTH_INPUT_ON : TELAUTH_INPUT_OFF);
}

int secure_handle_message(struct secure *e, struct wire *w, struct slice body)
{
    struct telauth_message message = telauth_parse(body);

    return take_step(e, w, telauth_input_of(&message));
}

/* Only an offer that has no answer can be given up, as the table says: behind
 * SEND the exchange goes on to its end. */
void secure_give_up(struct secure *e)
{
    struct telauth_step next = find_step(e, TELAUTH_INPUT_GIVE_UP);

    if (telauth_is_clear((enum telauth_state)next.state))
        e->state = SECURE_NOT;
}
