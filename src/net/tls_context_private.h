/*
 * tls_context_private.h - what the files of net/ share about TLS.
 */
#ifndef NET_TLS_CONTEXT_PRIVATE_H
#define NET_TLS_CONTEXT_PRIVATE_H

#include "net/tls_context.h"

#include <openssl/ssl.h>

/* One connection's state, ready for a handshake; NULL: no memory. */
SSL *tls_context_new_ssl(const struct tls_context *context, const char *host);

#endif
