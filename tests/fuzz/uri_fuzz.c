/*
 * Whatever the place: what is found lies in the text, an address can be used
 * as one, and the canonical form means the same and is canonical.
 *
 * The first byte chooses the place and whether port 13370 is our own.
 */
#include "proto/uri/uri_format.h"
#include "proto/uri/uri_key.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_inside(struct slice part, struct slice text)
{
    if (part.len == 0)
        return;
    require(part.data >= text.data);
    require(part.len <= (size_t)(text.data + text.len - part.data));
}

static bool is_printable(const char *text)
{
    char clean[1024];

    return text_clean(clean, sizeof clean, slice_of_text(text)) == strlen(text);
}

static void check_host(const struct uri *uri, enum uri_place place)
{
    char bare[URI_HOST_MAX + 1];
    struct in6_addr address;

    for (const char *c = uri->host; *c != '\0'; c++)
        require(*c > ' ' && *c < 0x7f);
    strcpy(bare, uri->host);
    bare[strcspn(bare, "%")] = '\0';
    require((uri->host[0] == '\0') == (uri->host_kind == URI_HOST_ALL));
    /* The system agrees about what is an address. */
    require((inet_pton(AF_INET, bare, &address) == 1) ==
            (uri->host_kind == URI_HOST_IPV4));
    require((inet_pton(AF_INET6, bare, &address) == 1) ==
            (uri->host_kind == URI_HOST_IPV6));
    require(uri->host_kind != URI_HOST_ALL || place == URI_SERVER);
    require(uri->host_kind != URI_HOST_IPV4 || uri->family != URI_IPV6);
    require(uri->host_kind != URI_HOST_IPV6 || uri->family != URI_IPV4);
}

static void check_parameters(const struct uri *uri, struct slice text)
{
    const struct uri_parameters *p = &uri->parameters;
    char pem[URI_PEM_MAX + 1];
    size_t len = uri_get_certificate(p, pem);

    check_inside(p->certificate, text);
    require(len <= URI_PEM_MAX && len == strlen(pem));
    require((len > 0) == (p->certificate.len > 0));
    require(p->thumbprint_len == 0 || p->thumbprint_len == URI_SHA1_LEN ||
            p->thumbprint_len == URI_SHA256_LEN);
    require(is_printable(p->peer_name) && is_printable(p->ciphers));
    if (uri->tls == URI_TLS_NEVER || uri->tls == URI_TLS_OFFERED)
        require(!uri_is_verifying(p) && p->ciphers[0] == '\0');
}

static void check_meaning(const struct uri *uri, enum uri_place place,
                          struct slice text)
{
    switch (uri->kind) {
    case URI_LABEL:
        require(place == URI_SERVER && uri->label.len > 0);
        check_inside(uri->label, text);
        break;
    case URI_ADDRESS:
        require(uri->port > 0);
        check_host(uri, place);
        check_parameters(uri, text);
        break;
    case URI_CONSOLE:
        require(place == URI_CLIENT && uri->console[0] != '\0');
        require(is_printable(uri->console) && is_printable(uri->console_label));
        break;
    }
}

static void check_same(const struct uri *a, const struct uri *b)
{
    char pem[2][URI_PEM_MAX + 1];

    require(a->kind == b->kind && slice_is_equal(a->label, b->label));
    require(a->family == b->family && a->is_telnet == b->is_telnet);
    require(a->tls == b->tls && a->host_kind == b->host_kind);
    require(strcmp(a->host, b->host) == 0 && a->port == b->port);
    require(strcmp(a->console, b->console) == 0);
    require(strcmp(a->console_label, b->console_label) == 0);
    require(a->parameters.has_verify == b->parameters.has_verify);
    require(a->parameters.thumbprint_len == b->parameters.thumbprint_len);
    require(memcmp(a->parameters.thumbprint, b->parameters.thumbprint,
                   URI_SHA256_LEN) == 0);
    require(strcmp(a->parameters.peer_name, b->parameters.peer_name) == 0);
    require(strcmp(a->parameters.ciphers, b->parameters.ciphers) == 0);
    uri_get_certificate(&a->parameters, pem[0]);
    uri_get_certificate(&b->parameters, pem[1]);
    require(strcmp(pem[0], pem[1]) == 0);
}

static void check_canonical(const struct uri *uri, enum uri_place place,
                            uint16_t own_port)
{
    size_t len = uri_format(uri, NULL, 0);
    char *text = malloc(len + 1);
    char *again_text = malloc(len + 1);
    struct uri again;
    size_t at;

    require(text != NULL && again_text != NULL);
    require(uri_format(uri, text, len + 1) == len);
    require(uri_parse(slice_of(text, len), place, own_port, &again, &at) ==
            URI_OK);
    check_same(uri, &again);
    require(uri_format(&again, again_text, len + 1) == len);
    require(memcmp(text, again_text, len) == 0);
    free(text);
    free(again_text);
}

/* What is shown does not depend on a key's digits. */
static void check_shown(struct slice key, struct slice text)
{
    struct uri_shown shown = uri_show(text);
    uint8_t *other = malloc(text.len + 1);
    size_t at = (size_t)(key.data - text.data);

    if (other == NULL)
        abort();
    memcpy(other, text.data, text.len);
    for (size_t i = 0; i < key.len; i++) {
        if (isxdigit(key.data[i]))
            other[at + i] = '0';
    }
    require(strcmp(uri_show(slice_of(other, text.len)).text, shown.text) == 0);
    free(other);
}

/* It is found inside; without it there is none, and it is not shown. */
static void check_key(struct slice text)
{
    struct slice key = uri_find_key(text);
    uint8_t *bare = malloc(text.len + 1);
    size_t len;

    if (bare == NULL)
        abort();
    check_inside(key, text);
    len = uri_remove_keys(text, bare);
    require(uri_find_key(slice_of(bare, len)).data == NULL);
    require((key.data == NULL) == (len == text.len));
    require(key.data != NULL || memcmp(bare, text.data, len) == 0);
    /* With an '@' in it, it is somebody's password, and ends there. */
    if (key.len > 0 && memchr(key.data, '@', key.len) == NULL)
        check_shown(key, text);
    free(bare);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    enum uri_place place = len > 0 ? bytes[0] % 3 : URI_SERVER;
    uint16_t own_port = len > 0 && bytes[0] / 3 % 2 != 0 ? 13370 : 0;
    struct slice text = slice_after(slice_of(bytes, len), len > 0 ? 1 : 0);
    struct uri uri;
    size_t at;
    enum uri_problem problem = uri_parse(text, place, own_port, &uri, &at);

    require(strlen(uri_show(text).text) <= TEXT_ID_MAX);
    check_key(text);
    if (problem != URI_OK) {
        require(uri_problem_text(problem) != NULL && at <= text.len);
        return 0;
    }
    check_meaning(&uri, place, text);
    check_canonical(&uri, place, own_port);
    return 0;
}
