#include "proto/websocket/websocket.h"

#include "base/text.h"

#include <string.h>

enum {
    BIT_FINAL = 0x80,
    BITS_RESERVED = 0x70,
    BITS_OPCODE = 0x0f,
    BIT_CONTROL = 0x08,
    BIT_MASK = 0x80,
    LEN_16 = 126, /* the length is in the next 2 bytes */
    LEN_64 = 127,
};

/* RFC 6455, section 7.4. */
enum {
    CLOSE_PROTOCOL = 1002,
    CLOSE_NONE = 1005,
    CLOSE_NO_TEXT = 1007,
    CLOSE_TOO_BIG = 1009,
};

void websocket_reader_init(struct websocket_reader *r, enum websocket_side side)
{
    *r = (struct websocket_reader){ .side = (uint8_t)side };
}

static enum websocket_event break_off(struct websocket_reader *r,
                                      uint16_t close_code, const char *problem)
{
    r->part = WEBSOCKET_PART_BROKEN;
    r->close_code = close_code;
    r->problem = problem;
    return WEBSOCKET_BROKEN;
}

/* ---- heads of frames --------------------------------------------------------
 */

static bool is_masked(const struct websocket_reader *r)
{
    return r->side == WEBSOCKET_SERVER;
}

/* As far as the first bytes say; never less than 2. */
static size_t head_size(const struct websocket_reader *r)
{
    size_t size = 2 + (is_masked(r) ? 4u : 0u);
    uint8_t len = r->head[1] & (BIT_MASK - 1);

    if (r->head_len < 2)
        return 2;
    return size + (len == LEN_64 ? 8 : len == LEN_16 ? 2 : 0);
}

static const char *check_control(const uint8_t head[2])
{
    if (head[0] > (BIT_FINAL | WEBSOCKET_PONG) ||
        (head[0] & BITS_OPCODE) > WEBSOCKET_PONG)
        return "the opcode is not known";
    if ((head[0] & BIT_FINAL) == 0)
        return "a control frame is fragmented";
    if ((head[1] & (BIT_MASK - 1)) > WEBSOCKET_CONTROL_MAX)
        return "a control frame is too long";
    return NULL;
}

/* The first two bytes, which say the most. */
static const char *check_start(const struct websocket_reader *r)
{
    uint8_t opcode = r->head[0] & BITS_OPCODE;

    if ((r->head[0] & BITS_RESERVED) != 0)
        return "a reserved bit is set";
    if (((r->head[1] & BIT_MASK) != 0) != is_masked(r))
        return is_masked(r) ? "a client's frame is not masked"
                            : "a server's frame is masked";
    if ((opcode & BIT_CONTROL) != 0)
        return check_control(r->head);
    if (opcode > WEBSOCKET_BINARY)
        return "the opcode is not known";
    if (opcode == WEBSOCKET_CONTINUATION && r->message == 0)
        return "there is no message to be continued";
    if (opcode != WEBSOCKET_CONTINUATION && r->message != 0)
        return "a message begins within another one";
    return NULL;
}

/* RFC 6455, section 5.2: in as few bytes as it can be written. */
static const char *parse_length(struct websocket_reader *r)
{
    uint8_t len = r->head[1] & (BIT_MASK - 1);
    size_t bytes = len == LEN_64 ? 8 : len == LEN_16 ? 2 : 0;

    r->left = bytes == 0 ? len : 0;
    for (size_t i = 0; i < bytes; i++)
        r->left = r->left << 8 | r->head[2 + i];
    if ((bytes == 2 && r->left < LEN_16) ||
        (bytes == 8 && r->left <= UINT16_MAX))
        return "a length is not written in the shortest way";
    if (r->left > INT64_MAX)
        return "a length has its top bit set";
    return NULL;
}

static enum websocket_event begin_body(struct websocket_reader *r)
{
    const char *problem = parse_length(r);

