/*
 * The answer: its head and its small pieces go through `out`; a body that is
 * whole is written from where it lies. A stream's piece is a chunk (HTTP/1.0:
 * bytes up to the end of the connection).
 */
#include "base/clock.h"
#include "core/directory.h"
#include "proto/http/http_writer.h"
#include "web/http_cookie.h"
#include "web/http_session.h"
#include "web/page/page_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A stream's pieces are collected up to this before they are written. */
enum { BATCH = LIMIT_OF(16 * KIB) };

/* ---- the head -------------------------------------------------------------
 */

static bool is_stream(const struct http_session *s)
{
    return s->answer->body == NULL && s->answer != &s->own;
}

static int put_date(struct buf *out)
{
    time_t now = (time_t)clock_utc_s();
    char text[40];
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return http_write_field(out, "Date", text);
}

/* A page asks by itself for a name and a password: its browser is not to ask,
 * and keep them, besides. */
static const char *ways_to_prove(const struct http_session *s)
{
    return s->exchange->site != NULL
               ? "Bearer realm=\"vspcd\""
               : "Bearer realm=\"vspcd\", Basic realm=\"vspcd\"";
}

/* What a status needs said. */
static int put_remedies(struct http_session *s)
{
    struct buf *out = &s->out;
    int r = 0;

    if (s->answer->status == 401)
        r = http_write_field(out, "WWW-Authenticate", ways_to_prove(s));
    if (s->answer->status == 405)
        r |= http_write_field(out, "Allow", s->exchange->row.allowed);
    return r;
}

/* A browser asks each time whether it has the page's files as they are, and is
 * mostly told that it has. */
static int put_page_fields(struct http_session *s)
{
    struct buf *out = &s->out;
    int r = http_write_field(out, "Cache-Control", "no-cache");

    r |= http_write_field(out, "ETag", s->page->etag);
    r |= http_write_field(out, "Content-Encoding", "gzip");
    r |= http_write_field(out, "Vary", "Accept-Encoding");
    r |= http_write_field(out, "Content-Security-Policy",
                          page_file_policy(s->page));
    r |= http_write_field(out, "Cross-Origin-Opener-Policy", "same-origin");
    r |= http_write_field(out, "Cross-Origin-Resource-Policy", "same-origin");
    r |= http_write_field(out, "Referrer-Policy", "no-referrer");
    r |= http_write_field(out, "X-Frame-Options", "DENY");
    return r;
}

/* What is data is shown by no page of another site, and runs nothing. */
static int put_data_fields(struct buf *out)
{
    int r = http_write_field(out, "Cache-Control", "no-store");

    r |= http_write_field(out, "Content-Security-Policy",
                          "default-src 'none'; frame-ancestors 'none'");
    r |= http_write_field(out, "Cross-Origin-Resource-Policy", "same-origin");
    return r;
}

static int put_cookie(struct http_session *s)
{
    const char *value = s->answer->cookie;
    char field[HTTP_COOKIE_FIELD_MAX];
    int r;

    if (value == NULL && !s->exchange->is_cookie_old)
        return 0;
    http_cookie_format(value != NULL ? value : "", field);
    r = http_write_field(&s->out, "Set-Cookie", field);
    explicit_bzero(field, sizeof field);
    return r;
}

static int put_body_fields(struct http_session *s)
{
    const struct http_exchange *e = s->exchange;
    struct buf *out = &s->out;
    int r = http_write_field(out, "Content-Type", s->answer->type);

    if (s->answer->file != NULL) {
        char value[300];

        snprintf(value, sizeof value, "attachment; filename=\"%.200s\"",
                 s->answer->file);
        r |= http_write_field(out, "Content-Disposition", value);
    }
    if (s->is_chunked)
        r |= http_write_field(out, "Transfer-Encoding", "chunked");
    else if (!is_stream(s))
        r |= http_write_number(out, "Content-Length", s->answer->len);
    if (!e->keeps_alive)
        r |= http_write_field(out, "Connection", "close");
    else if (e->minor == 0)
        r |= http_write_field(out, "Connection", "keep-alive");
    return r;
}

