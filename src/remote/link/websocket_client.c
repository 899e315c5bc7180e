#include "remote/link/websocket_client.h"

#include "base/limits.h"
#include "base/mem.h"
#include "net/tls/tls_digest.h"
#include "remote/link/come_again.h"
#include "remote/link/unpredictable.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void reset(struct websocket_client *c)
{
    timer_stop(&c->silence);
    if (c->stream != NULL)
        stream_close(c->stream);
    c->stream = NULL;
    turns_cancel(c->turns, &c->turn);
    if (c->out.data != NULL)
        explicit_bzero(c->out.data, c->out.cap);
    buf_done(&c->out);
    buf_done(&c->refusal);
    free(c->target);
    c->target = NULL;
    c->is_paused = false;
    c->is_closing = false;
}

static void end(struct websocket_client *c,
                const struct websocket_client_end *why)
{
    struct websocket_client_end copy = *why;

    reset(c);
    c->ops->on_end(c, &copy);
}

static void lose(struct websocket_client *c, const char *text)
{
    struct websocket_client_end why = { .code = COME_AGAIN_LOST };

    err_set(&why.why, "%s", text);
    end(c, &why);
}

/* ---- out -----------------------------------------------------------------
 */

static void update(struct websocket_client *c)
{
    if (c->stream != NULL)
        stream_want(c->stream, (c->is_paused ? 0u : STREAM_READ) |
                                   (c->out.len > 0 ? STREAM_WRITE : 0u));
}

/* False: it has failed; reading will say so. */
static bool flush(struct websocket_client *c)
{
    while (c->out.len > 0) {
        struct slice bytes = buf_bytes(&c->out);
        ssize_t n = stream_write(c->stream, bytes.data, bytes.len);

        if (n <= 0)
            return n == 0;
        buf_take(&c->out, (size_t)n);
    }
    return true;
}

size_t websocket_client_room(const struct websocket_client *c)
{
    enum { KEPT = 4 * 1024 }; /* for texts, pongs, the close */

    if (c->stream == NULL || c->is_closing ||
        c->out.len + KEPT >= WEBSOCKET_CLIENT_OUT_MAX)
        return 0;
    return WEBSOCKET_CLIENT_OUT_MAX - KEPT - c->out.len;
}

void websocket_client_put(struct websocket_client *c,
                          enum websocket_opcode opcode, struct slice bytes)
{
    uint8_t head[WEBSOCKET_HEAD_MAX];
    uint8_t mask[4];
    size_t head_len;
    uint8_t *to;

    if (c->stream == NULL || c->is_closing)
        return;
    /* Predictable masks would let a page make a proxy see a request in them
     * (RFC 6455, 10.3). */
    unpredictable_fill(mask, sizeof mask);
    head_len = websocket_put_head(head, opcode, bytes.len, mask);
    to = buf_reserve(&c->out, head_len + bytes.len);
    if (to == NULL)
        return; /* a flood of pings; the next one is answered */
    memcpy(to, head, head_len);
    if (bytes.len > 0)
        memcpy(to + head_len, bytes.data, bytes.len);
    websocket_mask(to + head_len, bytes.len, mask, 0);
    buf_added(&c->out, head_len + bytes.len);
    (void)flush(c);
    update(c);
}

static void put_close(struct websocket_client *c, unsigned code)
{
    uint8_t body[WEBSOCKET_CONTROL_MAX];
    size_t len = websocket_put_close(body, (uint16_t)code, "");

    websocket_client_put(c, WEBSOCKET_CLOSE, slice_of(body, len));
    c->is_closing = true;
}

void websocket_client_say_goodbye(struct websocket_client *c)
{
    put_close(c, COME_AGAIN_DONE);
}

void websocket_client_pause(struct websocket_client *c, bool is_paused)
{
    if (c->is_paused == is_paused)
        return;
    c->is_paused = is_paused;
    timer_stop(&c->silence);
    if (!is_paused && c->stream != NULL)
        timer_start(&c->silence, WEBSOCKET_CLIENT_SILENCE_MS);
    update(c);
}

