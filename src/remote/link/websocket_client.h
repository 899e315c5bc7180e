/*
 * websocket_client.h - one WebSocket to the server (RFC 6455): the request and
 * its answer, messages both ways, the close. Pings are answered here, and a
 * server that is silent for WEBSOCKET_CLIENT_SILENCE_MS is given up: it pings
 * us more often than that.
 *
 * What goes out is copied and masked at once, so it is bounded:
 * websocket_client_room. In the owner's storage.
 */
#ifndef REMOTE_LINK_WEBSOCKET_CLIENT_H
#define REMOTE_LINK_WEBSOCKET_CLIENT_H

#include "net/timer.h"
#include "proto/websocket/websocket.h"
#include "remote/link/turns.h"

enum {
    WEBSOCKET_CLIENT_SILENCE_MS = 65 * 1000,
    WEBSOCKET_CLIENT_OUT_MAX = 128 * 1024,
    WEBSOCKET_CLIENT_REFUSAL_MAX = 16 * 1024,
};

/* code: of the server's close; of come_again.h if there was none. */
struct websocket_client_end {
    unsigned code;
    unsigned status; /* of an HTTP answer that is no WebSocket; else 0 */
    struct err why;
};

struct websocket_client;

struct websocket_client_ops {
    void (*on_open)(struct websocket_client *c);
    /* Some of a message, in order; is_end: it is complete. Good for the
     * call. */
    void (*on_data)(struct websocket_client *c, enum websocket_opcode opcode,
                    struct slice bytes, bool is_end);
    /* There is room again for what goes out. */
    void (*on_room)(struct websocket_client *c);
    /* Once, last; not after websocket_client_close. Another one may be opened
     * from here. */
    void (*on_end)(struct websocket_client *c,
                   const struct websocket_client_end *end);
};

/* Members are websocket_client.c's. */
struct websocket_client {
    struct turns *turns;
    const struct websocket_client_ops *ops;
    struct turn turn;
    struct timer silence;
    struct stream *stream; /* NULL: not open */
    struct websocket_reader reader;
    struct remote_request request;
    char *target;
    char key[28]; /* base64 of 16 bytes */
    unsigned status;
    bool is_accepted; /* the answer has what belongs to the key */
    bool is_paused;
    bool is_closing; /* our close was queued */
    struct buf refusal;
    struct buf out;
};

void websocket_client_init(struct websocket_client *c, struct turns *turns,
                           const struct websocket_client_ops *ops);
/* Closes it without a word. */
void websocket_client_done(struct websocket_client *c);

void websocket_client_open(struct websocket_client *c, const char *target);
/* Without a word, and without on_end. */
void websocket_client_close(struct websocket_client *c);

static inline bool websocket_client_is_open(const struct websocket_client *c)
{
    return c->stream != NULL;
}

/* Bytes of a message that can be queued. */
size_t websocket_client_room(const struct websocket_client *c);
/* Queues a whole message, which there must be room for, and sends it. Does not
 * end the connection; what fails is noticed by the loop. */
void websocket_client_put(struct websocket_client *c,
                          enum websocket_opcode opcode, struct slice bytes);
/* Says goodbye: on_end comes when the server has answered. */
void websocket_client_say_goodbye(struct websocket_client *c);

/* Not read meanwhile. */
void websocket_client_pause(struct websocket_client *c, bool is_paused);

#endif
