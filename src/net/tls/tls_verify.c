/*
 * Checks the peer's certificate against the demands of a context. Replaces
 * OpenSSL's own check, because a pinned certificate needs no chain, and because
 * the reason must be in words.
 */
#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHA1_LEN = 20,
    SHA256_LEN = 32,
    NAMES_MAX = 120, /* characters of a certificate's names in a message */
};

/* ---- settings --------------------------------------------------------- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Returns its length in bytes; 0: text is no thumbprint. */
static unsigned parse_thumbprint(const char *text, unsigned char to[SHA256_LEN])
{
    unsigned digits = 0;

    for (; *text != '\0'; text++) {
        int digit = digit_of(*text);

        /* Colons may only stand between bytes. */
        if (*text == ':' && digits > 0 && digits % 2 == 0)
            continue;
        if (digit < 0 || digits == 2 * SHA256_LEN)
            return 0;
        if (digits % 2 == 0)
            to[digits / 2] = (unsigned char)(digit << 4);
        else
            to[digits / 2] = (unsigned char)(to[digits / 2] | digit);
        digits++;
    }
    return digits == 2 * SHA1_LEN || digits == 2 * SHA256_LEN ? digits / 2 : 0;
}

/*
 * OpenSSL's PEM reader needs line ends, which a certificate in a URI has often
 * lost. So the base64 between the markers is decoded here.
 */
static X509 *parse_certificate(const char *pem)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *from = strstr(pem, begin);
    unsigned char *base64;
    unsigned char *der;
    const unsigned char *at;
    X509 *certificate = NULL;
    int len = 0;

    if (from == NULL)
        return NULL;
    from += strlen(begin);
    base64 = xmalloc(strlen(from) + 1);
    der = xmalloc(strlen(from) + 1);
    for (; *from != '\0' && *from != '-'; from++)
        if (!isspace((unsigned char)*from))
            base64[len++] = (unsigned char)*from;
    len = *from == '-' ? EVP_DecodeBlock(der, base64, len) : -1;
    at = der;
    /* The padding was decoded as zeroes at the end. */
    if (len > 0)
        certificate = d2i_X509(NULL, &at, len);
    free(base64);
    free(der);
    ERR_clear_error();
    return certificate;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

int tls_verify_open(struct tls_demands *ret_demands,
                    const struct tls_client_settings *settings, struct err *err)
{
    struct tls_demands d = { 0 };
    bool is_pinned =
        is_given(settings->certificate) || is_given(settings->thumbprint);

    if (is_given(settings->thumbprint)) {
        d.thumbprint_len = parse_thumbprint(settings->thumbprint, d.thumbprint);
        if (d.thumbprint_len == 0) {
            err_set(err,
                    "'%.100s' is no thumbprint: expected 40 (SHA-1) or 64 "
                    "(SHA-256) hex digits",
                    settings->thumbprint);
            return -EINVAL;
        }
    }
    if (is_given(settings->certificate)) {
        d.certificate = parse_certificate(settings->certificate);
        if (d.certificate == NULL) {
            err_set(err, "the text given as the peer's certificate is none: "
                         "expected PEM");
            return -EINVAL;
        }
    }
    d.is_signed =
        settings->verify || (is_given(settings->peer_name) && !is_pinned);
    d.is_named = settings->verify || is_given(settings->peer_name);
    if (is_given(settings->peer_name))
        d.peer_name = xstrdup(settings->peer_name);
    *ret_demands = d;
    return 0;
}

void tls_verify_done(struct tls_demands *demands)
{
    X509_free(demands->certificate);
    free(demands->peer_name);
    *demands = (struct tls_demands){ 0 };
}

bool tls_verify_is_on(const struct tls_demands *demands)
{
    return demands->certificate != NULL || demands->thumbprint_len > 0 ||
           demands->is_signed || demands->is_named;
}

/* ---- words ------------------------------------------------------------ */

struct names {
    char text[NAMES_MAX];
    size_t len;
};

/* The peer wrote the name: nothing in it may control a terminal or a log. */
static void add_name(struct names *n, const unsigned char *name, int len)
{
    if (n->len > 0 && n->len + 2 < sizeof n->text) {
        memcpy(n->text + n->len, ", ", 2);
        n->len += 2;
    }
    for (int i = 0; i < len && n->len + 1 < sizeof n->text; i++)
        n->text[n->len++] =
            name[i] > ' ' && name[i] < 0x7f ? (char)name[i] : '?';
    n->text[n->len] = '\0';
}

