/*
 * The life of a WebSocket session. console_socket_private.h has the phases and
 * their picture; this file has what moves it from one to the next, and the
 * tables by which its connection and its console lead to the other files.
 */
#include "web/socket/console_socket.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "core/keyboard.h"
#include "net/tls/stream_tls.h"
#include "session/client/client_end.h"
#include "session/client/client_log.h"
#include "web/socket/console_socket_private.h"

#include <stdlib.h>

const char *socket_phase_name(enum socket_phase phase)
{
    static const char *const names[SOCKET_PHASE_COUNT] = {
        [SOCKET_SERVING] = "serving", [SOCKET_LOST] = "lost",
        [SOCKET_AWAY] = "away",       [SOCKET_DRAINING] = "draining",
        [SOCKET_ENDING] = "ending",
    };

    return (unsigned)phase < SOCKET_PHASE_COUNT ? names[phase] : "?";
}

void console_socket_enter(struct console_socket *s, enum socket_phase phase)
{
    struct console_sockets *all = s->ctx->sockets;
    struct deadline_queue *const queues[SOCKET_PHASE_COUNT] = {
        [SOCKET_LOST] = &all->losts,
        [SOCKET_AWAY] = &all->aways,
        [SOCKET_DRAINING] = &all->drains,
    };

    deadline_stop(&s->deadline);
    s->phase = (uint8_t)phase;
    if (queues[phase] != NULL)
        deadline_start(queues[phase], &s->deadline, clock_now_us());
}

/* What the console has room for came before the end. */
static void let_go(struct console_socket *s)
{
    struct buf kept = s->kept;

    buf_init(&s->kept, SOCKET_INPUT_WINDOW);
    if (kept.len > 0 && s->client.console != NULL &&
        console_has_input_room(s->client.console, kept.len))
        (void)socket_input_give(s, buf_bytes(&kept));
    buf_done(&kept);
}

void console_socket_end(struct console_socket *s, const char *reason)
{
    if (!console_socket_is_ending(s))
        let_go(s);
    if (console_socket_is_ending(s))
        return;
    console_socket_enter(s, SOCKET_ENDING);
    s->end_reason = reason;
    deadline_stop(&s->people_due);
    socket_place_give_up(s);
    if (s->link.stream != NULL)
        stream_want(s->link.stream, 0);
    session_mark_ending(&s->ctx->all, &s->session);
}

void console_socket_drain(struct console_socket *s, enum websocket_code code,
                          const char *reason)
{
    if (s->phase >= SOCKET_DRAINING)
        return;
    s->end_code = (uint16_t)code;
    if (s->phase != SOCKET_SERVING || s->client.console == NULL) {
        console_socket_end(s, reason);
        return;
    }
    s->end_reason = reason;
    socket_place_stop(s);
    view_end_at(&s->client.view, s->client.console->output.head);
    console_socket_enter(s, SOCKET_DRAINING);
    console_socket_go_on(s);
}

/* At most some times a second, however many come and go, and however often a
 * VM begins to move. */
static void tell_people(struct console_socket *s)
{
    const struct client *holder = keyboard_holder(s->client.console);
    const struct keyboard_lock *lock = keyboard_lock_of(s->client.console);

    if (!s->people_changed || !s->is_greeted || s->phase != SOCKET_SERVING ||
        deadline_is_running(&s->people_due))
        return;
    s->people_changed = false;
    deadline_start(&s->ctx->sockets->people, &s->people_due, clock_now_us());
    socket_text_people(s);
    if (s->is_move_told != (s->client.console->move != NULL))
        socket_text_state(s);
    if (s->keyboard_told == (holder != NULL ? holder->number : 0) &&
        s->lock_told_us == (lock != NULL ? lock->since_us : 0))
        return;
    s->was_told_denied = false;
    socket_text_lock(s);
}

void console_socket_go_on(struct console_socket *s)
{
    socket_output_flush(s);
    if (console_socket_is_ending(s))
        return;
    if (s->people_changed) {
        tell_people(s);
        socket_output_flush(s);
    }
    if (!console_socket_is_ending(s))
        websocket_link_update(&s->link);
}

/* ---- its session --------------------------------------------------------- */

static struct console_socket *socket_at(struct session *session)
{
    return CONTAINER_OF(session, struct console_socket, session);
}

static void console_socket_shut_down(struct session *session,
                                     const char *reason)
{
    console_socket_drain(socket_at(session), WEBSOCKET_CODE_RESTART, reason);
}

static void console_socket_close(struct session *session, const char *reason)
{
    console_socket_end(socket_at(session), reason);
}

