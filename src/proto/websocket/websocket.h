/*
 * websocket.h - WebSocket frames (RFC 6455), both ways and for both sides.
 *
 * No I/O, no clock, no allocation; the caller owns everything. A message is
 * never put together here: data comes in the pieces in which it arrived, which
 * is all that a byte stream needs, and a caller that wants whole texts collects
 * them itself, bounded. Without extensions.
 *
 * The handshake's HTTP is the caller's; its key and answer are SHA-1 and base64
 * (net/tls/tls_digest.h).
 */
#ifndef PROTO_WEBSOCKET_WEBSOCKET_H
#define PROTO_WEBSOCKET_WEBSOCKET_H

#include "base/slice.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum websocket_side {
    WEBSOCKET_SERVER, /* what comes must be masked, what goes is not */
    WEBSOCKET_CLIENT,
};

/* Values are those of the wire. */
enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum websocket_event {
    WEBSOCKET_NEED_MORE, /* all input was used; behind CLOSE: ignored */
    WEBSOCKET_DATA,      /* some of a message: opcode TEXT or BINARY, body */
    WEBSOCKET_DATA_END,  /* the message is complete */
    WEBSOCKET_CONTROL,   /* opcode CLOSE, PING or PONG, with its whole body */
    WEBSOCKET_BROKEN,    /* a peer that breaks the protocol: close_code says how
                          * to close; stays so */
};

struct websocket_item {
    enum websocket_opcode opcode;
    struct slice body;   /* unmasked; DATA: in the input, which is changed;
                          * CONTROL: in the reader; good until the next call */
    uint16_t close_code; /* CONTROL CLOSE: 1005 if it has none; BROKEN: 1002,
                          * 1007, 1009 */
    const char *problem; /* BROKEN: static text */
};

enum {
    WEBSOCKET_CONTROL_MAX = 125,
    WEBSOCKET_HEAD_MAX = 14,
    /* Frames of one message, of which a flood would cost more than its bytes.
     */
    WEBSOCKET_FRAGMENTS_MAX = 1024,
};

enum websocket_part {
    WEBSOCKET_PART_HEAD, /* of a frame */
    WEBSOCKET_PART_DATA,
    WEBSOCKET_PART_CONTROL,
    WEBSOCKET_PART_CLOSED, /* what comes behind CLOSE is ignored */
    WEBSOCKET_PART_BROKEN,
};

/* Under 200 bytes; all members are websocket.c's. */
struct websocket_reader {
    uint64_t left;       /* of the frame's body */
    const char *problem; /* BROKEN */
    uint32_t fragments;  /* of the message, so far */
    uint16_t close_code; /* BROKEN */
    uint8_t side;
    uint8_t part;
    uint8_t message; /* opcode of the message that has begun; 0: none */
    bool is_final;   /* the frame ends it */
    uint8_t head_len;
    uint8_t control_len;
    uint8_t mask_at;
    uint8_t mask[4];
    struct text_check text; /* of texts, which end between characters */
    uint8_t head[WEBSOCKET_HEAD_MAX];
    uint8_t control[WEBSOCKET_CONTROL_MAX];
};

void websocket_reader_init(struct websocket_reader *r,
                           enum websocket_side side);

/* Takes one event off the front of *in, whose bytes may be changed. */
enum websocket_event websocket_next(struct websocket_reader *r,
                                    struct slice *in,
                                    struct websocket_item *ret);

/* The head of a frame of len bytes that is a whole message. mask: NULL for a
 * server; else 4 random bytes, and the body is masked by websocket_mask.
 * Returns the head's length. */
size_t websocket_put_head(uint8_t to[WEBSOCKET_HEAD_MAX],
                          enum websocket_opcode opcode, uint64_t len,
                          const uint8_t mask[4]);
void websocket_mask(uint8_t *body, size_t len, const uint8_t mask[4],
                    size_t at);

/* The body of a CLOSE; reason is cut to what fits, at a character. Returns its
 * length. */
size_t websocket_put_close(uint8_t to[WEBSOCKET_CONTROL_MAX], uint16_t code,
                           const char *reason);

#endif
