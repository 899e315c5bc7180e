/*
 * tls_digest.h - a text by which something is known, of one length, that nobody
 * can make equal to another one's: SHA-256. Base64, in which such texts travel.
 */
#ifndef NET_TLS_TLS_DIGEST_H
#define NET_TLS_TLS_DIGEST_H

#include "base/slice.h"

#include <stdint.h>

enum { TLS_DIGEST_LEN = 32 };

/* Out of memory ends the process, as in base/mem.h. hmac: a digest of bytes
 * that only who has the key can make (RFC 2104). */
void tls_digest(struct slice bytes, uint8_t ret_digest[TLS_DIGEST_LEN]);
void tls_hmac(struct slice key, struct slice bytes,
              uint8_t ret_code[TLS_DIGEST_LEN]);

/* Base64 (RFC 4648, section 4). The text is ended by a NUL, for which ret has
 * room, too. Bytes are at most 3 for 4 characters; -1: text is something else
 * than base64 with its padding. Both are for texts under 1 GiB. */
#define TLS_BASE64_LEN(len) (((size_t)(len) + 2) / 3 * 4)
void tls_base64_encode(struct slice bytes, char *ret);
ptrdiff_t tls_base64_decode(struct slice text, uint8_t *ret);

/* The answer to the key of a WebSocket's handshake (RFC 6455, section 4.2.2):
 * SHA-1, as base64. False: the key is not one, 16 bytes as base64. */
enum { TLS_WEBSOCKET_KEY_LEN = 24, TLS_WEBSOCKET_ANSWER_LEN = 28 };
bool tls_websocket_answer(struct slice key,
                          char ret[TLS_WEBSOCKET_ANSWER_LEN + 1]);

#endif
