/*
 * What a handshake may agree on: versions, ciphers, signatures.
 *
 * A peer without a certificate, or a connection without encryption, is never
 * agreed on, whatever a list of ciphers says: a demand on a certificate that
 * does not come would not be looked at. OpenSSL leaves both out above security
 * level 0, so the level is the system's (openssl.cnf), at least 1, and a list
 * cannot change it; and each list ends with the removal of both.
 */
#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- versions --------------------------------------------------------- */

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

/*
 * TLS 1.0 and 1.1 sign with SHA-1, and OpenSSL has both only at security level
 * 0, with all that is weak besides. This allows the versions and their
 * signatures alone; keys, ciphers and certificates are judged by the level, and
 * so is all of a connection with TLS 1.2.
 */
static int allows_old_version(const SSL *ssl, const SSL_CTX *ctx, int operation,
                              int bits, int nid, void *other, void *context)
{
    const struct tls_context *c = context;
    bool is_signature =
        ((unsigned)operation & SSL_SECOP_OTHER_TYPE) == SSL_SECOP_OTHER_SIGALG;

    if (operation == SSL_SECOP_VERSION && nid >= TLS1_VERSION)
        return 1;
    if (is_signature && (nid == NID_sha1 || nid == NID_md5_sha1) &&
        ssl != NULL && SSL_version(ssl) < TLS1_2_VERSION)
        return 1;
    return c->judge(ssl, ctx, operation, bits, nid, other, NULL);
}

static int set_version(struct tls_context *c, const char *minimum,
                       struct err *err)
{
    int version = find_version(is_given(minimum) ? minimum : "1.2");

    if (version < 0) {
        err_set(err,
                "'%.40s' is no version of TLS: expected 1.0, 1.1, 1.2 or 1.3",
                minimum);
        return -EINVAL;
    }
    if (c->is_client && version < TLS1_2_VERSION)
        version = TLS1_2_VERSION;
    if (version < TLS1_2_VERSION) {
        c->judge = SSL_CTX_get_security_callback(c->ctx);
        SSL_CTX_set_security_callback(c->ctx, allows_old_version);
        SSL_CTX_set0_security_ex_data(c->ctx, c);
    }
    SSL_CTX_set_min_proto_version(c->ctx, version);
    return 0;
}

/* ---- ciphers ---------------------------------------------------------- */

static const char never[] = "!aNULL:!eNULL";

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

/* What is never agreed on stands last: '!' removes it for good, whatever a word
 * before has added, moved or sorted. */
static struct cipher_lists cut_ciphers(const char *ciphers)
{
    static const char separators[] = ":, ;";
    /* Each name gets a separator behind it: one more than in ciphers. */
    struct cipher_lists lists = { xcalloc(1, strlen(ciphers) + 2),
                                  xcalloc(1,
                                          strlen(ciphers) + 2 + sizeof never) };
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
    if (others_end != lists.others)
        add_cipher(others_end, never, sizeof never - 1);
    return lists;
}

static int set_ciphers(SSL_CTX *ctx, const char *ciphers, struct err *err)
{
    struct cipher_lists lists;
    bool has_newest;
    bool has_others;

    if (!is_given(ciphers))
        return 0;
    if (strcasestr(ciphers, "@SECLEVEL") != NULL) {
        err_set(err, "@SECLEVEL is no cipher: the security level is that of "
                     "the system (openssl.cnf), and at least 1");
        return -EINVAL;
    }
    lists = cut_ciphers(ciphers);
    has_newest = lists.newest[0] != '\0' &&
                 SSL_CTX_set_ciphersuites(ctx, lists.newest) == 1;
    has_others = lists.others[0] != '\0' &&
                 SSL_CTX_set_cipher_list(ctx, lists.others) == 1;
    free(lists.newest);
    free(lists.others);
    if (!has_newest && !has_others) {
        err_set(err,
                "no cipher of '%.100s' is known that authenticates and "
                "encrypts: %s",
                ciphers, tls_context_reason());
        return -EINVAL;
    }
    ERR_clear_error();
    /* Otherwise TLS 1.2 could choose a cipher that nobody named. */
    if (!has_others)
        SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    return 0;
}

int tls_terms_set(struct tls_context *c, const char *minimum,
                  const char *ciphers, struct err *err)
{
    int r;

    if (SSL_CTX_get_security_level(c->ctx) < 1)
        SSL_CTX_set_security_level(c->ctx, 1);
    r = set_version(c, minimum, err);
    return r == 0 ? set_ciphers(c->ctx, ciphers, err) : r;
}