static void add_address(struct names *n, const ASN1_OCTET_STRING *ip)
{
    const unsigned char *b = ASN1_STRING_get0_data(ip);
    char text[40] = "";

    if (ASN1_STRING_length(ip) == 4)
        snprintf(text, sizeof text, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    for (int i = 0; ASN1_STRING_length(ip) == 16 && i < 16; i += 2)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%x",
                 i > 0 ? ":" : "", b[i] << 8 | b[i + 1]);
    add_name(n, (unsigned char *)text, (int)strlen(text));
}

static void add_common_name(struct names *n, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    const ASN1_STRING *text =
        at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));

    if (text != NULL)
        add_name(n, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
}

static struct names names_of(const X509 *certificate)
{
    struct names n = { 0 };
    GENERAL_NAMES *others =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    add_common_name(&n, X509_get_subject_name(certificate));
    for (int i = 0; i < sk_GENERAL_NAME_num(others); i++) {
        int kind;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(others, i), &kind);

        if (kind == GEN_DNS)
            add_name(&n, ASN1_STRING_get0_data(value),
                     ASN1_STRING_length(value));
        else if (kind == GEN_IPADD)
            add_address(&n, value);
    }
    GENERAL_NAMES_free(others);
    return n;
}

static struct names issuer_of(const X509 *certificate)
{
    struct names n = { 0 };

    add_common_name(&n, X509_get_issuer_name(certificate));
    if (n.len == 0)
        add_name(&n, (const unsigned char *)"a nameless one", 14);
    return n;
}

struct tls_date tls_verify_date(const ASN1_TIME *time)
{
    struct tls_date d = { "an unknown date" };
    struct tm tm;

    if (ASN1_TIME_to_tm(time, &tm) == 1)
        strftime(d.text, sizeof d.text, "%Y-%m-%d %H:%M:%S UTC", &tm);
    return d;
}

static void say_chain(X509_STORE_CTX *chain, struct err *why)
{
    const X509 *at = X509_STORE_CTX_get_current_cert(chain);
    int error = X509_STORE_CTX_get_error(chain);
    const char *whose = X509_STORE_CTX_get_error_depth(chain) > 0
                            ? "a certificate behind the peer's"
                            : "the peer's certificate";

    switch (at != NULL ? error : X509_V_ERR_UNSPECIFIED) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        err_set(why, "%s has expired on %s", whose,
                tls_verify_date(X509_get0_notAfter(at)).text);
        return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        err_set(why, "%s is not valid before %s", whose,
                tls_verify_date(X509_get0_notBefore(at)).text);
        return;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        err_set(why, "%s is signed by itself, and is not known here", whose);
        return;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        err_set(why, "%s is signed by a CA that is not known here: %s", whose,
                issuer_of(at).text);
        return;
    case X509_V_ERR_CERT_REVOKED:
        err_set(why, "%s has been revoked", whose);
        return;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        err_set(why,
                "%s is signed by a CA of which there is no CRL here: %s; add "
                "its CRL to the others",
                whose, issuer_of(at).text);
        return;
    case X509_V_ERR_CRL_HAS_EXPIRED:
        err_set(why,
                "the CRL of the CA that has signed %s has expired: %s; get a "
                "newer CRL, and send SIGHUP",
                whose, issuer_of(at).text);
        return;
    case X509_V_ERR_INVALID_PURPOSE:
        err_set(why, "%s is not meant for this end of TLS", whose);
        return;
    default:
        err_set(why, "%s is refused: %s", whose,
                X509_verify_cert_error_string(error));
        return;
    }
}

/* ---- the check -------------------------------------------------------- */

static bool is_pinned_certificate(const struct tls_context *c,
                                  const X509 *certificate, struct err *why)
{
    if (c->demands.certificate == NULL ||
        X509_cmp(c->demands.certificate, certificate) == 0)
        return true;
    err_set(why,
            "the peer's certificate is not the one that was expected: it is "
            "for %s",
            names_of(certificate).text);
    return false;
}

