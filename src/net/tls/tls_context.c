#include "net/tls/tls_context.h"

#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* OpenSSL's first reason in words; "unknown" if it gave none. */
static const char *reason(void)
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

/* ---- ciphers and versions --------------------------------------------- */

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

static int set_version(SSL_CTX *ctx, const char *minimum, struct err *err)
{
    int version = find_version(is_given(minimum) ? minimum : "1.2");

    if (version < 0) {
        err_set(err,
                "'%.40s' is no version of TLS: expected 1.0, 1.1, 1.2 or 1.3",
                minimum);
        return -EINVAL;
    }
    /* TLS 1.0 and 1.1 sign with SHA-1, which OpenSSL refuses above security
     * level 0. */
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, version);
    return 0;
}

/* A list of ciphers, divided into those of TLS 1.3 and all others. */
struct cipher_lists {
    char *newest;
    char *others;
};

static char *add_cipher(char *end, const char *name, size_t len)
{
    memcpy(end, name, len);
    end[len] = ':'; /* OpenSSL ignores a ':' at the end */
    return end + len + 1;
}

static struct cipher_lists cut_ciphers(const char *ciphers)
{
    static const char separators[] = ":, ;";
    /* Each name gets a separator behind it: one more than in ciphers. */
    struct cipher_lists lists = { xcalloc(1, strlen(ciphers) + 2),
                                  xcalloc(1, strlen(ciphers) + 2) };
    char *newest_end = lists.newest;
    char *others_end = lists.others;

    for (const char *at = ciphers; *at != '\0';) {
        size_t len = strcspn(at, separators);

        if (strncmp(at, "TLS_", 4) == 0)
            newest_end = add_cipher(newest_end, at, len);
        else if (len > 0)
            others_end = add_cipher(others_end, at, len);
        at += len;
        at += strspn(at, separators);
    }
    return lists;
}

static int set_ciphers(SSL_CTX *ctx, const char *ciphers, struct err *err)
{
    struct cipher_lists lists;
    bool has_newest;
    bool has_others;

    if (!is_given(ciphers))
        return 0;
    lists = cut_ciphers(ciphers);
    has_newest = lists.newest[0] != '\0' &&
                 SSL_CTX_set_ciphersuites(ctx, lists.newest) == 1;
    has_others = lists.others[0] != '\0' &&
                 SSL_CTX_set_cipher_list(ctx, lists.others) == 1;
    free(lists.newest);
    free(lists.others);
    if (!has_newest && !has_others) {
        err_set(err, "no cipher of '%.100s' is known: %s", ciphers, reason());
        return -EINVAL;
    }
    ERR_clear_error();
    /* Otherwise TLS 1.2 could choose a cipher that nobody named. */
    if (!has_others)
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    return 0;
}

/* ---- certificates ----------------------------------------------------- */

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
                certificate_path, reason());
        return -EINVAL;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        err_set(err,
                "%.150s: no key can be read from it that fits the "
                "certificate: %s",
                key, reason());
        return -EINVAL;
    }
    return 0;
}

static int load_ca(SSL_CTX *ctx, const char *path, struct err *err)
{
    if (SSL_CTX_load_verify_file(ctx, path) == 1)
        return 0;
    err_set(err, "%.150s: no CA can be read from it: %s", path, reason());
    return -EINVAL;
}

static int set_clients(struct tls_context *c, const struct tls_settings *s,
                       struct err *err)
{
    int mode = SSL_VERIFY_PEER;
    int r;

    if (s->clients == TLS_CLIENTS_ANY)
        return 0;
    if (!is_given(s->ca_path)) {
        err_set(err, "clients' certificates cannot be checked without a CA");
        return -EINVAL;
    }
    r = load_ca(c->ctx, s->ca_path, err);
    if (r < 0)
        return r;
    SSL_CTX_set_client_CA_list(c->ctx, SSL_load_client_CA_file(s->ca_path));
    if (s->clients == TLS_CLIENTS_MUST_SHOW)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(c->ctx, mode, NULL);
    c->demands.is_signed = true;
    return 0;
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
        return load_ca(c->ctx, s->ca_path, err);
    if (s->ca_from != NULL) {
        SSL_CTX_set1_cert_store(c->ctx,
                                SSL_CTX_get_cert_store(s->ca_from->ctx));
        return 0;
    }
    /* OpenSSL reads them when it checks the first certificate. */
    if (SSL_CTX_set_default_verify_paths(c->ctx) == 1)
        return 0;
    err_set(err, "the system's CAs cannot be used: %s", reason());
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

static int begin(struct tls_context **ret_context, const SSL_METHOD *method,
                 struct err *err)
{
    struct tls_context *c = xcalloc(1, sizeof *c);

    c->users = 1;
    c->ctx = SSL_CTX_new(method);
    if (c->ctx == NULL) {
        err_set(err, "OpenSSL cannot start: %s", reason());
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
    int r = begin(&c, TLS_server_method(), err);

    if (r < 0)
        return r;
    r = set_version(c->ctx, settings->minimum, err);
    if (r == 0)
        r = set_ciphers(c->ctx, settings->ciphers, err);
    if (r == 0 && !settings->has_no_certificate)
        r = set_certificate(c->ctx, settings->certificate_path,
                            settings->key_path, err);
    if (r == 0)
        r = set_clients(c, settings, err);
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
    int r = begin(&c, TLS_client_method(), err);

    if (r < 0)
        return r;
    c->is_client = true;
    r = set_version(c->ctx, settings->minimum, err);
    if (r == 0)
        r = set_ciphers(c->ctx, settings->ciphers, err);
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