/* ---- in ------------------------------------------------------------------
 */

static void take_close(struct websocket_client *c,
                       const struct websocket_item *item)
{
    struct websocket_client_end why = { .code = item->close_code };
    struct slice reason = slice_after(item->body, item->body.len >= 2 ? 2 : 0);

    err_set(&why.why, "%.*s", (int)reason.len,
            reason.len > 0 ? (const char *)reason.data : "");
    if (!c->is_closing)
        put_close(c, COME_AGAIN_DONE);
    end(c, &why);
}

/* False: no more of this input can be read. */
static bool take_event(struct websocket_client *c, struct slice *in)
{
    struct websocket_client_end why = { .code = 1002 };
    const struct stream *stream = c->stream;
    struct websocket_item item;

    switch (websocket_next(&c->reader, in, &item)) {
    case WEBSOCKET_NEED_MORE:
        return false;
    case WEBSOCKET_DATA:
        c->ops->on_data(c, item.opcode, item.body, false);
        break;
    case WEBSOCKET_DATA_END:
        c->ops->on_data(c, item.opcode, slice_of(NULL, 0), true);
        break;
    case WEBSOCKET_CONTROL:
        if (item.opcode == WEBSOCKET_CLOSE) {
            take_close(c, &item);
            return false;
        }
        if (item.opcode == WEBSOCKET_PING)
            websocket_client_put(c, WEBSOCKET_PONG, item.body);
        break;
    case WEBSOCKET_BROKEN:
        err_set(&why.why, "the server breaks WebSocket's protocol: %s",
                item.problem);
        put_close(c, item.close_code);
        end(c, &why);
        return false;
    }
    return c->stream == stream && stream != NULL;
}

static void feed(struct websocket_client *c, struct slice in)
{
    while (take_event(c, &in))
        ;
}

static void take_input(struct websocket_client *c)
{
    uint8_t *to = loop_read_buffer(remote_loop(c->turns->remote));
    ssize_t n = stream_read(c->stream, to, LIMIT_READ);
    const char *problem = stream_security(c->stream).problem;

    if (n == -EAGAIN)
        return;
    if (n <= 0) {
        lose(c, problem[0] != '\0' ? problem
                : n == 0           ? "the server has closed the connection"
                                   : strerror((int)-n));
        return;
    }
    timer_start(&c->silence, WEBSOCKET_CLIENT_SILENCE_MS);
    feed(c, slice_of(to, (size_t)n));
}

static void websocket_client_on_ready(void *owner, unsigned ready)
{
    struct websocket_client *c = owner;

    if (c->is_paused && (ready & STREAM_BROKEN)) {
        /* Its last bytes are read when they can be shown. */
        buf_take(&c->out, c->out.len);
        update(c);
    } else if (ready & (STREAM_READ | STREAM_BROKEN)) {
        take_input(c);
    } else if (ready & STREAM_WRITE) {
        (void)flush(c);
        update(c);
        if (c->out.len == 0)
            c->ops->on_room(c);
    }
}

static void websocket_client_on_silence(void *owner)
{
    lose(owner, "the server is silent");
}

/* ---- the request ---------------------------------------------------------
 */

static void websocket_client_on_head(void *owner, const struct http_head *head)
{
    struct websocket_client *c = owner;
    struct slice accept = http_field(head, "sec-websocket-accept");
    char expected[TLS_WEBSOCKET_ANSWER_LEN + 1];

    c->status = head->status;
    c->is_accepted = head->status == 101 &&
                     http_field_has(head, "upgrade", "websocket") &&
                     tls_websocket_answer(slice_of_text(c->key), expected) &&
                     slice_is_equal(accept, slice_of_text(expected));
}

static void websocket_client_on_body(void *owner, struct slice bytes)
{
    struct websocket_client *c = owner;

    (void)buf_append(&c->refusal, bytes); /* what fits */
}

