/*
 * A frame says its length first, so it cannot be taken back: what is left of
 * one that the connection has taken in part is copied into the queue, and goes
 * out before anything else. So output may be lost in the ring meanwhile, and
 * texts stand between frames, without a mark anywhere. A frame is small for
 * that reason; several go out in one call.
 *
 * Ends are as in telnet_link.c: a read that fails ends the link, and a write
 * that fails makes it mute, unless it is not read: then nothing would ever end
 * it.
 */
#include "web/socket/websocket_link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "net/tls/tls_digest.h"
#include "proto/http/http_writer.h"

#include <errno.h>
#include <stdlib.h>

/* Messages of output in one call: WEBSOCKET_FRAME_MAX each. */
enum { FRAMES_MAX = 4, PARTS_OF_FRAME = 3 };

struct frame {
    uint8_t head[WEBSOCKET_HEAD_MAX];
    size_t head_len;
    struct slice part[2];
};

static void websocket_link_on_ready(void *owner, unsigned ready);

static void fail(struct websocket_link *l, struct websocket_link_end end)
{
    if (l->has_ended)
        return;
    l->has_ended = true;
    deadline_stop(&l->ping);
    stream_want(l->stream, 0);
    l->ops->on_end(l, &end);
}

/* The stream's own words are better where it has some. */
static void break_off(struct websocket_link *l, int error)
{
    const char *problem = stream_security(l->stream).problem;

    if (problem[0] != '\0')
        fail(l, (struct websocket_link_end){ .error = error, .text = problem });
    else
        fail(l, (struct websocket_link_end){
                    .error = error,
                    .text = error == -ENOMEM
                                ? "no memory for the connection's messages"
                            : error == -ETIMEDOUT ? "the peer no longer answers"
                                                  : "the connection was reset",
                });
}

/* Not while answers wait: a flood of requests must not become a queue. */
static size_t room_of(const struct websocket_link *l)
{
    size_t room;

    if (l->is_closing || !websocket_link_has_room(l))
        return 0;
    room = l->ops->room(l);
    return room < LIMIT_READ ? room : LIMIT_READ;
}

void websocket_link_update(struct websocket_link *l)
{
    size_t room;

    if (l->stream == NULL || l->has_ended)
        return;
    room = room_of(l);
    if (room == 0 && (l->is_mute || l->stream->error != 0))
        break_off(l, l->stream->error);
    else
        stream_want(l->stream, (room > 0 ? STREAM_READ : 0u) |
                                   (l->is_blocked ? STREAM_WRITE : 0u));
}

/* ---- out ----------------------------------------------------------------- */

static void write_failed(struct websocket_link *l, int error)
{
    if (room_of(l) == 0) {
        break_off(l, error);
        return;
    }
    l->is_mute = true;
    buf_take(&l->out, l->out.len);
}

static bool put(struct websocket_link *l, enum websocket_opcode opcode,
                struct slice body)
{
    uint8_t head[WEBSOCKET_HEAD_MAX];
    size_t len = websocket_put_head(head, opcode, body.len, NULL);

    if (l->stream == NULL || l->has_ended || l->is_mute || l->is_closing ||
        l->out.len + len + body.len > l->out.max ||
        buf_append(&l->out, slice_of(head, len)) < 0)
        return false;
    if (buf_append(&l->out, body) == 0)
        return true;
    /* A head without its body would be the end of all order. */
    write_failed(l, -ENOMEM);
    return false;
}

bool websocket_link_put_text(struct websocket_link *l, struct slice text)
{
    return put(l, WEBSOCKET_TEXT, text);
}

static bool put_close(struct websocket_link *l, uint16_t code,
                      const char *reason)
{
    uint8_t body[WEBSOCKET_CONTROL_MAX];
    size_t len = websocket_put_close(body, code, reason);

    if (!put(l, WEBSOCKET_CLOSE, slice_of(body, len)))
        return false;
    l->is_closing = true;
    return true;
}

bool websocket_link_put_close(struct websocket_link *l,
                              enum websocket_code code, const char *reason)
{
    return put_close(l, (uint16_t)code, reason);
}

/* Cuts the data into frames. Returns how many, and how many bytes of data they
 * have. */
static int cut_frames(const struct ring_span *data, struct frame *frame,
                      size_t *ret_len)
{
    struct slice left = data->part[0];
    struct slice behind = data->part[1];
    int count = 0;

    *ret_len = 0;
    while (count < FRAMES_MAX && left.len > 0) {
        struct frame *f = &frame[count++];
        size_t len =
            left.len < WEBSOCKET_FRAME_MAX ? left.len : WEBSOCKET_FRAME_MAX;
        size_t rest = WEBSOCKET_FRAME_MAX - len;

        f->part[0] = slice_of(left.data, len);
        left = slice_after(left, len);
        if (rest > behind.len)
            rest = behind.len;
        f->part[1] = slice_of(behind.data, rest);
        if (left.len == 0) {
            left = slice_after(behind, rest);
            behind = slice_of(NULL, 0);
        }
        f->head_len = websocket_put_head(f->head, WEBSOCKET_BINARY,
                                         f->part[0].len + f->part[1].len, NULL);
        *ret_len += f->part[0].len + f->part[1].len;
    }
    return count;
}

