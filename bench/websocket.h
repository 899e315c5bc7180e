/*
 * websocket.h - just enough of a WebSocket to be a console's client: takes
 * frames apart, knows the position of each byte, and acknowledges.
 *
 * No I/O: bytes go in, the console's output comes out.
 */
#ifndef BENCH_WEBSOCKET_H
#define BENCH_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WEBSOCKET_TEXT_MAX = 4096,
    WEBSOCKET_FRAME_MAX = 160, /* that a client sends */
};

struct websocket {
    bool is_open; /* the request was answered */
    bool is_live; /* position is known */
    uint8_t answer_at;
    uint8_t head_len;
    uint8_t head[10];
    uint8_t opcode;
    uint64_t left;     /* of the frame */
    uint64_t position; /* of the next byte */
    uint64_t acked;
    size_t text_len;
    char text[WEBSOCKET_TEXT_MAX + 1];
};

struct websocket *websocket_new(void);

/* The request for a console of this name; returns its length. */
size_t websocket_put_request(char *to, size_t size, const char *console);

/* out may be in. Returns how many bytes of output there are. */
size_t websocket_decode(struct websocket *ws, const uint8_t *in, size_t len,
                        uint8_t *out);

/* A frame with these bytes as input; an acknowledgement, if one is due, else 0.
 * Both return the length. */
size_t websocket_put_input(uint8_t to[WEBSOCKET_FRAME_MAX], const void *bytes,
                           size_t len);
size_t websocket_put_ack(struct websocket *ws, uint8_t to[WEBSOCKET_FRAME_MAX]);

#endif
