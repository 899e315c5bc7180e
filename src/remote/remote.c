#include "remote/remote.h"

#include "base/limits.h"
#include "base/mem.h"
#include "net/dial/dial.h"
#include "net/timer.h"
#include "net/tls/stream_tls.h"
#include "proto/http/http_writer.h"
#include "remote/socket_words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * IDLE ----remote_ask----> CONNECTING --> SENDING --> WAITING --> ANSWERING
 *  ^  \___ a kept connection ____________/                            |
 *  |__________________________ finish, with done ____________________|
 */
enum remote_state {
    REMOTE_STATE_IDLE,
    REMOTE_STATE_CONNECTING,
    REMOTE_STATE_SENDING,
    REMOTE_STATE_WAITING,
    REMOTE_STATE_ANSWERING, /* the head is here */
};

struct remote {
    struct loop *loop;
    struct tls_hub hub;
    struct tls_context *tls; /* NULL: not https */
    struct place place;
    char *token; /* NULL: none */
    char *person;
    char *person_key;
    unsigned timeout_ms;
    struct timer timer;

    struct dial *dial;
    struct stream *stream; /* NULL: no connection */
    struct http_reader *reader;
    struct buf out;    /* of the request's head, not sent yet */
    struct slice rest; /* behind an upgrade's head */

    enum remote_state state;
    const struct remote_request *request;
    const struct remote_handlers *handlers;
    void *owner;
    size_t body_sent;
    bool is_kept; /* the connection has had an answer before */
    bool keeps;   /* the server keeps it behind this answer */
    bool is_upgrade;
    bool is_oversized; /* the request's head */
    char version[32];
};

enum { REQUEST_MAX = 16 * 1024 };

static void remote_on_ready(void *owner, unsigned ready);

/* ---- the connection -------------------------------------------------------
 */

/* The token may be in it. */
static void drop_head(struct remote *r)
{
    if (r->out.data != NULL)
        explicit_bzero(r->out.data, r->out.cap);
    buf_done(&r->out);
}

static void disconnect(struct remote *r)
{
    if (r->dial != NULL)
        dial_cancel(r->dial);
    r->dial = NULL;
    if (r->stream != NULL)
        stream_close(r->stream);
    r->stream = NULL;
    http_reader_free(r->reader);
    r->reader = NULL;
    drop_head(r);
    r->is_kept = false;
}

/* The request is over. The owner may ask again in done. */
static void finish(struct remote *r, enum remote_end end, const struct err *why)
{
    const struct remote_handlers *handlers = r->handlers;
    struct err copy = { "" };

    if (why != NULL)
        copy = *why;
    timer_stop(&r->timer);
    if (end == REMOTE_ANSWERED && r->keeps) {
        stream_want(r->stream, 0);
        r->is_kept = true;
    } else if (end != REMOTE_UPGRADED) {
        disconnect(r);
    }
    r->state = REMOTE_STATE_IDLE;
    r->handlers = NULL;
    handlers->done(r->owner, end, &copy);
}

static void begin_connection(struct remote *r);

/* tls_verify.c: nobody whom this machine knows has signed the certificate. */
static bool is_stranger(const char *problem)
{
    return strstr(problem, "is not known here") != NULL;
}

/* error: -errno, or 0 if the server has closed the connection. */
static void lose(struct remote *r, int error)
{
    struct place_text place = place_format(&r->place);
    const char *problem = stream_security(r->stream).problem;
    bool may_retry = r->is_kept && r->state != REMOTE_STATE_ANSWERING &&
                     r->request->verb == HTTP_VERB_GET;
    struct err why;

    if (may_retry) {
        disconnect(r);
        begin_connection(r);
        return;
    }
    if (problem[0] == '\0')
        problem = error != 0 ? strerror(-error) : "the server has closed it";
    err_set(&why, "connection to %s lost: %.300s%s", place.text, problem,
            is_stranger(problem)
                ? " (--ca or --thumbprint makes it known; vspcd --show-tls "
                  "prints the thumbprint)"
                : "");
    finish(r, REMOTE_LOST, &why);
}