static bool has_thumbprint(const struct tls_context *c, const X509 *certificate,
                           struct err *why)
{
    const struct tls_demands *d = &c->demands;
    bool is_sha1 = d->thumbprint_len == SHA1_LEN;
    unsigned char is[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char is_text[2 * SHA256_LEN + 1] = "none";
    char expected_text[2 * SHA256_LEN + 1];

    if (d->thumbprint_len == 0)
        return true;
    if (X509_digest(certificate, is_sha1 ? EVP_sha1() : EVP_sha256(), is,
                    &len) != 1)
        len = 0;
    if (len == d->thumbprint_len && memcmp(is, d->thumbprint, len) == 0)
        return true;
    tls_certificate_hex(is, len, "", is_text);
    tls_certificate_hex(d->thumbprint, d->thumbprint_len, "", expected_text);
    err_set(why,
            "the peer's certificate has another thumbprint (%s): it is %s, "
            "expected was %s",
            is_sha1 ? "SHA-1" : "SHA-256", is_text, expected_text);
    return false;
}

/* OpenSSL asks for a CRL of each CA in the chain. The one that signed the
 * peer's certificate has to have one, or nothing of it could be revoked without
 * anybody's noticing; CAs above it often have none. */
static int allows_no_crl_above(int is_well, X509_STORE_CTX *chain)
{
    if (!is_well &&
        X509_STORE_CTX_get_error(chain) == X509_V_ERR_UNABLE_TO_GET_CRL &&
        X509_STORE_CTX_get_error_depth(chain) > 0) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    return is_well;
}

/* What an old CRL says is true nevertheless. A person who was let in is not
 * sent away at night because no newer one has come. */
static int allows_old_crl(int is_well, X509_STORE_CTX *chain)
{
    if (!is_well &&
        X509_STORE_CTX_get_error(chain) == X509_V_ERR_CRL_HAS_EXPIRED) {
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    return allows_no_crl_above(is_well, chain);
}

/* A server asks for certificates only if it knows who signs them, until a
 * reload makes it know nobody any more. */
static bool is_signed(const struct tls_context *c, X509_STORE_CTX *chain,
                      X509_STORE_CTX_verify_cb allows, struct err *why)
{
    if (!c->demands.is_signed && c->is_client)
        return true;
    if (!c->demands.is_signed) {
        err_set(why, "the peer shows a certificate, and none is asked for any "
                     "more");
        return false;
    }
    X509_STORE_CTX_set_verify_cb(chain, allows);
    if (X509_verify_cert(chain) == 1)
        return true;
    say_chain(chain, why);
    return false;
}

/* For peer_name the common name counts even beside subjectAltNames; for the
 * dialled host only without them (tls_context.h). */
static bool is_for_name(const struct tls_context *c, X509 *certificate,
                        struct err *why)
{
    const struct tls_demands *d = &c->demands;
    const char *name = d->peer_name != NULL ? d->peer_name : c->host;
    unsigned flags =
        d->peer_name != NULL ? X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT : 0;

    if (!d->is_named)
        return true;
    if (name == NULL) {
        err_set(why, "there is no name to check the peer's certificate for");
        return false;
    }
    if (X509_check_ip_asc(certificate, name, 0) == 1 ||
        X509_check_host(certificate, name, 0, flags, NULL) == 1)
        return true;
    err_set(why, "the peer's certificate is not for '%.80s', but for %s", name,
            names_of(certificate).text);
    return false;
}

/* Pinning comes first, because it needs no chain. X509_verify_cert reports its
 * own error, which gives the peer a more precise alert than ours. */
int tls_verify_peer(X509_STORE_CTX *chain, void *context)
{
    struct tls_context *c = context;
    X509 *certificate = X509_STORE_CTX_get0_cert(chain);

    /* The peer gets the alert bad_certificate. */
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    if (!is_pinned_certificate(c, certificate, &c->why) ||
        !has_thumbprint(c, certificate, &c->why))
        return 0;
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    if (!is_signed(c, chain, allows_no_crl_above, &c->why))
        return 0;
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
    if (!is_for_name(c, certificate, &c->why))
        return 0;
    X509_STORE_CTX_set_error(chain, X509_V_OK);
    return 1;
}

/* As OpenSSL does it in the handshake: purpose and level are that of a server
 * towards its clients. A peer without a certificate has proven nothing that
 * could be wrong now. */
bool tls_verify_again(const struct tls_context *c, SSL *ssl, struct err *why)
{
    X509_STORE_CTX *chain = X509_STORE_CTX_new();
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    bool holds = false;

    if (certificate == NULL) {
        holds = true;
    } else if (chain == NULL ||
               X509_STORE_CTX_init(chain, SSL_CTX_get_cert_store(c->ctx),
                                   certificate,
                                   SSL_get_peer_cert_chain(ssl)) != 1 ||
               X509_STORE_CTX_set_default(chain, "ssl_client") != 1) {
        err_set(why, "the peer's certificate cannot be checked again: %s",
                tls_context_reason());
    } else {
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(chain),
                                         SSL_get_security_level(ssl));
        holds = is_signed(c, chain, allows_old_crl, why);
    }
    X509_STORE_CTX_free(chain);
    ERR_clear_error();
    return holds;
}

bool tls_verify_has_expired(SSL *ssl)
{
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);

    for (int i = 0; i < sk_X509_num(chain); i++)
        if (X509_cmp_current_time(X509_get0_notAfter(sk_X509_value(chain, i))) <
            0)
            return true;
    return false;
}

bool tls_verify_is_missing(const struct tls_context *c, const SSL *ssl)
{
    return tls_verify_is_on(&c->demands) && !c->demands.is_optional &&
           SSL_get0_peer_certificate(ssl) == NULL;
}
