/*
 * The life of an HTTP connection. A request is worth nothing before all of it
 * is there and its sender is known; so a stranger costs a head, and no body:
 * that is read behind the proof.
 *
 * Whatever was read and not used waits in `ahead`; the read buffer is shared by
 * all sessions. Both are wiped: a head may have a password or a token, a body
 * what is typed.
 */
#include "web/http_session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "log/log.h"
#include "log/log_words.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct session_context *context_of(const struct http_session *s)
{
    return s->http->ctx;
}

/* ---- phases ---------------------------------------------------------------
 */

const char *http_phase_name(enum http_phase phase)
{
    static const char *const names[HTTP_PHASE_COUNT] = {
        [HTTP_PHASE_IDLE] = "idle",       [HTTP_PHASE_HEAD] = "head",
        [HTTP_PHASE_PROVING] = "proving", [HTTP_PHASE_BODY] = "body",
        [HTTP_PHASE_RUNNING] = "running", [HTTP_PHASE_ANSWERING] = "answering",
        [HTTP_PHASE_ENDING] = "ending",
    };

    return (unsigned)phase < HTTP_PHASE_COUNT ? names[phase] : "?";
}

/* NULL: the phase has no time limit of its own. */
static struct deadline_queue *queue_of(struct http_context *http,
                                       enum http_phase phase)
{
    switch (phase) {
    case HTTP_PHASE_IDLE:
        return &http->idles;
    case HTTP_PHASE_HEAD:
        return &http->heads;
    case HTTP_PHASE_BODY:
        return &http->bodies;
    case HTTP_PHASE_ANSWERING:
        return &http->writes;
    case HTTP_PHASE_PROVING:
    case HTTP_PHASE_RUNNING:
    case HTTP_PHASE_ENDING:
    case HTTP_PHASE_COUNT:
        break;
    }
    return NULL;
}

static void set_list(struct http_session *s)
{
    struct http_context *http = s->http;

    assert(http != NULL); /* analyzers know it of none of its members */
    if (!s->is_counted)
        return;
    list_remove(&s->node);
    list_add_tail(s->phase == HTTP_PHASE_IDLE     ? &http->idle
                  : s->phase < HTTP_PHASE_RUNNING ? &http->arriving
                                                  : &http->busy,
                  &s->node);
}

void http_session_enter(struct http_session *s, enum http_phase phase)
{
    struct deadline_queue *queue = queue_of(s->http, phase);

    assert(s->phase != HTTP_PHASE_ENDING);
    s->phase = (uint8_t)phase;
    if (queue != NULL)
        deadline_start(queue, &s->deadline, clock_now_us());
    else
        deadline_stop(&s->deadline);
    set_list(s);
}

void http_session_end(struct http_session *s, const char *reason)
{
    if (http_session_is_ending(s))
        return;
    s->end_reason = reason;
    /* Without chunks, the connection's end is the answer's end. */
    if (s->phase == HTTP_PHASE_ANSWERING && s->answer != NULL && !s->has_all &&
        !s->is_chunked)
        s->closing = STREAM_CLOSE_RESET;
    http_session_enter(s, HTTP_PHASE_ENDING);
    http_session_update_interest(s);
    session_mark_ending(&context_of(s)->all, &s->session);
}

void http_session_due(struct deadline *d, void *owner)
{
    struct http_session *s = CONTAINER_OF(d, struct http_session, deadline);

    (void)owner;
    switch ((enum http_phase)s->phase) {
    case HTTP_PHASE_HEAD:
    case HTTP_PHASE_BODY:
        http_exchange_refuse(s, 408, API_BAD_REQUEST,
                             "the request took too long",
                             "send it in one piece");
        break;
    case HTTP_PHASE_IDLE:
        http_session_end(s, "idle");
        break;
    default:
        http_session_end(s, "the peer accepts nothing");
        break;
    }
    directory_settle(context_of(s)->directory);
}

/* ---- reading --------------------------------------------------------------
 */

