#include "auth/token.h"

#include "net/tls/tls_digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char prefix[TOKEN_PREFIX_LEN + 1] = "vspc_";
static const char digits[] =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { BASE = sizeof digits - 1 };

/*
 * Writes a number of len bytes, the highest first, as count digits, by division
 * on paper. The bytes are zeros afterwards: all of the number is in the text.
 */
static void write_digits(uint8_t *number, size_t len, char *to, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        unsigned rest = 0;

        for (size_t k = 0; k < len; k++) {
            unsigned part = rest << 8 | number[k];

            number[k] = (uint8_t)(part / BASE);
            rest = part % BASE;
        }
        to[i - 1] = digits[rest];
    }
}

/* CRC-32 as in zlib and Ethernet (reflected, 0xedb88320). */
static uint32_t crc32_of(const char *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void write_checksum(const char *body, char to[TOKEN_CHECKSUM_LEN])
{
    uint32_t crc = crc32_of(body, TOKEN_PREFIX_LEN + TOKEN_BODY_LEN);
    uint8_t number[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16),
                          (uint8_t)(crc >> 8), (uint8_t)crc };

    write_digits(number, sizeof number, to, TOKEN_CHECKSUM_LEN);
}

static bool are_digits(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\0' || strchr(digits, text[i]) == NULL)
            return false;
    }
    return true;
}

enum token_form token_form(struct slice text)
{
    const char *at = (const char *)text.data;
    char checksum[TOKEN_CHECKSUM_LEN];

    if (text.len < TOKEN_PREFIX_LEN ||
        memcmp(at, prefix, TOKEN_PREFIX_LEN) != 0)
        return TOKEN_NONE;
    if (text.len != TOKEN_LEN ||
        !are_digits(at + TOKEN_PREFIX_LEN, TOKEN_LEN - TOKEN_PREFIX_LEN))
        return TOKEN_MISTYPED;
    write_checksum(at, checksum);
    return memcmp(at + TOKEN_LEN - TOKEN_CHECKSUM_LEN, checksum,
                  sizeof checksum) == 0
               ? TOKEN_WHOLE
               : TOKEN_MISTYPED;
}

void token_make(const uint8_t random[TOKEN_RANDOM_LEN],
                char ret_text[TOKEN_LEN + 1])
{
    uint8_t number[TOKEN_RANDOM_LEN];

    memcpy(number, random, sizeof number);
    memcpy(ret_text, prefix, TOKEN_PREFIX_LEN);
    write_digits(number, sizeof number, ret_text + TOKEN_PREFIX_LEN,
                 TOKEN_BODY_LEN);
    write_checksum(ret_text, ret_text + TOKEN_PREFIX_LEN + TOKEN_BODY_LEN);
    ret_text[TOKEN_LEN] = '\0';
}

void token_digest(struct slice text, uint8_t ret_digest[TOKEN_DIGEST_LEN])
{
    static_assert((int)TOKEN_DIGEST_LEN == (int)TLS_DIGEST_LEN,
                  "both are SHA-256");
    tls_digest(text, ret_digest);
}

bool token_is_name(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++) {
        if (strchr(digits, name[i]) == NULL && strchr("._-", name[i]) == NULL)
            return false;
    }
    return len >= 1 && len <= TOKEN_NAME_MAX;
}

/* A second is precise enough: the milliseconds are left out. */
struct token_time token_time(int64_t utc_s, const char *none)
{
    struct token_time time = { "" };

    if (utc_s == 0) {
        snprintf(time.text, sizeof time.text, "%s", none);
        return time;
    }
    clock_format_ms(time.text, utc_s * 1000);
    memcpy(strchr(time.text, '.'), "Z", sizeof "Z");
    return time;
}