static int put_head(struct http_session *s)
{
    struct buf *out = &s->out;
    int r = http_write_status(out, s->answer->status);

    r |= put_date(out);
    r |= http_write_field(out, "Server", "vspcd/" VSPCD_VERSION);
    r |= s->page != NULL ? put_page_fields(s) : put_data_fields(out);
    r |= http_write_field(out, "X-Content-Type-Options", "nosniff");
    r |= put_remedies(s);
    r |= put_cookie(s);
    r |= put_body_fields(s);
    r |= http_write_end(out);
    return r;
}

static void begin(struct http_session *s)
{
    struct http_exchange *e = s->exchange;

    s->is_chunked = is_stream(s) && e->minor > 0;
    if (is_stream(s) && !s->is_chunked)
        e->keeps_alive = false;
    s->body_sent = 0;
    /* What is not read yet of a request that was answered early is not looked
     * at. */
    if (s->phase < HTTP_PHASE_RUNNING && e->has_body)
        e->keeps_alive = false;
    http_session_enter(s, HTTP_PHASE_ANSWERING);
    http_context_count(s->http, s->is_socket, s->answer->status);
    if (put_head(s) != 0) {
        http_session_end(s, "there is no memory for its answer");
        return;
    }
    s->has_all = !is_stream(s) || e->verb == HTTP_VERB_HEAD;
    if (e->verb == HTTP_VERB_HEAD)
        s->body_sent = s->answer->len;
    http_answer_want_work(s);
}

void http_answer_begin(struct http_session *s)
{
    s->answer = &s->exchange->call.answer;
    begin(s);
}

void http_answer_error(struct http_session *s, unsigned status,
                       enum api_error error, const char *message,
                       const char *hint)
{
    char *text = api_json_text(api_error_json(error, message, hint));

    if (s->answer != NULL || text == NULL) {
        free(text);
        http_session_end(s, "an error could not be answered");
        return;
    }
    api_call_done(&s->exchange->call);
    s->own = (struct api_answer){
        .status = status != 0 ? status : api_error_status(error),
        .type = "application/json",
        .body = text,
        .len = strlen(text),
    };
    s->answer = &s->own;
    begin(s);
}

void http_answer_page(struct http_session *s, const struct page_file *page)
{
    const char *known = s->exchange->known_etag;
    /* Of a list of them it is enough that ours is in it. */
    bool is_known = known != NULL && strstr(known, page->etag) != NULL;

    s->page = page;
    s->own = (struct api_answer){
        .status = is_known ? 304 : 200,
        .type = page->type,
        .body = is_known ? NULL : (char *)(uintptr_t)page->data,
        .len = is_known ? 0 : page->len,
    };
    s->answer = &s->own;
    begin(s);
}

void http_answer_continue(struct http_session *s)
{
    if (http_write_status(&s->out, 100) != 0 || http_write_end(&s->out) != 0)
        http_session_end(s, "there is no memory for its answer");
    else
        http_answer_flush(s);
}

/* ---- out ------------------------------------------------------------------
 */

static struct slice body_left(const struct http_session *s)
{
    const struct api_answer *a = s->answer;

    if (a == NULL || a->body == NULL)
        return slice_of(NULL, 0);
    return slice_after(slice_of(a->body, a->len), s->body_sent);
}

static void took(struct http_session *s, size_t len)
{
    size_t of_out = len < s->out.len ? len : s->out.len;

    buf_take(&s->out, of_out);
    s->body_sent += len - of_out;
    if (s->phase == HTTP_PHASE_ANSWERING && len > 0)
        http_session_enter(s, HTTP_PHASE_ANSWERING); /* its time begins anew */
}

/* The deadline runs while the peer owes us room, and not while a stream waits
 * for its source. */
static void finish(struct http_session *s)
{
    if (s->phase != HTTP_PHASE_ANSWERING)
        return;
    if (!s->has_all) {
        deadline_stop(&s->deadline);
        if (!s->waits)
            http_answer_want_work(s);
    } else if (s->exchange->keeps_alive) {
        http_session_next(s);
    } else {
        s->closing = STREAM_CLOSE_GENTLY;
        http_session_end(s, "answered");
    }
}

