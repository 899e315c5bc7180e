/*
 * What a peer's certificate says of the peer: any bytes that OpenSSL takes for
 * a certificate. What is logged of it ends no line, and a name is whole, and
 * looks like nothing else.
 */
#include "base/text.h"
#include "net/tls/tls_context_private.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_shown(const char *text)
{
    char clean[sizeof((struct stream_certificate *)0)->name + 8];
    size_t len = strlen(text);

    return text_clean(clean, sizeof clean, slice_of_text(text)) == len &&
           memcmp(clean, text, len) == 0;
}

static void check(const X509 *certificate, enum tls_name_kind kind)
{
    struct stream_certificate c = tls_peer_describe(certificate, kind);

    require(ERR_peek_error() == 0);
    require((c.name[0] == '\0') == (c.nameless[0] != '\0'));
    require(is_shown(c.name));
    require(memchr(c.name, '\0', sizeof c.name) != NULL);
    if (kind != TLS_NAME_CN)
        require(strchr(c.name, ' ') == NULL);
    require(is_shown(c.subject) && is_shown(c.issuer));
    require(c.subject[0] != '\0');
    require(strspn(c.serial, "-0123456789ABCDEF") == strlen(c.serial));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const unsigned char *at = bytes;
    X509 *certificate = d2i_X509(NULL, &at, (long)len);

    ERR_clear_error();
    if (certificate == NULL)
        return 0;
    for (int kind = 0; kind < TLS_NAME_KIND_COUNT; kind++)
        check(certificate, (enum tls_name_kind)kind);
    X509_free(certificate);
    return 0;
}
