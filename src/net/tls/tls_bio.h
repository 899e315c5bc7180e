/*
 * tls_bio.h - what OpenSSL calls: a BIO that never waits, and what it tells of
 * the messages that pass.
 *
 * OpenSSL reads what one read of the stream below brought (in), and writes into
 * an output that all connections share, which goes to the stream below in one
 * piece at the end of each call. So SSL_write never stops half way, with a
 * record begun that would have to be repeated byte for byte; and while
 * everybody keeps up, nothing is allocated.
 */
#ifndef NET_TLS_TLS_BIO_H
#define NET_TLS_TLS_BIO_H

#include "base/slice.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    /* A handshake's flight, with a chain of certificates, is the most. */
    TLS_OUT_MAX = 128 * 1024,

    /* Messages that are no data, in one read: key updates, tickets, hello
     * requests, alerts. Each costs far more than its bytes to deal with. */
    TLS_ODD_MAX = 16,
};

/* What was written during a call; bytes has room for TLS_OUT_MAX. */
struct tls_bio_out {
    uint8_t *bytes;
    size_t len;
};

/* One connection's side. */
struct tls_bio {
    struct slice in;         /* may be read, during a call */
    struct tls_bio_out *out; /* shared */
    bool has_ended;          /* nothing comes behind in */
    bool was_asked;          /* for a certificate that we do not have */
    int peer_version;        /* of its hello; 0: none came */
    uint32_t odd_count;      /* messages that are no data, since it was 0 */
};

/* Both stay where they are for as long as ssl is there. */
void tls_bio_attach(struct tls_bio *b, SSL *ssl);

/* The peer sends nothing but messages that are no data: OpenSSL is given
 * nothing more to read, which is the one way to stop it. */
bool tls_bio_is_flooded(const struct tls_bio *b);

#endif
