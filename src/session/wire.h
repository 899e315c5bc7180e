/*
 * wire.h - one telnet connection: stream, endpoint, encoder, and what was
 * said but not taken yet. The part that VM and client sessions have in common.
 *
 * Owned by a session, which also owns all decisions: this only keeps the order
 * on the wire right. Commands never get between the two halves of a byte.
 */
#ifndef SESSION_WIRE_H
#define SESSION_WIRE_H

#include "net/stream.h"
#include "proto/telnet_encode.h"
#include "proto/telpeer.h"

struct wire {
    struct stream *stream;
    struct telpeer peer;
    struct telnet_encoder encoder;
    struct buf out;  /* commands, texts and what else comes before new data */
    uint32_t may_go; /* while it is held: how much of out still goes out */
    bool is_held;
};

/* Takes the stream over. out_max: see base/limits.h. */
void wire_init(struct wire *w, struct stream *stream,
               const struct telpeer_policy *policy, uint32_t out_max,
               stream_ready_fn *on_ready, void *owner);
void wire_done(struct wire *w, bool gently);

/* WILL of an option of ours, DO of one of the peer's. */
struct wire_option {
    enum telpeer_side side;
    uint8_t option;
};

/*
 * Offers and asks for these, in this order. Until BINARY is agreed on NVT rules
 * hold (RFC 856). 0 or the failures of buf_append.
 */
int wire_offer(struct wire *w, const struct wire_option *options, size_t count);

/* The same as a server with an 8-bit clean line and remote echo: WILL BINARY,
 * WILL SGA, WILL ECHO, DO BINARY, DO SGA. */
int wire_greet(struct wire *w);

enum wire_progress {
    WIRE_DONE,    /* all of it was taken */
    WIRE_BLOCKED, /* the peer takes no more now: wait until it can be written */
};

/* Writes out. enum wire_progress, or -errno when the connection is broken. */
int wire_flush(struct wire *w);

/*
 * What is queued by now goes out, then nothing until the release; there must
 * be no data to write meanwhile. Past that: bytes that go out now. 0, or
 * -ENOBUFS if they do not.
 */
void wire_hold(struct wire *w);
int wire_write_past_held(struct wire *w, struct slice bytes);
void wire_release(struct wire *w);

/*
 * Writes out and then data, straight from where it lies. ret_taken: how many
 * bytes of data are done with. As wire_flush.
 */
int wire_write(struct wire *w, const struct slice data[2],
               struct telnet_batch *scratch, size_t *ret_taken);

#endif
