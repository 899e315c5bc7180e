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
 * A text for a client that is refused: for want of a right, in client_access.c
 * and refuse_clear_login of client_login.c; for want of a place, in
 * refuse_by_console and refuse_by_gate of client_serving.c; for want of TLS, in
 * client_session_refuse_clear; when it connects, by address and rate, in
 * session/gate.c.
 */
#include "session/client/client_session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "session/client/client_log.h"
#include "session/client/client_session_private.h"
#include "session/login.h"

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
    [CLIENT_LOGIN] = { "login", QUEUE(logins) },
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

static struct deadline_queue *queue_at(const struct session_context *ctx,
                                       size_t offset)
{
    return (struct deadline_queue *)(void *)((char *)ctx->clients + offset);
}

/* The one place that sets the phase. Into the present phase again: its time
 * begins anew (HALF_CLOSED with each output, CALLING with each wait). */
void client_session_enter(struct client_session *s, enum client_phase phase)
{
    assert(s->phase != CLIENT_ENDING);
    deadline_stop(&s->deadline);
    s->phase = (uint8_t)phase;
    if (phases[phase].has_deadline)
        deadline_start(queue_at(s->telnet.ctx, phases[phase].queue),
                       &s->deadline, clock_now_us());
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
    client_menu_stop(s);
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
void client_session_on_broken(struct telnet_link *l, int error)
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
    const struct client *client = &s->client;
    const struct client_stay *stay = &s->stay;

    log_audit(s->is_silent_end ? LOG_DEBUG : client_session_log_level(s),
              client->peer, console_id(c).text,
              LOG_CLIENT_DISCONNECTED CLIENT_LOG_FIELDS
              " seconds=%llu input-bytes=%llu output-bytes=%llu reason=%s",
              CLIENT_LOG_VALUES(client, c),
              (unsigned long long)(clock_now_us() - stay->since_us) / 1000000,
              (unsigned long long)(client->input_bytes - stay->input_bytes),
              (unsigned long long)(client->output_bytes - stay->output_bytes),
              LOG_TEXT(reason));
}

/* on_end comes behind the leaving and before the stream goes: the owner may
 * look at the console, and the reason may be the stream's own text. The role
 * may go with it. */
static void client_session_on_end(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);
    const struct client_role *role = s->role;

    if (s->target.console != NULL)
        log_end(s, s->end_detail);
    client_login_done(s);
    client_menu_end(s);
    leave_console(s);
    gate_leave_place(&s->telnet.ctx->gate, &s->place);
    console_ref_set(&s->target, NULL);
    s->role = client_role_without_owner(role);
    if (role->on_end != NULL)
        role->on_end(role->owner, s->end_detail);
    telnet_link_done(&s->telnet, s->ends_gently);
}

static void client_session_free(struct session *session)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    buf_done(&s->kept);
    client_menu_done(s);
    free(s->end_text);
    client_access_done(s);
    free(s);
}

/* The reason is said as the END of the output and not at once: it stands behind
 * everything that the client still gets. */
