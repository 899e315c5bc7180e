/*
 * token.h - the text of an access token: a password for programs, made by us.
 *
 *     vspc_ + 43 characters + 6 characters
 *
 * The 43 are 32 random bytes as a number in base 62 (0-9A-Za-z). The 6 are a
 * CRC-32 of all characters before them, in base 62 too: so a slip of the hand
 * is told from a wrong token, and what looks for secrets in repositories can be
 * sure of what it finds. The checksum is no secret and proves nothing.
 *
 * Only the digest of the text is kept (tokens.h). 256 random bits cannot be
 * guessed, so a digest without salt and rounds is enough.
 *
 * Pure. Whoever has a text wipes it after use (explicit_bzero).
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "base/clock.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    TOKEN_RANDOM_LEN = 32, /* bytes */
    TOKEN_PREFIX_LEN = 5,
    TOKEN_BODY_LEN = 43,
    TOKEN_CHECKSUM_LEN = 6,
    TOKEN_LEN = TOKEN_PREFIX_LEN + TOKEN_BODY_LEN + TOKEN_CHECKSUM_LEN,
    TOKEN_DIGEST_LEN = 32,
    TOKEN_NAME_MAX = 64, /* bytes without the NUL */
};

enum token_form {
    TOKEN_NONE,     /* does not begin as a token does */
    TOKEN_MISTYPED, /* begins as one; the rest of it is wrong */
    TOKEN_WHOLE,    /* whether it is known is another question */
};
enum token_form token_form(struct slice text);

/* The text of a token, with its NUL. */
void token_make(const uint8_t random[TOKEN_RANDOM_LEN],
                char ret_text[TOKEN_LEN + 1]);

/* A name that a token may have: [A-Za-z0-9._-]{1,64}. */
bool token_is_name(const char *name);

/* Seconds since 1970 as 2026-01-31T23:59:59Z; 0 as the given word. */
struct token_time {
    char text[CLOCK_TEXT_LEN];
};
struct token_time token_time(int64_t utc_s, const char *none);

/* By this a token is known: SHA-256 of the whole text. */
void token_digest(struct slice text, uint8_t ret_digest[TOKEN_DIGEST_LEN]);

#endif
