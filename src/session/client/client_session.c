/*
 * The life of a client session. client_session_private.h has the phases and
 * their picture; this file has the table of their deadlines, and what moves a
 * session from one to the next.
 *
 * Every phase that waits for the peer has a deadline, and all of them come to
 * client_session_phase_due; HANDSHAKING has its own in net/tls. So nothing that
 * a peer leaves undone lasts: a half-finished AUTHENTICATION ends after
 * CLIENT_EXCHANGE_US (queue exchanges), a client that says nothing is served
 * raw, a client that drains is cut.
 *
 * Phases are ordered: below SERVING nothing of the console goes out, from
 * DRAINING on nothing comes in. Comparisons (phase >= CLIENT_SERVING) rely on
 * that order.
 *
 * A text for a client that is refused: for want of a place, in
 * refuse_by_console and refuse_by_gate below; for want of TLS, in
 * client_session_refuse_clear; when it connects, by address and rate, in
 * session/gate.c.
 */
#include "session/client/client_session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/client/client_session_private.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* The name of each phase, and the queue of its deadline, if it has one. */
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

/* The one place that sets the phase. Into the present phase again: its time
 * begins anew (HALF_CLOSED with each output, CALLING with each wait). */
void client_session_enter(struct client_session *s, enum client_phase phase)
{
    assert(s->phase != CLIENT_ENDING);
    deadline_stop(&s->deadline);
    s->phase = (uint8_t)phase;
    if (phases[phase].has_deadline)
        deadline_start(queue_of(s), &s->deadline, clock_now_us());
}

/* Of a connection that vspcd made, its owner (service.c) has more to say in the
 * log. */
static enum log_level usual_level(const struct client_session *s)
{
    return s->role->is_outgoing ? LOG_DEBUG : LOG_INFO;
}

/* Bits. Silently: if the client was not attached, there is nothing to log. */
enum { ENDS_GENTLY = 1, ENDS_SILENTLY = 2 };

/*
 * What was kept of its input goes to the VM first: it came before the end. That
 * input may end the session itself, so it is asked twice whether it has ended.
 *
 * Marked, unhooked, and no more: core may be in the middle of an operation. The
 * console is left in client_session_on_end. But a newcomer that ends counts no
 * more: the next one that comes in this turn must find another one to close.
 */
static void mark_ending(struct client_session *s, const char *reason,
                        unsigned how)
{
    if (!client_session_is_ending(s))
        client_input_let_go(s);
    /* The input that was kept may have ended the session. */
    if (client_session_is_ending(s))
        return;
    client_session_enter(s, CLIENT_ENDING);
    s->end_detail = reason;
    s->ends_gently = how & ENDS_GENTLY;
    s->is_silent_end = how & ENDS_SILENTLY && !client_session_is_attached(s);
    deadline_stop(&s->doubt);
    client_idle_end(s);
    client_past_give_up(&s->past);
    telnet_link_end(&s->telnet);
    gate_remove_newcomer(&s->telnet.ctx->gate, &s->newcomer);
    session_mark_ending(&s->telnet.ctx->all, &s->session);
}

/* A peer that leaves before it is served has been no client: connections that
 * only see whether the port is open (health checks) leave no line. */
void client_session_end_for(struct client_session *s, enum client_end end)
{
    bool just_left = end == CLIENT_END_CLOSED || end == CLIENT_END_RESET ||
                     end == CLIENT_END_TIMEOUT;

    if (just_left && !client_session_is_ending(s) &&
        !client_session_is_attached(s))
        (void)telnet_link_was_check(&s->telnet);
    mark_ending(s, client_end_text(end), just_left ? ENDS_SILENTLY : 0);
}

/* One that was not attached is refused, and the line that says so is enough. */
void client_session_end_gently(struct client_session *s, const char *reason)
{
    mark_ending(s, reason, ENDS_GENTLY | ENDS_SILENTLY);
}

/* The stream's own words are better than ours where it has some. They last as
 * long as the stream, and the stream until client_session_on_end has logged
 * them. */
