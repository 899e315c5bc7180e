/*
 * stream_tls.h - TLS on top of another stream (OpenSSL 3).
 *
 * To its owner it is a stream like any other: it becomes ready, is read and
 * written, and is closed once. The handshake goes on inside; before it is done
 * nothing can be read and nothing is taken. It has TLS_HANDSHAKE_US for it.
 *
 * A peer that ends in order (close_notify) reads as 0, like the end of any
 * stream; one can go on writing to it. One that just stops reads as
 * -ECONNABORTED: somebody may have cut the connection. What else goes wrong
 * reads as -EPROTO (the peer, or what it shows), -ETIMEDOUT (the handshake) or
 * as the stream below said, and stream_security says it in words.
 *
 * What one costs on the heap (OpenSSL 3.0, AES-256-GCM, P-256, measured with
 * 2,000 of each; the SSL object alone is 7.6 KiB):
 *
 *     idle server    14.3 KiB with TLS 1.3, 13.2 KiB with TLS 1.2
 *     idle client    18.1 KiB, 17.9 KiB: it keeps the peer's certificate
 *     silent peer     8.8 KiB, before its first byte
 *     half a hello   72 KiB at most, for TLS_HANDSHAKE_US at most
 *     slow reader   128 KiB on top at most, for one write that was not taken
 *
 * Buffers for records are OpenSSL's while a record is under way, and nobody's
 * otherwise.
 */
#ifndef NET_TLS_STREAM_TLS_H
#define NET_TLS_STREAM_TLS_H

#include "base/deadline.h"
#include "base/slice.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls/tls_context.h"

enum { TLS_HANDSHAKE_US = 10 * 1000 * 1000 };

/*
 * What all TLS streams of a loop share. Memory that is needed for the time of
 * a call only is here, once.
 */
struct tls_hub {
    struct deadline_queue again;      /* have more to do in the next turn */
    struct deadline_queue handshakes; /* under way, or closing */
    unsigned stream_count;
    uint8_t *in;    /* what a read of a stream below brought */
    uint8_t *plain; /* a record's data, put together from small parts */
    struct tls_bio_out *out; /* records on their way to a stream below */
};

/* loop NULL: a test lets the deadlines fall due by itself. */
void tls_hub_init(struct tls_hub *hub, struct loop *loop);
/* Streams that their owners have closed may be on their way out still: they
 * are gone afterwards. No others are left. */
void tls_hub_done(struct tls_hub *hub);
void tls_hub_again_due(struct deadline *d, void *owner);
void tls_hub_handshake_due(struct deadline *d, void *owner);

/*
 * Takes the stream below over, whatever becomes of it. already_read: bytes
 * that were read from it before. Never fails at once: what is wrong with the
 * first bytes is told like all that comes later. host: for a client, whom it
 * means to reach (for SNI, and see tls_context.h); may be NULL.
 */
struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host);

#endif
