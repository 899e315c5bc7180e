#include "web/event_socket.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/tls/stream_tls.h"
#include "session/session_context.h"
#include "web/http_context.h"
#include "web/socket/websocket_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOKS = 16,          /* at once: some microseconds each */
    READ_SIZE = 4 * KIB, /* of what is dropped */
    TEXT_MAX = sizeof((struct event_item *)NULL)->head + EVENT_JSON_MAX,
};

struct event_socket {
    struct session session;
    struct http_context *http;
    struct websocket_link link;
    struct event_listener listener;
    struct principal who;
    struct groups_watched watched;
    struct list work; /* in http_context.event_work: it may have something */
    const char *end_reason;
    char peer[ADDRESS_TEXT_MAX];
    bool follows;
    bool is_greeted;
    bool is_closing; /* it ends when what is queued has gone */
    bool is_ending;
};

/* ---- its end ------------------------------------------------------------ */

static void end(struct event_socket *s, const char *reason)
{
    if (s->is_ending)
        return;
    s->is_ending = true;
    if (!s->is_closing)
        s->end_reason = reason;
    event_listener_end(&s->listener);
    list_remove(&s->work);
    session_mark_ending(&s->http->ctx->all, &s->session);
}

/* The link ends a peer that does not take it. */
static void close_with(struct event_socket *s, enum websocket_code code,
                       const char *reason)
{
    if (s->is_ending || s->is_closing)
        return;
    if (!websocket_link_put_close(&s->link, code, reason)) {
        end(s, reason);
        return;
    }
    s->is_closing = true;
    s->end_reason = reason;
    event_listener_end(&s->listener);
}

/* ---- what is said ------------------------------------------------------- */

static void want_work(struct event_socket *s)
{
    struct http_context *http = s->http;

    if (s->is_ending || !list_is_empty(&s->work))
        return;
    list_add_tail(&http->event_work, &s->work);
    if (!deadline_is_running(&http->event_working))
        deadline_start(&http->event_turns, &http->event_working,
                       clock_now_us());
}

static void say(struct event_socket *s, struct slice first, struct slice second)
{
    char text[TEXT_MAX];

    memcpy(text, first.data, first.len);
    if (second.len > 0)
        memcpy(text + first.len, second.data, second.len);
    if (!websocket_link_put_text(&s->link,
                                 slice_of(text, first.len + second.len)))
        end(s, "its connection is broken");
}

/* An id without an event: the place from which to continue. The time is for
 * whoever tells how long ago something was, and has a clock of his own. */
static void say_place(struct event_socket *s)
{
    char id[EVENT_ID_MAX];
    char now[CLOCK_TEXT_LEN];
    char text[EVENT_ID_MAX + CLOCK_TEXT_LEN + 48];
    int len;

    event_listener_id(&s->listener, id);
    clock_format_utc(now);
    len = snprintf(text, sizeof text,
                   "{\"id\":\"%s\",\"event\":\"place\",\"time\":\"%s\"}", id,
                   now);
    say(s, slice_of(text, (size_t)len), slice_of(NULL, 0));
}

static enum event_taken say_next(struct event_socket *s)
{
    struct event_item item;
    enum event_taken taken = event_listener_take(&s->listener, &item);

    switch (taken) {
    case EVENT_SHOWN:
    case EVENT_GAP:
        say(s, item.json[0], item.json[1]);
        break;
    case EVENT_BEAT:
        say_place(s);
        break;
    case EVENT_NONE:
        if (!s->follows)
            close_with(s, WEBSOCKET_CODE_GONE, "these were all");
        break;
    case EVENT_HIDDEN:
        break;
    }
    return taken;
}

static void say_some(struct event_socket *s)
{
    enum event_taken taken = EVENT_HIDDEN;

    if (!s->is_greeted) {
        s->is_greeted = true;
        say_place(s);
    }
    for (int i = 0; i < LOOKS && taken != EVENT_NONE && !s->is_ending &&
                    websocket_link_has_room(&s->link);
         i++)
        taken = say_next(s);
    if (taken != EVENT_NONE && websocket_link_has_room(&s->link))
        want_work(s);
}

static void go_on(struct event_socket *s)
{
    if (!s->is_ending && !s->is_closing)
        say_some(s);
    if (s->is_ending)
        return;
    websocket_link_flush(&s->link);
    if (s->is_closing && websocket_link_is_drained(&s->link))
        end(s, s->end_reason);
    /* What did not fit had no room before the writing. */
    if (!s->is_ending && !s->is_closing && !s->link.is_blocked &&
        list_is_empty(&s->listener.node))
        want_work(s);
    if (!s->is_ending)
        websocket_link_update(&s->link);
}

void event_socket_work_due(struct deadline *d, void *owner)
{
    struct http_context *http = owner;
    uint64_t end_us = clock_now_us() + WEB_SLICE_US;

    (void)d;
    do {
        struct list *first = http->event_work.next;

        if (first == &http->event_work)
            break;
        list_remove(first);
        go_on(CONTAINER_OF(first, struct event_socket, work));
    } while (clock_now_us() < end_us);
    if (!list_is_empty(&http->event_work))
        deadline_start(&http->event_turns, &http->event_working,
                       clock_now_us());
    directory_settle(http->ctx->directory);
}

static void event_socket_on_news(struct event_listener *l)
{
    want_work(CONTAINER_OF(l, struct event_socket, listener));
}

static const struct event_listener_ops of_listener = {
    .on_news = event_socket_on_news,
};

/* ---- its connection ----------------------------------------------------- */

static struct event_socket *of_link(struct websocket_link *l)
{
    return CONTAINER_OF(l, struct event_socket, link);
}

