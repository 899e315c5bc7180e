/*
 * tls_context_private.h - what the files of net/tls/ share about a context.
 */
#ifndef NET_TLS_TLS_CONTEXT_PRIVATE_H
#define NET_TLS_TLS_CONTEXT_PRIVATE_H

#include "net/stream.h"
#include "net/tls/tls_context.h"

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdint.h>

/* What the peer's certificate must be; see tls_context.h. */
struct tls_demands {
    X509 *certificate;            /* NULL: any */
    unsigned char thumbprint[32]; /* SHA-1 or SHA-256 */
    unsigned thumbprint_len;      /* 0: any; bytes */
    char *peer_name;              /* NULL: any */
    bool is_signed;               /* by a known CA, and within its dates */
    bool is_named;                /* for peer_name or the dialled host */
    bool is_optional;             /* a peer may show none */
};

/* OpenSSL's question whether something is secure enough. */
typedef int tls_judge_fn(const SSL *ssl, const SSL_CTX *ctx, int operation,
                         int bits, int nid, void *other, void *context);

struct tls_context {
    SSL_CTX *ctx;
    unsigned users; /* references that were not closed */
    bool is_client;
    uint8_t name; /* enum tls_name_kind: of the peer, if it is a client */
    tls_judge_fn *judge; /* OpenSSL's own, where ours asks it; else NULL */
    struct tls_demands demands;
    /* What it trusts: CAs and CRLs. The version grows with each change, so that
     * a connection knows by which one its peer was judged. */
    unsigned char trust[SHA256_DIGEST_LENGTH];
    uint32_t trust_version;
    /* Of the handshake step under way. One thread, so there is only one
     * step. */
    const char *host; /* that is dialled; may be NULL */
    struct err why; /* why the peer's certificate was refused; "": it was not */
};

/* One connection's SSL object, ready for a handshake; NULL: no memory. */
SSL *tls_context_new_ssl(const struct tls_context *context, const char *host);

/* OpenSSL's first reason in words; "unknown" if it gave none. Clears its
 * errors. */
const char *tls_context_reason(void);

/* In tls_terms.c: the texts are those of tls_context.h. 0, or -EINVAL with err
 * filled. */
int tls_terms_set(struct tls_context *c, const char *minimum,
                  const char *ciphers, struct err *err);

/* In tls_trust.c. 0, or -EINVAL with err filled. */
int tls_trust_set(struct tls_context *c, const struct tls_settings *settings,
                  struct err *err);
int tls_trust_load_ca(SSL_CTX *ctx, const char *path, struct err *err);

/* In tls_verify.c. 0, or -EINVAL with err filled. */
int tls_verify_open(struct tls_demands *ret_demands,
                    const struct tls_client_settings *settings,
                    struct err *err);
void tls_verify_done(struct tls_demands *demands);
bool tls_verify_is_on(const struct tls_demands *demands);
/* For SSL_CTX_set_cert_verify_callback; context is the struct tls_context. */
int tls_verify_peer(X509_STORE_CTX *chain, void *context);
/* Whether the certificate that the peer of this connection has shown would be
 * accepted now. Costs as much as in the handshake: 0.2 ms. */
bool tls_verify_again(const struct tls_context *c, SSL *ssl, struct err *why);
/* Whether it, or one behind it, has expired since the handshake. Cheap. */
bool tls_verify_has_expired(SSL *ssl);
/* The time as text. */
struct tls_date {
    char text[32];
};
struct tls_date tls_verify_date(const ASN1_TIME *time);
/* Whether a demand was never looked at, because a handshake is done and no
 * certificate came in it. tls_terms.c leaves no way to that; this holds if it
 * is wrong. */
bool tls_verify_is_missing(const struct tls_context *c, const SSL *ssl);

#define TLS_WORDS_NO_CERTIFICATE                                               \
    "the peer shows no certificate, and one is demanded"

/* In tls_words.c. A version's name: "TLS 1.2". */
const char *tls_words_version(int version);
struct tls_words_facts {
    const SSL *ssl;
    const char *refused; /* reason of tls_verify_peer; "": none */
    int peer_version;    /* from its hello; 0: no hello came */
    bool is_client;
    bool was_asked; /* for a certificate, which we did not have */
    bool is_shaking_hands;
};
void tls_words_failure(const struct tls_words_facts *facts, struct err *ret);
/* Describes first bytes that are not TLS. */
void tls_words_no_tls(bool is_client, const uint8_t *bytes, size_t len,
                      struct err *ret);

/* In tls_certificate.c. Upper case hex, '\0' at the end; between: ":" or "". */
void tls_certificate_hex(const unsigned char *bytes, unsigned len,
                         const char *between, char *to);

/* In tls_peer.c. As RFC 4514 has it, cut: control characters and separators are
 * escaped; other letters are UTF-8, but for those that are not shown. */
void tls_peer_format_name(const X509_NAME *name, char *to, size_t size);
/* certificate NULL: all are "". */
struct stream_certificate tls_peer_describe(const X509 *certificate,
                                            enum tls_name_kind kind);

#endif