/* A certificate may prove another name, or none, by settings that have changed:
 * then whoever came by it comes again. */
static bool is_itself(const struct console_socket *s)
{
    return s->link.stream == NULL ||
           !stream_tls_follow(s->link.stream, s->ctx->client_tls) ||
           s->who.proof != PROOF_CERTIFICATE ||
           strcmp(stream_certificate(s->link.stream).name, s->who.name) == 0;
}

static bool console_socket_judge(struct session *session)
{
    struct console_socket *s = socket_at(session);

    if (s->phase >= SOCKET_DRAINING)
        return false;
    if (!is_itself(s)) {
        socket_access_lose(s, "its certificate proves another name now");
        return true;
    }
    if (s->link.stream != NULL &&
        !gate_allows(&s->ctx->gate, ADMISSION_CLIENT, &s->link.stream->peer)) {
        socket_access_lose(s, client_end_text(CLIENT_END_NOT_ALLOWED));
        return true;
    }
    return !socket_access_judge(s);
}

static void log_end(const struct console_socket *s)
{
    const struct client *client = &s->client;

    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_DISCONNECTED CLIENT_LOG_FIELDS
              " seconds=%llu input-bytes=%llu output-bytes=%llu reason=%s",
              CLIENT_LOG_VALUES(client, client->console),
              (unsigned long long)(clock_now_us() - client->since_us) / 1000000,
              (unsigned long long)client->input_bytes,
              (unsigned long long)client->output_bytes,
              LOG_TEXT(s->end_reason));
}

static void console_socket_on_end(struct session *session)
{
    struct console_socket *s = socket_at(session);

    if (s->is_attached) {
        log_end(s);
        client_report_detached(&s->client);
    }
    client_detach(&s->client, clock_now_us());
    list_remove(&s->node);
    groups_watch_remove(&s->watched);
    gate_leave_place(&s->ctx->gate, &s->place);
    websocket_link_done(&s->link, s->ends_gently);
}

static void console_socket_free(struct session *session)
{
    struct console_socket *s = socket_at(session);

    buf_done(&s->kept);
    buf_done(&s->text);
    principal_done(&s->who);
    free(s->label);
    free(s->end_text);
    free(s);
}

const struct session_ops console_socket_ops = {
    .shut_down = console_socket_shut_down,
    .close = console_socket_close,
    .judge = console_socket_judge,
    .end = console_socket_on_end,
    .free = console_socket_free,
};

/* ---- its connection ------------------------------------------------------ */

static void console_socket_on_data(struct websocket_link *l,
                                   enum websocket_opcode opcode,
                                   struct slice bytes, bool is_end)
{
    struct console_socket *s = console_socket_of_link(l);

    if (opcode == WEBSOCKET_BINARY)
        socket_input_take(s, bytes);
    else
        socket_command_take(s, bytes, is_end);
}

static void console_socket_on_ready(struct websocket_link *l)
{
    struct console_socket *s = console_socket_of_link(l);

    if (console_socket_is_ending(s))
        return;
    s->commands = 0;
    socket_access_tell_denied(s);
    socket_input_tell(s);
    console_socket_go_on(s);
}

static void log_away(const struct console_socket *s, const char *reason)
{
    const struct client *client = &s->client;

    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_AWAY CLIENT_LOG_FIELDS " reason=%s",
              CLIENT_LOG_VALUES(client, client->console), LOG_TEXT(reason));
}

/* Who says goodbye (1000) does not come again; nor does one that has broken the
 * protocol, and would break it again. */
static void console_socket_on_lost(struct websocket_link *l,
                                   const struct websocket_link_end *end)
{
    struct console_socket *s = console_socket_of_link(l);

    if (s->phase == SOCKET_DRAINING) {
        console_socket_end(s, s->end_reason);
    } else if (s->phase != SOCKET_SERVING || s->label == NULL ||
               end->is_fault || end->code == WEBSOCKET_CODE_GONE) {
        s->ends_gently = true;
        console_socket_end(s, end->text);
    } else {
        log_away(s, end->text);
        socket_place_stop(s);
        console_socket_enter(s, SOCKET_LOST);
    }
}

static void console_socket_on_distrusted(struct websocket_link *l,
                                         const char *reason)
{
    struct console_socket *s = console_socket_of_link(l);

    if (s->phase < SOCKET_DRAINING)
        socket_access_lose(s, reason);
}

static void console_socket_on_ping(struct websocket_link *l)
{
    struct console_socket *s = console_socket_of_link(l);

    if (s->phase == SOCKET_SERVING && s->is_greeted)
        socket_text_ping(s);
}

