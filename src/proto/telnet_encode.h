/*
 * telnet_encode.h - data and commands -> TELNET byte stream (RFC 854, RFC 855).
 *
 * No I/O, no callbacks, no clock. Bulk data goes out from where it lies, as the
 * parts of a writev; commands are appended to a buf of the caller.
 */
#ifndef PROTO_TELNET_ENCODE_H
#define PROTO_TELNET_ENCODE_H

#include "base/buf.h"
#include "base/slice.h"
#include "proto/telnet.h"

#include <stdbool.h>
#include <sys/uio.h>

/*
 * Sending data. An encoder remembers what the last write left half-done: the
 * second half of a doubled 255 or, in NVT mode, what a CR still needs behind
 * it (NUL, unless an LF comes). Starts as { 0 }: BINARY, nothing half-done.
 *
 * is_nvt may change between any two writes. A CR that then still waits for
 * what is behind it needs nothing more: a receiver that was told of BINARY by
 * the command in between takes a NUL for data, and with NVT rules coming back
 * a CR of binary data was no line end.
 */
struct telnet_encoder {
    bool owes_iac; /* one half of a doubled 255 went out, the other must */
    bool after_cr; /* NVT: a CR went out, nothing behind it yet */
    bool is_nvt;   /* BINARY is off in this direction; the owner sets it */
    bool is_raw;   /* no telnet at all: nothing doubled; the owner sets it */
};

enum {
    /* A byte owed, and for each input a NUL, a long run of it and scratch. */
    TELNET_BATCH_PARTS = 7,
    /* One read's worth of bytes, and some more for those that are doubled. */
    TELNET_BATCH_SCRATCH = 72 * 1024,
};

/*
 * One writev's worth. Points into the data that was encoded where nothing in
 * it has to be doubled (text has no 255: it is never copied), else into
 * scratch: short runs cost less to copy than as a part of a writev each.
 * Large: one for a program, not one for a connection.
 */
struct telnet_batch {
    struct iovec part[TELNET_BATCH_PARTS];
    int count;
    size_t taken; /* bytes of the input that it covers */
    size_t bytes; /* bytes on the wire */
    struct slice in[2];
    struct telnet_encoder after; /* the encoder's state when all is sent */
    size_t scratch_len;
    uint8_t scratch[TELNET_BATCH_SCRATCH];
};

/*
 * Lays out in[0] then in[1] for one writev, or as much of them as fits the
 * batch. Changes nothing but *batch.
 */
void telnet_encode(const struct telnet_encoder *e, const struct slice in[2],
                   struct telnet_batch *batch);

/*
 * After a writev of that batch took sent bytes (0 to batch->bytes): brings the
 * encoder up to date and returns how many input bytes are done with. Where the
 * write stopped inside a doubled byte, it counts as done and is owed. The
 * bytes that were encoded must still be there, and the modes unchanged.
 */
size_t telnet_encode_sent(struct telnet_encoder *e,
                          const struct telnet_batch *batch, size_t sent);

/* True if something must go out before any command may be put in between. */
static inline bool telnet_encoder_owes(const struct telnet_encoder *e)
{
    return e->owes_iac;
}

/*
 * Encodes by copying: appends the encoded bytes to out. All or nothing, the
 * failures of buf_append. What is owed goes into an empty out; with something
 * in out it stays owed, because it must be sent before that.
 */
int telnet_encode_append(struct telnet_encoder *e, struct slice in,
                         struct buf *out);

/* Appending commands; the failures of buf_append, all or nothing. */
int telnet_put_command(struct buf *out, enum telnet_verb verb);
int telnet_put_negotiation(struct buf *out, enum telnet_verb verb,
                           uint8_t option);
/* body is doubled where needed; option is none that would need it (255). */
int telnet_put_suboption(struct buf *out, uint8_t option, struct slice body);
/* A body that is made up of count pieces; otherwise telnet_put_suboption. */
int telnet_put_suboption_pieces(struct buf *out, uint8_t option,
                                const struct slice *pieces, size_t count);

#endif