static void remote_on_dialled(void *owner, struct stream *stream,
                              const struct err *err)
{
    struct remote *r = owner;
    struct err why;

    r->dial = NULL;
    if (stream == NULL) {
        if (r->place.kind == PLACE_SOCKET)
            socket_words(r->place.path, err->text, &why);
        else
            err_set(&why, "no server at %s: %.300s",
                    place_format(&r->place).text, err->text);
        finish(r, REMOTE_NOT_REACHED, &why);
        return;
    }
    if (r->tls != NULL)
        stream = stream_tls_new(&r->hub, r->tls, stream, slice_of(NULL, 0),
                                r->place.host);
    r->stream = stream;
    stream_set_owner(stream, remote_on_ready, r);
    r->state = REMOTE_STATE_SENDING;
    stream_want(stream, STREAM_READ | STREAM_WRITE);
}

static void put_token(struct remote *r, int *failed)
{
    char text[1024];

    if (r->token == NULL)
        return;
    snprintf(text, sizeof text, "Bearer %s", r->token);
    *failed |= http_write_field(&r->out, "Authorization", text);
    explicit_bzero(text, sizeof text);
}

static void put_request(struct remote *r)
{
    const struct remote_request *q = r->request;
    int failed = 0;

    drop_head(r);
    /* At once, so that no copy of the token stays behind. */
    if (buf_reserve(&r->out, REQUEST_MAX) == NULL)
        mem_end();
    failed |= http_write_request(&r->out, http_verb_name(q->verb), q->target);
    failed |=
        http_write_field(&r->out, "Host", place_authority(&r->place).text);
    failed |= http_write_field(&r->out, "User-Agent", "vspc/" VSPCD_VERSION);
    put_token(r, &failed);
    if (r->person != NULL)
        failed |= http_write_field(&r->out, HTTP_FIELD_PERSON, r->person);
    if (r->person_key != NULL)
        failed |=
            http_write_field(&r->out, HTTP_FIELD_PERSON_KEY, r->person_key);
    for (size_t i = 0;
         i < sizeof q->field / sizeof q->field[0] && q->field[i].name != NULL;
         i++)
        failed |=
            http_write_field(&r->out, q->field[i].name, q->field[i].value);
    if (q->type != NULL)
        failed |= http_write_field(&r->out, "Content-Type", q->type);
    if (q->type != NULL || q->verb == HTTP_VERB_POST)
        failed |= http_write_number(&r->out, "Content-Length", q->body.len);
    failed |= http_write_end(&r->out);
    r->body_sent = 0;
    r->is_oversized = failed != 0;
}

/* From here on until done, or for a retry. */
static void begin_connection(struct remote *r)
{
    struct dial_target target = {
        .host = r->place.host,
        .port = r->place.port,
        /* a name's second address gets its chance, too */
        .timeout_ms = r->timeout_ms / 3 + 1,
    };

    r->state = REMOTE_STATE_CONNECTING;
    r->reader = http_reader_new(HTTP_SIDE_CLIENT);
    if (r->reader == NULL)
        mem_end();
    put_request(r);
    if (r->place.kind == PLACE_SOCKET)
        r->dial = dial_unix(r->loop, r->place.path, remote_on_dialled, r);
    else
        r->dial = dial_tcp(r->loop, &target, remote_on_dialled, r);
}

/* ---- a request ------------------------------------------------------------
 */