static bool reads_requests(const struct http_session *s)
{
    return s->phase == HTTP_PHASE_IDLE || s->phase == HTTP_PHASE_HEAD ||
           s->phase == HTTP_PHASE_BODY;
}

/* Behind a request that is under way, or waits for its turn, a little is read,
 * so that a peer that has gone is noticed. */
static size_t room(const struct http_session *s)
{
    if (reads_requests(s) && s->ahead.len == 0)
        return LIMIT_READ;
    return s->ahead.len < HTTP_PEEK ? HTTP_PEEK - s->ahead.len : 0;
}

void http_session_update_interest(struct http_session *s)
{
    unsigned interest = 0;

    if (s->stream == NULL)
        return;
    if (!http_session_is_ending(s)) {
        if (!s->has_finished && room(s) > 0)
            interest |= STREAM_READ;
        if (s->is_blocked)
            interest |= STREAM_WRITE;
    }
    stream_want(s->stream, interest);
}

static void take_body(struct http_session *s, struct slice body)
{
    /* Those who have proven no name share less than all there is, so that they
     * are in nobody's way. */
    if (s->body.len == 0)
        s->bodies = &s->http->body_bytes[s->who->proof != PROOF_ADDRESS];
    if (*s->bodies + body.len > WEB_BODIES_MAX) {
        http_exchange_refuse(s, 0, API_UNAVAILABLE,
                             "too many requests with large bodies are coming",
                             "try again");
    } else if (buf_append_secret(&s->body, body) == 0) {
        *s->bodies += body.len;
    } else {
        http_exchange_refuse(s, 413, API_TOO_LARGE,
                             "the request's body is too large",
                             "a body has at most 1 MiB");
    }
}

static void drop_body(struct http_session *s)
{
    if (s->body.len > 0)
        *s->bodies -= s->body.len;
    buf_done_secret(&s->body);
}

/* One event of what has come. False: the phase takes no more. */
static bool take_event(struct http_session *s, struct slice *in)
{
    struct http_item item;

    switch (http_next(s->reader, in, &item)) {
    case HTTP_NEED_MORE:
        return false;
    case HTTP_HEAD_DONE:
        http_exchange_begin(s, item.head);
        break;
    case HTTP_BODY:
        take_body(s, item.body);
        break;
    case HTTP_DONE:
        /* Nothing is left of a request that was answered at its head. */
        if (s->exchange != NULL)
            http_exchange_run(s);
        break;
    case HTTP_MALFORMED:
        http_exchange_refuse(s, item.status, API_BAD_REQUEST, item.problem,
                             NULL);
        break;
    }
    return reads_requests(s);
}

static bool is_handed_over(struct http_session *s, struct slice early)
{
    if (http_session_is_ending(s) || s->exchange == NULL ||
        !s->exchange->is_accepted)
        return false;
    http_upgrade_hand_over(s, early);
    return true;
}

/* Returns what was not used. What stands behind a request for a WebSocket is
 * the WebSocket's. */
static struct slice take(struct http_session *s, struct slice in)
{
    if (s->phase == HTTP_PHASE_IDLE && in.len > 0)
        http_session_enter(s, HTTP_PHASE_HEAD);
    while (reads_requests(s) && take_event(s, &in))
        ;
    return is_handed_over(s, in) ? slice_of(NULL, 0) : in;
}

void http_session_go_on(struct http_session *s)
{
    struct slice in;
    struct slice rest;

    if (s->is_going_on || !reads_requests(s))
        return;
    s->is_going_on = true;
    in = buf_bytes(&s->ahead);
    rest = take(s, in);
    /* `ahead` stays as it was meanwhile: nothing else changes it. */
    if (rest.len == 0 && !http_session_is_ending(s))
        buf_done_secret(&s->ahead);
    else if (!http_session_is_ending(s))
        buf_take(&s->ahead, in.len - rest.len);
    s->is_going_on = false;
    if (s->has_finished && reads_requests(s))
        http_session_end(s, "closed by the peer");
}

static void keep(struct http_session *s, struct slice rest)
{
    if (rest.len > 0 && !http_session_is_ending(s) &&
        buf_append_secret(&s->ahead, rest) < 0)
        http_session_end(s, "there is no memory for its input");
}

