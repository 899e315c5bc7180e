/*
 * tls.h - TLS 1.3 as the ends of a benchmark speak it: the client's side, with
 * one cipher, one group and nothing that a second connection could reuse, so
 * that each handshake is a full one.
 *
 * Certificates are not judged, what was agreed on is: another cipher or group,
 * or a resumed session, ends the program as any other failure does.
 *
 * The descriptor is the caller's; a connection must be freed before it is
 * closed.
 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What is common to all connections; lives as long as they do. */
struct tls_client {
    SSL_CTX *context;
    const char *cipher; /* borrowed */
};

struct tls {
    const struct tls_client *client;
    SSL *ssl;
    const char *kind; /* borrowed: who it is, for messages */
    unsigned number;
    bool is_open;    /* the handshake is done */
    size_t held_len; /* of a record that the kernel took in part; or 0 */
};

void tls_client_init(struct tls_client *client, const char *cipher);

struct tls *tls_new(const struct tls_client *client, int fd, const char *kind,
                    unsigned number);
void tls_free(struct tls *t);

/* Goes on with the handshake as far as that goes without waiting. */
void tls_shake_hands(struct tls *t);

/*
 * Bytes that were taken, without waiting. While held_len is not 0 the next
 * bytes have to be the same again, and at least so many.
 */
size_t tls_send(struct tls *t, const void *bytes, size_t len);

/* As recv does: bytes, 0 at the peer's end (close_notify), -1 for nothing. */
ssize_t tls_recv(struct tls *t, void *to, size_t len);

/* Bytes are here already that no event will tell of. */
bool tls_has_pending(const struct tls *t);

#endif
