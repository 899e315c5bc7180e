/*
 * Whose certificates a server accepts: its CAs and their CRLs, as files.
 *
 * They are in OpenSSL's store. A reload makes another store; contexts from
 * before get it too (tls_context_follow). So a store, with CRLs that can have
 * megabytes, lives no longer than it is in force, however long connections
 * last.
 */
#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- files -------------------------------------------------------------- */

int tls_trust_load_ca(SSL_CTX *ctx, const char *path, struct err *err)
{
    if (SSL_CTX_load_verify_file(ctx, path) == 1)
        return 0;
    err_set(err, "%.150s: no CA can be read from it: %s", path,
            tls_context_reason());
    return -EINVAL;
}

struct short_name {
    char text[100];
};

static struct short_name name_of(const X509_NAME *name)
{
    struct short_name n = { "" };

    tls_peer_format_name(name, n.text, sizeof n.text);
    return n;
}

/* A CRL of a CA that we know has to be that CA's. Of others we cannot say: a CA
 * in between may be shown by the client. */
static bool is_by_its_ca(X509_STORE *store, X509_CRL *crl)
{
    const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(store);
    bool is_known = false;

    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        X509 *ca = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

        if (ca == NULL || X509_NAME_cmp(X509_get_subject_name(ca),
                                        X509_CRL_get_issuer(crl)) != 0)
            continue;
        if (X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1)
            return true;
        is_known = true;
    }
    ERR_clear_error();
    return !is_known;
}

static int add_crl(X509_STORE *store, X509_CRL *crl, const char *path,
                   struct err *err)
{
    if (!is_by_its_ca(store, crl)) {
        err_set(err,
                "%.150s: the CRL of %s in it is not signed by the CA of this "
                "name",
                path, name_of(X509_CRL_get_issuer(crl)).text);
        return -EINVAL;
    }
    if (X509_STORE_add_crl(store, crl) == 1)
        return 0;
    err_set(err, "%.150s: a CRL in it cannot be used: %s", path,
            tls_context_reason());
    return -EINVAL;
}

/* The reader has found no other one: at the end of the file, or because of
 * something that is none. */
static bool is_end_of_file(void)
{
    unsigned long error = ERR_peek_last_error();

    return ERR_GET_LIB(error) == ERR_LIB_PEM &&
           ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int read_crls(X509_STORE *store, BIO *file, const char *path,
                     struct err *err)
{
    unsigned count = 0;
    X509_CRL *crl;

    while ((crl = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL)) != NULL) {
        int r = add_crl(store, crl, path, err);

        X509_CRL_free(crl);
        if (r < 0)
            return r;
        count++;
    }
    if (!is_end_of_file()) {
        err_set(err, "%.150s: a CRL in it is damaged: %s", path,
                tls_context_reason());
        return -EINVAL;
    }
    ERR_clear_error();
    if (count > 0)
        return 0;
    err_set(err,
            "%.150s: there is no CRL in it: expected PEM (openssl crl -inform "
            "DER makes it)",
            path);
    return -EINVAL;
}

static int load_crls(SSL_CTX *ctx, const char *path, struct err *err)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    BIO *file = BIO_new_file(path, "r");
    int r;

    if (file == NULL) {
        err_set(err, "%.150s: no CRL can be read from it: %s", path,
                tls_context_reason());
        return -EINVAL;
    }
    r = read_crls(store, file, path, err);
    BIO_free(file);
    if (r == 0)
        X509_STORE_set_flags(store,
                             X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return r;
}

/* ---- what is trusted ---------------------------------------------------- */

/* Equal for equal files; another order of certificates may look like
 * another trust, which costs only time. */
static void digest_trust(struct tls_context *c)
{
    const STACK_OF(X509_OBJECT) *all =
        X509_STORE_get0_objects(SSL_CTX_get_cert_store(c->ctx));
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    unsigned char one[EVP_MAX_MD_SIZE];

    if (sum == NULL || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
        mem_end();
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        const X509_OBJECT *object = sk_X509_OBJECT_value(all, i);
        X509_CRL *crl =
            X509_OBJECT_get0_X509_CRL((X509_OBJECT *)(uintptr_t)object);
        unsigned len = 0;

        if (crl != NULL)
            X509_CRL_digest(crl, EVP_sha256(), one, &len);
        else
            X509_digest(X509_OBJECT_get0_X509(object), EVP_sha256(), one, &len);
        EVP_DigestUpdate(sum, one, len);
    }
    EVP_DigestFinal_ex(sum, c->trust, NULL);
    EVP_MD_CTX_free(sum);
}

int tls_trust_set(struct tls_context *c, const struct tls_settings *s,
                  struct err *err)
{
    int mode = SSL_VERIFY_PEER;
    int r;

