/*
 * How a WebSocket session begins. The order is that of every door
 * (client_serving.c): what it may do, then a place, then its console; a
 * stranger who is refused was never seen by the VM. The request is answered in
 * any case: a page cannot see an HTTP status, but a close code.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "session/client/client_control.h"
#include "session/client/client_end.h"
#include "session/client/client_log.h"
#include "web/socket/console_socket_private.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the labelled -------------------------------------------------------- */

/* Somebody who has proven nothing comes again from the same address; and both
 * know a label that somebody else does not. */
static bool is_same_peer(const struct principal *a, const struct principal *b)
{
    if (a->name != NULL && b->name != NULL)
        return principal_is_same(a, b);
    return a->name == NULL && b->name == NULL && a->is_local == b->is_local &&
           memcmp(&a->ip, &b->ip, sizeof a->ip) == 0;
}

static struct console_socket *find_labelled(
    const struct console_socket_start *start)
{
    if (start->label == NULL || start->console == NULL)
        return NULL;
    LIST_EACH (node, after, &start->ctx->sockets->labelled) {
        struct console_socket *s =
            CONTAINER_OF(node, struct console_socket, node);

        if (s->phase <= SOCKET_AWAY && s->client.console == start->console &&
            slice_is_same_secret(slice_of_text(s->label),
                                 slice_of_text(start->label)) &&
            is_same_peer(&s->who, start->who))
            return s;
    }
    return NULL;
}

/* ---- what is logged of it ------------------------------------------------ */

static void note_security(struct console_socket *s)
{
    s->client.is_encrypted = stream_security(s->link.stream).is_secure;
}

static void log_connected(const struct console_socket *s)
{
    struct stream_security security = stream_security(s->link.stream);
    struct stream_certificate certificate = stream_certificate(s->link.stream);

    client_log_connected(&s->client, LOG_INFO,
                         security.is_secure ? security.terms : "",
                         &certificate);
}

static void log_back(const struct console_socket *s)
{
    const struct client *client = &s->client;

    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_BACK CLIENT_LOG_FIELDS,
              CLIENT_LOG_VALUES(client, client->console));
}

/* ---- a new one ----------------------------------------------------------- */

static struct console_socket *new_session(
    const struct console_socket_start *start)
{
    struct console_socket *s = xcalloc(1, sizeof *s);
    const struct client_origin origin = {
        .door = CLIENT_DOOR_WEBSOCKET,
        .right = RIGHT_NONE,
        .asked = start->mode,
        .peer = start->peer,
        .now_us = clock_now_us(),
    };

    s->ctx = start->ctx;
    session_start(&s->ctx->all, &s->session, &console_socket_ops);
    list_init(&s->node);
    deadline_init(&s->deadline);
    deadline_init(&s->people_due);
    buf_init(&s->kept, SOCKET_INPUT_WINDOW);
    buf_init(&s->text, SOCKET_TEXT_MAX);
    groups_watched_init(&s->watched);
    socket_place_init(s);
    client_init(&s->client, &console_socket_of_console, &origin);
    reader_init(&s->cursor, s->client.reader.kind);
    websocket_link_init(&s->link, s->ctx, &console_socket_of_connection);
    s->client.who = &s->who;
    s->end_reason = "";
    return s;
}

static void take_principal(struct console_socket *s, struct principal *who)
{
    groups_watch_remove(&s->watched);
    principal_done(&s->who);
    s->who = *who;
    *who = (struct principal){ 0 };
}

/* Not attached, so there is nothing to drain. */
static bool refuse(struct console_socket *s, enum websocket_code code,
                   const char *reason)
{
    s->end_code = (uint16_t)code;
    s->end_reason = reason;
    socket_text_end(s);
    (void)websocket_link_put_close(&s->link, code, reason);
    websocket_link_flush(&s->link);
    s->ends_gently = true;
    console_socket_end(s, reason);
    return false;
}

static bool take_place(struct console_socket *s)
{
    const char *line; /* for telnet */

    return gate_take_place(&s->ctx->gate, &s->place, &s->link.stream->peer,
                           s->who.proof != PROOF_ADDRESS, &line) ||
           refuse(s, WEBSOCKET_CODE_LIMIT, client_end_text(CLIENT_END_TOTAL));
}

