/* Keys are known in any case; '%XX' stands for its character everywhere. */
#include "proto/uri/uri_parameters.h"

#include "proto/uri/uri_text.h"

#include <ctype.h>

static const char begin_certificate[] = "-----BEGIN CERTIFICATE-----";
static const char end_certificate[] = "-----END CERTIFICATE-----";

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next character that is not white space; -1: none. */
static int take_solid(struct slice *s)
{
    while (s->len > 0) {
        int c = uri_text_take_char(s);

        if (!is_space(c))
            return c;
    }
    return -1;
}

/* Takes words off the front, ignoring white space in both. */
static bool take_words(struct slice *s, const char *words)
{
    for (; *words != '\0'; words++) {
        if (!is_space(*words) && take_solid(s) != *words)
            return false;
    }
    return true;
}

/* -1: the base64 ends here. */
static int take_base64(struct slice *s)
{
    struct slice rest = *s;
    int c = take_solid(&rest);

    if (c < 0 || c >= 0x80 || (!isalnum(c) && c != '+' && c != '/' && c != '='))
        return -1;
    *s = rest;
    return c;
}

/*
 * One certificate in PEM. White space does not count, because text that was
 * pasted into a form or a command line has lost its line ends, or has too many.
 * The TLS library decides whether the base64 is a certificate.
 */
static enum uri_problem read_certificate(struct slice value,
                                         struct uri_parameters *p,
                                         const uint8_t **ret_at)
{
    struct slice s = value;
    size_t count = 0;
    size_t pads = 0;
    bool is_broken = false;
    int c;

    if (!take_words(&s, begin_certificate))
        return uri_problem_at(ret_at, URI_BAD_CERTIFICATE, value.data);
    while ((c = take_base64(&s)) >= 0) {
        count++;
        if (c == '=')
            pads++;
        else if (pads > 0)
            is_broken = true;
    }
    if (is_broken || count == 0 || count % 4 != 0 || count > URI_BASE64_MAX ||
        pads > 2 || !take_words(&s, end_certificate) || take_solid(&s) >= 0)
        return uri_problem_at(ret_at, URI_BAD_CERTIFICATE, value.data);
    p->certificate = value;
    return URI_OK;
}

size_t uri_get_certificate(const struct uri_parameters *parameters,
                           char to[URI_PEM_MAX + 1])
{
    struct slice s = parameters->certificate;
    size_t len = sizeof begin_certificate - 1;
    size_t column = 0;
    int c;

    to[0] = '\0';
    if (s.len == 0)
        return 0;
    memcpy(to, begin_certificate, len);
    take_words(&s, begin_certificate);
    while ((c = take_base64(&s)) >= 0) {
        if (column++ % 64 == 0)
            to[len++] = '\n';
        to[len++] = (char)c;
    }
    to[len++] = '\n';
    memcpy(to + len, end_certificate, sizeof end_certificate - 1);
    len += sizeof end_certificate - 1;
    to[len++] = '\n';
    to[len] = '\0';
    return len;
}

/* SHA-1 or SHA-256: two digits for each byte, with or without ':' between
 * bytes. */
static enum uri_problem read_thumbprint(struct slice value,
                                        struct uri_parameters *p,
                                        const uint8_t **ret_at)
{
    struct slice s = value;
    unsigned digits = 0;
    bool may_be_colon = false;

    while (s.len > 0) {
        int c = uri_text_take_char(&s);
        uint8_t *byte;

        if (c == ':' && may_be_colon && s.len > 0) {
            may_be_colon = false;
            continue;
        }
        if (c >= 0x80 || !isxdigit(c) || digits == 2 * URI_SHA256_LEN)
            return uri_problem_at(ret_at, URI_BAD_THUMBPRINT, value.data);
        byte = &p->thumbprint[digits++ / 2];
        *byte = (uint8_t)(*byte << 4 |
                          (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10));
        may_be_colon = digits % 2 == 0;
    }
    if (digits != 2 * URI_SHA1_LEN && digits != 2 * URI_SHA256_LEN)
        return uri_problem_at(ret_at, URI_BAD_THUMBPRINT, value.data);
    p->thumbprint_len = digits / 2;
    return URI_OK;
}

static enum uri_problem read_peer_name(struct slice value,
                                       struct uri_parameters *p,
                                       const uint8_t **ret_at)
{
    char *name = p->peer_name;

    if (!uri_text_decode(name, sizeof p->peer_name, value))
        return uri_problem_at(ret_at, URI_BAD_PEER_NAME, value.data);
    return URI_OK;
}

/* The characters of OpenSSL's cipher strings; '=' occurs in @SECLEVEL=2. */
static bool is_cipher_char(int c)
{
    return c < 0x80 && (isalnum(c) || (c != 0 && strchr("-_+!@=.", c)));
}

