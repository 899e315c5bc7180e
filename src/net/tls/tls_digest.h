/*
 * tls_digest.h - a text by which something is known, of one length, that nobody
 * can make equal to another one's: SHA-256.
 */
#ifndef NET_TLS_TLS_DIGEST_H
#define NET_TLS_TLS_DIGEST_H

#include "base/slice.h"

#include <stdint.h>

enum { TLS_DIGEST_LEN = 32 };

/* Out of memory ends the process, as in base/mem.h. hmac: a digest of bytes
 * that only who has the key can make (RFC 2104). */
void tls_digest(struct slice bytes, uint8_t ret_digest[TLS_DIGEST_LEN]);
void tls_hmac(const uint8_t key[TLS_DIGEST_LEN], struct slice bytes,
              uint8_t ret_code[TLS_DIGEST_LEN]);

#endif