static size_t frame_len(const struct frame *f)
{
    return f->head_len + f->part[0].len + f->part[1].len;
}

static int add_part(struct iovec *part, int count, struct slice bytes)
{
    if (bytes.len == 0)
        return count;
    part[count] = (struct iovec){ .iov_base = (void *)(uintptr_t)bytes.data,
                                  .iov_len = bytes.len };
    return count + 1;
}

/* The rest of a frame whose first n bytes are gone. */
static int keep_rest(struct websocket_link *l, const struct frame *f, size_t n)
{
    const struct slice all[PARTS_OF_FRAME] = {
        slice_of(f->head, f->head_len),
        f->part[0],
        f->part[1],
    };

    for (int i = 0; i < PARTS_OF_FRAME; i++) {
        size_t gone = n < all[i].len ? n : all[i].len;
        int r = buf_append(&l->out, slice_after(all[i], gone));

        if (r < 0)
            return r;
        n -= gone;
    }
    return 0;
}

/* n: bytes that the stream has taken of the frames. Returns how many bytes of
 * data are dealt with: those of a frame that was begun are. */
static size_t took(struct websocket_link *l, const struct frame *frame,
                   int count, size_t n)
{
    size_t taken = 0;

    for (int i = 0; i < count && n > 0; i++) {
        const struct frame *f = &frame[i];
        size_t whole = frame_len(f);

        taken += f->part[0].len + f->part[1].len;
        if (n < whole) {
            int r = keep_rest(l, f, n);

            if (r < 0)
                break_off(l, r);
            break;
        }
        n -= whole;
    }
    return taken;
}

size_t websocket_link_write(struct websocket_link *l,
                            const struct ring_span *data)
{
    struct frame frame[FRAMES_MAX];
    struct iovec part[1 + FRAMES_MAX * PARTS_OF_FRAME];
    size_t queued = l->out.len;
    size_t len = 0;
    size_t all = queued;
    int frames = 0;
    int parts;
    ssize_t n;

    if (l->stream == NULL || l->has_ended || l->is_blocked || l->is_mute)
        return 0;
    if (!l->is_closing)
        frames = cut_frames(data, frame, &len);
    parts = add_part(part, 0, buf_bytes(&l->out));
    for (int i = 0; i < frames; i++) {
        parts =
            add_part(part, parts, slice_of(frame[i].head, frame[i].head_len));
        parts = add_part(part, parts, frame[i].part[0]);
        parts = add_part(part, parts, frame[i].part[1]);
        all += frame_len(&frame[i]);
    }
    if (parts == 0)
        return 0;
    n = stream_writev(l->stream, part, parts);
    if (n < 0) {
        write_failed(l, (int)n);
        return 0;
    }
    l->is_blocked = (size_t)n < all;
    if ((size_t)n <= queued) {
        buf_take(&l->out, (size_t)n);
        return 0;
    }
    buf_take(&l->out, queued);
    return took(l, frame, frames, (size_t)n - queued);
}

void websocket_link_flush(struct websocket_link *l)
{
    static const struct ring_span nothing;

    (void)websocket_link_write(l, &nothing);
}

/* ---- in ------------------------------------------------------------------ */

/* The close's code is sent back (RFC 6455, 5.5.1). */
static void handle_control(struct websocket_link *l,
                           const struct websocket_item *item)
{
    bool has_code = item->close_code != 1005;

    if (item->opcode == WEBSOCKET_PING && websocket_link_has_room(l))
        (void)put(l, WEBSOCKET_PONG, item->body);
    if (item->opcode != WEBSOCKET_CLOSE)
        return;
    (void)put_close(l, has_code ? item->close_code : WEBSOCKET_CODE_GONE, "");
    websocket_link_flush(l);
    fail(l, (struct websocket_link_end){ .code = item->close_code,
                                         .text = "closed by the client" });
}

static void refuse(struct websocket_link *l, uint16_t code, const char *problem)
{
    (void)put_close(l, code, problem);
    websocket_link_flush(l);
    fail(l, (struct websocket_link_end){ .is_fault = true, .text = problem });
}

/* The bytes are unmasked where they are. */
static void feed(struct websocket_link *l, struct slice in)
{
    struct websocket_item item;

    while (!l->has_ended && !l->is_closing) {
        switch (websocket_next(&l->reader, &in, &item)) {
        case WEBSOCKET_NEED_MORE:
            return;
        case WEBSOCKET_DATA:
            l->ops->on_data(l, item.opcode, item.body, false);
            break;
        case WEBSOCKET_DATA_END:
            l->ops->on_data(l, item.opcode, slice_of(NULL, 0), true);
            break;
        case WEBSOCKET_CONTROL:
            handle_control(l, &item);
            break;
        case WEBSOCKET_BROKEN:
            refuse(l, item.close_code, item.problem);
            break;
        }
    }
}

