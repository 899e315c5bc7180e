/*
 * Frames from a peer, either side: the same is told however they are cut, texts
 * are UTF-8, and what was told, written as frames again, is told again.
 *
 * The first byte of an input is the side and where it is cut.
 */
#include "proto/websocket/websocket.h"

#include "base/buf.h"

#include <stdlib.h>

struct told {
    struct buf bytes;  /* of all events, without where data was cut */
    struct buf frames; /* the same as frames to the same side */
    struct buf message;
    bool is_broken;
    uint16_t close_code;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void tell(struct buf *to, struct slice bytes)
{
    require(buf_append(to, bytes) == 0);
}

static void open_told(struct told *t)
{
    *t = (struct told){ .is_broken = false };
    buf_init(&t->bytes, UINT32_MAX);
    buf_init(&t->frames, UINT32_MAX);
    buf_init(&t->message, UINT32_MAX);
}

static void close_told(struct told *t)
{
    buf_done(&t->bytes);
    buf_done(&t->frames);
    buf_done(&t->message);
}

static void write_frame(struct told *t, enum websocket_side side,
                        enum websocket_opcode opcode, struct slice body)
{
    static const uint8_t mask[4] = { 0x9d, 0x00, 0x31, 0xff };
    bool is_masked = side == WEBSOCKET_SERVER;
    uint8_t head[WEBSOCKET_HEAD_MAX];

    tell(&t->frames,
         slice_of(head, websocket_put_head(head, opcode, body.len,
                                           is_masked ? mask : NULL)));
    tell(&t->frames, body);
    if (is_masked && body.len > 0)
        websocket_mask(t->frames.data + t->frames.start + t->frames.len -
                           body.len,
                       body.len, mask, 0);
}

static bool is_utf8(struct slice text)
{
    while (text.len > 0) {
        uint32_t code;
        size_t len = text_character(text, &code);

        if (len == 0)
            return false;
        text = slice_after(text, len);
    }
    return true;
}

static void end_message(struct told *t, enum websocket_side side,
                        enum websocket_opcode opcode)
{
    require(opcode != WEBSOCKET_TEXT || is_utf8(buf_bytes(&t->message)));
    tell(&t->bytes, slice_of("E", 1));
    write_frame(t, side, opcode, buf_bytes(&t->message));
    buf_cut(&t->message, 0);
}

static void tell_event(struct told *t, enum websocket_side side,
                       enum websocket_event event,
                       const struct websocket_item *item)
{
    uint8_t opcode = (uint8_t)item->opcode;

    switch (event) {
    case WEBSOCKET_NEED_MORE:
        break;
    case WEBSOCKET_DATA:
        require(item->body.len > 0);
        tell(&t->message, item->body);
        tell(&t->bytes, item->body);
        break;
    case WEBSOCKET_DATA_END:
        end_message(t, side, item->opcode);
        break;
    case WEBSOCKET_CONTROL:
        require(item->body.len <= WEBSOCKET_CONTROL_MAX);
        tell(&t->bytes, slice_of(&opcode, 1));
        tell(&t->bytes, item->body);
        break;
    case WEBSOCKET_BROKEN:
        require(item->close_code >= 1002 && item->problem[0] != '\0');
        t->is_broken = true;
        t->close_code = item->close_code;
        break;
    }
}

static void give(struct websocket_reader *r, struct told *t, struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len);
    struct slice in = slice_of(copy, bytes.len);
    enum websocket_event event;

    require(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    do {
        struct websocket_item item;

        event = websocket_next(r, &in, &item);
        tell_event(t, r->side, event, &item);
    } while (event != WEBSOCKET_NEED_MORE && event != WEBSOCKET_BROKEN);
    require(event == WEBSOCKET_BROKEN || in.len == 0);
    free(copy);
}

static void play(struct told *t, enum websocket_side side, struct slice bytes,
                 size_t piece)
{
    struct websocket_reader r;

    open_told(t);
    websocket_reader_init(&r, side);
    while (bytes.len > 0 && !t->is_broken) {
        size_t len = bytes.len < piece ? bytes.len : piece;

        give(&r, t, slice_of(bytes.data, len));
        bytes = slice_after(bytes, len);
    }
}

static void require_same(const struct told *whole, const struct told *cut)
{
    struct slice a = buf_bytes(&whole->bytes);
    struct slice b = buf_bytes(&cut->bytes);

    require(whole->is_broken == cut->is_broken &&
            whole->close_code == cut->close_code);
    /* A piece of a text with a wrong byte in it is not told at all. */
    require(a.len == b.len || (whole->close_code == 1007 && a.len < b.len));
    require(slice_is_equal(a, slice_of(b.data, a.len)));
    require(slice_is_equal(buf_bytes(&whole->frames), buf_bytes(&cut->frames)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct told whole, cut, again;
    enum websocket_side side;
    struct slice in;

    if (len < 2)
        return 0;
    side = (bytes[0] & 1) != 0 ? WEBSOCKET_CLIENT : WEBSOCKET_SERVER;
    in = slice_of(bytes + 1, len - 1);
    play(&whole, side, in, in.len);
    play(&cut, side, in, (bytes[0] >> 1) + 1u);
    require_same(&whole, &cut);
    play(&again, side, buf_bytes(&whole.frames), SIZE_MAX);
    require(!again.is_broken);
    require(slice_is_equal(buf_bytes(&again.frames), buf_bytes(&whole.frames)));
    close_told(&whole);
    close_told(&cut);
    close_told(&again);
    return 0;
}