static void client_session_shut_down_one(struct session *session,
                                         const char *reason)
{
    struct client_session *s =
        CONTAINER_OF(session, struct client_session, session);

    if (client_menu_shut_down(s, reason))
        return;
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

    if (s->role->is_outgoing || s->phase >= CLIENT_DRAINING)
        return false;
    if (secure_follow(&s->telnet.secure, s->telnet.wire.stream,
                      s->telnet.ctx->client_tls))
        client_access_identify_again(s);
    if (gate_allows(&s->telnet.ctx->gate, ADMISSION_CLIENT,
                    &s->telnet.wire.stream->peer))
        return !client_access_judge(s);
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

/* ---- what is known of it ----------------------------------------------- */

/* ON or OFF are answers of the peer; any other state waits for one. One that is
 * greeted later was asked nothing before its first byte. */
bool client_session_has_answered(const struct client_session *s)
{
    enum telopt_state binary =
        telpeer_state(&s->telnet.wire.peer, TELPEER_US, TELNET_OPTION_BINARY);

    return s->mode == CLIENT_MODE_TELNET &&
           (binary == TELOPT_ON || binary == TELOPT_OFF);
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

static void client_session_phase_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);
    struct session_context *ctx = owner;

    switch ((enum client_phase)s->phase) {
    case CLIENT_FIRST_BYTE:
        telnet_link_hello_overdue(&s->telnet);
        break;
    case CLIENT_CALLING:
        client_serving_stop_calling(s);
        break;
    case CLIENT_AUTHENTICATING:
        client_session_end_for(s, CLIENT_END_HALF_AUTHENTICATED);
        break;
    case CLIENT_NEGOTIATING:
        client_serving_stop_negotiating(s);
        break;
    case CLIENT_LOGIN:
        client_login_late(s);
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

/* A connection that vspcd has made is no stranger's, and a raw one in the
 * clear, or one that is known, has nothing to wait for: they are attached at
 * once. A remote system continues where its last connection was, as far as the
 * ring reaches back. So does the next one if the console refuses this one: the
 * role's owner takes the position over at the end. */
static void start(struct client_session *s)
{
    enum client_phase phase = first_phase(s);

    if (s->role->is_outgoing || s->role->is_known || phase == CLIENT_SERVING) {
        (void)client_serving_take_place(s);
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
        client_serving_tell_open(s);
        client_serving_report(s);
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
        .right = role->is_outgoing ? RIGHT_BREAK : RIGHT_NONE,
        .asked = role->asked,
        .peer = peer.text,
        .now_us = clock_now_us(),
    };
    const struct telnet_link_setup setup = {
        .ops = &client_events_of_link,
        .policy = role->policy,
        .tls = is_caller ? role->tls : ctx->client_tls,
        .is_caller = is_caller,
        .out_max = role->answers_max != 0 ? role->answers_max : LIMIT_ANSWERS,
    };

    s->role = role;
    s->may_look_back = role->way == CLIENT_TELNET && !role->is_choosing;
    session_start(&ctx->all, &s->session, &client_session_ops);
    console_ref_init(&s->target, client_session_on_target_gone);
    deadline_init(&s->deadline);
    deadline_init(&s->doubt);
    deadline_init(&s->nop);
    deadline_init(&s->idle);
    buf_init(&s->kept, 2 * LIMIT_READ);
    client_past_init(&s->past);
    s->stay.since_us = origin.now_us;
    client_init(&s->client, &client_events_of_console, &origin);
    comport_peer_init(&s->comport, LINE_CLIENTS);
    telnet_link_init(&s->telnet, ctx, stream, &setup);
    client_access_init(s);
    if (role->door == CLIENT_DOOR_MENU)
        client_menu_init(s);
    return s;
}

struct client *client_session_start(struct session_context *ctx,
                                    struct stream *stream,
                                    struct console *console,
                                    const struct client_role *role)
{
    struct client_session *s = new_session(ctx, stream, role);

    assert((console == NULL) == client_session_is_choosing(s));
    if (console != NULL)
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

void client_session_leave(struct client *client, const char *reason)
{
    struct client_session *s = client_session_of(client);

    log_end(s, reason);
    client_session_detach(client);
    /* What it has typed was for this console. */
    s->is_refused = false;
    s->may_look_back = false;
    buf_done(&s->kept);
    buf_init(&s->kept, 2 * LIMIT_READ);
}

/* It has had its place since it came. */
static enum client_outcome let_in(struct client_session *s, struct err *why)
{
    const char *line;

    if (!client_access_decide(s, why))
        return CLIENT_REFUSED_RIGHT;
    if (gate_serves_clients(&s->telnet.ctx->gate, &s->telnet.wire.stream->peer,
                            &line))
        return client_serving_attach(s, why);
    err_set(why, "no new clients are served at present; try again later");
    return CLIENT_REFUSED_NOW;
}

/* What was asked for the former console (older output) is given up by the
 * detaching; a client is moved as what it is, and is shown no past, unless it
 * has chosen the console itself (the menu). */
enum client_outcome client_session_attach(struct client *client,
                                          struct console *console,
                                          struct err *why)
{
    struct client_session *s = client_session_of(client);
    enum client_outcome outcome;

    client_session_detach(client);
    go_to(s, console);
    if (client_session_is_choosing(s)) {
        s->may_look_back = true;
        s->is_logged = false;
        s->was_told_denied = false;
    }
    if (client_session_is_shown(s)) {
        outcome = let_in(s, why);
        if (outcome != CLIENT_ATTACHED) {
            client_serving_log_refused(s, outcome, why);
            console_ref_set(&s->target, NULL);
            s->may_look_back = false;
            return outcome;
        }
        client_serving_report(s);
        if (client_session_is_choosing(s))
            (void)client_output_look_back(s);
    }
    client_serving_log(s);
    if (client_session_has_answered(s))
        client_serving_begin(s);
    client_input_go_on(s);
    client_output_flush(s);
    return CLIENT_ATTACHED;
}

int client_session_send_message(struct client *client, uint8_t option,
                                struct slice body)
{
    struct client_session *s = client_session_of(client);

    if (client_session_is_ending(s))
        return -1;
    if (telnet_put_suboption(&s->telnet.wire.out, option, body) < 0) {
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
        return -1;
    }
    client_output_flush(s);
    return 0;
}

size_t client_session_owed(const struct client *client)
{
    return CONTAINER_OF(client, const struct client_session, client)
        ->telnet.wire.out.len;
}

/* half_closes and those of client_idle.c get their lengths from the settings,
 * when all are open. */
static const struct {
    size_t queue; /* in struct client_sessions */
    uint64_t length_us;
    deadline_due_fn *on_due;
} queues[] = {
#define QUEUE(member) offsetof(struct client_sessions, member)
    { QUEUE(first_bytes), SECURE_FIRST_BYTE_US, client_session_phase_due },
    { QUEUE(calls), CLIENT_ANSWER_US, client_session_phase_due },
    { QUEUE(exchanges), CLIENT_EXCHANGE_US, client_session_phase_due },
    { QUEUE(negotiations), CLIENT_NEGOTIATION_US, client_session_phase_due },
    { QUEUE(logins), LOGIN_US, client_session_phase_due },
    { QUEUE(half_closes), 0, client_session_phase_due },
    { QUEUE(drains), CLIENT_DRAIN_US, client_session_phase_due },
    { QUEUE(doubts), CLIENT_DOUBT_US, client_input_doubt_due },
    { QUEUE(pasts), CLIENT_PAST_US, client_past_due },
    { QUEUE(nops), 0, client_idle_nop_due },
    { QUEUE(idles), 0, client_idle_due },
    { QUEUE(last_times), 0, client_idle_due },
    { QUEUE(locks), 1000 * 1000, client_control_locks_due },
#undef QUEUE
};

enum { QUEUE_COUNT = sizeof queues / sizeof queues[0] };

void client_session_open_all(struct session_context *ctx)
{
    ctx->clients = xcalloc(1, sizeof *ctx->clients);
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        session_context_open_queue(ctx, queue_at(ctx, queues[i].queue),
                                   queues[i].length_us, queues[i].on_due);
    deadline_queue_set_length(&ctx->clients->half_closes,
                              ctx->settings.half_close_us);
    client_idle_set(ctx);
    deadline_init(&ctx->clients->lock_tick);
    client_menu_open_all(ctx);
}

void client_session_close_all(struct session_context *ctx)
{
    client_menu_close_all(ctx);
    deadline_stop(&ctx->clients->lock_tick);
    for (size_t i = 0; i < QUEUE_COUNT; i++)
        deadline_queue_close(queue_at(ctx, queues[i].queue));
    free(ctx->clients);
    ctx->clients = NULL;
}