static void heard(struct websocket_link *l)
{
    l->silences = 0;
    deadline_start(&l->ctx->websockets->pings, &l->ping, clock_now_us());
}

static void read_some(struct websocket_link *l, bool is_broken)
{
    size_t room = room_of(l);
    ssize_t n;

    if (room == 0) {
        if (is_broken)
            break_off(l, l->stream->error);
        return;
    }
    n = stream_read(l->stream, l->ctx->read_buffer, room);
    if (n > 0) {
        heard(l);
        feed(l, slice_of(l->ctx->read_buffer, (size_t)n));
    } else if (n == 0) {
        fail(l, (struct websocket_link_end){ .text =
                                                 "the connection was closed" });
    } else if (n != -EAGAIN) {
        break_off(l, (int)n);
    }
}

void websocket_link_feed_early(struct websocket_link *l, struct slice early)
{
    if (early.len == 0)
        return;
    if (early.len > room_of(l)) {
        refuse(l, WEBSOCKET_CODE_POLICY,
               "it sent too much before it had an answer");
        return;
    }
    memmove(l->ctx->read_buffer, early.data, early.len);
    feed(l, slice_of(l->ctx->read_buffer, early.len));
}

/* directory_settle comes last: this is a handler of the loop. */
static void websocket_link_on_ready(void *owner, unsigned ready)
{
    struct websocket_link *l = owner;
    struct directory *directory = l->ctx->directory;

    if ((ready & STREAM_DISTRUSTED) && !l->has_ended)
        l->ops->on_distrusted(l, stream_security(l->stream).problem);
    if (ready & STREAM_WRITE)
        l->is_blocked = false;
    if ((ready & STREAM_READ) && !l->has_ended)
        read_some(l, ready & STREAM_BROKEN);
    if (!l->has_ended)
        l->ops->on_ready(l);
    directory_settle(directory);
}

/* ---- its life ------------------------------------------------------------ */

static void ping(struct websocket_link *l)
{
    deadline_start(&l->ctx->websockets->pings, &l->ping, clock_now_us());
    if (l->is_closing || !websocket_link_has_room(l))
        return;
    (void)put(l, WEBSOCKET_PING, slice_of(NULL, 0));
    if (l->ops->on_ping != NULL)
        l->ops->on_ping(l);
    l->ops->on_ready(l);
}

static void websocket_link_ping_due(struct deadline *d, void *owner)
{
    struct websocket_link *l = CONTAINER_OF(d, struct websocket_link, ping);
    struct session_context *ctx = owner;

    if (++l->silences >= WEBSOCKET_SILENT_MAX)
        break_off(l, -ETIMEDOUT);
    else
        ping(l);
    directory_settle(ctx->directory);
}

void websocket_link_open_all(struct session_context *ctx)
{
    ctx->websockets = xcalloc(1, sizeof *ctx->websockets);
    session_context_open_queue(ctx, &ctx->websockets->pings, WEBSOCKET_PING_US,
                               websocket_link_ping_due);
}

void websocket_link_close_all(struct session_context *ctx)
{
    deadline_queue_close(&ctx->websockets->pings);
    free(ctx->websockets);
    ctx->websockets = NULL;
}

void websocket_link_init(struct websocket_link *l, struct session_context *ctx,
                         const struct websocket_link_ops *ops)
{
    *l = (struct websocket_link){ .ctx = ctx, .ops = ops };
    deadline_init(&l->ping);
    buf_init(&l->out, WEBSOCKET_QUEUE_MAX);
    websocket_reader_init(&l->reader, WEBSOCKET_SERVER);
}

static int put_answer(struct buf *to, const char *key, const char *protocol)
{
    char accept[TLS_WEBSOCKET_ANSWER_LEN + 1] = "";
    int r = http_write_status(to, 101);

    (void)tls_websocket_answer(slice_of_text(key), accept);
    if (r == 0)
        r = http_write_field(to, "Upgrade", "websocket");
    if (r == 0)
        r = http_write_field(to, "Connection", "Upgrade");
    if (r == 0)
        r = http_write_field(to, "Sec-WebSocket-Accept", accept);
    if (r == 0 && protocol != NULL)
        r = http_write_field(to, "Sec-WebSocket-Protocol", protocol);
    return r < 0 ? r : http_write_end(to);
}

void websocket_link_open(struct websocket_link *l, struct stream *stream,
                         const char *key, const char *protocol)
{
    int r;

    l->stream = stream;
    stream_set_owner(stream, websocket_link_on_ready, l);
    heard(l);
    r = put_answer(&l->out, key, protocol);
    if (r < 0)
        break_off(l, r);
}

void websocket_link_done(struct websocket_link *l, bool gently)
{
    deadline_stop(&l->ping);
    buf_done(&l->out);
    if (l->stream != NULL && gently)
        stream_close_gently(l->stream);
    else if (l->stream != NULL)
        stream_close(l->stream);
    websocket_link_init(l, l->ctx, l->ops);
}
