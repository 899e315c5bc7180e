/*
 * A telnet connection that breaks can have said something before, and that
 * counts: a VM's last output, a client's last line. Reading gives it, and gives
 * the error behind it; writing gives the error at once. So the two are not
 * symmetric here:
 *
 *  - A failing read ends the link (telnet_link_break).
 *  - A failing write makes it mute (telnet_link_write_failed): what is said is
 *    dropped from then on, and reading goes on to its own end.
 *  - That needs a link that will be read. A link that WAITS is read within
 *    bounded time (a hold ends). A link that RESTS may never be read again:
 *    there a failing write, or a break that the stream reports, ends it.
 *    Otherwise such a connection would stay for ever, with its descriptor and
 *    its place among the clients.
 *  - A link may come to rest when it is broken already: data and reset come in
 *    one event, or a write took the error off the socket. No event tells that
 *    again, so the interest is where it is seen (telnet_link_update_interest).
 *
 * So in every state something can wake the owner: readability, writability, a
 * deadline, or the break itself.
 */
#include "session/telnet_link.h"

#include "log/log.h"
#include "log/log_words.h"

#include <errno.h>

static void telnet_link_on_ready(void *owner, unsigned ready);

const char *telnet_link_pace_name(enum telnet_link_pace pace)
{
    static const char *const names[TELNET_LINK_PACE_COUNT] = {
        [TELNET_LINK_READS] = "reads",
        [TELNET_LINK_WAITS] = "waits",
        [TELNET_LINK_RESTS] = "rests",
    };

    return (unsigned)pace < TELNET_LINK_PACE_COUNT ? names[pace] : "?";
}

void telnet_link_init(struct telnet_link *l, struct session_context *ctx,
                      struct stream *stream,
                      const struct telnet_link_setup *setup)
{
    *l = (struct telnet_link){
        .ops = setup->ops,
        .ctx = ctx,
    };
    secure_init(&l->secure, setup->policy, setup->tls, setup->is_caller,
                stream_security(stream).is_secure);
    wire_init(&l->wire, stream,
              secure_offers(setup->policy) ? l->ops->policies(l)->with_tls
                                           : l->ops->policies(l)->clear,
              setup->out_max, telnet_link_on_ready, l);
}

/* has_ended is set for good: every function below asks it first, because an
 * operation of the owner may end the link between any two lines. */
void telnet_link_end(struct telnet_link *l)
{
    l->has_ended = true;
    stream_want(l->wire.stream, 0);
}

/* Only at the end of the turn, and never from an operation: the functions below
 * are still at work on the stream then. */
void telnet_link_done(struct telnet_link *l, bool gently)
{
    l->has_ended = true;
    wire_done(&l->wire, gently);
    secure_done(&l->secure);
}

void telnet_link_break(struct telnet_link *l, int error)
{
    if (!l->has_ended)
        l->ops->on_broken(l, error);
}

void telnet_link_update_interest(struct telnet_link *l, bool is_blocked)
{
    enum telnet_link_pace pace;

    if (l->has_ended)
        return;
    pace = l->ops->pace(l);
    if (pace == TELNET_LINK_RESTS && (l->is_mute || l->wire.stream->error != 0))
        telnet_link_break(l, l->wire.stream->error);
    else
        stream_want(l->wire.stream,
                    (pace == TELNET_LINK_READS ? STREAM_READ : 0u) |
                        (is_blocked ? STREAM_WRITE : 0u));
}

/* Releases what AUTHENTICATION holds too: a hold without an end would keep the
 * queue full. */
static void drop_queued(struct telnet_link *l)
{
    wire_release(&l->wire);
    buf_take(&l->wire.out, l->wire.out.len);
}

/* -ENOBUFS is no broken connection: the queue is full, because the peer takes
 * no answers. Reading more would only make more of them. */