static bool attach(struct console_socket *s, struct console *c)
{
    struct err why;

    switch (client_attach(&s->client, c, clock_now_us(), &why)) {
    case CLIENT_ATTACHED:
        return true;
    case CLIENT_REFUSED_LOCK:
        client_log_refused(&s->client, c, LOG_INFO, 0, why.text);
        s->end_text = xstrdup(why.text);
        return refuse(s, WEBSOCKET_CODE_LOCKED, s->end_text);
    case CLIENT_REFUSED_LIMIT:
        log_audit(LOG_INFO, s->client.peer, console_id(c).text,
                  LOG_CLIENT_LIMIT_REACHED CLIENT_LOG_FIELDS " limit=%u",
                  CLIENT_LOG_VALUES(&s->client, c),
                  c->directory->settings.client_limit);
        break;
    case CLIENT_REFUSED_RIGHT:
    case CLIENT_REFUSED_NOW:
        break;
    }
    return refuse(s, WEBSOCKET_CODE_LIMIT, client_end_text(CLIENT_END_LIMIT));
}

/* What the request wants of the output and the keyboard. */
static void serve(struct console_socket *s,
                  const struct console_socket_start *start)
{
    socket_access_watch(s);
    socket_place_begin(s, start);
    if (start->takes) {
        struct client_actor by = client_actor_of(&s->client);
        struct err text;

        (void)client_control_take_over(&by, &s->client, &text);
        socket_text_message(s, text.text);
    }
    websocket_link_feed_early(&s->link, start->early);
    console_socket_go_on(s);
}

static bool let_in(struct console_socket *s,
                   const struct console_socket_start *start)
{
    if (start->console == NULL)
        return refuse(s, WEBSOCKET_CODE_NO_CONSOLE, "there is no such console");
    if (!socket_access_decide(s, start->console))
        return refuse(s, WEBSOCKET_CODE_NO_RIGHT,
                      "you may not read this "
                      "console");
    if (!socket_place_is_valid(start->console, start->from))
        return refuse(s, WEBSOCKET_CODE_POLICY,
                      "from is EPOCH:POSITION or POSITION");
    return take_place(s) && attach(s, start->console);
}

static void begin(const struct console_socket_start *start)
{
    struct console_socket *s = new_session(start);

    take_principal(s, start->who);
    websocket_link_open(&s->link, start->stream, start->key, start->protocol);
    note_security(s);
    if (console_socket_is_ending(s) || !let_in(s, start))
        return;
    if (start->label != NULL) {
        s->label = xstrndup(start->label, SOCKET_LABEL_MAX);
        list_add_tail(&s->ctx->sockets->labelled, &s->node);
    }
    s->is_attached = true;
    log_connected(s);
    client_report_attached(&s->client);
    serve(s, start);
}

/* ---- one that comes again ------------------------------------------------ */

/* Its former connection may live for all that we know. */
static void leave_connection(struct console_socket *s)
{
    (void)websocket_link_put_close(&s->link, WEBSOCKET_CODE_ENDED,
                                   "another connection goes on with this "
                                   "session");
    websocket_link_flush(&s->link);
    websocket_link_done(&s->link, true);
}

static void resume(struct console_socket *s,
                   const struct console_socket_start *start)
{
    leave_connection(s);
    if (console_socket_is_ending(s)) {
        begin(start);
        return;
    }
    gate_leave_place(&s->ctx->gate, &s->place);
    take_principal(s, start->who);
    snprintf(s->client.peer, sizeof s->client.peer, "%s", start->peer);
    buf_take(&s->text, s->text.len);
    s->is_greeted = false;
    s->is_resumed = true;
    s->was_told_denied = false;
    s->people_changed = true;
    console_socket_enter(s, SOCKET_SERVING);
    websocket_link_open(&s->link, start->stream, start->key, start->protocol);
    note_security(s);
    if (console_socket_is_ending(s) || !take_place(s))
        return;
    log_back(s);
    if (socket_access_judge(s))
        serve(s, start);
}

void console_socket_open(const struct console_socket_start *start)
{
    struct console_socket *s = find_labelled(start);

    if (s != NULL)
        resume(s, start);
    else
        begin(start);
}
