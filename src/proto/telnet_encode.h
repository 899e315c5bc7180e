/*
 * telnet_encode.h - data and commands -> TELNET byte stream (RFC 854, RFC 855).
 *
 * No I/O, no callbacks, no clock. Bulk data is sent from where it lies, as
 * parts of a writev; commands are appended to the caller's buf.
 */
#ifndef PROTO_TELNET_ENCODE_H
#define PROTO_TELNET_ENCODE_H

#include "base/buf.h"
#include "base/slice.h"
#include "proto/telnet.h"

#include <stdbool.h>
#include <sys/uio.h>

/*
 * Sending data. An encoder remembers what the last write left incomplete: the
 * second half of a doubled 255 or, in NVT mode, what a CR needs behind it (NUL,
 * unless an LF comes). Starts as { 0 }: BINARY, nothing incomplete.
 *
 * is_nvt may change between any two writes. A CR that waits for its NUL then
 * needs none: a receiver that was switched to BINARY by the command in between
 * would take the NUL for data, and a CR of binary data was no line end when NVT
 * returns.
 */
struct telnet_encoder {
    bool owes_iac; /* half of a doubled 255 was sent; the other must follow */
    bool after_cr; /* NVT: a CR was sent, and nothing behind it */
    bool is_nvt;   /* BINARY is off in this direction; set by the owner */
    bool is_raw;   /* no telnet: nothing is doubled; set by the owner */
};

enum {
    /* An owed byte; and for each input a NUL, a long run and scratch. */
    TELNET_BATCH_PARTS = 7,
    /* One read's bytes, and room for some that are doubled. */
    TELNET_BATCH_SCRATCH = 72 * 1024,
};

/*
 * The parts of one writev. They point into the data where nothing has to be
 * doubled (text has no 255, so it is never copied), otherwise into scratch:
 * copying short runs costs less than a part of a writev for each. Large: one
 * for the program, not one for a connection.
 */
struct telnet_batch {
    struct iovec part[TELNET_BATCH_PARTS];
    int count;
    size_t taken; /* bytes of the input that the batch covers */
    size_t bytes; /* bytes on the wire */
    struct slice in[2];
    struct telnet_encoder after; /* the encoder after all parts are sent */
    size_t scratch_len;
    uint8_t scratch[TELNET_BATCH_SCRATCH];
};

/*
 * Lays out in[0] then in[1] for one writev, or as much as fits the batch.
 * Changes only *batch.
 */
void telnet_encode(const struct telnet_encoder *e, const struct slice in[2],
                   struct telnet_batch *batch);

/*
 * Must follow a writev of the batch that took sent bytes (0 to batch->bytes).
 * Updates the encoder and returns how many input bytes are done. A doubled byte
 * that was sent by half counts as done, and its half is owed. The input bytes
 * must still be there, and the modes unchanged.
 */
size_t telnet_encode_sent(struct telnet_encoder *e,
                          const struct telnet_batch *batch, size_t sent);

/* True if a byte must be sent before any command. */
static inline bool telnet_encoder_owes(const struct telnet_encoder *e)
{
    return e->owes_iac;
}

/*
 * Encodes by copying: appends the encoded bytes to out, all or nothing; fails
 * as buf_append does. An owed byte goes into an empty out only: it must be sent
 * before any content of out, so otherwise it stays owed.
 */
int telnet_encode_append(struct telnet_encoder *e, struct slice in,
                         struct buf *out);

/* These append commands, all or nothing; they fail as buf_append does. */
int telnet_put_command(struct buf *out, enum telnet_verb verb);
int telnet_put_negotiation(struct buf *out, enum telnet_verb verb,
                           uint8_t option);
/* Doubles each 255 of body. option must not be 255. */
int telnet_put_suboption(struct buf *out, uint8_t option, struct slice body);
/* Like telnet_put_suboption, with a body made of count pieces. */
int telnet_put_suboption_pieces(struct buf *out, uint8_t option,
                                const struct slice *pieces, size_t count);

#endif
