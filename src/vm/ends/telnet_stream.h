/*
 * telnet_stream.h - a stream of bytes on top of one that speaks telnet: QEMU's
 * -serial telnet:, a terminal server.
 *
 * We are the telnet client that asks for BINARY both ways; a peer that does not
 * agree gets the NVT's line ends. The peer's data is handed on; its break is
 * noted, and ours is IAC BRK.
 */
#ifndef VM_ENDS_TELNET_STREAM_H
#define VM_ENDS_TELNET_STREAM_H

#include "net/stream.h"
#include "proto/telnet_encode.h"
#include "proto/telpeer.h"
#include "vm/ends/end.h"

/* In the owner's storage; the stream is closed like any other. */
struct telnet_stream {
    struct stream stream;
    struct stream *below;
    struct end_break *read_break; /* borrowed: where a break is noted */
    struct telpeer peer;
    struct telnet_encoder encoder;
    struct buf out; /* commands, which are sent before data */
    struct telnet_batch batch;
};

/* Takes the stream below over. */
struct stream *telnet_stream_open(struct telnet_stream *t, struct stream *below,
                                  struct end_break *read_break);

/* Sends a break behind everything that was written. Does nothing if the peer
 * takes nothing. */
void telnet_stream_send_break(struct telnet_stream *t);

#endif