    if (problem != NULL)
        return break_off(r, CLOSE_PROTOCOL, problem);
    if (is_masked(r))
        memcpy(r->mask, r->head + r->head_len - 4, 4);
    r->mask_at = 0;
    r->is_final = (r->head[0] & BIT_FINAL) != 0;
    if ((r->head[0] & BIT_CONTROL) != 0) {
        r->control_len = 0;
        r->part = WEBSOCKET_PART_CONTROL;
        return WEBSOCKET_NEED_MORE;
    }
    if (r->message == 0) {
        r->message = r->head[0] & BITS_OPCODE;
        r->fragments = 0;
    }
    if (++r->fragments > WEBSOCKET_FRAGMENTS_MAX)
        return break_off(r, CLOSE_TOO_BIG, "a message has too many frames");
    r->part = WEBSOCKET_PART_DATA;
    return WEBSOCKET_NEED_MORE;
}

static enum websocket_event take_head(struct websocket_reader *r,
                                      struct slice *in)
{
    while (in->len > 0 && r->head_len < head_size(r)) {
        const char *problem = NULL;

        r->head[r->head_len++] = in->data[0];
        *in = slice_after(*in, 1);
        if (r->head_len == 2)
            problem = check_start(r);
        if (problem != NULL)
            return break_off(r, CLOSE_PROTOCOL, problem);
    }
    return r->head_len < head_size(r) ? WEBSOCKET_NEED_MORE : begin_body(r);
}

/* ---- bodies -----------------------------------------------------------------
 */

void websocket_mask(uint8_t *body, size_t len, const uint8_t mask[4], size_t at)
{
    uint8_t turned[8];
    uint64_t word;
    size_t i = 0;

    for (size_t j = 0; j < sizeof turned; j++)
        turned[j] = mask[(at + j) & 3];
    memcpy(&word, turned, sizeof word);
    for (; len - i >= sizeof word; i += sizeof word) {
        uint64_t bytes;

        memcpy(&bytes, body + i, sizeof bytes);
        bytes ^= word;
        memcpy(body + i, &bytes, sizeof bytes);
    }
    for (; i < len; i++)
        body[i] ^= turned[i & 7];
}

/* Takes what there is of the body, up to its end. */
static struct slice take_body(struct websocket_reader *r, struct slice *in)
{
    size_t len = in->len < r->left ? in->len : (size_t)r->left;
    struct slice body = slice_of(in->data, len);

    if (is_masked(r) && len > 0) {
        /* The header says so: the input may be changed. */
        websocket_mask((uint8_t *)(uintptr_t)in->data, len, r->mask,
                       r->mask_at);
        r->mask_at = (uint8_t)((r->mask_at + len) & 3);
    }
    r->left -= len;
    *in = slice_after(*in, len);
    return body;
}

static enum websocket_event take_data(struct websocket_reader *r,
                                      struct slice *in,
                                      struct websocket_item *ret)
{
    ret->opcode = r->message;
    if (r->left > 0) {
        if (in->len == 0)
            return WEBSOCKET_NEED_MORE;
        ret->body = take_body(r, in);
        if (r->message == WEBSOCKET_TEXT && !text_check(&r->text, ret->body))
            return break_off(r, CLOSE_NO_TEXT, "a text is no UTF-8");
        return WEBSOCKET_DATA;
    }
    r->head_len = 0;
    r->part = WEBSOCKET_PART_HEAD;
    if (!r->is_final)
        return WEBSOCKET_NEED_MORE;
    if (r->message == WEBSOCKET_TEXT && r->text.left > 0)
        return break_off(r, CLOSE_NO_TEXT, "a text ends within a character");
    r->message = 0;
    return WEBSOCKET_DATA_END;
}

