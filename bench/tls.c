#include "tls.h"

#include "measure.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* Full records, several a system call: the judge must be the faster one. */
enum { READ_AHEAD = 128 * 1024, RECORD_MAX = 16 * 1024 };

static const char group[] = "P-256";

_Noreturn static void die_of_openssl(const char *what)
{
    die("%s: %s", what, ERR_reason_error_string(ERR_peek_error()));
}

void tls_client_init(struct tls_client *client, const char *cipher)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context)
        die_of_openssl("SSL_CTX_new");
    if (SSL_CTX_set_ciphersuites(context, cipher) != 1)
        die_of_openssl(cipher);
    if (SSL_CTX_set1_groups_list(context, group) != 1)
        die_of_openssl(group);
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_AHEAD);
    *client = (struct tls_client){ context, cipher };
}

struct tls *tls_new(const struct tls_client *client, int fd, const char *kind,
                    unsigned number)
{
    struct tls *t = zalloc(1, sizeof *t);

    *t = (struct tls){
        .client = client,
        .ssl = SSL_new(client->context),
        .kind = kind,
        .number = number,
    };
    if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1)
        die_of_openssl("SSL_new");
    SSL_set_connect_state(t->ssl);
    return t;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    free(t);
}

/* Returns -1 if it only has to wait, 0 at the peer's end; else it dies. */
static int look_why(struct tls *t, int result, const char *what)
{
    int error = SSL_get_error(t->ssl, result);
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return -1;
    if (error == SSL_ERROR_ZERO_RETURN)
        return 0;
    if (!reason)
        reason = errno != 0 ? strerror(errno) : "the connection was cut";
    die("%s %u: TLS: %s: %s", t->kind, t->number, what, reason);
}

static void check_terms(const struct tls *t)
{
    const char *cipher = SSL_get_cipher_name(t->ssl);

    if (strcmp(cipher, t->client->cipher) != 0)
        die("TLS: agreed on %s, expected %s", cipher, t->client->cipher);
    if (SSL_session_reused(t->ssl))
        die("TLS: a session was resumed");
    if (EVP_PKEY_get_id(X509_get0_pubkey(SSL_get0_peer_certificate(t->ssl))) !=
        EVP_PKEY_EC)
        die("TLS: the server's key is no EC key");
}

void tls_shake_hands(struct tls *t)
{
    int r;

    ERR_clear_error();
    errno = 0;
    r = SSL_do_handshake(t->ssl);
    if (r == 1) {
        check_terms(t);
        t->is_open = true;
    } else if (look_why(t, r, "handshake") == 0) {
        die("%s %u: TLS: closed during the handshake", t->kind, t->number);
    }
}

size_t tls_send(struct tls *t, const void *bytes, size_t len)
{
    size_t total = 0, n;
    int r;

    ERR_clear_error();
    errno = 0;
    while (total < len) {
        r = SSL_write_ex(t->ssl, (const char *)bytes + total, len - total, &n);
        if (r != 1) {
            if (look_why(t, r, "send") == 0)
                die("%s %u: TLS: send after the end", t->kind, t->number);
            t->held_len = len - total < RECORD_MAX ? len - total : RECORD_MAX;
            break;
        }
        t->held_len = 0;
        total += n;
    }
    return total;
}

ssize_t tls_recv(struct tls *t, void *to, size_t len)
{
    size_t total = 0, n;
    int r;

    ERR_clear_error();
    errno = 0;
    do {
        r = SSL_read_ex(t->ssl, (char *)to + total, len - total, &n);
        if (r != 1)
            break;
        total += n;
    } while (total < len && tls_has_pending(t));
    if (total > 0)
        return (ssize_t)total;
    return look_why(t, r, "recv");
}

bool tls_has_pending(const struct tls *t)
{
    return SSL_has_pending(t->ssl) == 1;
}
