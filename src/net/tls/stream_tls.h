/*
 * stream_tls.h - TLS on top of another stream (OpenSSL 3).
 *
 * Its owner uses it like any stream: it becomes ready, is read and written, and
 * is closed once. The handshake happens inside, and has TLS_HANDSHAKE_US.
 * Before it is done, nothing can be read and no byte is taken.
 *
 * A peer that ends in order (close_notify) reads as 0, like the end of any
 * stream; the owner can still write. A peer that ends without close_notify
 * reads as -ECONNABORTED: somebody may have cut the connection. Other failures
 * read as -EPROTO (the peer, or its certificate), -ETIMEDOUT (the handshake),
 * or the error of the stream below; stream_security has the words.
 *
 * Heap of one stream (OpenSSL 3.0, AES-256-GCM, P-256, measured with 2,000 of
 * each; the SSL object alone is 7.6 KiB):
 *
 *     idle server    14.3 KiB with TLS 1.3, 13.2 KiB with TLS 1.2
 *     idle client    18.1 KiB, 17.9 KiB: it keeps the peer's certificate
 *     silent peer     8.8 KiB, before its first byte
 *     half a hello   72 KiB at most, for TLS_HANDSHAKE_US at most
 *     slow reader   128 KiB on top at most, for one write that was not taken
 *
 * A peer's certificate adds 5 KiB, and so does each one behind it: OpenSSL
 * keeps the chain as it was shown. To judge it again later costs no memory.
 *
 * OpenSSL has buffers for records only while a record is under way.
 *
 * A step of a handshake is the most expensive thing that a stranger can ask for
 * (0.1 ms with a P-256 key, 3 ms with RSA-4096). So each turn of the loop has
 * only so many of them, and a crowd of handshakes makes itself wait, in the
 * order of its coming, and not the connections that are served.
 */
#ifndef NET_TLS_STREAM_TLS_H
#define NET_TLS_STREAM_TLS_H

#include "base/deadline.h"
#include "base/slice.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls/tls_context.h"

enum {
    TLS_HANDSHAKE_US = 10 * 1000 * 1000,

    /* How often the dates of clients' certificates are looked at. */
    TLS_LOOK_US = 60 * 1000 * 1000,

    /* What a turn has for handshakes: one step in any case, no more than this
     * number of steps, and none after this time. With a P-256 key the number is
     * what bounds them, with a large RSA key the time. */
    TLS_STEPS_PER_TURN = 16,
    TLS_STEPS_US = 2000,
};

/*
 * What all TLS streams of a loop share: among it, once, the memory that is
 * needed only during a call.
 */
struct tls_hub {
    struct deadline_queue again;      /* have more to do in the next turn */
    struct deadline_queue handshakes; /* shake hands, or close gently */
    struct deadline_queue looks;      /* are open, with a certificate */
    struct deadline_queue turns;
    struct deadline turn; /* runs while steps or waiting is not 0 */
    struct list waiting;  /* for a step of their handshake, or for being judged
                           * again; the first to come first */
    unsigned steps;       /* taken in this turn */
    uint64_t steps_us;    /* that they took */
    unsigned stream_count;
    uint8_t *in;             /* input from one read of a stream below */
    uint8_t *plain;          /* a record's data, collected from small parts */
    struct tls_bio_out *out; /* records for a stream below */
};

/* loop NULL: a test fires the deadlines itself. */
void tls_hub_init(struct tls_hub *hub, struct loop *loop);
/* Ends streams that their owners have closed but that still send. All streams
 * must have been closed. */
void tls_hub_done(struct tls_hub *hub);

/*
 * Takes the stream below over in any case. already_read: bytes that were read
 * from it before. Never fails at once: a fault in the first bytes is reported
 * like a later one. host: for a client, the host that it means to reach (for
 * SNI, and see tls_context.h); may be NULL.
 */
struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host);

/*
 * What next trusts holds for this stream from now on (tls_context_follow). If
 * its peer has shown a certificate, and something else is trusted now, it is
 * judged again in one of the next turns: a crowd of them takes as many turns as
 * a crowd of handshakes. For a stream that is not in TLS, or that was dialled,
 * nothing happens.
 *
 * True: the certificate is there, and its name may be another one now, because
 * the settings say so.
 */
bool stream_tls_follow(struct stream *s, const struct tls_context *next);

#endif
