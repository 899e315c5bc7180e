#include "net/tls_context.h"

#include "base/mem.h"
#include "net/tls_context_private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls_context {
    SSL_CTX *ctx;
    bool is_client;
};

/* OpenSSL's first reason in words; "unknown" if it gave none. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());

    ERR_clear_error();
    return text != NULL ? text : "unknown";
}

static int find_version(const char *text)
{
    static const struct {
        const char *text;
        int version;
    } versions[] = {
        { "1.0", TLS1_VERSION },
        { "1.1", TLS1_1_VERSION },
        { "1.2", TLS1_2_VERSION },
        { "1.3", TLS1_3_VERSION },
    };

    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (strcmp(text, versions[i].text) == 0)
            return versions[i].version;
    return -1;
}

static int set_ciphers(SSL_CTX *ctx, const char *ciphers, struct err *err)
{
    if (ciphers == NULL || ciphers[0] == '\0')
        return 0;
    /* Names of TLS 1.3 stand in a list of their own. */
    if (SSL_CTX_set_cipher_list(ctx, ciphers) == 1 ||
        SSL_CTX_set_ciphersuites(ctx, ciphers) == 1) {
        ERR_clear_error();
        return 0;
    }
    err_set(err, "no cipher of '%.100s' is known: %s", ciphers, reason());
    return -EINVAL;
}

static int set_version(SSL_CTX *ctx, const char *minimum, struct err *err)
{
    int version = find_version(minimum != NULL ? minimum : "1.2");

    if (version < 0) {
        err_set(err, "'%.40s' is no version of TLS: expected 1.0, 1.1, 1.2 or "
                     "1.3",
                minimum);
        return -EINVAL;
    }
    /* What the system's own policy calls too weak must be asked for so. */
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, version);
    return 0;
}

static int set_certificate(SSL_CTX *ctx, const struct tls_settings *s,
                           struct err *err)
{
    const char *key = s->key_path != NULL && s->key_path[0] != '\0'
                          ? s->key_path
                          : s->certificate_path;

    if (SSL_CTX_use_certificate_chain_file(ctx, s->certificate_path) != 1) {
        err_set(err, "%.200s: no certificate can be read from it: %s",
                s->certificate_path, reason());
        return -EINVAL;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        err_set(err, "%.200s: no key can be read from it that fits the "
                     "certificate: %s",
                key, reason());
        return -EINVAL;
    }
    return 0;
}

static int set_clients(SSL_CTX *ctx, const struct tls_settings *s,
                       struct err *err)
{
    int mode = SSL_VERIFY_PEER;

    if (s->clients == TLS_CLIENTS_ANY)
        return 0;
    if (s->ca_path == NULL || s->ca_path[0] == '\0') {
        err_set(err, "clients' certificates cannot be checked without a CA");
        return -EINVAL;
    }
    if (SSL_CTX_load_verify_file(ctx, s->ca_path) != 1) {
        err_set(err, "%.200s: no CA can be read from it: %s", s->ca_path,
                reason());
        return -EINVAL;
    }
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(s->ca_path));
    if (s->clients == TLS_CLIENTS_MUST_SHOW)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(ctx, mode, NULL);
    return 0;
}