/* Any number of colons, spaces or commas becomes one colon. */
static enum uri_problem read_ciphers(struct slice value,
                                     struct uri_parameters *p,
                                     const uint8_t **ret_at)
{
    char *to = p->ciphers;
    struct slice s = value;
    size_t len = 0;
    bool is_between = false;

    while (s.len > 0) {
        int c = uri_text_take_char(&s);

        if (c == ':' || c == ' ' || c == ',') {
            is_between = len > 0;
            continue;
        }
        if (!is_cipher_char(c) || len + 2 > URI_CIPHERS_MAX)
            return uri_problem_at(ret_at, URI_BAD_CIPHERS, value.data);
        if (is_between)
            to[len++] = ':';
        is_between = false;
        to[len++] = (char)c;
    }
    if (len == 0)
        return uri_problem_at(ret_at, URI_BAD_CIPHERS, value.data);
    /* A VM's owner does not decide how weak our TLS may be. */
    if (strcasestr(p->ciphers, "@SECLEVEL") != NULL)
        return uri_problem_at(ret_at, URI_SECURITY_LEVEL, value.data);
    return URI_OK;
}

static const struct parameter {
    const char *key;
    /* NULL: it takes no value */
    enum uri_problem (*read)(struct slice value, struct uri_parameters *p,
                             const uint8_t **ret_at);
} table[] = {
    { "certificate", read_certificate }, { "thumbprint", read_thumbprint },
    { "peerName", read_peer_name },      { "verify", NULL },
    { "cipherList", read_ciphers },
};

enum { PARAMETER_COUNT = sizeof table / sizeof table[0] };

static unsigned find_parameter(struct slice raw_key)
{
    char key[16];
    unsigned i = 0;

    if (!uri_text_decode(key, sizeof key, raw_key))
        return PARAMETER_COUNT;
    while (i < PARAMETER_COUNT &&
           !uri_text_is(slice_of_text(key), table[i].key))
        i++;
    return i;
}

static enum uri_problem read_one(struct slice text, unsigned *seen,
                                 struct uri_parameters *p,
                                 const uint8_t **ret_at)
{
    size_t equals = uri_text_span_until(text, "=");
    struct slice key = slice_of(text.data, equals);
    struct slice value = slice_after(text, equals);
    unsigned i;

    if (text.len == 0)
        return uri_problem_at(ret_at, URI_EMPTY_PARAMETER, text.data);
    i = find_parameter(key);
    if (i == PARAMETER_COUNT)
        return uri_problem_at(ret_at, URI_UNKNOWN_PARAMETER, text.data);
    if (*seen & 1u << i)
        return uri_problem_at(ret_at, URI_REPEATED_PARAMETER, text.data);
    *seen |= 1u << i;
    if (table[i].read != NULL) {
        if (value.len <= 1)
            return uri_problem_at(ret_at, URI_NO_VALUE, value.data);
        return table[i].read(slice_after(value, 1), p, ret_at);
    }
    /* "verify=no" must neither mean yes nor switch it off. */
    if (value.len > 0)
        return uri_problem_at(ret_at, URI_VERIFY_VALUE, value.data);
    p->has_verify = true;
    return URI_OK;
}

enum uri_problem uri_parameters_read(struct slice fragment,
                                     struct uri_parameters *ret,
                                     const uint8_t **ret_at)
{
    const uint8_t *bad = uri_text_find_bad_escape(fragment);
    size_t hash = uri_text_span_until(fragment, "#");
    unsigned seen = 0;

    if (bad != NULL)
        return uri_problem_at(ret_at, URI_BAD_ESCAPE, bad);
    if (hash < fragment.len)
        return uri_problem_at(ret_at, URI_SECOND_HASH, fragment.data + hash);
    for (;;) {
        size_t len = uri_text_span_until(fragment, "&");
        enum uri_problem problem =
            read_one(slice_of(fragment.data, len), &seen, ret, ret_at);

        if (problem != URI_OK || len == fragment.len)
            return problem;
        fragment = slice_after(fragment, len + 1);
    }
}

bool uri_is_verifying(const struct uri_parameters *parameters)
{
    return parameters->has_verify || parameters->certificate.len > 0 ||
           parameters->thumbprint_len > 0 || parameters->peer_name[0] != '\0';
}

void uri_get_thumbprint(const struct uri_parameters *parameters,
                        char to[URI_THUMBPRINT_MAX + 1])
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < parameters->thumbprint_len; i++) {
        uint8_t byte = parameters->thumbprint[i];

        if (i > 0)
            *to++ = ':';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    *to = '\0';
}