static size_t console_socket_room(const struct websocket_link *l)
{
    return socket_input_room(
        CONTAINER_OF(l, const struct console_socket, link));
}

const struct websocket_link_ops console_socket_of_connection = {
    .on_data = console_socket_on_data,
    .on_ready = console_socket_on_ready,
    .on_end = console_socket_on_lost,
    .on_ping = console_socket_on_ping,
    .on_distrusted = console_socket_on_distrusted,
    .room = console_socket_room,
};

/* ---- its console --------------------------------------------------------- */

static void console_socket_pull(struct client *client)
{
    console_socket_go_on(console_socket_of(client));
}

static void console_socket_input_changed(struct client *client)
{
    struct console_socket *s = console_socket_of(client);

    socket_input_go_on(s);
    if (console_socket_is_ending(s))
        return;
    /* The peer may wait for nothing else. */
    socket_input_tell(s);
    console_socket_go_on(s);
}

/* A page has no modem lines. */
static void console_socket_lines_changed(struct client *client)
{
    (void)client;
}

static void console_socket_judge_client(struct client *client)
{
    (void)socket_access_judge(console_socket_of(client));
}

static void console_socket_people_changed(struct client *client)
{
    struct console_socket *s = console_socket_of(client);

    s->people_changed = true;
    console_socket_go_on(s);
}

static void console_socket_say(struct client *client, const char *text)
{
    struct console_socket *s = console_socket_of(client);

    if (s->phase != SOCKET_SERVING)
        return;
    socket_text_message(s, text);
    console_socket_go_on(s);
}

static void console_socket_disconnect(struct client *client, const char *reason)
{
    struct console_socket *s = console_socket_of(client);

    if (s->phase >= SOCKET_DRAINING)
        return;
    free(s->end_text);
    s->end_text = xstrdup(reason);
    console_socket_drain(s, WEBSOCKET_CODE_ENDED, s->end_text);
}

const struct client_ops console_socket_of_console = {
    .pull = console_socket_pull,
    .input_changed = console_socket_input_changed,
    .lines_changed = console_socket_lines_changed,
    .judge = console_socket_judge_client,
    .people_changed = console_socket_people_changed,
    .say = console_socket_say,
    .disconnect = console_socket_disconnect,
};

/* ---- time ---------------------------------------------------------------- */

static struct console_socket *socket_due(struct deadline *d)
{
    return CONTAINER_OF(d, struct console_socket, deadline);
}

static void console_socket_lost_due(struct deadline *d, void *owner)
{
    struct console_socket *s = socket_due(d);

    (void)owner;
    websocket_link_done(&s->link, false);
    console_socket_enter(s, SOCKET_AWAY);
}

static void console_socket_away_due(struct deadline *d, void *owner)
{
    struct session_context *ctx = owner;

    console_socket_end(socket_due(d),
                       "its connection was lost, and no other one came");
    directory_settle(ctx->directory);
}

static void console_socket_drain_due(struct deadline *d, void *owner)
{
    struct console_socket *s = socket_due(d);
    struct session_context *ctx = owner;

    console_socket_end(s, s->end_reason);
    directory_settle(ctx->directory);
}

static void console_socket_people_due(struct deadline *d, void *owner)
{
    struct console_socket *s =
        CONTAINER_OF(d, struct console_socket, people_due);
    struct session_context *ctx = owner;

    console_socket_go_on(s);
    directory_settle(ctx->directory);
}

void console_socket_open_all(struct session_context *ctx)
{
    struct console_sockets *all = xcalloc(1, sizeof *all);

    ctx->sockets = all;
    list_init(&all->labelled);
    session_context_open_queue(ctx, &all->losts, 0, console_socket_lost_due);
    session_context_open_queue(ctx, &all->aways, SOCKET_AWAY_US,
                               console_socket_away_due);
    session_context_open_queue(ctx, &all->drains, SOCKET_DRAIN_US,
                               console_socket_drain_due);
    session_context_open_queue(ctx, &all->pasts, SOCKET_PAST_US,
                               socket_place_past_due);
    session_context_open_queue(ctx, &all->people, SOCKET_PEOPLE_US,
                               console_socket_people_due);
}

void console_socket_close_all(struct session_context *ctx)
{
    struct console_sockets *all = ctx->sockets;

    deadline_queue_close(&all->losts);
    deadline_queue_close(&all->aways);
    deadline_queue_close(&all->drains);
    deadline_queue_close(&all->pasts);
    deadline_queue_close(&all->people);
    free(all);
    ctx->sockets = NULL;
}
