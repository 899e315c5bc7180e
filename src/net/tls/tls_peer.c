/*
 * Who the peer is, by the certificate that it has shown: in words for people,
 * and as the one name that rules know it by.
 *
 * Whoever signs certificates decides what stands in them, and often it is their
 * owners' own wish. So a name counts only if a person who reads it in a rule or
 * in the log sees what is compared. A name with anything else in it (a byte 0,
 * at which other programs would stop reading; a line's end; a character without
 * width) is nobody's, and no other name of the certificate takes its place: who
 * has such a certificate is up to something.
 */
#include "base/text.h"
#include "net/tls/tls_context_private.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* ---- in words ----------------------------------------------------------- */

/* With what is most special first: cut, it still says who. */
void tls_peer_format_name(const X509_NAME *name, char *to, size_t size)
{
    BIO *text = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long len = 0;

    if (text != NULL &&
        X509_NAME_print_ex(text, name, 0,
                           XN_FLAG_RFC2253 &
                               ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0)
        len = BIO_get_mem_data(text, &bytes);
    text_clean(to, size, slice_of((uint8_t *)bytes, len > 0 ? (size_t)len : 0));
    BIO_free(text);
    ERR_clear_error();
}

/* The first address or name among the others: some certificates have nothing
 * else. */
static void format_other_name(const X509 *certificate, char *to, size_t size)
{
    GENERAL_NAMES *others =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; to[0] == '\0' && i < sk_GENERAL_NAME_num(others); i++) {
        int kind;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(others, i), &kind);
        size_t len = 0;

        if (kind != GEN_EMAIL && kind != GEN_DNS && kind != GEN_URI)
            continue;
        for (; len + 1 < size && len < (size_t)ASN1_STRING_length(value); len++)
            to[len] = isgraph(ASN1_STRING_get0_data(value)[len])
                          ? (char)ASN1_STRING_get0_data(value)[len]
                          : '?';
        to[len] = '\0';
    }
    GENERAL_NAMES_free(others);
}

static void format_serial(const X509 *certificate, char *to, size_t size)
{
    BIGNUM *number =
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *hex = number != NULL ? BN_bn2hex(number) : NULL;

    snprintf(to, size, "%s", hex != NULL ? hex : "");
    OPENSSL_free(hex);
    BN_free(number);
}

/* ---- the name ----------------------------------------------------------- */

/* For each enum tls_name_kind: where it stands among the other names, and what
 * is said of a certificate that lacks it, or has it with something in it that
 * is no part of a name. */
static const struct {
    int general;
    const char *lacking;
    const char *unusable;
} kinds[TLS_NAME_KIND_COUNT] = {
#define REST " in it: issue another one, or see --certificate-name"
#define UNUSABLE                                                               \
    " in it is empty, too long, or has characters that are not shown: issue "  \
    "another one"
    [TLS_NAME_CN] = { -1, "there is no common name" REST,
                      "the common name" UNUSABLE },
    [TLS_NAME_EMAIL] = { GEN_EMAIL, "there is no e-mail address" REST,
                         "the e-mail address" UNUSABLE },
    [TLS_NAME_DNS] = { GEN_DNS, "there is no DNS name" REST,
                       "the DNS name" UNUSABLE },
    [TLS_NAME_URI] = { GEN_URI, "there is no URI" REST, "the URI" UNUSABLE },
#undef UNUSABLE
#undef REST
};

/* Blanks at an end are not seen either. */
static bool take_text(char *to, size_t size, struct slice text)
{
    size_t len = text_clean(to, size, text);

    return len > 0 && len == text.len && memcmp(to, text.data, len) == 0 &&
           to[0] != ' ' && to[len - 1] != ' ';
}

/* Such names are ASCII (RFC 5280 section 4.2.1.6), and have no blanks. */
static bool take_ascii(char *to, size_t size, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80 || !isgraph(text.data[i]))
            return false;
    return take_text(to, size, text);
}

/* DNS knows no case, so two names that differ in it alone are one. */
static void lower(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* The last of several is the most special one: CN=alice in CN=Users. */
static const ASN1_STRING *find_common_name(const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int found = -1;

    for (int at = -1;
         (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        found = at;
    return found < 0
               ? NULL
               : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, found));
}

/* What is wrong, or "". */
static const char *take_common_name(const X509 *certificate, char *to,
                                    size_t size)
{
    const ASN1_STRING *text = find_common_name(certificate);
    unsigned char *utf8 = NULL;
    int len;
    bool is_taken;

    if (text == NULL)
        return kinds[TLS_NAME_CN].lacking;
    len = ASN1_STRING_to_UTF8(&utf8, text);
    is_taken = len >= 0 && take_text(to, size, slice_of(utf8, (size_t)len));
    OPENSSL_free(utf8);
    return is_taken ? "" : kinds[TLS_NAME_CN].unusable;
}

/* The first of its kind. */
static const ASN1_STRING *find_other_name(const GENERAL_NAMES *names,
                                          int general)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int is;
        const ASN1_STRING *text =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &is);

        if (is == general)
            return text;
    }
    return NULL;
}

static const char *take_other_name(const X509 *certificate,
                                   enum tls_name_kind kind, char *to,
                                   size_t size)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const ASN1_STRING *text = find_other_name(names, kinds[kind].general);
    const char *problem = kinds[kind].lacking;

    if (text != NULL)
        problem = take_ascii(to, size,
                             slice_of(ASN1_STRING_get0_data(text),
                                      (size_t)ASN1_STRING_length(text)))
                      ? ""
                      : kinds[kind].unusable;
    GENERAL_NAMES_free(names);
    return problem;
}

static void take_name(const X509 *certificate, enum tls_name_kind kind,
                      struct stream_certificate *c)
{
    char *domain;

    c->nameless =
        kind == TLS_NAME_CN
            ? take_common_name(certificate, c->name, sizeof c->name)
            : take_other_name(certificate, kind, c->name, sizeof c->name);
    if (c->nameless[0] != '\0')
        c->name[0] = '\0';
    domain = kind == TLS_NAME_DNS     ? c->name
             : kind == TLS_NAME_EMAIL ? strrchr(c->name, '@')
                                      : NULL;
    if (domain != NULL)
        lower(domain);
    ERR_clear_error();
}

struct stream_certificate tls_peer_describe(const X509 *certificate,
                                            enum tls_name_kind kind)
{
    struct stream_certificate c = { .nameless = "" };

    if (certificate == NULL)
        return c;
    tls_peer_format_name(X509_get_subject_name(certificate), c.subject,
                         sizeof c.subject);
    if (c.subject[0] == '\0')
        format_other_name(certificate, c.subject, sizeof c.subject);
    if (c.subject[0] == '\0')
        snprintf(c.subject, sizeof c.subject, "nameless");
    tls_peer_format_name(X509_get_issuer_name(certificate), c.issuer,
                         sizeof c.issuer);
    format_serial(certificate, c.serial, sizeof c.serial);
    take_name(certificate, kind, &c);
    return c;
}