static void event_socket_on_data(struct websocket_link *l,
                                 enum websocket_opcode opcode,
                                 struct slice bytes, bool is_end)
{
    (void)l;
    (void)opcode;
    (void)bytes;
    (void)is_end;
}

static void event_socket_on_ready(struct websocket_link *l)
{
    go_on(of_link(l));
}

static void event_socket_on_end(struct websocket_link *l,
                                const struct websocket_link_end *how)
{
    end(of_link(l), how->text);
}

static void event_socket_on_distrusted(struct websocket_link *l,
                                       const char *reason)
{
    close_with(of_link(l), WEBSOCKET_CODE_NO_RIGHT, reason);
}

static size_t event_socket_room(const struct websocket_link *l)
{
    (void)l;
    return READ_SIZE;
}

static const struct websocket_link_ops of_connection = {
    .on_data = event_socket_on_data,
    .on_ready = event_socket_on_ready,
    .on_end = event_socket_on_end,
    .on_distrusted = event_socket_on_distrusted,
    .room = event_socket_room,
};

/* ---- its session -------------------------------------------------------- */

static struct event_socket *socket_at(struct session *session)
{
    return CONTAINER_OF(session, struct event_socket, session);
}

static void event_socket_shut_down(struct session *session, const char *reason)
{
    struct event_socket *s = socket_at(session);

    close_with(s, WEBSOCKET_CODE_RESTART, reason);
    go_on(s);
}

static void event_socket_close(struct session *session, const char *reason)
{
    end(socket_at(session), reason);
}

/* What it may see is asked for each event; here, whether it is still whoever it
 * was. */
static const char *why_not(const struct event_socket *s)
{
    const struct session_context *ctx = s->http->ctx;
    struct stream *stream = s->link.stream;

    if (!session_context_trusts(ctx, &s->who) && s->who.web_session != 0)
        return "its session has ended";
    if (!session_context_trusts(ctx, &s->who))
        return s->who.proof == PROOF_PROXY
                   ? "its proxy is not trusted any more"
                   : "its token was revoked or has expired";
    if (!gate_allows(&s->http->ctx->gate, ADMISSION_CLIENT, &stream->peer))
        return "its address is not allowed any more";
    if (stream_tls_follow(stream, ctx->client_tls) &&
        s->who.proof == PROOF_CERTIFICATE &&
        strcmp(stream_certificate(stream).name, s->who.name) != 0)
        return "its certificate proves another name now";
    return NULL;
}

static bool event_socket_judge(struct session *session)
{
    struct event_socket *s = socket_at(session);
    const char *reason;

    if (s->is_ending || s->is_closing)
        return false;
    reason = why_not(s);
    if (reason == NULL)
        return false;
    close_with(s, WEBSOCKET_CODE_NO_RIGHT, reason);
    go_on(s);
    return true;
}

static void event_socket_groups_changed(void *owner)
{
    struct event_socket *s = owner;

    (void)event_socket_judge(&s->session);
    directory_settle(s->http->ctx->directory);
}

static void event_socket_on_session_end(struct session *session)
{
    struct event_socket *s = socket_at(session);

    log_debug(LOG_API_ENDED " peer=%s reason=%s", s->peer,
              LOG_TEXT(s->end_reason));
    groups_watch_remove(&s->watched);
    websocket_link_done(&s->link, s->is_closing);
}

static void event_socket_free(struct session *session)
{
    struct event_socket *s = socket_at(session);

    principal_done(&s->who);
    free(s);
}

static const struct session_ops of_session = {
    .shut_down = event_socket_shut_down,
    .close = event_socket_close,
    .judge = event_socket_judge,
    .end = event_socket_on_session_end,
    .free = event_socket_free,
};

/* ---- its beginning ------------------------------------------------------ */

static struct event_socket *new_session(const struct event_socket_start *start)
{
    struct session_context *ctx = start->http->ctx;
    struct event_socket *s = xcalloc(1, sizeof *s);

    s->http = start->http;
    s->follows = start->follows;
    s->end_reason = "";
    s->who = *start->who;
    *start->who = (struct principal){ 0 };
    snprintf(s->peer, sizeof s->peer, "%s", start->peer);
    list_init(&s->work);
    groups_watched_init(&s->watched);
    session_start(&ctx->all, &s->session, &of_session);
    websocket_link_init(&s->link, ctx, &of_connection);
    return s;
}

static void listen_to(struct event_socket *s, struct event_hub *hub,
                      const struct event_wish *wish)
{
    struct err why;

    switch (event_listener_begin(&s->listener, hub, &s->who, &of_listener, wish,
                                 &why)) {
    case EVENT_LISTENS:
        return;
    case EVENT_BAD_WISH:
        close_with(s, WEBSOCKET_CODE_POLICY, why.text);
        break;
    case EVENT_TOO_MANY:
        close_with(s, WEBSOCKET_CODE_LIMIT, why.text);
        break;
    case EVENT_NO_RIGHT:
        close_with(s, WEBSOCKET_CODE_NO_RIGHT, why.text);
        break;
    }
    s->end_reason = "it could not listen";
}

void event_socket_open(const struct event_socket_start *start)
{
    struct event_socket *s = new_session(start);
    struct groups_watch *groups = s->http->ctx->groups;

    websocket_link_open(&s->link, start->stream, start->key, start->protocol);
    if (s->is_ending)
        return;
    if (groups != NULL)
        groups_watch_add(groups, &s->watched, &s->who,
                         event_socket_groups_changed, s);
    listen_to(s, start->hub, &start->wish);
    websocket_link_feed_early(&s->link, start->early);
    go_on(s);
}
