#include "net/tls/tls_context.h"

#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *tls_context_reason(void)
{
    unsigned long error = ERR_peek_error();
    const char *text = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                                               : ERR_reason_error_string(error);

    ERR_clear_error();
    return text != NULL ? text : "unknown";
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/*
 * The peer chooses the group, and the loop computes: P-521 costs it ten times
 * as much as these. Hosts of every version offer P-256 (OpenSSL has preferred
 * it since before ESXi 5), and so does whatever speaks TLS 1.3 (RFC 8446
 * section 9.1). A server's choice alone: a client of ours must not fail at a
 * server whose certificate has another curve.
 */
static int set_groups(SSL_CTX *ctx, struct err *err)
{
    if (SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1)
        return 0;
    err_set(err, "OpenSSL has no group for TLS: %s", tls_context_reason());
    return -EINVAL;
}

/* ---- certificates ----------------------------------------------------- */

/*
 * A key that others can read is no secret. Its group may read a key of root or
 * of another user, as Debian's ssl-cert and acme clients have it: there the
 * group is how vspcd reads it. A key of our own needs no group.
 */
int tls_context_check_secret(const char *path, const char *what,
                             struct err *err)
{
    struct stat st;
    bool is_ours;
    mode_t excess;

    if (stat(path, &st) < 0) {
        err_set(err, "%.150s: %s", path, strerror(errno));
        return -EINVAL;
    }
    is_ours = st.st_uid == geteuid() && st.st_uid != 0;
    excess = S_IRWXO | (is_ours ? S_IRWXG : S_IWGRP | S_IXGRP);
    if ((st.st_mode & excess) == 0)
        return 0;
    err_set(err,
            "%.150s: %s is in it, and %s can use it (mode %04o): "
            "chmod %s",
            path, what, st.st_mode & S_IRWXO ? "everybody" : "its group",
            (unsigned)st.st_mode & 07777u, is_ours ? "go-rwx" : "o-rwx,g-wx");
    return -EINVAL;
}

static int set_certificate(SSL_CTX *ctx, const char *certificate_path,
                           const char *key_path, struct err *err)
{
    const char *key = is_given(key_path) ? key_path : certificate_path;

    if (!is_given(certificate_path)) {
        err_set(err, "a certificate is needed");
        return -EINVAL;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate_path) != 1) {
        err_set(err, "%.150s: no certificate can be read from it: %s",
                certificate_path, tls_context_reason());
        return -EINVAL;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        err_set(err,
                "%.150s: no key can be read from it that fits the "
                "certificate: %s",
                key, tls_context_reason());
        return -EINVAL;
    }
    return tls_context_check_secret(key, "a private key", err);
}

static int set_demands(struct tls_context *c,
                       const struct tls_client_settings *s, struct err *err)
{
    int r = tls_verify_open(&c->demands, s, err);

    if (r < 0 || !tls_verify_is_on(&c->demands))
        return r;
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    if (!c->demands.is_signed)
        return 0;
    if (is_given(s->ca_path))
        return tls_trust_load_ca(c->ctx, s->ca_path, err);
    if (s->ca_from != NULL) {
        SSL_CTX_set1_cert_store(c->ctx,
                                SSL_CTX_get_cert_store(s->ca_from->ctx));
        return 0;
    }
    /* OpenSSL reads them when it checks the first certificate. */
    if (SSL_CTX_set_default_verify_paths(c->ctx) == 1)
        return 0;
    err_set(err, "the system's CAs cannot be used: %s", tls_context_reason());
    return -EINVAL;
}

/* ---- opening ---------------------------------------------------------- */

static void set_habits(SSL_CTX *ctx)
{
    enum { CHAIN_MAX = 32 * 1024 };

    /* An idle connection keeps no buffers; renegotiation is off; a session that
     * lasts for months needs no tickets. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 0);
    /* Bounds the memory that a peer can make us allocate by announcing a long
     * chain. */
    SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
}

static int begin(struct tls_context **ret_context, bool is_client,
                 struct err *err)
{
    struct tls_context *c = xcalloc(1, sizeof *c);

    c->users = 1;
    c->is_client = is_client;
    c->ctx = SSL_CTX_new(is_client ? TLS_client_method() : TLS_server_method());
    if (c->ctx == NULL) {
        err_set(err, "OpenSSL cannot start: %s", tls_context_reason());
        free(c);
        return -ENOMEM;
    }
    set_habits(c->ctx);
    SSL_CTX_set_cert_verify_callback(c->ctx, tls_verify_peer, c);
    *ret_context = c;
    return 0;
}

int tls_context_open(struct tls_context **ret_context,
                     const struct tls_settings *settings, struct err *err)
{
    struct tls_context *c;
    int r = begin(&c, false, err);

    if (r < 0)
        return r;
    r = set_groups(c->ctx, err);
    if (r == 0)
        r = tls_terms_set(c, settings->minimum, settings->ciphers, err);
    if (r == 0 && !settings->has_no_certificate)
        r = set_certificate(c->ctx, settings->certificate_path,
                            settings->key_path, err);
    if (r == 0)
        r = tls_trust_set(c, settings, err);
    if (r == 0)
        *ret_context = c;
    else
        tls_context_close(c);
    return r;
}

int tls_context_open_client(struct tls_context **ret_context,
                            const struct tls_client_settings *settings,
                            struct err *err)
{
    struct tls_context *c;
    int r = begin(&c, true, err);

    if (r < 0)
        return r;
    r = tls_terms_set(c, settings->minimum, settings->ciphers, err);
    if (r == 0 && is_given(settings->own_certificate_path))
        r = set_certificate(c->ctx, settings->own_certificate_path,
                            settings->own_key_path, err);
    if (r == 0)
        r = set_demands(c, settings, err);
    if (r == 0)
        *ret_context = c;
    else
        tls_context_close(c);
    return r;
}

struct tls_context *tls_context_share(struct tls_context *context)
{
    if (context != NULL)
        context->users++;
    return context;
}

void tls_context_close(struct tls_context *context)
{
    if (context == NULL || --context->users > 0)
        return;
    SSL_CTX_free(context->ctx);
    tls_verify_done(&context->demands);
    free(context);
}

unsigned tls_context_rsa_bits(const struct tls_context *context)
{
    const EVP_PKEY *key = SSL_CTX_get0_privatekey(context->ctx);

    if (key == NULL || (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA &&
                        EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS))
        return 0;
    return (unsigned)EVP_PKEY_get_bits(key);
}

/* Sent for names only, not for addresses (RFC 6066 section 3). */
static void set_server_name(SSL *ssl, const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (!is_given(host) || inet_pton(AF_INET, host, address) == 1 ||
        inet_pton(AF_INET6, host, address) == 1)
        return;
    SSL_set_tlsext_host_name(ssl, host);
    ERR_clear_error();
}

SSL *tls_context_new_ssl(const struct tls_context *context, const char *host)
{
    SSL *ssl = SSL_new(context->ctx);

    if (ssl == NULL)
        return NULL;
    if (context->is_client) {
        set_server_name(ssl, host);
        SSL_set_connect_state(ssl);
    } else {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}
