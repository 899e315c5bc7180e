#include "web_fixture.h"

#include "api/api_commands.h"
#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TURNS_MAX = 1000 * 1000 };

struct web_calls calls;

/* ---- commands -------------------------------------------------------------
 */

static void run_now(struct api_call *call)
{
    api_answer_json(call, 200, json_pack("{s:b}", "now", 1));
}

static void run_echo(struct api_call *call)
{
    struct slice data = api_bytes(call, "data");
    char *text = xmalloc(data.len + 1);

    if (data.len > 0)
        memcpy(text, data.data, data.len);
    api_answer_text(call, "text/plain", text, data.len);
}

static void run_big(struct api_call *call)
{
    char *text = xmalloc(BIG);

    memset(text, 'b', BIG);
    api_answer_text(call, "text/plain", text, BIG);
}

static void run_who(struct api_call *call)
{
    struct principal_text who = principal_format(call->who);

    api_answer_json(call, 200,
                    json_pack("{s:s, s:b, s:i}", "who", who.text, "local",
                              call->who->is_local, "groups",
                              (int)call->who->group_count));
}

/* Two bytes for each character. */
static void run_fail(struct api_call *call)
{
    char text[1025] = "";

    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 2 == 0 ? '\xc3' : '\xa9';
    api_fail(call, API_CONFLICT, NULL, "%s", text);
}

static void run_change(struct api_call *call)
{
    calls.changes++;
    api_answer_json(call, 200, json_pack("{}"));
}

static void forget(struct api_call **list, size_t *count,
                   const struct api_call *call)
{
    for (size_t i = 0; i < *count; i++) {
        if (list[i] != call)
            continue;
        *count -= 1;
        memmove(list + i, list + i + 1, (*count - i) * sizeof *list);
        return;
    }
}

static void end_work(struct api_call *call)
{
    calls.done++;
    forget(calls.waiting, &calls.waiting_count, call);
    forget(calls.stream, &calls.stream_count, call);
}

static void run_guarded(struct api_call *call)
{
    static const struct api_work work = { .end = end_work };

    assert_true(calls.waiting_count < CALLS_MAX);
    calls.waiting[calls.waiting_count++] = call;
    api_work_on(call, &work, NULL);
}

void web_answer(struct api_call *call)
{
    forget(calls.waiting, &calls.waiting_count, call);
    api_answer_json(call, 200, json_pack("{s:b}", "later", 1));
}

static enum api_more produce(struct api_call *call, struct buf *to)
{
    uint64_t len = calls.left < PIECE ? calls.left : PIECE;
    uint8_t *bytes;

    (void)call;
    calls.pieces++;
    if (len > 0) {
        bytes = buf_reserve(to, (size_t)len);
        assert_non_null(bytes);
        memset(bytes, 's', (size_t)len);
        buf_added(to, (size_t)len);
    }
    if (calls.left != UINT64_MAX)
        calls.left -= len;
    if (calls.left > 0)
        return API_MORE;
    if (calls.is_cut)
        return API_CUT;
    return calls.goes_on ? API_WAIT : API_END;
}

static void run_stream(struct api_call *call)
{
    static const struct api_work work = { .produce = produce, .end = end_work };

    assert_true(calls.stream_count < CALLS_MAX);
    calls.stream[calls.stream_count++] = call;
    api_answer_stream(call, "text/plain", &work, NULL);
}

static const struct api_argument echo_arguments[] = {
    { .name = "data",
      .type = API_BYTES,
      .place = API_IN_BODY,
      .max = HTTP_BODY_MAX },
    { .name = NULL },
};

static const struct api_command rows[] = {
    { .name = "now", .path = "/now", .run = run_now },
    { .name = "echo",
      .path = "/echo",
      .verb = HTTP_VERB_POST,
      .argument = echo_arguments,
      .run = run_echo },
    { .name = "big", .path = "/big", .run = run_big },
    { .name = "fail", .path = "/fail", .run = run_fail },
    { .name = "who", .path = "/who", .run = run_who },
    { .name = "guarded",
      .path = "/guarded",
      .right = RIGHT_READ,
      .run = run_guarded },
    { .name = "change",
      .path = "/change",
      .verb = HTTP_VERB_POST,
      .right = RIGHT_WRITE,
      .is_change = true,
      .run = run_change },
    { .name = "stream",
      .path = "/stream",
      .right = RIGHT_READ,
      .run = run_stream },
};

/* In place of api_table.c's. */
const struct api_command *api_next_row(struct api_cursor *cursor)
{
    if (cursor->row >= sizeof rows / sizeof *rows)
        return NULL;
    return &rows[cursor->row++];
}

/* ---- the site -------------------------------------------------------------
 */