    c->name = (uint8_t)s->name;
    if (s->clients == TLS_CLIENTS_ANY)
        return 0;
    if (!is_given(s->ca_path)) {
        err_set(err, "clients' certificates cannot be checked without a CA");
        return -EINVAL;
    }
    r = tls_trust_load_ca(c->ctx, s->ca_path, err);
    if (r == 0 && is_given(s->crl_path))
        r = load_crls(c->ctx, s->crl_path, err);
    if (r < 0)
        return r;
    digest_trust(c);
    SSL_CTX_set_client_CA_list(c->ctx, SSL_load_client_CA_file(s->ca_path));
    if (s->clients == TLS_CLIENTS_MUST_SHOW)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(c->ctx, mode, NULL);
    c->demands.is_signed = true;
    c->demands.is_optional = s->clients == TLS_CLIENTS_MAY_SHOW;
    return 0;
}

/* One that trusted nobody any more has no demands left, but asks. */
static bool asks_for_certificates(const struct tls_context *c)
{
    return !c->is_client && SSL_CTX_get_verify_mode(c->ctx) != SSL_VERIFY_NONE;
}

void tls_context_follow(struct tls_context *c, const struct tls_context *next)
{
    static const unsigned char nobody[sizeof c->trust];
    bool has_trust = next != NULL && next->demands.is_signed;
    const unsigned char *trust = has_trust ? next->trust : nobody;

    if (c == next || !asks_for_certificates(c))
        return;
    if (memcmp(c->trust, trust, sizeof c->trust) != 0)
        c->trust_version++;
    memcpy(c->trust, trust, sizeof c->trust);
    c->demands.is_signed = has_trust;
    if (!has_trust)
        return;
    c->demands.is_optional = next->demands.is_optional;
    c->name = next->name;
    if (SSL_CTX_get_cert_store(c->ctx) != SSL_CTX_get_cert_store(next->ctx))
        SSL_CTX_set1_cert_store(c->ctx, SSL_CTX_get_cert_store(next->ctx));
}

/* ---- the age of CRLs ---------------------------------------------------- */

/* Seconds from one time to another; a time that cannot be read is far away. */
static long seconds_between(const ASN1_TIME *from, const ASN1_TIME *to)
{
    enum { SECONDS_PER_DAY = 24 * 60 * 60, DAYS_MAX = 100 * 365 };
    int days;
    int seconds;

    if (ASN1_TIME_diff(&days, &seconds, from, to) != 1 || days > DAYS_MAX)
        return (long)DAYS_MAX * SECONDS_PER_DAY;
    return (long)days * SECONDS_PER_DAY + seconds;
}

static enum tls_crl_age age_of(const X509_CRL *crl)
{
    enum { OLD_S = 3 * 24 * 60 * 60, OLD_PART = 4 };
    const ASN1_TIME *last = X509_CRL_get0_lastUpdate(crl);
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    long left_s;

    if (next == NULL)
        return TLS_CRL_FRESH;
    left_s = seconds_between(NULL, next); /* from now */
    if (left_s <= 0)
        return TLS_CRL_EXPIRED;
    return left_s < OLD_S && left_s < seconds_between(last, next) / OLD_PART
               ? TLS_CRL_OLD
               : TLS_CRL_FRESH;
}

/* OpenSSL takes the newest one of a CA. */
static bool has_newer(const STACK_OF(X509_OBJECT) * all, const X509_CRL *crl)
{
    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        const X509_CRL *other =
            X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));

        if (other != NULL && other != crl &&
            X509_NAME_cmp(X509_CRL_get_issuer(other),
                          X509_CRL_get_issuer(crl)) == 0 &&
            seconds_between(X509_CRL_get0_lastUpdate(crl),
                            X509_CRL_get0_lastUpdate(other)) > 0)
            return true;
    }
    return false;
}

enum tls_crl_age tls_context_crl_age(const struct tls_context *context,
                                     struct err *words)
{
    static const char *const what[] = {
        [TLS_CRL_OLD] = "expires",
        [TLS_CRL_EXPIRED] = "has expired",
    };
    const STACK_OF(X509_OBJECT) *all =
        X509_STORE_get0_objects(SSL_CTX_get_cert_store(context->ctx));
    enum tls_crl_age worst = TLS_CRL_FRESH;

    for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
        const X509_CRL *crl =
            X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
        enum tls_crl_age age = crl != NULL ? age_of(crl) : TLS_CRL_FRESH;

        if (age <= worst || has_newer(all, crl))
            continue;
        worst = age;
        err_set(words,
                "the CRL of %s %s on %s, and then no connection with a "
                "certificate of this CA is accepted; get a newer CRL, and send "
                "SIGHUP",
                name_of(X509_CRL_get_issuer(crl)).text, what[age],
                tls_verify_date(X509_CRL_get0_nextUpdate(crl)).text);
    }
    return worst;
}