static void client_session_on_broken(struct telnet_link *l, int error)
{
    struct client_session *s = client_session_of_telnet(l);
    const char *problem = stream_security(l->wire.stream).problem;

    if (error == -ENOBUFS)
        client_session_end_for(s, CLIENT_END_NO_ANSWERS_TAKEN);
    else if (error == -ENOMEM)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
    else if (problem[0] != '\0')
        mark_ending(s, problem, 0);
    else
        client_session_end_for(s, error == -ETIMEDOUT ? CLIENT_END_TIMEOUT
                                                      : CLIENT_END_RESET);
}

/*
 * A session that is not attached, or that may be shown nothing because TLS is
 * missing (a remote system), or whose output AUTHENTICATION holds, has nothing
 * to drain.
 *
 * END is put at the present end of the output: what comes later is not its due,
 * so draining ends by itself. TLS cannot begin any more, or the drain would
 * wait for it.
 */
void client_session_drain(struct client_session *s, const char *reason)
{
    if (s->phase >= CLIENT_DRAINING)
        return;
    if (!client_session_is_attached(s) ||
        secure_is_missing(&s->telnet.secure) || s->telnet.wire.is_held) {
        mark_ending(s, reason, 0);
        return;
    }
    telnet_link_stay_clear(&s->telnet);
    s->end_detail = reason;
    view_end_at(&s->client.view, s->client.console->output.head);
    client_session_enter(s, CLIENT_DRAINING);
    client_idle_end(s);
}

/* A break of its own ends first, while it still has the console. The fact names
 * the console and the peer, so it comes before the detaching. */
static void leave_console(struct client_session *s)
{
    if (!client_session_is_attached(s))
        return;
    client_line_end(s);
    if (s->is_told)
        client_report_detached(&s->client);
    s->is_told = false;
    client_detach(&s->client, clock_now_us());
}

static void log_end(const struct client_session *s, const char *reason)
{
    const struct console *c = s->target.console;

    log_audit(s->is_silent_end ? LOG_DEBUG : usual_level(s), s->client.peer,
              console_id(c).text,
              LOG_CLIENT_DISCONNECTED " console=%s peer=%s reason=%s",
              LOG_TEXT(console_name(c).text), s->client.peer, LOG_TEXT(reason));
}

/* on_end comes behind the leaving and before the stream goes: the owner may
 * look at the console, and the reason may be the stream's own text. */
static void client_session_on_end(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    if (s->target.console != NULL)
        log_end(s, s->end_detail);
    leave_console(s);
    gate_leave_place(&s->telnet.ctx->gate, &s->place);
    console_ref_set(&s->target, NULL);
    if (s->role->on_end != NULL)
        s->role->on_end(s->role->owner, s->end_detail);
    telnet_link_done(&s->telnet, s->ends_gently);
}

static void client_session_free(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    buf_done(&s->kept);
    free(s->name);
    free(s);
}

/* The reason is said as the END of the output and not at once: it stands behind
 * everything that the client still gets. */
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
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    mark_ending(s, reason, ENDS_SILENTLY);
}

/* A connection that vspcd has made is its service's to judge. */
static bool client_session_judge(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    if (s->role->is_outgoing || s->phase >= CLIENT_DRAINING ||
        gate_allows(&s->telnet.ctx->gate, ADMISSION_CLIENT,
                    &s->telnet.wire.stream->peer))
        return false;
    client_session_shut_down_one(session,
                                 client_end_text(CLIENT_END_NOT_ALLOWED));
    return true;
}

static const struct session_ops client_session_ops = {
    .shut_down = client_session_shut_down_one,
    .close = client_session_close_one,
    .judge = client_session_judge,
    .end = client_session_on_end,
    .free = client_session_free,
};

/* ---- its way to being served --------------------------------------------- */

/* A client that has shown who it is. All that is told of it later has its
 * name. */