/* True if all is sent. False: there is no room, or the request is over. */
static bool send_request(struct remote *r)
{
    static const struct err oversized = { "the request is too long" };

    if (r->is_oversized) {
        finish(r, REMOTE_NOT_REACHED, &oversized);
        return false;
    }
    while (r->out.len > 0 || r->body_sent < r->request->body.len) {
        struct slice head = buf_bytes(&r->out);
        struct slice body = slice_after(r->request->body, r->body_sent);
        struct iovec part[2] = {
            { (void *)(uintptr_t)head.data, head.len },
            { (void *)(uintptr_t)body.data, body.len },
        };
        bool has_head = head.len > 0;
        ssize_t n = stream_writev(r->stream, has_head ? part : part + 1,
                                  has_head && body.len > 0 ? 2 : 1);
        size_t of_head;

        if (n < 0) {
            lose(r, (int)n);
            return false;
        }
        if (n == 0)
            return false;
        of_head = (size_t)n < head.len ? (size_t)n : head.len;
        if (of_head > 0)
            buf_take(&r->out, of_head);
        r->body_sent += (size_t)n - of_head;
    }
    return true;
}

static void note_version(struct remote *r, const struct http_head *head)
{
    static const char product[] = "vspcd/";
    struct slice server = http_field(head, "server");
    size_t len = sizeof product - 1;

    if (server.len <= len || memcmp(server.data, product, len) != 0)
        return;
    snprintf(r->version, sizeof r->version, "%.*s", (int)(server.len - len),
             (const char *)server.data + len);
    r->version[strcspn(r->version, " (")] = '\0';
}

static void take_head(struct remote *r, const struct http_head *head)
{
    /* "100 Continue" and the like: the answer comes behind it. */
    if (head->status < 200 && !head->is_upgrade)
        return;
    note_version(r, head);
    r->state = REMOTE_STATE_ANSWERING;
    r->is_upgrade = head->is_upgrade;
    /* A server that has answered before it had the whole body gets no more. */
    r->keeps = head->keeps_alive && !head->is_upgrade && r->out.len == 0 &&
               r->body_sent == r->request->body.len;
    if (r->request->is_followed && head->status < 300)
        timer_stop(&r->timer);
    r->handlers->head(r->owner, head);
}

/* One event of the answer. False: no more of this input is for this request. */
static bool take_event(struct remote *r, struct slice *in)
{
    const struct remote_handlers *handlers = r->handlers;
    struct http_item item;
    struct err why;

    switch (http_next(r->reader, in, &item)) {
    case HTTP_NEED_MORE:
        return false;
    case HTTP_HEAD_DONE:
        take_head(r, item.head);
        break;
    case HTTP_BODY:
        handlers->body(r->owner, item.body);
        break;
    case HTTP_DONE:
        if (r->state != REMOTE_STATE_ANSWERING)
            break; /* of an interim answer */
        r->rest = *in;
        finish(r, r->is_upgrade ? REMOTE_UPGRADED : REMOTE_ANSWERED, NULL);
        return false;
    case HTTP_MALFORMED:
        err_set(&why, "%s does not answer as vspcd does: %s",
                place_format(&r->place).text, item.problem);
        finish(r, REMOTE_GARBLED, &why);
        return false;
    }
    /* A handler may have dropped the request. */
    return r->handlers == handlers && r->stream != NULL;
}

static void take_input(struct remote *r)
{
    uint8_t *to = loop_read_buffer(r->loop);
    ssize_t n = stream_read(r->stream, to, LIMIT_READ);
    struct slice in;

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        if (n == 0 && r->state == REMOTE_STATE_ANSWERING &&
            http_reader_end(r->reader))
            finish(r, REMOTE_ANSWERED, NULL);
        else
            lose(r, (int)n);
        return;
    }
    /* What comes before an answer is none, however much of it there is. */
    if (!r->request->is_followed && !r->request->is_prompt &&
        r->state == REMOTE_STATE_ANSWERING)
        timer_start(&r->timer, r->timeout_ms);
    in = slice_of(to, (size_t)n);
    while (take_event(r, &in))
        ;
}

static void remote_on_ready(void *owner, unsigned ready)
{
    struct remote *r = owner;

    if (r->state == REMOTE_STATE_IDLE) {
        disconnect(r); /* a kept connection that broke */
        return;
    }
    if (ready & (STREAM_READ | STREAM_BROKEN)) {
        take_input(r);
        return;
    }
    if (r->state == REMOTE_STATE_SENDING && send_request(r)) {
        r->state = REMOTE_STATE_WAITING;
        timer_start(&r->timer, r->timeout_ms + r->request->patience_ms);
        stream_want(r->stream, STREAM_READ);
    }
}

