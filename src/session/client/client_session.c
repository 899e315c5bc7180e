#include "session/client/client_session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "session/client/client_session_private.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* Of each phase: what it is called, and the queue of its deadline, if it has
 * one. */
static const struct {
    const char *name;
    bool has_deadline;
    size_t queue; /* in struct client_sessions */
} phases[CLIENT_PHASE_COUNT] = {
#define QUEUE(member) true, offsetof(struct client_sessions, member)
    [CLIENT_FIRST_BYTE] = { "first-byte", QUEUE(first_bytes) },
    [CLIENT_CALLING] = { "calling", QUEUE(calls) },
    [CLIENT_AUTHENTICATING] = { "authenticating", QUEUE(exchanges) },
    [CLIENT_HANDSHAKING] = { "handshaking", false, 0 }, /* net/tls has it */
    [CLIENT_NEGOTIATING] = { "negotiating", QUEUE(negotiations) },
    [CLIENT_SERVING] = { "serving", false, 0 },
    [CLIENT_HALF_CLOSED] = { "half-closed", QUEUE(half_closes) },
    [CLIENT_DRAINING] = { "draining", QUEUE(drains) },
    [CLIENT_ENDING] = { "ending", false, 0 },
#undef QUEUE
};

const char *client_phase_name(enum client_phase phase)
{
    return (unsigned)phase < CLIENT_PHASE_COUNT ? phases[phase].name : "?";
}

const char *client_mode_name(enum client_mode mode)
{
    static const char *const names[CLIENT_MODE_COUNT] = {
        [CLIENT_MODE_UNDECIDED] = "undecided",
        [CLIENT_MODE_TELNET] = "telnet",
        [CLIENT_MODE_RAW] = "raw",
    };

    return (unsigned)mode < CLIENT_MODE_COUNT ? names[mode] : "?";
}

static struct deadline_queue *queue_of(const struct client_session *s)
{
    char *queues = (char *)s->telnet.ctx->clients;

    return (struct deadline_queue *)(void *)(queues + phases[s->phase].queue);
}

/* Again into the same phase: its time begins anew. */
void client_session_enter(struct client_session *s, enum client_phase phase)
{
    assert(s->phase != CLIENT_ENDING);
    deadline_stop(&s->deadline);
    s->phase = (uint8_t)phase;
    if (phases[phase].has_deadline)
        deadline_start(queue_of(s), &s->deadline, clock_now_us());
}

/* Whoever called has more to say about it than we. */
static enum log_level usual_level(const struct client_session *s)
{
    return s->role->on_end != NULL ? LOG_DEBUG : LOG_INFO;
}

/* ---- its end ------------------------------------------------------------ */

static void mark_ending(struct client_session *s, const char *reason,
                        bool gently)
{
    if (!client_session_is_ending(s))
        client_input_let_go(s);
    /* What it said last may have ended it. */
    if (client_session_is_ending(s))
        return;
    client_session_enter(s, CLIENT_ENDING);
    s->end_detail = reason;
    s->ends_gently = gently;
    deadline_stop(&s->doubt);
    client_past_give_up(&s->past);
    telnet_link_end(&s->telnet);
    session_mark_ending(&s->telnet.ctx->all, &s->session);
}

void client_session_end_for(struct client_session *s, enum client_end end)
{
    mark_ending(s, client_end_text(end), false);
}

void client_session_end_gently(struct client_session *s, const char *reason)
{
    mark_ending(s, reason, true);
}

static void client_session_on_broken(struct telnet_link *l, int error)
{
    struct client_session *s = client_session_of_telnet(l);
    const char *problem = stream_security(l->wire.stream).problem;

    if (error == -ENOBUFS)
        client_session_end_for(s, CLIENT_END_NO_ANSWERS_TAKEN);
    else if (problem[0] != '\0')
        mark_ending(s, problem, false);
    else
        client_session_end_for(s, error == -ETIMEDOUT ? CLIENT_END_TIMEOUT
                                                      : CLIENT_END_RESET);
}

void client_session_drain(struct client_session *s, const char *reason)
{
    if (s->phase >= CLIENT_DRAINING)
        return;
    if (s->client.console == NULL || secure_is_missing(&s->telnet.secure) ||
        s->telnet.wire.is_held) {
        mark_ending(s, reason, false);
        return;
    }
    telnet_link_stay_clear(&s->telnet);
    s->end_detail = reason;
    view_end_at(&s->client.view, s->client.console->output.head);
    client_session_enter(s, CLIENT_DRAINING);
}

