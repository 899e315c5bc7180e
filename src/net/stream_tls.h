/*
 * stream_tls.h - TLS on top of another stream (OpenSSL 3).
 *
 * To its owner it is a stream like any other: it becomes ready, is read and
 * written, and is closed once. The handshake goes on inside; before it is done
 * nothing can be read and nothing is taken. It has LIMIT_HANDSHAKE_US for it.
 *
 * What costs memory: the SSL object; a record that has come in part; and what
 * the stream below did not take, of one write at most. An idle connection has
 * none of the last two.
 *
 * A peer that ends in order (close_notify) reads as 0, like the end of any
 * stream. One that just stops reads as -ECONNABORTED: somebody may have cut
 * the connection. What else goes wrong reads as -EPROTO, and
 * stream_tls_problem says it in words.
 */
#ifndef NET_STREAM_TLS_H
#define NET_STREAM_TLS_H

#include "base/deadline.h"
#include "base/slice.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/tls_context.h"

/* What all TLS streams of a loop share. */
struct tls_hub {
    struct deadline_queue again;      /* have more to do in the next turn */
    struct deadline_queue handshakes; /* under way */
    struct loop_watch watches[2];
    uint8_t *scratch; /* LIMIT_READ bytes */
};

/* loop NULL: a test lets the deadlines fall due by itself. */
void tls_hub_init(struct tls_hub *hub, struct loop *loop);
void tls_hub_done(struct tls_hub *hub);
void tls_hub_again_due(struct deadline *d, void *owner);
void tls_hub_handshake_due(struct deadline *d, void *owner);

/*
 * Takes the stream below over, whatever becomes of it. already_read: bytes
 * that were read from it before (copied). The context may be replaced or freed
 * afterwards. host: for a client, whom it means to reach (SNI); may be NULL.
 */
struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host);

/* Why it failed; good until it is closed. "" while it did not. */
const char *stream_tls_problem(const struct stream *s);

/* True for a stream made by stream_tls_new. */
bool stream_is_tls(const struct stream *s);

#endif
