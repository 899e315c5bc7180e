#include "proto/first/first_bytes.h"

#include "proto/first/tls_hello.h"

/* The methods of RFC 9110 and RFC 5789, and the beginning of HTTP/2's preface
 * (RFC 9113, section 3.4). Methods are case-sensitive. */
#define TEXT(text)                                                             \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
static const struct {
    struct slice text;
    enum first_bytes protocol;
    uint8_t least; /* bytes: fewer are not taken for its beginning */
} beginnings[] = {
    { TEXT("GET "), FIRST_BYTES_HTTP, 0 },
    { TEXT("POST "), FIRST_BYTES_HTTP, 0 },
    { TEXT("PUT "), FIRST_BYTES_HTTP, 0 },
    { TEXT("HEAD "), FIRST_BYTES_HTTP, 0 },
    { TEXT("OPTIONS "), FIRST_BYTES_HTTP, 0 },
    { TEXT("DELETE "), FIRST_BYTES_HTTP, 0 },
    { TEXT("PATCH "), FIRST_BYTES_HTTP, 0 },
    { TEXT("CONNECT "), FIRST_BYTES_HTTP, 0 },
    { TEXT("TRACE "), FIRST_BYTES_HTTP, 0 },
    { TEXT("PRI "), FIRST_BYTES_HTTP, 0 },
    { TEXT("SSH-"), FIRST_BYTES_SSH, 0 },
    { TEXT("PROXY "), FIRST_BYTES_PROXY, 0 },
    { TEXT("\r\n\r\n\0\r\nQUIT\n"), FIRST_BYTES_PROXY, FIRST_BYTES_ENTER },
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
        struct slice text = beginnings[i].text;
        size_t len = first.len < text.len ? first.len : text.len;

        if (!is_in(protocols, beginnings[i].protocol) ||
            first.len < beginnings[i].least ||
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
        [FIRST_BYTES_TLS] = "tls",     [FIRST_BYTES_PROXY] = "proxy",
    };

    return (unsigned)answer < FIRST_BYTES_COUNT ? names[answer] : "?";
}
