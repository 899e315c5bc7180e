#include "proto/first/tls_hello.h"

/*
 * The head of a record, RFC 8446, section 5.1: type, then
 * legacy_record_version. SSL 3.0 to TLS 1.3 are 3.0 to 3.4.
 */
enum { MAJOR = 3, MINOR_MAX = 4 };

enum tls_hello tls_hello_look(struct slice first)
{
    const uint8_t *p = first.data;

    if (first.len < 1 || p[0] != TLS_HELLO_FIRST_BYTE)
        return TLS_HELLO_NOT;
    if (first.len >= 2 && p[1] != MAJOR)
        return TLS_HELLO_NOT;
    /* An unknown minor version is not refused: the RFC says to ignore it, and
     * the TLS library has better words for it. */
    if (first.len < TLS_HELLO_LEN || p[2] > MINOR_MAX)
        return TLS_HELLO_POSSIBLE;
    return TLS_HELLO_SURE;
}

const char *tls_hello_name(enum tls_hello answer)
{
    static const char *const names[TLS_HELLO_COUNT] = {
        [TLS_HELLO_NOT] = "not",
        [TLS_HELLO_POSSIBLE] = "possible",
        [TLS_HELLO_SURE] = "sure",
    };

    return answer < TLS_HELLO_COUNT ? names[answer] : "?";
}
