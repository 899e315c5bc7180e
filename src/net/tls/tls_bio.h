/*
 * tls_bio.h - the BIO that OpenSSL calls: it never waits, and reports the
 * messages that pass.
 *
 * OpenSSL reads from in, which has the bytes of one read of the stream below.
 * It writes into an output that all connections share, which goes to the stream
 * below in one piece at the end of each call. So SSL_write never stops half
 * way, with a record begun that would have to be repeated byte for byte.
 * Nothing is allocated unless a peer is slow.
 */
#ifndef NET_TLS_TLS_BIO_H
#define NET_TLS_TLS_BIO_H

#include "base/slice.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    /* The largest output is a handshake's flight with a chain of
     * certificates. */
    TLS_OUT_MAX = 128 * 1024,

    /* Messages without data in one read: key updates, tickets, hello requests,
     * alerts. Each costs far more than its bytes to handle. */
    TLS_ODD_MAX = 16,
};

/* Output of one call; bytes has room for TLS_OUT_MAX. */
struct tls_bio_out {
    uint8_t *bytes;
    size_t len;
};

/* One connection's side. */
struct tls_bio {
    struct slice in;         /* input, during a call */
    struct tls_bio_out *out; /* shared by all connections */
    bool has_ended;          /* nothing comes behind in */
    bool was_asked;          /* for a certificate, which we do not have */
    int peer_version;        /* from its hello; 0: no hello came */
    uint32_t odd_count;      /* messages without data, since the owner set 0 */
};

/* b and its output must not move as long as ssl exists. */
void tls_bio_attach(struct tls_bio *b, SSL *ssl);

/* True if the peer sent more than TLS_ODD_MAX messages without data in one
 * read. OpenSSL then gets no more input, which is the only way to stop it. */
bool tls_bio_is_flooded(const struct tls_bio *b);

#endif