static void log_connected_by(struct client_session *s, const char *terms,
                             const struct stream_certificate *certificate)
{
    const struct console *c = s->client.console;
    char name[sizeof certificate->subject];

    text_clean(name, sizeof name, slice_of_text(certificate->subject));
    s->name = xstrdup(name);
    s->client.name = s->name;
    log_audit(LOG_INFO, s->client.peer, console_id(c).text,
              LOG_CLIENT_CONNECTED
              " console=%s peer=%s tls=%s client=%s issuer=%s serial=%s",
              LOG_TEXT(console_name(c).text), s->client.peer, LOG_TEXT(terms),
              LOG_TEXT(name), LOG_TEXT(certificate->issuer),
              certificate->serial);
}

/* Once, when the client is attached and it is known whether the connection is
 * in TLS. secure_is_open says that this is not known yet, and there are no
 * terms before the handshake of a raw connection is done. So it is asked at
 * each step on the way. */
static void log_connected(struct client_session *s)
{
    struct stream_security security;
    struct stream_certificate certificate;
    struct console_name name;

    if (s->is_logged || client_session_is_ending(s) ||
        !client_session_is_attached(s) || secure_is_open(&s->telnet.secure))
        return;
    security = stream_security(s->telnet.wire.stream);
    if (security.terms[0] == '\0')
        return;
    s->is_logged = true;
    s->client.is_encrypted = security.is_secure;
    certificate = stream_certificate(s->telnet.wire.stream);
    if (!s->role->is_outgoing && certificate.serial[0] != '\0') {
        log_connected_by(s, security.terms, &certificate);
        return;
    }
    name = console_name(s->client.console);
    log_audit(
        usual_level(s), s->client.peer, console_id(s->client.console).text,
        LOG_CLIENT_CONNECTED " console=%s peer=%s tls=%s", LOG_TEXT(name.text),
        s->client.peer, security.is_secure ? LOG_TEXT(security.terms) : "no");
}

/* The peer is there, in whatever way was agreed on: on_open once, and never for
 * a connection that only drains. */
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

/* Once, and not for systems that vspcd called: they are no clients that have
 * come. */
static void report_attached(struct client_session *s)
{
    if (s->is_told || client_session_is_ending(s) || s->role->is_outgoing)
        return;
    s->is_told = true;
    client_report_attached(&s->client);
}

/* ON or OFF are answers of the peer; any other state waits for one. */
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

/* Released and written at once: the session ends, so what AUTHENTICATION holds
 * has to go, with the line that says why. It goes out in the clear, so it names
 * no console. */
void client_session_refuse_clear(struct client_session *s)
{
    enum client_end end = s->role->way == CLIENT_REMOTE
                              ? CLIENT_END_TLS_REQUIRED_OF_REMOTE
                              : CLIENT_END_TLS_REQUIRED;

    client_output_say(
        s, "[vspcd: refused, this port requires TLS (telnet -z ssl)]\r\n");
    wire_release(&s->telnet.wire);
    (void)wire_flush(&s->telnet.wire);
    mark_ending(s, client_end_text(end), ENDS_GENTLY);
}

/* In words, where words may be said. The line goes out at once, since nobody is
 * to wait for it. */
static void refuse_by_console(struct client_session *s, const struct err *why)
{
    const struct console *c = s->target.console;

    client_output_say(s, "[vspcd: %s: refused, %s]\r\n", console_name(c).text,
                      why->text);
    (void)wire_flush(&s->telnet.wire);
    log_audit(usual_level(s), s->client.peer, console_id(c).text,
              LOG_CLIENT_LIMIT_REACHED " console=%s peer=%s limit=%u",
              LOG_TEXT(console_name(c).text), s->client.peer,
              c->directory->settings.client_limit);
    client_session_end_gently(s, client_end_text(CLIENT_END_LIMIT));
}

/* The gate has logged it. */
static void refuse_by_gate(struct client_session *s, const char *line)
{
    client_output_say(s, "%s", line);
    (void)wire_flush(&s->telnet.wire);
    client_session_end_gently(s, client_end_text(CLIENT_END_TOTAL));
}

