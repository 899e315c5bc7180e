/*
 * One request: what its head says, whether it may be, its command.
 *
 * The order: the path and the verb are looked at before anybody is asked who he
 * is, since a mistyped path is no secret. The body is read when the sender is
 * known. Origin and Host are looked at last, because they count only for who
 * has proven little, or changes something.
 */
#include "web/http_session.h"

#include "base/mem.h"
#include "proto/http/http_writer.h"
#include "web/http_cookie.h"
#include "web/page/page_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the head -------------------------------------------------------------
 */

static char *copy_field(const struct http_head *head, const char *name)
{
    struct slice value;

    if (name == NULL)
        return NULL;
    value = http_field(head, name);
    return value.data != NULL ? xstrndup((const char *)value.data, value.len)
                              : NULL;
}

static bool is_type(const char *type, const char *name)
{
    size_t len = strlen(name);

    return strncasecmp(type, name, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static void read_type(struct http_exchange *e, const struct http_head *head)
{
    char *type = copy_field(head, "content-type");

    e->is_octets = type != NULL && is_type(type, "application/octet-stream");
    e->is_json = type == NULL || is_type(type, "application/json");
    /* curl -d says this unless it is told otherwise. */
    e->is_form = type != NULL && !e->is_octets && !e->is_json;
    free(type);
}

/* A proxy that adds its field and leaves its client's where it was. */
static bool is_repeated(const struct http_head *head, const char *name)
{
    return name != NULL && http_field_is_repeated(head, name);
}

static void read_head(struct http_session *s, const struct http_head *head)
{
    const struct web_settings *settings = &s->http->settings;
    struct http_exchange *e = s->exchange;

    e->verb = head->verb;
    e->minor = head->minor;
    e->keeps_alive = head->keeps_alive;
    e->has_body = head->has_body;
    e->wants_continue = head->wants_continue;
    e->is_upgrade =
        head->is_upgrade && http_field_has(head, "upgrade", "websocket");
    e->authorization = copy_field(head, "authorization");
    e->host = copy_field(head, "host");
    e->origin = copy_field(head, "origin");
    e->last_event = copy_field(head, "last-event-id");
    e->user = copy_field(head, settings->user_field);
    e->groups = copy_field(head, settings->groups_field);
    e->person = copy_field(head, HTTP_FIELD_PERSON);
    e->person_key = copy_field(head, HTTP_FIELD_PERSON_KEY);
    e->known_etag = copy_field(head, "if-none-match");
    e->takes_gzip = http_field(head, "accept-encoding").data == NULL ||
                    http_field_has(head, "accept-encoding", "gzip") ||
                    http_field_has(head, "accept-encoding", "*");
    e->site = copy_field(head, "sec-fetch-site");
    e->cookie = http_cookie_copy(http_field(head, "cookie"), HTTP_COOKIE_NAME);
    e->is_doubtful = is_repeated(head, settings->user_field) ||
                     is_repeated(head, settings->groups_field);
    if (e->is_upgrade) {
        e->websocket_key = copy_field(head, "sec-websocket-key");
        e->websocket_protocol = copy_field(head, "sec-websocket-protocol");
        e->websocket_version = copy_field(head, "sec-websocket-version");
        if (e->authorization == NULL)
            e->authorization =
                http_upgrade_authorization(e->websocket_protocol);
    }
    read_type(e, head);
}

void http_exchange_refuse(struct http_session *s, unsigned status,
                          enum api_error error, const char *message,
                          const char *hint)
{
    if (s->exchange == NULL)
        s->exchange = xcalloc(1, sizeof *s->exchange);
    s->exchange->keeps_alive = false;
    http_answer_error(s, status, error, message, hint);
}

/* A file of the page is no secret: nobody is asked who he is. False: it is
 * none, and nothing was answered. */
static bool answer_page(struct http_session *s)
{
    const struct http_exchange *e = s->exchange;
    const struct page_file *page = NULL;

    if (e->verb == HTTP_VERB_GET || e->verb == HTTP_VERB_HEAD)
        page = page_file_find(&e->target);
    if (page == NULL)
        return false;
    if (e->takes_gzip)
        http_answer_page(s, page);
    else
        http_answer_error(s, 406, API_BAD_REQUEST,
                          "the page is there compressed alone",
                          "accept the content coding gzip");
    return true;
}

static void refuse_path(struct http_session *s, enum api_found found)
{
    if (found == API_NO_PATH)
        http_answer_error(s, 404, API_NOT_FOUND, "there is nothing here",
                          "GET /api/v1/openapi.json lists what there is");
    else
        http_answer_error(s, 405, API_NO_METHOD,
                          "the address does not have this method",
                          "the field Allow has the methods that it has");
}

void http_exchange_begin(struct http_session *s, const struct http_head *head)
{
    struct http_exchange *e = xcalloc(1, sizeof *e);
    const char *problem;
    enum api_found found;

    s->exchange = e;
    read_head(s, head);
    /* A body that nobody wants is not read: the connection ends behind the
     * answer to a request that is refused here. */
    if (head->has_body)
        e->keeps_alive = false;
    if (head->has_length && head->length > HTTP_BODY_MAX) {
        http_exchange_refuse(s, 413, API_TOO_LARGE,
                             "the request's body is too large",
                             "a body has at most 1 MiB");
        return;
    }
    problem = http_target_parse(&e->target, head->target);
    if (problem != NULL) {
        http_answer_error(s, 400, API_BAD_REQUEST, problem, NULL);
        return;
    }
    found = api_find(s->http->api, e->verb, &e->target, &e->row);
    if (found != API_FOUND) {
        if (!head->has_body)
            e->keeps_alive = head->keeps_alive;
        if (found != API_NO_PATH || !answer_page(s))
            refuse_path(s, found);
        return;
    }
    e->keeps_alive = head->keeps_alive;
    http_session_enter(s, HTTP_PHASE_PROVING);
    http_identity_prove(s);
}

/* ---- behind the proof -----------------------------------------------------
 */

void http_exchange_proven(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    http_session_enter(s, HTTP_PHASE_BODY);
    if (e->wants_continue && e->has_body && e->minor > 0)
        http_answer_continue(s);
    http_session_go_on(s);
}

/* ---- the command ----------------------------------------------------------
 */

/* A deadline of the command may come between the end and the end of turn. */
static void http_exchange_answered(struct api_call *call)
{
    struct http_session *s = call->owner;

    if (!http_session_is_ending(s))
        http_answer_begin(s);
}

static void http_exchange_woken(struct api_call *call)
{
    struct http_session *s = call->owner;

    s->waits = false;
    if (!http_session_is_ending(s))
        http_answer_want_work(s);
}

static void http_exchange_open(struct api_call *call)
{
    struct http_session *s = call->owner;

    if (!s->exchange->is_upgrade && call->command->run != NULL)
        call->command->run(call);
    else if (!s->exchange->is_upgrade)
        api_fail(call, API_BAD_REQUEST,
                 "ask with Connection: Upgrade and Upgrade: websocket",
                 "this address is a WebSocket");
    else
        s->exchange->is_accepted = http_upgrade_is_valid(s);
}

static const struct api_call_ops http_exchange_ops = {
    .answered = http_exchange_answered,
    .woken = http_exchange_woken,
    .open = http_exchange_open,
};

static bool set_arguments(struct http_session *s, struct err *why)
{
    struct http_exchange *e = s->exchange;
    struct slice body = buf_bytes(&s->body);

    if (!api_set_query(&e->call, &e->target, why))
        return false;
    if (body.len == 0)
        return true;
    return e->is_octets ? api_set_octets(&e->call, body, why)
                        : api_set_json(&e->call, body, why);
}

/* Who has proven nothing counts by address, and must have meant this host. But
 * whoever logs in over TLS may know it by any name: the certificate was the
 * browser's to check, and no name of others has one. */
static bool is_misled(const struct http_session *s)
{
    struct http_origins allowed = http_context_origins(s->http);

    return !s->is_socket && s->who->proof == PROOF_ADDRESS &&
           !(s->exchange->row.command->is_for_logins &&
             stream_security(s->stream).is_secure) &&
           !http_origin_is_own_host(s->exchange->host, &allowed);
}

static bool changes_something(const struct http_exchange *e)
{
    return e->is_upgrade || e->row.command->verb != HTTP_VERB_GET;
}

static bool is_foreign(const struct http_session *s)
{
    const struct http_exchange *e = s->exchange;
    struct http_origins allowed = http_context_origins(s->http);

    return changes_something(e) &&
           !http_origin_is_allowed(e->origin, e->host,
                                   stream_security(s->stream).is_secure,
                                   &allowed);
}

/* What a cookie proves, and a login, is a page's of our own. */
static bool is_no_own_page(const struct http_session *s)
{
    const struct http_exchange *e = s->exchange;
    struct http_origins allowed = http_context_origins(s->http);

    return changes_something(e) &&
           (s->who->web_session != 0 || e->row.command->is_for_logins) &&
           !http_origin_is_own_page(e->origin, e->site, e->host,
                                    stream_security(s->stream).is_secure,
                                    &allowed);
}

/* True: it was refused. */
static bool refuse_page(struct http_session *s)
{
    if (is_misled(s)) {
        http_answer_error(s, 0, API_FORBIDDEN,
                          "the field Host names no host of vspcd",
                          "use its address, log in, or set web-origins");
        return true;
    }
    if (is_foreign(s)) {
        http_answer_error(s, 0, API_FORBIDDEN,
                          "a page of another site may not do this",
                          "add its origin to web-origins");
        return true;
    }
    if (is_no_own_page(s)) {
        http_answer_error(s, 0, API_FORBIDDEN,
                          "only a page of vspcd's own logs in, and does this "
                          "by a session",
                          "a program sends a token in the field "
                          "Authorization; a page, its Origin");
        return true;
    }
    if (s->exchange->is_form && s->body.len > 0) {
        http_answer_error(s, 415, API_BAD_REQUEST,
                          "the body's type is not supported",
                          "send it with Content-Type: application/json, or "
                          "application/octet-stream");
        return true;
    }
    return false;
}

void http_exchange_run(struct http_session *s)
{
    struct http_exchange *e = s->exchange;
    struct err why;

    http_session_enter(s, HTTP_PHASE_RUNNING);
    if (refuse_page(s))
        return;
    api_call_init(&e->call, s->http->api, &e->row, &http_exchange_ops);
    e->call.owner = s;
    e->call.who = s->who;
    e->call.peer = s->peer;
    e->call.door = s->is_socket ? "socket" : "web";
    e->call.last_event = e->last_event;
    e->call.is_private = http_identity_is_private(s);
    e->call.is_secure = stream_security(s->stream).is_secure;
    if (set_arguments(s, &why))
        api_begin(&e->call);
    else
        api_fail(&e->call, API_BAD_REQUEST,
                 "GET /api/v1/openapi.json describes the arguments", "%s",
                 why.text);
    if (s->has_finished && s->phase == HTTP_PHASE_RUNNING)
        http_session_end(s, "closed by the peer");
}

void http_exchange_free(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    if (e == NULL)
        return;
    s->exchange = NULL;
    api_call_done(&e->call);
    http_target_done(&e->target);
    mem_free_secret(&e->authorization);
    free(e->host);
    free(e->origin);
    free(e->last_event);
    free(e->websocket_key);
    mem_free_secret(&e->websocket_protocol); /* may have a token */
    free(e->websocket_version);
    free(e->user);
    free(e->groups);
    free(e->person);
    free(e->person_key);
    mem_free_secret(&e->cookie);
    free(e->site);
    free(e->known_etag);
    free(e);
}