static void take_new(struct http_session *s, struct slice in)
{
    if (s->ahead.len > 0 || s->is_going_on || !reads_requests(s)) {
        keep(s, in);
        http_session_go_on(s);
        return;
    }
    s->is_going_on = true;
    in = take(s, in);
    s->is_going_on = false;
    keep(s, in);
}

/* A peer that has said all it will say still gets the answer, unless that is a
 * stream that waits, perhaps for ever, or is not known yet: whoever interrupts
 * a command wants no more to be typed, and most peers that send no more have
 * gone. */
static void peer_finished(struct http_session *s)
{
    s->has_finished = true;
    if (reads_requests(s) || s->waits || s->phase == HTTP_PHASE_RUNNING)
        http_session_end(s, "closed by the peer");
}

static void http_session_read(struct http_session *s)
{
    uint8_t *buffer = context_of(s)->read_buffer;
    size_t max = room(s);
    ssize_t n;

    if (max == 0 || s->has_finished)
        return;
    n = stream_read(s->stream, buffer, max);
    if (n == -EAGAIN)
        return;
    if (n == 0) {
        peer_finished(s);
    } else if (n < 0) {
        http_session_end(s, "the connection is broken");
    } else {
        take_new(s, slice_of(buffer, (size_t)n));
        explicit_bzero(buffer, (size_t)n);
    }
}

/* A break is noticed by reading; one behind what is read for a request ends the
 * session at once. */
static void http_session_on_ready(void *owner, unsigned ready)
{
    struct http_session *s = owner;

    if (ready & STREAM_DISTRUSTED)
        http_session_end(s, "its certificate is accepted no more");
    if (!http_session_is_ending(s) && (ready & STREAM_READ))
        http_session_read(s);
    if (!http_session_is_ending(s) && (ready & STREAM_BROKEN) &&
        !reads_requests(s))
        http_session_end(s, "the connection is broken");
    if (!http_session_is_ending(s) && (ready & STREAM_WRITE))
        http_answer_flush(s);
    if (!http_session_is_ending(s))
        http_session_update_interest(s);
    directory_settle(context_of(s)->directory);
}

void http_session_next(struct http_session *s)
{
    http_answer_done(s);
    http_exchange_free(s);
    drop_body(s);
    if (s->has_finished && s->ahead.len == 0) {
        http_session_end(s, "closed by the peer");
        return;
    }
    http_session_enter(s, HTTP_PHASE_IDLE);
    /* What waits is looked at in the next turn: a peer that sends many requests
     * at once has no more of a turn than others. */
    if (s->ahead.len > 0)
        http_answer_want_work(s);
}

/* ---- the session ----------------------------------------------------------
 */

static struct http_session *session_at(struct session *session)
{
    return CONTAINER_OF(session, struct http_session, session);
}

/* An answer that is on its way goes out; whatever waits for more ends. */
static void http_session_shut_down(struct session *session, const char *reason)
{
    struct http_session *s = session_at(session);

    if (s->phase == HTTP_PHASE_ANSWERING && s->has_all)
        s->exchange->keeps_alive = false;
    else
        http_session_end(s, reason);
}

static void http_session_close(struct session *session, const char *reason)
{
    http_session_end(session_at(session), reason);
}

static bool http_session_judge(struct session *session)
{
    struct http_session *s = session_at(session);

    if (http_session_is_ending(s))
        return false;
    if (!gate_allows(&context_of(s)->gate, ADMISSION_CLIENT, &s->stream->peer))
        http_session_end(s, "its address is in no network of --client-allow");
    else
        http_identity_judge(s);
    return http_session_is_ending(s);
}

static void http_session_on_end(struct session *session)
{
    struct http_session *s = session_at(session);

    log_debug(LOG_API_ENDED " peer=%s reason=%s", s->peer,
              LOG_TEXT(s->end_reason));
    http_answer_done(s);
    http_exchange_free(s);
    drop_body(s);
    http_identity_done(s);
    gate_remove_newcomer(&context_of(s)->gate, &s->newcomer);
    list_remove(&s->node);
    list_remove(&s->work);
    if (s->is_counted)
        s->http->counts.connections--;
    deadline_stop(&s->deadline);
    if (s->stream == NULL)
        return;
    stream_close_as(s->stream, (enum stream_close)s->closing);
}

