/*
 * A request for a WebSocket: checked, and its connection handed over to what
 * its row is for (api.h: API_ATTACHES, API_EVENTS).
 */
#include "web/http_session.h"

#include "access/lock.h"
#include "api/api_means.h"
#include "api/events/cmd_events.h"
#include "base/mem.h"
#include "net/tls/tls_digest.h"
#include "web/event_socket.h"
#include "web/socket/console_socket.h"

#include <string.h>

/* The one subprotocol here; a client need not name it. */
static const char subprotocol[] = "vspcd.v1";

bool http_upgrade_is_valid(struct http_session *s)
{
    const struct http_exchange *e = s->exchange;
    struct api_call *call = &s->exchange->call;
    char answer[TLS_WEBSOCKET_ANSWER_LEN + 1];

    if (e->websocket_version == NULL ||
        strcmp(e->websocket_version, "13") != 0) {
        api_fail(call, API_BAD_REQUEST, "send Sec-WebSocket-Version: 13",
                 "this version of WebSocket is not supported");
        return false;
    }
    if (e->websocket_key == NULL ||
        !tls_websocket_answer(slice_of_text(e->websocket_key), answer)) {
        api_fail(call, API_BAD_REQUEST, NULL,
                 "Sec-WebSocket-Key is not 16 bytes as base64");
        return false;
    }
    if (call->command->kind == API_ATTACHES ||
        api_means_of(call->api)->events != NULL)
        return true;
    api_fail(call, API_UNAVAILABLE, NULL, "there are no events here");
    return false;
}

/* Behind it a client's protocols on offer have a token. */
static const char bearer[] = "vspcd.bearer.";

/* The next word of a list with commas; NULL: there is none. */
static const char *next_word(const char **list, size_t *ret_len)
{
    const char *word = *list;

    if (word == NULL)
        return NULL;
    word += strspn(word, ", \t");
    *ret_len = strcspn(word, ", \t");
    *list = word + *ret_len;
    return *ret_len > 0 ? word : NULL;
}

/* A browser closes a WebSocket whose offer was not taken. */
static const char *protocol_of(const struct http_exchange *e)
{
    const char *list = e->websocket_protocol;
    const char *word;
    size_t len;

    while ((word = next_word(&list, &len)) != NULL)
        if (len == strlen(subprotocol) && memcmp(word, subprotocol, len) == 0)
            return subprotocol;
    return NULL;
}

/* A page of a browser can set no Authorization, and a token in an address would
 * be in logs and histories. */
char *http_upgrade_authorization(const char *protocols)
{
    static const char scheme[] = "Bearer ";
    const size_t prefix = strlen(bearer);
    const char *word;
    size_t len;

    while ((word = next_word(&protocols, &len)) != NULL) {
        char *field;

        if (len <= prefix || memcmp(word, bearer, prefix) != 0)
            continue;
        field = xcalloc(1, strlen(scheme) + len - prefix + 1);
        memcpy(field, scheme, strlen(scheme));
        memcpy(field + strlen(scheme), word + prefix, len - prefix);
        return field;
    }
    return NULL;
}

static enum lock_mode mode_of(const struct api_call *call)
{
    const char *name = api_text(call, "mode");

    for (int i = 0; name != NULL && i < LOCK_MODE_COUNT; i++)
        if (strcmp(name, lock_mode_name((enum lock_mode)i)) == 0)
            return (enum lock_mode)i;
    return LOCK_FALLBACK;
}

static void attach(struct http_session *s, struct slice early)
{
    const struct http_exchange *e = s->exchange;
    const struct api_call *call = &e->call;
    uint32_t history = (uint32_t)api_number(call, "history");
    const struct console_socket_start start = {
        .ctx = s->http->ctx,
        .stream = s->stream,
        .early = early,
        .who = s->who,
        .peer = s->peer,
        .console = call->console,
        .key = e->websocket_key,
        .protocol = protocol_of(e),
        .from = api_text(call, "from"),
        .label = api_text(call, "session"),
        .history = api_has(call, "history") ? &history : NULL,
        .mode = mode_of(call),
        .takes = api_flag(call, "take"),
    };

    s->stream = NULL;
    console_socket_open(&start);
}

static void tell_events(struct http_session *s, struct slice early)
{
    const struct http_exchange *e = s->exchange;
    const struct api_call *call = &e->call;
    const struct event_socket_start start = {
        .http = s->http,
        .hub = api_means_of(call->api)->events,
        .stream = s->stream,
        .early = early,
        .who = s->who,
        .peer = s->peer,
        .key = e->websocket_key,
        .protocol = protocol_of(e),
        .wish = cmd_events_wish(call),
        .follows = api_flag(call, "follow"),
    };

    s->stream = NULL;
    event_socket_open(&start);
}

void http_upgrade_hand_over(struct http_session *s, struct slice early)
{
    http_context_count(s->http, s->is_socket, 101);
    gate_remove_newcomer(&s->http->ctx->gate, &s->newcomer);
    if (s->exchange->call.command->kind == API_EVENTS)
        tell_events(s, early);
    else
        attach(s, early);
    http_session_end(s, "it is a WebSocket");
}