static void leave_console(struct client_session *s)
{
    client_line_end(s);
    if (s->is_told)
        client_report_detached(&s->client);
    s->is_told = false;
    client_detach(&s->client, clock_now_us());
}

static void client_session_on_end(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    if (s->client.console != NULL) {
        log_line(usual_level(s),
                 "client disconnected console=%s peer=%s reason=%s",
                 LOG_TEXT(console_name(s->client.console).text), s->client.peer,
                 LOG_TEXT(s->end_detail));
        leave_console(s);
    }
    if (s->role->on_end != NULL)
        s->role->on_end(s->role->owner, s->end_detail);
    telnet_link_done(&s->telnet, s->ends_gently);
}

static void client_session_free(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    buf_done(&s->kept);
    free(s);
}

static void client_session_shut_down_one(struct session *session,
                                         const char *reason)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    if (s->phase < CLIENT_DRAINING)
        s->says_reason = true;
    client_past_give_up(&s->past);
    client_session_drain(s, reason);
    client_output_flush(s);
}

static void client_session_close_one(struct session *session,
                                     const char *reason)
{
    mark_ending(CONTAINER_OF(session, struct client_session, session), reason,
                false);
}

static const struct session_ops client_session_ops = {
    .shut_down = client_session_shut_down_one,
    .close = client_session_close_one,
    .end = client_session_on_end,
    .free = client_session_free,
};

/* ---- its way to being served --------------------------------------------- */

/*
 * Once it is known whether it is in TLS: it is a client now. secure_is_open
 * says that there is no telling yet, and there are no terms before hands are
 * shaken.
 */
static void log_connected(struct client_session *s)
{
    struct stream_security security;

    if (s->is_logged || client_session_is_ending(s) ||
        secure_is_open(&s->telnet.secure) ||
        secure_is_missing(&s->telnet.secure))
        return;
    security = stream_security(s->telnet.wire.stream);
    if (security.terms[0] == '\0')
        return;
    s->is_logged = true;
    s->client.is_encrypted = security.is_secure;
    log_line(usual_level(s), "client connected console=%s peer=%s tls=%s",
             LOG_TEXT(console_name(s->client.console).text), s->client.peer,
             security.is_secure ? LOG_TEXT(security.terms) : "no");
}

/* The peer is there, in whatever way was agreed on. */
static void tell_open(struct client_session *s)
{
    struct stream_security security;

    if (s->is_open || !client_session_is_shown(s) ||
        s->phase == CLIENT_DRAINING || s->role->on_open == NULL)
        return;
    security = stream_security(s->telnet.wire.stream);
    if (security.terms[0] == '\0')
        return; /* it has failed, and is about to say so */
    s->is_open = true;
    s->role->on_open(s->role->owner, security.terms);
}

/* Systems that we called are not somebody who has come. */
static void report_attached(struct client_session *s)
{
    if (s->is_told || client_session_is_ending(s) || s->role->on_end != NULL)
        return;
    s->is_told = true;
    client_report_attached(&s->client);
}

bool client_session_has_answered(const struct client_session *s)
{
    enum telopt_state binary =
        telpeer_state(&s->telnet.wire.peer, TELPEER_US, TELNET_OPTION_BINARY);

    return binary == TELOPT_ON || binary == TELOPT_OFF;
}

bool client_session_is_person(const struct client_session *s)
{
    return telpeer_state(&s->telnet.wire.peer, TELPEER_PEER,
                         TELNET_OPTION_COM_PORT) != TELOPT_ON;
}

void client_session_refuse_clear(struct client_session *s)
{
    enum client_end end = s->role->way == CLIENT_REMOTE
                              ? CLIENT_END_TLS_REQUIRED_OF_REMOTE
                              : CLIENT_END_TLS_REQUIRED;

    client_output_say(
        s,
        "[vspcd: %s: refused, this port wants TLS; connect with telnet -z ssl, "
        "openssl s_client, or the like]\r\n",
        console_name(s->client.console).text);
    wire_release(&s->telnet.wire);
    (void)wire_flush(&s->telnet.wire);
    client_session_end_gently(s, client_end_text(end));
}

