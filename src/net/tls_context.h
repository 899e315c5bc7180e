/*
 * tls_context.h - what one side of TLS connections shows and demands: the
 * certificate, the oldest version, the ciphers, who may be at the other end.
 *
 * Immutable once it is open: to change anything another one is opened, and
 * connections that are there keep what they began with.
 */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct tls_context;

enum tls_client_check {
    TLS_CLIENTS_ANY,
    TLS_CLIENTS_MAY_SHOW,  /* a certificate; one that is shown must be good */
    TLS_CLIENTS_MUST_SHOW,
};

/* Texts are needed for the time of the call only; NULL: as in brackets. */
struct tls_settings {
    const char *certificate_path; /* PEM: ours, and the chain behind it */
    const char *key_path;         /* PEM [with the certificate] */
    const char *ca_path;          /* PEM: who signs clients' certificates */
    const char *minimum;          /* "1.0" to "1.3" ["1.2"] */
    const char *ciphers;          /* as OpenSSL's ciphers(1) [its own] */
    enum tls_client_check clients;
};

/* A server's. 0, or -errno with err filled: which file, what is wrong. */
int tls_context_open(struct tls_context **ret_context,
                     const struct tls_settings *settings, struct err *err);
void tls_context_close(struct tls_context *context); /* takes NULL */

/* Fingerprints of our certificate, upper case hex with colons. */
struct tls_thumbprints {
    char sha1[20 * 3];
    char sha256[32 * 3];
};
struct tls_thumbprints tls_context_thumbprints(
    const struct tls_context *context);

/*
 * Writes a new key and a certificate for this host name, signed by itself, to
 * these files: ten years, ECDSA P-256. Neither file is there before; the key is
 * for its owner only. 0, or -errno with err filled.
 */
int tls_make_certificate(const char *certificate_path, const char *key_path,
                         const char *host, struct err *err);

#endif
