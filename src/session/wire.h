/*
 * wire.h - the order of what goes out on one telnet connection: stream,
 * endpoint, encoder, and what was said but not taken yet.
 *
 * A session owns the wire and makes all decisions. The wire keeps the order
 * right: commands never get between the two halves of a doubled byte.
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
    struct buf out;  /* commands and texts, which come before new data */
    uint32_t may_go; /* while is_held: how many bytes of out still go out */
    bool is_held;    /* between wire_hold and wire_release */
};

/* Takes the stream over. out_max: see base/limits.h. */
void wire_init(struct wire *w, struct stream *stream,
               const struct telpeer_policy *policy, uint32_t out_max,
               stream_ready_fn *on_ready, void *owner);
void wire_done(struct wire *w, bool gently);

/* An offer (WILL, our side) or a request (DO, the peer's side) of an option. */
struct wire_option {
    enum telpeer_side side;
    uint8_t option;
};

/*
 * Offers and requests these options, in this order. Until BINARY is agreed on,
 * NVT rules hold (RFC 856). 0, or a failure of buf_append.
 */
int wire_offer(struct wire *w, const struct wire_option *options, size_t count);

/* wire_offer for a server with an 8-bit clean line and remote echo: WILL
 * BINARY, WILL SGA, WILL ECHO, DO BINARY, DO SGA. */
int wire_greet(struct wire *w);

enum wire_progress {
    WIRE_DONE,    /* all of it was taken */
    WIRE_BLOCKED, /* the peer takes no more now: wait until it can be written */
};

/* Writes out. enum wire_progress, or -errno when the connection is broken. */
int wire_flush(struct wire *w);

/*
 * wire_hold: what is queued by now still goes out, then nothing until
 * wire_release; the owner writes no data meanwhile. wire_write_past_held: these
 * bytes go out at once, before what is held. 0; -ENOBUFS: the stream does not
 * take them; or another failure of writing.
 */
void wire_hold(struct wire *w);
int wire_write_past_held(struct wire *w, struct slice bytes);
void wire_release(struct wire *w);

/*
 * Writes out and then data, straight from where it lies. ret_taken: how many
 * bytes of data were taken. Returns enum wire_progress, or -errno when the
 * connection is broken.
 */
int wire_write(struct wire *w, const struct slice data[2],
               struct telnet_batch *scratch, size_t *ret_taken);

#endif