void client_session_serve(struct client_session *s)
{
    if (s->phase >= CLIENT_SERVING || secure_is_open(&s->telnet.secure))
        return;
    log_connected(s);
    if (secure_is_missing(&s->telnet.secure)) {
        client_session_refuse_clear(s);
        return;
    }
    client_session_enter(s, CLIENT_SERVING);
    (void)client_output_look_back(s);
    tell_open(s);
    report_attached(s);
    telnet_link_stay_clear(&s->telnet);
    client_output_flush(s);
}

void client_session_decide(struct client_session *s)
{
    if (client_session_is_ending(s) || !client_session_has_answered(s))
        return;
    client_session_serve(s);
    /* An answer that has come late. */
    if (client_session_is_shown(s) && client_output_look_back(s))
        client_output_flush(s);
}

/* The way to TLS is decided on, one way or the other: back to what there is
 * to know of every client. */
static void go_on_negotiating(struct client_session *s)
{
    if (s->phase >= CLIENT_SERVING)
        return;
    client_session_enter(s, CLIENT_NEGOTIATING);
    log_connected(s);
    if (client_session_has_answered(s))
        client_session_serve(s);
}

static void client_session_on_secured(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);
    bool is_first = s->phase == CLIENT_FIRST_BYTE;

    if (s->phase >= CLIENT_SERVING)
        return;
    switch ((enum secure_state)l->secure.state) {
    case SECURE_FIRST:
    case SECURE_ACCEPTED:
        break;
    case SECURE_OFFERED:
        if (is_first)
            client_session_enter(s, CLIENT_NEGOTIATING);
        break;
    case SECURE_ASKED:
    case SECURE_STARTED:
        client_session_enter(s, CLIENT_AUTHENTICATING);
        break;
    case SECURE_DONE:
        client_session_enter(s, CLIENT_HANDSHAKING);
        break;
    case SECURE_NOT:
        go_on_negotiating(s);
        break;
    }
    log_connected(s);
}

/* It was silent so far: the bare bytes, until it should turn out to be telnet.
 */
static void stop_negotiating(struct client_session *s)
{
    if (s->mode == CLIENT_MODE_UNDECIDED)
        s->telnet.wire.encoder.is_raw = true;
    telnet_link_stay_clear(&s->telnet);
    client_session_serve(s);
}

static void stop_calling(struct client_session *s)
{
    if (secure_is_missing(&s->telnet.secure) &&
        ++s->waits < CLIENT_ANSWER_WAITS)
        client_session_enter(s, CLIENT_CALLING);
    else
        stop_negotiating(s);
}

static void client_session_phase_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);
    struct session_context *ctx = owner;

    switch ((enum client_phase)s->phase) {
    case CLIENT_FIRST_BYTE:
        telnet_link_hello_overdue(&s->telnet);
        break;
    case CLIENT_CALLING:
        stop_calling(s);
        break;
    case CLIENT_AUTHENTICATING:
        client_session_end_for(s, CLIENT_END_HALF_AUTHENTICATED);
        break;
    case CLIENT_NEGOTIATING:
        stop_negotiating(s);
        break;
    case CLIENT_HALF_CLOSED:
        client_session_drain(s, client_end_text(CLIENT_END_CLOSED));
        client_output_flush(s);
        break;
    case CLIENT_DRAINING:
        mark_ending(s, s->end_detail, false);
        break;
    case CLIENT_HANDSHAKING:
    case CLIENT_SERVING:
    case CLIENT_ENDING:
    case CLIENT_PHASE_COUNT:
        break;
    }
    directory_settle(ctx->directory);
}

/* ---- its link ------------------------------------------------------------ */

/* A client that takes no answers, or whose input the console does not take,
 * waits for somebody else. */
static enum telnet_link_pace client_session_pace(const struct telnet_link *l)
{
    const struct client_session *s =
        CONTAINER_OF(l, const struct client_session, telnet);

    if (s->phase >= CLIENT_HALF_CLOSED || s->client.console == NULL ||
        s->has_typed_over || s->is_refused ||
        l->wire.out.len > LIMIT_ANSWERS_MARK)
        return TELNET_LINK_RESTS;
    return TELNET_LINK_READS;
}

static const struct telnet_link_policies *client_session_policies(
    const struct telnet_link *l)
{
    return client_role_policies(
        CONTAINER_OF(l, const struct client_session, telnet)->role);
}