void web_fixture_allow(struct web_fixture *f, const char *writer,
                       const char *reader)
{
    const struct access_text write = { writer, 1 };
    const struct access_text read = { reader, 2 };
    const struct access_text root = { "root", 3 };
    struct access_section_source section = { .pattern = { "*", 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[RIGHT_WRITE] = (struct access_texts){ &write, 1 };
    section.members[RIGHT_READ] = (struct access_texts){ &read, 1 };
    section.members[RIGHT_ADMIN] = (struct access_texts){ &root, 1 };
    site_set_rules(&f->api.site, &source);
}

int web_fixture_setup(void **state)
{
    static struct web_fixture f;
    static const uint64_t seed[2] = { 5, 6 };
    const struct authenticate_means means = fake_means_begin();
    static const struct web_settings settings = { .user_field = NULL };
    struct session_context *ctx = &f.api.site.ctx;

    memset(&f, 0, sizeof f);
    calls = (struct web_calls){ .left = 0 };
    api_fixture_open(&f.api);
    f.now_us = clock_now_us();
    groups_watch_open(&f.watch, NULL, means.groups);
    ctx->groups = &f.watch;
    ctx->tokens = means.tokens;
    ctx->authenticate = authenticate_new(NULL, &means, seed);
    f.web = web_new(ctx, f.api.api, means.groups, &settings);
    f.http = web_http(f.web);
    web_fixture_allow(&f, "alice", "anybody");
    *state = &f;
    return 0;
}

int web_fixture_teardown(void **state)
{
    struct web_fixture *f = *state;
    struct site *site = &f->api.site;

    session_close_all(&site->ctx.all, "the test is over");
    site_turn_end(site);
    assert_int_equal(f->http->counts.connections, 0);
    assert_int_equal(f->http->body_bytes[0] + f->http->body_bytes[1], 0);
    assert_int_equal(calls.waiting_count + calls.stream_count, 0);
    assert_int_equal(fake.asked_count, 0);
    web_free(f->web);
    authenticate_free(site->ctx.authenticate);
    groups_watch_close(&f->watch);
    assert_int_equal(fake.looked_up_count, 0);
    site->ctx.authenticate = NULL;
    site->ctx.groups = NULL;
    api_fixture_close(&f->api);
    return 0;
}

void web_judge(struct web_fixture *f)
{
    struct session_judged judged = { 0 };

    session_judge_all(&f->api.site.ctx.all, &judged);
    web_run(f);
}

/* ---- connections ----------------------------------------------------------
 */

static struct peer *add(struct web_fixture *f)
{
    struct peer *p = peer_add(&f->api.site);

    p->is_raw = true;
    return p;
}

static void start(struct web_fixture *f, struct peer *p, bool is_socket,
                  uid_t uid)
{
    http_session_start(f->http, &p->stream.stream, is_socket, uid);
    web_run(f);
}

struct peer *web_arrive(struct web_fixture *f, const char *ip)
{
    struct peer *p = add(f);
    struct ip number;

    assert_true(ip_parse(ip, &number));
    p->stream.stream.peer = address_of_ip(number, 40000);
    http_session_start(f->http, &p->stream.stream, false, 0);
    return p;
}

struct peer *web_connect_from(struct web_fixture *f, const char *ip)
{
    struct peer *p = web_arrive(f, ip);

    web_run(f);
    return p;
}

struct peer *web_connect(struct web_fixture *f)
{
    return web_connect_from(f, "192.0.2.9");
}

struct peer *web_connect_uid(struct web_fixture *f, uid_t uid)
{
    struct peer *p = add(f);

    start(f, p, true, uid);
    return p;
}

static const char *certificate_name; /* of the next connection over TLS */

static struct stream_security secure(const struct stream *s)
{
    (void)s;
    return (struct stream_security){ .is_secure = true, .problem = "" };
}

static struct stream_certificate certificate(const struct stream *s)
{
    struct stream_certificate c = { .nameless = "" };

    (void)s;
    if (certificate_name != NULL) {
        snprintf(c.name, sizeof c.name, "%s", certificate_name);
        snprintf(c.serial, sizeof c.serial, "01");
    }
    return c;
}

struct peer *web_connect_tls(struct web_fixture *f, const char *name)
{
    static struct stream_ops ops;
    struct peer *p = add(f);
    struct ip ip;

    assert_true(ip_parse("192.0.2.9", &ip));
    ops = *p->stream.stream.ops;
    ops.security = secure;
    ops.certificate = certificate;
    certificate_name = name;
    p->stream.stream.ops = &ops;
    p->stream.stream.peer = address_of_ip(ip, 40001);
    start(f, p, false, 0);
    return p;
}

/* ---- time -----------------------------------------------------------------
 */

static bool work(struct web_fixture *f)
{
    struct deadline *d = deadline_pop(&f->http->turns, UINT64_MAX);

    if (d != NULL)
        f->http->turns.on_due(d, f->http);
    return d != NULL;
}

void web_run_steps(struct web_fixture *f, int steps)
{
    site_run(&f->api.site);
    while (steps-- > 0 && work(f))
        site_run(&f->api.site);
}

void web_run(struct web_fixture *f)
{
    int turns = 0;

    do {
        site_run(&f->api.site);
        assert_true(++turns < TURNS_MAX);
    } while (work(f));
}

void web_say(struct web_fixture *f, struct peer *p, const char *text)
{
    peer_put(p, slice_of_text(text));
    web_run(f);
}

void web_due(struct web_fixture *f, struct deadline_queue *queue)
{
    struct deadline *d;

    while ((d = deadline_pop(queue, UINT64_MAX)) != NULL)
        queue->on_due(d, queue->owner);
    directory_settle(&f->api.site.directory);
    web_run(f);
}

void web_logins_step(struct web_fixture *f)
{
    uint64_t now_us = clock_now_us();

    f->now_us =
        (now_us > f->now_us ? now_us : f->now_us) + AUTHENTICATE_STEP_US;
    deadline_queue_fire(authenticate_steps(f->api.site.ctx.authenticate),
                        f->now_us);
    web_run(f);
}

/* ---- what came ------------------------------------------------------------
 */

static const char *field(const char *head, const char *name)
{
    const char *at = strstr(head, name);

    return at != NULL ? at + strlen(name) : NULL;
}

static void keep_body(struct web_answer *a, const char *bytes, size_t len)
{
    size_t room = sizeof a->body - 1;
    size_t at = a->len < room ? a->len : room;
    size_t kept = len < room - at ? len : room - at;

    memcpy(a->body + at, bytes, kept);
    a->body[at + kept] = '\0';
    a->len += len;
}

/* The length of the chunked body; 0: it has not come to its end. */
static size_t take_chunks(struct web_answer *a, const char *bytes, size_t len)
{
    size_t at = 0;

    for (;;) {
        char *end;
        size_t chunk;

        if (memmem(bytes + at, len - at, "\r\n", 2) == NULL)
            return 0;
        chunk = strtoul(bytes + at, &end, 16);
        assert_true(end > bytes + at && *end == '\r');
        at = (size_t)(end - bytes) + 2;
        if (len - at < chunk + 2)
            return 0;
        assert_memory_equal(bytes + at + chunk, "\r\n", 2);
        if (chunk == 0)
            return at + 2;
        keep_body(a, bytes + at, chunk);
        at += chunk + 2;
    }
}

static size_t take_body(struct web_answer *a, struct slice rest, bool to_head,
                        bool *ret_whole)
{
    const char *bytes = (const char *)rest.data;
    const char *length = field(a->head, "\r\nContent-Length: ");
    size_t len = length != NULL ? strtoul(length, NULL, 10) : 0;

    *ret_whole = true;
    if (to_head || a->status < 200)
        return 0;
    if (field(a->head, "\r\nTransfer-Encoding: chunked\r\n") != NULL) {
        len = take_chunks(a, bytes, rest.len);
        *ret_whole = len > 0;
        return len;
    }
    if (length == NULL) /* to the end of the connection */
        len = rest.len;
    *ret_whole = rest.len >= len;
    if (*ret_whole)
        keep_body(a, bytes, len);
    return len;
}

struct web_answer web_take(struct peer *p, bool to_head)
{
    struct web_answer a = { .status = 0 };
    struct slice came;
    const char *end;
    size_t head;
    size_t body;
    bool is_whole;

    peer_listen(p);
    came = buf_bytes(&p->data);
    end = came.len > 0 ? memmem(came.data, came.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL)
        return a;
    head = (size_t)(end - (const char *)came.data) + 4;
    assert_true(head < sizeof a.head);
    memcpy(a.head, came.data, head);
    assert_memory_equal(a.head, "HTTP/1.1 ", 9);
    a.status = (unsigned)strtoul(a.head + 9, NULL, 10);
    a.closes = field(a.head, "\r\nConnection: close\r\n") != NULL;
    body = take_body(&a, slice_after(came, head), to_head, &is_whole);
    if (!is_whole)
        return (struct web_answer){ .status = 0 };
    buf_take(&p->data, head + body);
    return a;
}

void web_expect(struct peer *p, unsigned status)
{
    struct web_answer a = web_take(p, false);

    if (a.status != status)
        fail_msg("status %u: %s", a.status, a.body);
}

void web_expect_open(struct peer *p)
{
    peer_listen(p);
    if (p->data.len > 0)
        fail_msg("came: %.*s", (int)p->data.len,
                 (const char *)buf_bytes(&p->data).data);
    assert_false(p->stream.is_closed);
}

void web_expect_closed(struct peer *p)
{
    peer_listen(p);
    if (p->data.len > 0)
        fail_msg("came: %.*s", (int)p->data.len,
                 (const char *)buf_bytes(&p->data).data);
    assert_true(p->stream.is_closed);
}