static void remote_on_timeout(void *owner)
{
    struct remote *r = owner;
    struct err why;
    enum remote_end end =
        r->state == REMOTE_STATE_CONNECTING ? REMOTE_NOT_REACHED : REMOTE_LATE;

    err_set(&why, "%s does not answer in time (--request-timeout)",
            place_format(&r->place).text);
    finish(r, end, &why);
}

/* True if the connection that was kept is still there. */
static bool is_connected(struct remote *r)
{
    uint8_t byte;

    if (r->stream == NULL)
        return false;
    /* Nothing may come that was not asked for: its end, or a fault. */
    if (stream_read(r->stream, &byte, 1) == -EAGAIN)
        return true;
    disconnect(r);
    return false;
}

void remote_ask(struct remote *r, const struct remote_request *request,
                const struct remote_handlers *handlers, void *owner)
{
    r->request = request;
    r->handlers = handlers;
    r->owner = owner;
    timer_start(&r->timer, r->timeout_ms);
    if (!is_connected(r)) {
        begin_connection(r);
        return;
    }
    put_request(r);
    r->state = REMOTE_STATE_SENDING;
    stream_want(r->stream, STREAM_READ | STREAM_WRITE);
}

void remote_drop(struct remote *r)
{
    timer_stop(&r->timer);
    disconnect(r);
    r->state = REMOTE_STATE_IDLE;
    r->handlers = NULL;
}

struct stream *remote_take_stream(struct remote *r, struct slice *ret_rest)
{
    struct stream *stream = r->stream;

    *ret_rest = r->rest;
    r->stream = NULL;
    disconnect(r);
    return stream;
}

/* ---- opening --------------------------------------------------------------
 */

static int open_tls(struct remote *r, const struct remote_settings *s,
                    struct err *err)
{
    const struct tls_client_settings settings = {
        .thumbprint = s->thumbprint,
        .verify = s->thumbprint == NULL,
        .ca_path = s->ca_path,
        .own_certificate_path = s->certificate_path,
        .own_key_path = s->key_path,
    };

    if (s->place.kind != PLACE_HTTPS)
        return 0;
    return tls_context_open_client(&r->tls, &settings, err);
}

int remote_open(struct remote **ret_remote,
                const struct remote_settings *settings, struct err *err)
{
    struct remote *r = xcalloc(1, sizeof *r);
    int result = open_tls(r, settings, err);

    if (result < 0) {
        free(r);
        return result;
    }
    result = loop_open(&r->loop);
    if (result < 0) {
        err_set(err, "cannot start: %s", strerror(-result));
        tls_context_close(r->tls);
        free(r);
        return result;
    }
    tls_hub_init(&r->hub, r->loop);
    timer_init(&r->timer, r->loop, remote_on_timeout, r);
    buf_init(&r->out, REQUEST_MAX);
    r->place = settings->place;
    r->timeout_ms = settings->timeout_ms;
    if (settings->token != NULL)
        r->token = xstrdup(settings->token);
    if (settings->person != NULL)
        r->person = xstrdup(settings->person);
    if (settings->person_key != NULL)
        r->person_key = xstrdup(settings->person_key);
    *ret_remote = r;
    return 0;
}

void remote_close(struct remote *r)
{
    if (r == NULL)
        return;
    remote_drop(r);
    timer_done(&r->timer);
    tls_hub_done(&r->hub);
    loop_close(r->loop);
    tls_context_close(r->tls);
    mem_free_secret(&r->token);
    free(r->person);
    free(r->person_key);
    free(r);
}

struct loop *remote_loop(struct remote *r)
{
    return r->loop;
}

const char *remote_server_version(const struct remote *r)
{
    return r->version;
}