static const char *client_session_host(const struct telnet_link *l)
{
    return CONTAINER_OF(l, const struct client_session, telnet)->role->host;
}

static void client_session_on_bytes(struct telnet_link *l, struct slice in)
{
    client_input_take(client_session_of_telnet(l), in);
}

static void client_session_on_readable(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);
    bool takes = console_takes_input(s->client.console);

    (void)telnet_link_read(l, l->ctx->read_buffer,
                           takes ? LIMIT_READ : CLIENT_PEEK);
    client_output_flush(s);
}

static void client_session_on_written(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->phase == CLIENT_HANDSHAKING)
        go_on_negotiating(s);
    log_connected(s);
    tell_open(s);
    client_output_flush(s);
    client_line_catch_up(s);
}

/* The peer sends no more. A program may have sent all that it had to say and
 * wait for the answer; a remote system that we called has hung up. */
static void client_session_on_closed(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->role->on_end != NULL)
        client_session_drain(s, client_end_text(CLIENT_END_CLOSED_BY_REMOTE));
    else if (s->phase == CLIENT_NEGOTIATING)
        stop_negotiating(s);
    if (s->phase == CLIENT_SERVING)
        client_session_enter(s, CLIENT_HALF_CLOSED);
    else if (s->phase < CLIENT_SERVING)
        client_session_end_for(s, CLIENT_END_CLOSED);
}

static const struct telnet_link_ops client_session_telnet_ops = {
    .policies = client_session_policies,
    .host = client_session_host,
    .greet = client_role_greet,
    .on_secured = client_session_on_secured,
    .on_bytes = client_session_on_bytes,
    .take_data = client_input_take_data,
    .on_event = client_input_on_event,
    .pace = client_session_pace,
    .on_readable = client_session_on_readable,
    .on_written = client_session_on_written,
    .on_end = client_session_on_closed,
    .on_broken = client_session_on_broken,
};

/* ---- its client -----------------------------------------------------------
 */

static void client_session_pull(struct client *client)
{
    client_output_flush(client_session_of(client));
}

static void client_session_input_changed(struct client *client)
{
    client_input_go_on(client_session_of(client));
}

static void client_session_lines_changed(struct client *client)
{
    struct client_session *s = client_session_of(client);

    if (client_session_is_ending(s))
        return;
    client_line_tell(s);
    if (s->telnet.wire.out.len > 0)
        client_output_flush(s);
}

static const struct client_ops client_session_client_ops = {
    .pull = client_session_pull,
    .input_changed = client_session_input_changed,
    .lines_changed = client_session_lines_changed,
};

/* ---- its beginning --------------------------------------------------------
 */

/* The console does not take it: says so and closes. */
static void refuse(struct client_session *s, const struct console *c,
                   const struct err *why)
{
    if (!secure_is_missing(&s->telnet.secure))
        client_output_say(s, "[vspcd: %s: refused, %s]\r\n",
                          console_name(c).text, why->text);
    (void)wire_flush(&s->telnet.wire);
    log_line(usual_level(s),
             "client refused console=%s peer=%s reason=\"limit of clients\"",
             LOG_TEXT(console_name(c).text), s->client.peer);
    client_session_end_gently(s, client_end_text(CLIENT_END_LIMIT));
}

static enum client_phase first_phase(const struct client_session *s)
{
    const struct secure *e = &s->telnet.secure;

    if (e->state == SECURE_FIRST)
        return CLIENT_FIRST_BYTE;
    if (e->state == SECURE_DONE)
        return CLIENT_HANDSHAKING;
    if (s->role->way == CLIENT_RAW)
        return CLIENT_SERVING;
    return secure_is_open(e) ? CLIENT_CALLING : CLIENT_NEGOTIATING;
}

static void start(struct client_session *s)
{
    log_connected(s);
    client_session_enter(s, first_phase(s));
    telnet_link_start(&s->telnet);
    if (client_session_is_ending(s) || s->phase == CLIENT_FIRST_BYTE ||
        s->phase == CLIENT_HANDSHAKING)
        return;
    if (s->phase == CLIENT_SERVING) {
        tell_open(s);
        report_attached(s);
    }
    client_output_flush(s);
}

