#include "proto/first/first_bytes.h"

#include "proto/first/tls_hello.h"

/* The methods of RFC 9110 and RFC 5789, and the beginning of HTTP/2's preface
 * (RFC 9113, section 3.4). Methods are case-sensitive. */
static const struct {
    const char *text;
    enum first_bytes protocol;
} beginnings[] = {
    { "GET ", FIRST_BYTES_HTTP },     { "POST ", FIRST_BYTES_HTTP },
    { "PUT ", FIRST_BYTES_HTTP },     { "HEAD ", FIRST_BYTES_HTTP },
    { "OPTIONS ", FIRST_BYTES_HTTP }, { "DELETE ", FIRST_BYTES_HTTP },
    { "PATCH ", FIRST_BYTES_HTTP },   { "CONNECT ", FIRST_BYTES_HTTP },
    { "TRACE ", FIRST_BYTES_HTTP },   { "PRI ", FIRST_BYTES_HTTP },
    { "SSH-", FIRST_BYTES_SSH },
};

static bool is_in(unsigned protocols, enum first_bytes protocol)
{
    return (protocols & FIRST_BYTES_BIT(protocol)) != 0;
}

/* A version of TLS that does not exist yet is data here: there must be an
 * answer after TLS_HELLO_LEN bytes. */
static enum first_bytes look_for_tls(struct slice first)
{
    switch (tls_hello_look(first)) {
    case TLS_HELLO_SURE:
        return FIRST_BYTES_TLS;
    case TLS_HELLO_POSSIBLE:
        return first.len < TLS_HELLO_LEN ? FIRST_BYTES_OPEN : FIRST_BYTES_OTHER;
    case TLS_HELLO_NOT:
    case TLS_HELLO_COUNT:
        break;
    }
    return FIRST_BYTES_OTHER;
}

enum first_bytes first_bytes_look(struct slice first, unsigned protocols)
{
    enum first_bytes answer = FIRST_BYTES_OTHER;

    if (first.len == 0)
        return FIRST_BYTES_OPEN;
    if (is_in(protocols, FIRST_BYTES_TLS))
        answer = look_for_tls(first);
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0] &&
                       answer == FIRST_BYTES_OTHER;
         i++) {
        struct slice text = slice_of_text(beginnings[i].text);
        size_t len = first.len < text.len ? first.len : text.len;

        if (!is_in(protocols, beginnings[i].protocol) ||
            memcmp(first.data, text.data, len) != 0)
            continue;
        answer = len == text.len ? beginnings[i].protocol : FIRST_BYTES_OPEN;
    }
    return answer;
}

const char *first_bytes_name(enum first_bytes answer)
{
    static const char *const names[FIRST_BYTES_COUNT] = {
        [FIRST_BYTES_OTHER] = "other", [FIRST_BYTES_OPEN] = "open",
        [FIRST_BYTES_HTTP] = "http",   [FIRST_BYTES_SSH] = "ssh",
        [FIRST_BYTES_TLS] = "tls",
    };

    return (unsigned)answer < FIRST_BYTES_COUNT ? names[answer] : "?";
}