/* Whether the peer has proved who it is. A certificate that TLS has verified is
 * the only proof so far; whatever else will be one is asked about here. */
static bool is_authenticated(const struct client_session *s)
{
    return stream_security(s->telnet.wire.stream).has_certificate;
}

/* Connections that vspcd has made take no stranger's place. */
static bool take_place(struct client_session *s, const char **ret_line)
{
    return s->role->is_outgoing ||
           gate_take_place(&s->telnet.ctx->gate, &s->place,
                           &s->telnet.wire.stream->peer, is_authenticated(s),
                           ret_line);
}

/* From here on the VM waits for it, and sees it as DCD. It is shown what has
 * come since its connection did, although nobody has waited for it so far; a
 * program that connects and starts something would miss the beginning. */
static enum client_outcome attach_to_target(struct client_session *s,
                                            struct err *why)
{
    enum client_outcome outcome =
        client_attach(&s->client, s->target.console, clock_now_us(), why);

    if (outcome != CLIENT_ATTACHED)
        return outcome;
    gate_remove_newcomer(&s->telnet.ctx->gate, &s->newcomer);
    console_begin_at(&s->client.reader, s->came_at);
    client_output_note_absence(s);
    (void)client_line_begin(s);
    return CLIENT_ATTACHED;
}

bool client_session_take_place(struct client_session *s)
{
    const char *line;
    struct err why;

    if (client_session_is_ending(s) || s->target.console == NULL)
        return false;
    if (client_session_is_attached(s))
        return true;
    if (!take_place(s, &line)) {
        refuse_by_gate(s, line);
        return false;
    }
    if (attach_to_target(s, &why) != CLIENT_ATTACHED) {
        refuse_by_console(s, &why);
        return false;
    }
    log_connected(s);
    return true;
}

/* The order: the reader goes back before the first byte goes out; on_open and
 * the fact come before output that could end the session; then AUTHENTICATION
 * is closed, and the output goes. */
void client_session_serve(struct client_session *s)
{
    if (s->phase >= CLIENT_SERVING || s->target.console == NULL ||
        secure_is_open(&s->telnet.secure))
        return;
    if (secure_is_missing(&s->telnet.secure)) {
        client_session_refuse_clear(s);
        return;
    }
    if (!client_session_take_place(s))
        return;
    log_connected(s);
    client_session_enter(s, CLIENT_SERVING);
    client_idle_begin(s);
    (void)client_output_look_back(s);
    tell_open(s);
    report_attached(s);
    telnet_link_stay_clear(&s->telnet);
    client_window_ask(s);
    client_output_flush(s);
}

void client_session_decide(struct client_session *s)
{
    if (client_session_is_ending(s) || !client_session_has_answered(s))
        return;
    client_session_serve(s);
    client_window_ask(s);
    /* An answer that has come late. */
    if (client_session_is_shown(s) && client_output_look_back(s))
        client_output_flush(s);
}

/* Whether there is TLS is decided, one way or the other: back to what has to be
 * found out of every client. */
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
        /* Once: each message of the exchange comes here, and one that repeats
         * what changes nothing would renew its time for ever. */
        if (s->phase != CLIENT_AUTHENTICATING)
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

/* It was silent so far: it gets the bare bytes, until it turns out to be
 * telnet. A client with a mode has answered something and only left BINARY
 * open. Without a console there is nothing to serve it yet, and it is not read:
 * its time begins anew. */
static void stop_negotiating(struct client_session *s)
{
    if (s->target.console == NULL) {
        client_session_enter(s, (enum client_phase)s->phase);
        return;
    }
    if (s->mode == CLIENT_MODE_UNDECIDED)
        s->telnet.wire.encoder.is_raw = true;
    telnet_link_stay_clear(&s->telnet);
    client_session_serve(s);
    if (s->has_finished && s->phase == CLIENT_SERVING)
        client_session_enter(s, CLIENT_HALF_CLOSED);
}