/* What the server says why not. */
static void read_refusal(struct websocket_client *c, struct err *ret)
{
    struct slice body = buf_bytes(&c->refusal);
    json_t *root = json_loadb((const char *)body.data, body.len, 0, NULL);
    const char *words = json_string_value(
        json_object_get(json_object_get(root, "error"), "message"));

    if (words != NULL)
        err_set(ret, "%.400s", words);
    else
        err_set(ret, "the server answers with status %u", c->status);
    json_decref(root);
}

static void take_over(struct websocket_client *c)
{
    struct slice rest;
    struct stream *stream = remote_take_stream(c->turns->remote, &rest);
    uint8_t early[LIMIT_READ]; /* frames are unmasked in place */

    c->stream = stream;
    if (rest.len > 0)
        memcpy(early, rest.data, rest.len);
    websocket_reader_init(&c->reader, WEBSOCKET_CLIENT);
    stream_set_owner(stream, websocket_client_on_ready, c);
    timer_start(&c->silence, WEBSOCKET_CLIENT_SILENCE_MS);
    update(c);
    turns_end(c->turns, &c->turn);
    c->ops->on_open(c);
    if (c->stream == stream)
        feed(c, slice_of(early, rest.len));
}

static void websocket_client_on_done(void *owner, enum remote_end how,
                                     const struct err *why)
{
    struct websocket_client *c = owner;
    struct websocket_client_end ended = { .code = COME_AGAIN_LOST };

    if (how == REMOTE_UPGRADED && c->is_accepted) {
        take_over(c);
        return;
    }
    if (how == REMOTE_UPGRADED) {
        struct slice rest;

        stream_close(remote_take_stream(c->turns->remote, &rest));
        ended.code = COME_AGAIN_DONE;
        err_set(&ended.why, "the server does not answer as vspcd does: it has "
                            "agreed to another protocol");
    } else if (how == REMOTE_ANSWERED) {
        ended.status = c->status;
        ended.code = come_again_code_of(c->status);
        read_refusal(c, &ended.why);
    } else {
        ended.why = *why;
        if (how == REMOTE_GARBLED)
            ended.code = COME_AGAIN_DONE;
    }
    turns_end(c->turns, &c->turn);
    end(c, &ended);
}

static void begin(struct turn *turn)
{
    static const struct remote_handlers handlers = {
        .head = websocket_client_on_head,
        .body = websocket_client_on_body,
        .done = websocket_client_on_done,
    };
    struct websocket_client *c =
        CONTAINER_OF(turn, struct websocket_client, turn);
    uint8_t nonce[16];

    unpredictable_fill(nonce, sizeof nonce);
    tls_base64_encode(slice_of(nonce, sizeof nonce), c->key);
    c->is_accepted = false;
    c->request = (struct remote_request){
        .verb = HTTP_VERB_GET,
        .target = c->target,
        .field = { { "Connection", "Upgrade" },
                   { "Upgrade", "websocket" },
                   { "Sec-WebSocket-Version", "13" },
                   { "Sec-WebSocket-Key", c->key } },
    };
    remote_ask(c->turns->remote, &c->request, &handlers, c);
}

void websocket_client_init(struct websocket_client *c, struct turns *turns,
                           const struct websocket_client_ops *ops)
{
    *c = (struct websocket_client){ .turns = turns, .ops = ops };
    turn_init(&c->turn, begin);
    timer_init(&c->silence, remote_loop(turns->remote),
               websocket_client_on_silence, c);
    buf_init(&c->refusal, WEBSOCKET_CLIENT_REFUSAL_MAX);
    buf_init(&c->out, WEBSOCKET_CLIENT_OUT_MAX);
}

void websocket_client_open(struct websocket_client *c, const char *target)
{
    c->target = xstrdup(target);
    turns_ask(c->turns, &c->turn);
}

void websocket_client_close(struct websocket_client *c)
{
    reset(c);
}

void websocket_client_done(struct websocket_client *c)
{
    reset(c);
    timer_done(&c->silence);
}
