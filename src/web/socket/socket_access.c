/*
 * What a WebSocket session may do, as client_access.c has it for telnet's: the
 * answer is the rules', asked before it takes a place, and again whenever it
 * may be another one. That a client does no more is core's (core/client.c).
 */
#include "base/clock.h"
#include "core/directory.h"
#include "session/client/client_control.h"
#include "session/client/client_end.h"
#include "session/client/client_log.h"
#include "web/socket/console_socket_private.h"

static const char *why_not(const struct console_socket *s)
{
    bool is_trusted = session_context_trusts(s->ctx, &s->who);

    if (!is_trusted && s->who.web_session != 0)
        return client_end_text(CLIENT_END_WEB_SESSION);
    return client_end_text(is_trusted || s->who.token == 0 ? CLIENT_END_NO_RIGHT
                                                           : CLIENT_END_TOKEN);
}

bool socket_access_decide(struct console_socket *s, const struct console *c)
{
    struct access_verdict verdict = session_context_judge(s->ctx, &s->who, c);

    client_set_right(&s->client, verdict.right);
    s->client.keyboard = (uint8_t)verdict.keyboard;
    if (verdict.right >= RIGHT_READ)
        return true;
    admission_count(&s->ctx->gate.admission, ADMISSION_CLIENT,
                    ADMISSION_NO_RIGHT);
    client_log_refused(&s->client, c, LOG_WARNING, verdict.line, why_not(s));
    return false;
}

static void socket_access_groups_changed(void *owner)
{
    struct console_socket *s = owner;

    (void)socket_access_judge(s);
    directory_settle(s->ctx->directory);
}

void socket_access_watch(struct console_socket *s)
{
    if (s->ctx->groups != NULL)
        groups_watch_add(s->ctx->groups, &s->watched, &s->who,
                         socket_access_groups_changed, s);
}

/* Output that it has not had yet is not its due any more. */
void socket_access_lose(struct console_socket *s, const char *reason)
{
    client_skip(&s->client, clock_now_us());
    socket_place_stop(s);
    s->cursor.at = s->client.reader.at;
    s->acked = s->cursor.at;
    console_socket_drain(s, WEBSOCKET_CODE_NO_RIGHT, reason);
}

static void log_changed(const struct console_socket *s, enum right before,
                        const struct access_verdict *verdict)
{
    const struct client *client = &s->client;

    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_RIGHT_CHANGED CLIENT_LOG_FIELDS
              " right=%s before=%s rule-line=%u",
              CLIENT_LOG_VALUES(client, client->console),
              right_name(verdict->right), right_name(before), verdict->line);
}

bool socket_access_judge(struct console_socket *s)
{
    enum right before = (enum right)s->client.right;
    struct access_verdict verdict;

    if (s->phase >= SOCKET_DRAINING || s->client.console == NULL)
        return true;
    verdict = session_context_judge(s->ctx, &s->who, s->client.console);
    s->client.keyboard = (uint8_t)verdict.keyboard;
    keyboard_look(&s->client);
    if (verdict.right == before)
        return true;
    log_changed(s, before, &verdict);
    client_set_right(&s->client, verdict.right);
    if (verdict.right < RIGHT_READ) {
        socket_access_lose(s, why_not(s));
        return false;
    }
    s->was_told_denied = false;
    /* A connection that is not greeted yet is told by hello, and its place in
     * the output is not known. */
    if (s->is_greeted) {
        socket_text_right(s);
        console_socket_go_on(s);
    }
    return true;
}

static void tell_right(struct console_socket *s, enum right denied)
{
    const struct client *client = &s->client;

    s->was_told_denied = true;
    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_DENIED CLIENT_LOG_FIELDS " right=%s needs=%s",
              CLIENT_LOG_VALUES(client, client->console),
              right_name((enum right)client->right), right_name(denied));
    socket_text_message(s, client->right >= RIGHT_WRITE
                               ? "you may not send a break"
                               : "you may only read; what you type is "
                                 "discarded");
}

/* Once for each state of the keyboard: a lock text says who has it. */
void socket_access_tell_denied(struct console_socket *s)
{
    enum right denied = (enum right)s->client.denied;
    bool is_locked_out = s->client.is_locked_out;

    s->client.denied = RIGHT_NONE;
    s->client.is_locked_out = false;
    if (s->phase != SOCKET_SERVING || s->was_told_denied)
        return;
    if (denied != RIGHT_NONE) {
        tell_right(s, denied);
    } else if (is_locked_out) {
        s->was_told_denied = true;
        socket_text_lock(s);
    }
}