/* A remote system may look up our name before it answers. Where TLS is required
 * there is nothing else to be had from it, so it is waited for more than
 * once. */
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
        mark_ending(s, s->end_detail, 0);
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

/* All the reasons for not reading are RESTS and none WAITS: a client that takes
 * no answers, or whose input the console does not take, waits for somebody
 * else, perhaps for ever. A break ends it then, whatever it had said. */
static enum telnet_link_pace client_session_pace(const struct telnet_link *l)
{
    const struct client_session *s =
        CONTAINER_OF(l, const struct client_session, telnet);

    if (s->phase >= CLIENT_HALF_CLOSED || s->has_finished ||
        s->target.console == NULL || s->has_typed_over || s->is_refused ||
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

/* A client is read while the console takes no input, but little: see
 * client_input.c. */
static void client_session_on_readable(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);
    bool takes = console_takes_input(s->target.console);

    (void)telnet_link_read(l, l->ctx->read_buffer,
                           takes ? LIMIT_READ : CLIENT_PEEK);
    client_output_flush(s);
}

/* Writability is also how the end of the handshake is seen: telnet_link asks
 * for it until hands are shaken. */
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

static bool may_be_served_later(const struct client_session *s)
{
    return s->mode == CLIENT_MODE_UNDECIDED && s->kept.len == 0 &&
           (s->phase == CLIENT_FIRST_BYTE || s->phase == CLIENT_NEGOTIATING) &&
           !secure_is_missing(&s->telnet.secure);
}

/* No hello can come any more, so it is greeted now: where nobody is left, that
 * is what shows it. */
static void finish_unserved(struct client_session *s)
{
    s->has_finished = true;
    if (s->phase == CLIENT_FIRST_BYTE)
        telnet_link_hello_overdue(&s->telnet);
}

/*
 * The peer sends no more. A program may have sent all that it had to say, and
 * wait for the answer (nc -N): it is shown what comes until the output is
 * quiet. A remote system that vspcd called has hung up.
 *
 * A client that has said nothing at all is no client yet: it may be a health
 * check, whose connection is gone by the time that it would be served. If it is
 * there then, it is a reader (nc </dev/null). Where TLS is required, or has
 * begun, nothing can come of it any more.
 */
static void client_session_on_closed(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->role->is_outgoing)
        client_session_drain(s, client_end_text(CLIENT_END_CLOSED_BY_REMOTE));
    else if (may_be_served_later(s))
        finish_unserved(s);
    else if (s->phase == CLIENT_NEGOTIATING)
        stop_negotiating(s);
    if (s->phase == CLIENT_SERVING)
        client_session_enter(s, CLIENT_HALF_CLOSED);
    else if (s->phase < CLIENT_SERVING && !s->has_finished)
        client_session_end_for(s, CLIENT_END_CLOSED);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
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

/* ---- its client --------------------------------------------------------- */

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
    client_window_ask(s);
    if (s->telnet.wire.out.len > 0)
        client_output_flush(s);
}

static const struct client_ops client_session_client_ops = {
    .pull = client_session_pull,
    .input_changed = client_session_input_changed,
    .lines_changed = client_session_lines_changed,
};

/* ---- its beginning ------------------------------------------------------ */

/* Whoever waits for being served learns so that there is nothing to wait for.
 * The reference is dropped first: the end passes on input, for which the client
 * would be attached. */
static void client_session_on_target_gone(struct console_ref *ref)
{
    struct client_session *s = CONTAINER_OF(ref, struct client_session, target);
    bool has_ended = client_session_is_ending(s);

    log_end(s, has_ended ? s->end_detail
                         : client_end_text(CLIENT_END_CONSOLE_GONE));
    console_ref_set(ref, NULL);
    client_session_end_for(s, CLIENT_END_CONSOLE_GONE);
}

static void go_to(struct client_session *s, struct console *c)
{
    console_ref_set(&s->target, c);
    s->came_at = c->output.head;
}