static void set_habits(SSL_CTX *ctx)
{
    /* An idle connection keeps no buffers; nobody renegotiates; a session that
     * lasts for months has no use for tickets. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
                              SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
}

int tls_context_open(struct tls_context **ret_context,
                     const struct tls_settings *settings, struct err *err)
{
    struct tls_context *c = xcalloc(1, sizeof *c);
    int r = -ENOMEM;

    c->ctx = SSL_CTX_new(TLS_server_method());
    if (c->ctx == NULL) {
        err_set(err, "OpenSSL cannot start: %s", reason());
        goto fail;
    }
    set_habits(c->ctx);
    r = set_version(c->ctx, settings->minimum, err);
    if (r == 0)
        r = set_ciphers(c->ctx, settings->ciphers, err);
    if (r == 0)
        r = set_certificate(c->ctx, settings, err);
    if (r == 0)
        r = set_clients(c->ctx, settings, err);
    if (r < 0)
        goto fail;
    *ret_context = c;
    return 0;

fail:
    tls_context_close(c);
    return r;
}

void tls_context_close(struct tls_context *context)
{
    if (context == NULL)
        return;
    SSL_CTX_free(context->ctx);
    free(context);
}

SSL *tls_context_new_ssl(const struct tls_context *context, const char *host)
{
    SSL *ssl = SSL_new(context->ctx);

    if (ssl == NULL)
        return NULL;
    if (context->is_client) {
        if (host != NULL)
            SSL_set_tlsext_host_name(ssl, host);
        SSL_set_connect_state(ssl);
    } else {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}

static void format_digest(const X509 *certificate, const EVP_MD *kind, char *to)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (certificate == NULL || X509_digest(certificate, kind, digest, &len) != 1)
        len = 0;
    for (unsigned i = 0; i < len; i++)
        sprintf(to + 3 * i, "%02X%s", digest[i], i + 1 < len ? ":" : "");
    if (len == 0)
        to[0] = '\0';
}

struct tls_thumbprints tls_context_thumbprints(
    const struct tls_context *context)
{
    const X509 *certificate = SSL_CTX_get0_certificate(context->ctx);
    struct tls_thumbprints t;

    format_digest(certificate, EVP_sha1(), t.sha1);
    format_digest(certificate, EVP_sha256(), t.sha256);
    return t;
}

/* ---- a certificate of our own ----------------------------------------- */

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension == NULL)
        return false;
    is_added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool fill_in(X509 *certificate, EVP_PKEY *key, const char *host)
{
    enum { DAYS = 3650, SECONDS_PER_DAY = 24 * 60 * 60 };
    X509_NAME *name = X509_get_subject_name(certificate);
    char names[300];
    BIGNUM *serial = BN_new();
    bool is_filled;

    snprintf(names, sizeof names, "DNS:%.200s,DNS:localhost,IP:127.0.0.1",
             host);
    is_filled =
        serial != NULL && BN_rand(serial, 127, 0, 0) == 1 &&
        BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) !=
            NULL &&
        X509_set_version(certificate, X509_VERSION_3) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -SECONDS_PER_DAY) !=
            NULL &&
        X509_time_adj_ex(X509_getm_notAfter(certificate), DAYS, 0, NULL) !=
            NULL &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   (const unsigned char *)host, -1, -1,
                                   0) == 1 &&
        X509_set_issuer_name(certificate, name) == 1 &&
        X509_set_pubkey(certificate, key) == 1 &&
        add_extension(certificate, NID_basic_constraints, "CA:FALSE") &&
        add_extension(certificate, NID_subject_alt_name, names) &&
        X509_sign(certificate, key, EVP_sha256()) > 0;
    BN_free(serial);
    return is_filled;
}

/* A new file, for nobody else if mode says so; NULL: errno says why. */
static FILE *create(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (fd >= 0 && file == NULL)
        close(fd);
    return file;
}

static int write_file(const char *path, mode_t mode, const X509 *certificate,
                      const EVP_PKEY *key, struct err *err)
{
    FILE *file = create(path, mode);
    bool is_written;
    int r;

    if (file == NULL) {
        r = -errno;
        err_set(err, "cannot create %.200s: %s", path, strerror(-r));
        return r;
    }
    is_written = key != NULL ? PEM_write_PKCS8PrivateKey(file, key, NULL, NULL,
                                                         0, NULL, NULL) == 1
                             : PEM_write_X509(file, certificate) == 1;
    if (fflush(file) != 0 || fsync(fileno(file)) != 0)
        is_written = false;
    r = is_written ? 0 : errno != 0 ? -errno : -EIO;
    fclose(file);
    if (r < 0) {
        (void)unlink(path);
        err_set(err, "cannot write %.200s: %s", path, strerror(-r));
    }
    return r;
}

int tls_make_certificate(const char *certificate_path, const char *key_path,
                         const char *host, struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    int r = -ENOMEM;

    if (key == NULL || certificate == NULL || !fill_in(certificate, key, host)) {
        err_set(err, "OpenSSL cannot make a certificate: %s", reason());
        goto done;
    }
    r = write_file(key_path, 0600, NULL, key, err);
    if (r == 0)
        r = write_file(certificate_path, 0644, certificate, NULL, err);

done:
    X509_free(certificate);
    EVP_PKEY_free(key);
    return r;
}