void telnet_link_write_failed(struct telnet_link *l, int error)
{
    if (l->has_ended)
        return;
    if (error == -ENOBUFS || l->ops->pace(l) == TELNET_LINK_RESTS) {
        telnet_link_break(l, error);
        return;
    }
    l->is_mute = true;
    drop_queued(l);
    telnet_link_update_interest(l, false);
}

void telnet_link_flush(struct telnet_link *l)
{
    int r;

    if (l->has_ended)
        return;
    if (l->is_mute) {
        drop_queued(l);
        telnet_link_update_interest(l, false);
        return;
    }
    r = wire_flush(&l->wire);
    if (r < 0)
        telnet_link_write_failed(l, r);
    else
        telnet_link_update_interest(l, r == WIRE_BLOCKED);
}

/* While the stream wants to be told of writability, another try would only cost
 * a call. But the interest is computed anew: the pace may have changed. */
void telnet_link_flush_if_writable(struct telnet_link *l)
{
    if (telnet_link_is_blocked(l))
        telnet_link_update_interest(l, true);
    else
        telnet_link_flush(l);
}

/* Where a hello may be the peer's first word, nothing is said before it
 * (SECURE_FIRST): a greeting in front of the server's hello breaks TLS. */
void telnet_link_start(struct telnet_link *l)
{
    int r;

    if (l->secure.state == SECURE_FIRST) {
        telnet_link_update_interest(l, false);
        return;
    }
    r = l->ops->greet(l);
    if (r < 0)
        telnet_link_break(l, r);
    else if (l->secure.state == SECURE_DONE)
        telnet_link_update_interest(l, true); /* when hands are shaken */
}

static const char *host_of(const struct telnet_link *l)
{
    return l->ops->host != NULL ? l->ops->host(l) : NULL;
}

/*
 * On with TLS, by the peer's hello or a caller's own; or on in the clear. True:
 * in TLS, and all of in has gone there; or the link has ended.
 *
 * The order: secure_begin first, so that the greeting goes into TLS. The policy
 * without AUTHENTICATION comes before the greeting: inside TLS there is nothing
 * that AUTHENTICATION could lead to, and a peer that is told DO would wait for
 * what comes of it (a host that offered it there said no more).
 * secure_go_on_clear comes behind the greeting: its DO AUTHENTICATION is the
 * last of what is said first. The owner is told when the state is final.
 */
static bool decide_tls(struct telnet_link *l, struct slice in)
{
    bool is_first = l->secure.state == SECURE_FIRST;
    bool is_tls = secure_is_hello(&l->secure, in);
    int r = 0;

    if (is_tls)
        r = secure_begin(&l->secure, &l->wire, &l->ctx->tls, in, host_of(l));
    if (is_tls && is_first)
        l->wire.peer.policy = l->ops->policies(l)->clear;
    if (r == 0 && is_first)
        r = l->ops->greet(l);
    if (r == 0 && !is_tls)
        r = secure_go_on_clear(&l->secure, &l->wire);
    if (r < 0)
        telnet_link_break(l, r);
    else
        l->ops->on_secured(l);
    if (r == 0 && is_tls)
        telnet_link_update_interest(l, true); /* when hands are shaken */
    return is_tls || l->has_ended;
}

/* No bytes are no hello: on in the clear. */
void telnet_link_hello_overdue(struct telnet_link *l)
{
    (void)decide_tls(l, slice_of(NULL, 0));
    telnet_link_flush_if_writable(l);
}

/* The policy changes with it: an AUTHENTICATION that is offered later is
 * refused (WONT) instead of being left without an answer. */
void telnet_link_stay_clear(struct telnet_link *l)
{
    secure_give_up(&l->secure);
    if (l->secure.state != SECURE_DONE)
        l->wire.peer.policy = l->ops->policies(l)->clear;
}