/* The order of the questions: what the stream is, what the role is, what TLS
 * may still come. */
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

/* A connection that vspcd has made is no stranger's, and a raw one in the clear
 * has nothing to wait for: they are attached at once. A remote system continues
 * where its last connection was, as far as the ring reaches back. So does the
 * next one if the console refuses this one: the role's owner takes the position
 * over at the end. */
static void start(struct client_session *s)
{
    enum client_phase phase = first_phase(s);

    if (s->role->is_outgoing || phase == CLIENT_SERVING) {
        (void)client_session_take_place(s);
        if (s->role->is_outgoing)
            s->client.reader.at = s->role->output_at;
    } else {
        gate_add_newcomer(&s->telnet.ctx->gate, ADMISSION_CLIENT, &s->newcomer,
                          &s->session, s->client.peer,
                          &s->telnet.wire.stream->peer);
    }
    if (client_session_is_ending(s))
        return;
    client_session_enter(s, phase);
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

/* Only clients that came by telnet are shown earlier output; a raw connection
 * and a remote system are a wire. */
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
    s->may_look_back = role->way == CLIENT_TELNET;
    session_start(&ctx->all, &s->session, &client_session_ops);
    console_ref_init(&s->target, client_session_on_target_gone);
    deadline_init(&s->deadline);
    deadline_init(&s->doubt);
    deadline_init(&s->nop);
    deadline_init(&s->idle);
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

    go_to(s, console);
    start(s);
    return &s->client;
}

void client_session_shut_down(struct client *client, const char *reason)
{
    client_session_shut_down_one(&client_session_of(client)->session, reason);
}

/* The role may go with its owner, so a constant one takes its place. */
void client_session_end(struct client *client, const char *reason)
{
    struct client_session *s = client_session_of(client);

    s->role = client_role_without_owner(s->role);
    mark_ending(s, reason, 0);
}

void client_session_detach(struct client *client)
{
    struct client_session *s = client_session_of(client);

    if (s->target.console == NULL || client_session_is_ending(s))
        return;
    client_past_give_up(&s->past);
    deadline_stop(&s->doubt); /* client_input_go_on starts it again */
    leave_console(s);
    console_ref_set(&s->target, NULL);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
}

/* What was asked for the former console (older output) is given up by the
 * detaching; a client is moved as what it is, and is shown no past. */
enum client_outcome client_session_attach(struct client *client,
                                          struct console *console,
                                          struct err *why)
{
    struct client_session *s = client_session_of(client);
    enum client_outcome outcome = CLIENT_ATTACHED;

    client_session_detach(client);
    go_to(s, console);
    if (client_session_is_shown(s))
        outcome = attach_to_target(s, why);
    if (outcome != CLIENT_ATTACHED) {
        console_ref_set(&s->target, NULL);
        return outcome;
    }
    if (client_session_is_shown(s))
        report_attached(s);
    log_connected(s);
    if (client_session_has_answered(s))
        client_session_serve(s);
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
        { &all->exchanges, CLIENT_EXCHANGE_US, client_session_phase_due },
        { &all->negotiations, CLIENT_NEGOTIATION_US, client_session_phase_due },
        { &all->half_closes, ctx->settings.half_close_us,
          client_session_phase_due },
        { &all->drains, CLIENT_DRAIN_US, client_session_phase_due },
        { &all->doubts, CLIENT_DOUBT_US, client_input_doubt_due },
        { &all->pasts, CLIENT_PAST_US, client_past_due },
        { &all->nops, 0, client_idle_nop_due },
        { &all->idles, 0, client_idle_due },
        { &all->last_times, 0, client_idle_due },
    };

    ctx->clients = all;
    for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++)
        session_context_open_queue(ctx, queues[i].queue, queues[i].length_us,
                                   queues[i].on_due);
    client_idle_set(ctx);
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
    deadline_queue_close(&all->nops);
    deadline_queue_close(&all->idles);
    deadline_queue_close(&all->last_times);
    free(all);
    ctx->clients = NULL;
}