static struct client_session *new_session(struct session_context *ctx,
                                          struct stream *stream,
                                          const struct client_role *role)
{
    struct client_session *s = xcalloc(1, sizeof *s);
    struct address_text peer = address_format(&stream->peer);
    bool is_caller = role->way == CLIENT_REMOTE;
    const struct client_origin origin = {
        .door = role->door,
        .peer = peer.text,
        .now_us = clock_now_us(),
    };
    const struct telnet_link_setup setup = {
        .ops = &client_session_telnet_ops,
        .policy = role->policy,
        .tls = is_caller ? role->tls : ctx->client_tls,
        .is_caller = is_caller,
        .out_max = LIMIT_ANSWERS,
    };

    s->role = role;
    s->may_look_back = role->way == CLIENT_OF_PORT;
    session_start(&ctx->all, &s->session, &client_session_ops);
    deadline_init(&s->deadline);
    deadline_init(&s->doubt);
    buf_init(&s->kept, 2 * LIMIT_READ);
    client_past_init(&s->past);
    client_init(&s->client, &client_session_client_ops, &origin);
    comport_peer_init(&s->comport, LINE_CLIENTS);
    telnet_link_init(&s->telnet, ctx, stream, &setup);
    return s;
}

struct client *client_session_start(struct session_context *ctx,
                                    struct stream *stream,
                                    struct console *console,
                                    const struct client_role *role)
{
    struct client_session *s = new_session(ctx, stream, role);
    struct err why;

    if (client_attach(&s->client, console, clock_now_us(), &why) !=
        CLIENT_ATTACHED) {
        refuse(s, console, &why);
        return &s->client;
    }
    if (role->on_end != NULL)
        s->client.reader.at = role->output_at;
    start(s);
    return &s->client;
}

void client_session_shut_down(struct client *client, const char *reason)
{
    client_session_shut_down_one(&client_session_of(client)->session, reason);
}

void client_session_end(struct client *client, const char *reason)
{
    struct client_session *s = client_session_of(client);

    s->role = client_role_without_owner(s->role->way);
    mark_ending(s, reason, false);
}

void client_session_detach(struct client *client)
{
    struct client_session *s = client_session_of(client);

    if (client->console == NULL || client_session_is_ending(s))
        return;
    client_past_give_up(&s->past);
    leave_console(s);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
}

enum client_outcome client_session_attach(struct client *client,
                                          struct console *console,
                                          struct err *why)
{
    struct client_session *s = client_session_of(client);
    enum client_outcome outcome;

    client_session_detach(client);
    outcome = client_attach(client, console, clock_now_us(), why);
    if (outcome != CLIENT_ATTACHED)
        return outcome;
    if (client_session_is_shown(s))
        report_attached(s);
    client_line_tell(s);
    client_input_go_on(s);
    client_output_flush(s);
    return CLIENT_ATTACHED;
}

void client_session_open_all(struct session_context *ctx)
{
    struct client_sessions *all = xcalloc(1, sizeof *all);
    const struct {
        struct deadline_queue *queue;
        uint64_t length_us;
        deadline_due_fn *on_due;
    } queues[] = {
        { &all->first_bytes, SECURE_FIRST_BYTE_US, client_session_phase_due },
        { &all->calls, CLIENT_ANSWER_US, client_session_phase_due },
        { &all->exchanges, CLIENT_DRAIN_US, client_session_phase_due },
        { &all->negotiations, CLIENT_NEGOTIATION_US, client_session_phase_due },
        { &all->half_closes, ctx->settings.half_close_us,
          client_session_phase_due },
        { &all->drains, CLIENT_DRAIN_US, client_session_phase_due },
        { &all->doubts, CLIENT_DOUBT_US, client_input_doubt_due },
        { &all->pasts, CLIENT_PAST_US, client_past_due },
    };

    ctx->clients = all;
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++)
        session_context_open_queue(ctx, queues[i].queue, queues[i].length_us,
                                   queues[i].on_due);
}

void client_session_close_all(struct session_context *ctx)
{
    struct client_sessions *all = ctx->clients;

    deadline_queue_close(&all->first_bytes);
    deadline_queue_close(&all->calls);
    deadline_queue_close(&all->exchanges);
    deadline_queue_close(&all->negotiations);
    deadline_queue_close(&all->half_closes);
    deadline_queue_close(&all->drains);
    deadline_queue_close(&all->doubts);
    deadline_queue_close(&all->pasts);
    free(all);
    ctx->clients = NULL;
}