void http_answer_flush(struct http_session *s)
{
    struct slice body = body_left(s);
    struct slice out = buf_bytes(&s->out);
    struct iovec part[2] = {
        { .iov_base = (void *)(uintptr_t)out.data, .iov_len = out.len },
        { .iov_base = (void *)(uintptr_t)body.data, .iov_len = body.len },
    };
    int first = out.len == 0;
    ssize_t n = 0;

    if (out.len + body.len > 0)
        n = stream_writev(s->stream, part + first,
                          (body.len > 0 ? 2 : 1) - first);
    if (n < 0) {
        http_session_end(s, "the connection is broken");
        return;
    }
    took(s, (size_t)n);
    s->is_blocked = (size_t)n < out.len + body.len;
    if (!s->is_blocked)
        finish(s);
    else if (!deadline_is_running(&s->deadline))
        deadline_start(&s->http->writes, &s->deadline, clock_now_us());
    if (!http_session_is_ending(s))
        http_session_update_interest(s);
}

/* ---- pieces ---------------------------------------------------------------
 */

static int produce(struct http_session *s, enum api_more *ret_more)
{
    struct api_call *call = &s->exchange->call;
    uint32_t at = 0;
    int r = 0;

    if (s->is_chunked)
        r = http_chunk_begin(&s->out, &at);
    if (r == 0)
        *ret_more = api_produce(call, &s->out);
    if (r == 0 && s->is_chunked)
        r = http_chunk_end(&s->out, at);
    if (r == 0 && s->is_chunked && *ret_more == API_END)
        r = http_write_last_chunk(&s->out);
    return r;
}

static void make_piece(struct http_session *s)
{
    enum api_more more = API_END;

    if (produce(s, &more) != 0) {
        http_session_end(s, "there is no memory for its answer");
        return;
    }
    if (more == API_CUT) {
        http_answer_flush(s); /* what there is, as far as it goes out at once */
        http_session_end(s, "its answer cannot go on");
        return;
    }
    s->has_all = more == API_END;
    s->waits = more == API_WAIT;
    if (s->waits && s->has_finished) {
        http_session_end(s, "closed by the peer");
        return;
    }
    if (more == API_MORE && s->out.len < BATCH)
        http_answer_want_work(s);
    else
        http_answer_flush(s);
}

static void work(struct http_session *s)
{
    if (s->phase == HTTP_PHASE_IDLE) {
        http_session_go_on(s);
        if (!http_session_is_ending(s))
            http_session_update_interest(s);
    } else if (s->phase == HTTP_PHASE_ANSWERING && !s->has_all) {
        if (!s->is_blocked || s->out.len < HTTP_OUT_MARK)
            make_piece(s);
    } else if (s->phase == HTTP_PHASE_ANSWERING && !s->is_blocked) {
        http_answer_flush(s);
    }
}

/* One piece for each session in turn, until the slice is over. */
void http_answer_work_due(struct deadline *d, void *owner)
{
    struct http_context *http = owner;
    uint64_t end_us = clock_now_us() + WEB_SLICE_US;

    (void)d;
    do {
        struct list *first = http->work.next;

        if (first == &http->work)
            break;
        list_remove(first);
        work(CONTAINER_OF(first, struct http_session, work));
    } while (clock_now_us() < end_us);
    if (!list_is_empty(&http->work))
        deadline_start(&http->turns, &http->working, clock_now_us());
    directory_settle(http->ctx->directory);
}

void http_answer_want_work(struct http_session *s)
{
    struct http_context *http = s->http;

    if (!list_is_empty(&s->work))
        return;
    list_add_tail(&http->work, &s->work);
    if (!deadline_is_running(&http->working))
        deadline_start(&http->turns, &http->working, clock_now_us());
}

void http_answer_done(struct http_session *s)
{
    if (s->answer != NULL && s->answer->cookie != NULL)
        buf_done_secret(&s->out);
    s->answer = NULL;
    if (s->page == NULL)
        free(s->own.body);
    s->page = NULL;
    s->own = (struct api_answer){ .status = 0 };
    s->has_all = false;
    s->waits = false;
    s->is_chunked = false;
}