/* RFC 6455, section 7.4, and IANA's list. */
static bool is_close_code(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum websocket_event take_close(struct websocket_reader *r,
                                       struct websocket_item *ret)
{
    struct text_check text = { 0 };
    unsigned code = (unsigned)r->control[0] << 8 | r->control[1];

    r->part = WEBSOCKET_PART_CLOSED;
    ret->close_code = CLOSE_NONE;
    if (r->control_len == 0)
        return WEBSOCKET_CONTROL;
    if (r->control_len == 1 || !is_close_code(code))
        return break_off(r, CLOSE_PROTOCOL, "the close code is not valid");
    if (!text_check(&text, slice_of(r->control + 2, r->control_len - 2u)) ||
        text.left > 0)
        return break_off(r, CLOSE_NO_TEXT, "the reason is no UTF-8");
    ret->close_code = (uint16_t)code;
    return WEBSOCKET_CONTROL;
}

static enum websocket_event take_control(struct websocket_reader *r,
                                         struct slice *in,
                                         struct websocket_item *ret)
{
    struct slice body = take_body(r, in);

    if (body.len > 0)
        memcpy(r->control + r->control_len, body.data, body.len);
    r->control_len = (uint8_t)(r->control_len + body.len);
    if (r->left > 0)
        return WEBSOCKET_NEED_MORE;
    r->head_len = 0;
    r->part = WEBSOCKET_PART_HEAD;
    ret->opcode = r->head[0] & BITS_OPCODE;
    ret->body = slice_of(r->control, r->control_len);
    return ret->opcode == WEBSOCKET_CLOSE ? take_close(r, ret)
                                          : WEBSOCKET_CONTROL;
}

static enum websocket_event take_event(struct websocket_reader *r,
                                       struct slice *in,
                                       struct websocket_item *ret)
{
    switch ((enum websocket_part)r->part) {
    case WEBSOCKET_PART_HEAD:
        return take_head(r, in);
    case WEBSOCKET_PART_DATA:
        return take_data(r, in, ret);
    case WEBSOCKET_PART_CONTROL:
        return take_control(r, in, ret);
    case WEBSOCKET_PART_CLOSED:
        *in = slice_after(*in, in->len);
        return WEBSOCKET_NEED_MORE;
    case WEBSOCKET_PART_BROKEN:
        break;
    }
    return WEBSOCKET_BROKEN;
}

enum websocket_event websocket_next(struct websocket_reader *r,
                                    struct slice *in,
                                    struct websocket_item *ret)
{
    enum websocket_event event;
    uint8_t part;

    /* A frame without a body has something to say with no byte left. */
    do {
        part = r->part;
        *ret = (struct websocket_item){ 0 };
        event = take_event(r, in, ret);
    } while (event == WEBSOCKET_NEED_MORE && (in->len > 0 || r->part != part));
    if (event == WEBSOCKET_BROKEN)
        *ret = (struct websocket_item){ .close_code = r->close_code,
                                        .problem = r->problem };
    return event;
}

/* ---- writing ----------------------------------------------------------------
 */

size_t websocket_put_head(uint8_t to[WEBSOCKET_HEAD_MAX],
                          enum websocket_opcode opcode, uint64_t len,
                          const uint8_t mask[4])
{
    size_t bytes = len < LEN_16 ? 0 : len <= UINT16_MAX ? 2 : 8;
    size_t at = 2;

    to[0] = (uint8_t)(BIT_FINAL | (unsigned)opcode);
    to[1] = bytes == 0 ? (uint8_t)len : bytes == 2 ? LEN_16 : LEN_64;
    for (size_t i = bytes; i > 0; i--)
        to[at++] = (uint8_t)(len >> (8 * (i - 1)));
    if (mask != NULL) {
        to[1] |= BIT_MASK;
        memcpy(to + at, mask, 4);
        at += 4;
    }
    return at;
}

size_t websocket_put_close(uint8_t to[WEBSOCKET_CONTROL_MAX], uint16_t code,
                           const char *reason)
{
    struct slice rest = slice_of_text(reason);
    size_t at = 2;

    to[0] = (uint8_t)(code >> 8);
    to[1] = (uint8_t)code;
    while (rest.len > 0) {
        uint32_t character;
        size_t len = text_character(rest, &character);

        if (len == 0 || at + len > WEBSOCKET_CONTROL_MAX)
            break;
        memcpy(to + at, rest.data, len);
        at += len;
        rest = slice_after(rest, len);
    }
    return at;
}
