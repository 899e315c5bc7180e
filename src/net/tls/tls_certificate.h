/*
 * tls_certificate.h - what stands in our certificate, for people who have to
 * enter it elsewhere, or wonder why a peer refuses it.
 */
#ifndef NET_TLS_TLS_CERTIFICATE_H
#define NET_TLS_TLS_CERTIFICATE_H

#include "net/tls/tls_context.h"

#include <stdint.h>

/* A certificate of a hosting service may have hundreds of names. */
enum { TLS_CERTIFICATE_NAMES_MAX = 100, TLS_CERTIFICATE_NAME_MAX = 256 };

/* Texts are printable; names that are not are left out. */
struct tls_certificate {
    char subject[TLS_CERTIFICATE_NAME_MAX]; /* RFC 4514; "": none */
    char issuer[TLS_CERTIFICATE_NAME_MAX];
    /* DNS names and IP addresses; without any the common name. */
    char name[TLS_CERTIFICATE_NAMES_MAX][TLS_CERTIFICATE_NAME_MAX];
    size_t name_count;
    int64_t not_before_s, not_after_s; /* since 1970 */
    bool is_self_signed;
    char key[48]; /* "EC prime256v1", "RSA 2048" */
    struct tls_thumbprints prints;
    char *pem; /* the certificate alone, in lines */
};

/* The caller's, for tls_certificate_free; NULL: the context has none. */
struct tls_certificate *tls_certificate_read(const struct tls_context *context);
/* Takes NULL. */
void tls_certificate_free(struct tls_certificate *c);

#endif