/* The owner sees nothing of AUTHENTICATION but its effect. */
static int authenticate(struct telnet_link *l, enum telpeer_event event,
                        const struct telpeer_item *item)
{
    int r = event == TELPEER_OPTION
                ? secure_handle_option(&l->secure, &l->wire, item->is_on)
                : secure_handle_message(&l->secure, &l->wire, item->body);

    if (r == 0)
        l->ops->on_secured(l);
    return r;
}

static int handle_event(struct telnet_link *l, enum telpeer_event event,
                        const struct telpeer_item *item)
{
    if ((event == TELPEER_OPTION || event == TELPEER_SUBOPTION) &&
        item->option == TELNET_OPTION_AUTHENTICATION)
        return authenticate(l, event, item);
    /* Until BINARY is agreed on NVT rules hold for what we send (RFC 856). */
    if (event == TELPEER_OPTION && item->option == TELNET_OPTION_BINARY &&
        item->side == TELPEER_US)
        l->wire.encoder.is_nvt = !item->is_on;
    return l->ops->on_event(l, event, item);
}

/*
 * One event after the other. TLS is looked for before each of them, and not
 * only before each read: the bytes behind ACCEPT in one segment may be a hello.
 * Data goes first to take_data, which copies it where it belongs; what it
 * leaves is an event.
 */
struct slice telnet_link_feed(struct telnet_link *l, struct slice in)
{
    enum telpeer_event event = TELPEER_DATA;
    struct telpeer_item item;
    struct slice nothing = slice_of(NULL, 0);
    int r;

    while (!l->has_ended && event != TELPEER_NEED_MORE) {
        if (secure_is_due(&l->secure, in) && decide_tls(l, in))
            return nothing;
        if (l->ops->take_data(l, &in))
            return in;
        if (l->has_ended)
            break;
        r = telpeer_next(&l->wire.peer, &in, &l->wire.out, &event, &item);
        if (r == 0)
            r = handle_event(l, event, &item);
        if (r < 0)
            telnet_link_break(l, r);
    }
    return nothing;
}

bool telnet_link_was_check(const struct telnet_link *l)
{
    if (!l->has_heard)
        log_counted(LOG_INFO, address_format(&l->wire.stream->peer).text,
                    LOG_CONNECTION_CHECKS);
    return !l->has_heard;
}

static void take_bytes(struct telnet_link *l, struct slice in)
{
    if (l->secure.state == SECURE_FIRST && decide_tls(l, in))
        return;
    l->ops->on_bytes(l, in);
}

ssize_t telnet_link_read(struct telnet_link *l, uint8_t *to, size_t room)
{
    ssize_t n = stream_read(l->wire.stream, to, room);

    if (n > 0)
        l->has_heard = true;
    if (n > 0)
        take_bytes(l, slice_of(to, (size_t)n));
    else if (n == 0)
        l->ops->on_end(l);
    else if (n != -EAGAIN)
        telnet_link_break(l, (int)n);
    return n;
}

/*
 * Writing comes first: what is read next may have answers, which need room.
 *
 * directory_settle comes last: this is the handler of the loop that has entered
 * core. It is called for a link that has ended as well, whose last bytes have
 * left marks.
 */
static void telnet_link_on_ready(void *owner, unsigned ready)
{
    struct telnet_link *l = owner;
    enum telnet_link_pace pace;

    if ((ready & STREAM_DISTRUSTED) && !l->has_ended)
        l->ops->on_distrusted(l, stream_security(l->wire.stream).problem);
    if (ready & STREAM_WRITE) {
        telnet_link_flush(l);
        if (!l->has_ended)
            l->ops->on_written(l);
    }
    if ((ready & STREAM_READ) && !l->has_ended) {
        pace = l->ops->pace(l);
        if (pace == TELNET_LINK_READS)
            l->ops->on_readable(l);
        else if (pace == TELNET_LINK_RESTS && (ready & STREAM_BROKEN))
            telnet_link_break(l, l->wire.stream->error);
    }
    directory_settle(l->ctx->directory);
}