static void http_session_free(struct session *session)
{
    struct http_session *s = session_at(session);

    http_reader_free(s->reader);
    buf_done_secret(&s->ahead);
    buf_done(&s->out);
    free(s);
}

static const struct session_ops http_session_ops = {
    .shut_down = http_session_shut_down,
    .close = http_session_close,
    .judge = http_session_judge,
    .end = http_session_on_end,
    .free = http_session_free,
};

/* The connection that has rested for longest, or else the one whose request has
 * been coming for longest: honest ones come at once. */
static struct list *find_expendable(struct http_context *http)
{
    if (!list_is_empty(&http->idle))
        return http->idle.next;
    return list_is_empty(&http->arriving) ? NULL : http->arriving.next;
}

static bool is_keepers(const struct http_session *s)
{
    return s->is_socket && s->http->groups != NULL &&
           groups_is_keeper(s->http->groups, s->uid);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many connections there can be for this one to be one more. The last
 * places are the Unix socket's, and of these the last ones its keepers':
 * whoever fills the ports, or the socket, does not lock out the administrator
 * of this machine. And as with clients, most open files are for VMs. */
static uint64_t places_for(const struct http_session *s)
{
    uint32_t files = context_of(s)->gate.client_files;
    uint64_t all = files == 0 ? WEB_CONNECTIONS_MAX
                              : least(WEB_CONNECTIONS_MAX, files / 2);

    if (!s->is_socket)
        return all - least(WEB_OF_SOCKET, all / 4);
    return is_keepers(s) ? all : all - least(WEB_OF_KEEPERS, all / 8);
}

/* False: there are too many connections, and all of them are at work. */
static bool take_place(struct http_session *s)
{
    struct http_context *http = s->http;
    uint64_t most = places_for(s);
    struct list *oldest;

    if (http->counts.connections >= most) {
        log_limited(LOG_WARNING, s->peer, NULL,
                    LOG_API_FULL " peer=%s connections=%llu", s->peer,
                    (unsigned long long)http->counts.connections);
        oldest = find_expendable(http);
        if (oldest == NULL)
            return false;
        http_session_end(CONTAINER_OF(oldest, struct http_session, node),
                         "closed to make room for a newer connection");
    }
    http->counts.connections++;
    s->is_counted = true;
    return true;
}

void http_session_start(struct http_context *http, struct stream *stream,
                        bool is_socket, uid_t uid)
{
    struct session_context *ctx = http->ctx;
    struct http_session *s = xcalloc(1, sizeof *s);

    s->http = http;
    s->stream = stream;
    s->is_socket = is_socket;
    s->uid = uid;
    list_init(&s->node);
    list_init(&s->work);
    deadline_init(&s->deadline);
    groups_watched_init(&s->watched);
    buf_init(&s->ahead, HTTP_AHEAD_MAX);
    buf_init(&s->body, HTTP_BODY_MAX);
    buf_init(&s->out, HTTP_OUT_MAX);
    if (!is_socket)
        snprintf(s->peer, sizeof s->peer, "%s",
                 address_format(&stream->peer).text);
    stream_set_owner(stream, http_session_on_ready, s);
    session_start(&ctx->all, &s->session, &http_session_ops);
    s->phase = HTTP_PHASE_IDLE;
    s->reader = http_reader_new(HTTP_SIDE_SERVER);
    if (s->reader == NULL || !take_place(s)) {
        http_session_end(s, "too many connections to the API");
        return;
    }
    http_session_enter(s, HTTP_PHASE_IDLE);
    if (!is_socket)
        gate_add_newcomer(&ctx->gate, ADMISSION_CLIENT, &s->newcomer,
                          &s->session, s->peer, &stream->peer);
    if (!http_session_is_ending(s))
        http_session_update_interest(s);
}
