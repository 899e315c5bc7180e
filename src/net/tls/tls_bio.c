#include "net/tls/tls_bio.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <string.h>

bool tls_bio_is_flooded(const struct tls_bio *b)
{
    return b->odd_count > TLS_ODD_MAX;
}

static int tls_bio_read(BIO *bio, char *to, int len)
{
    struct tls_bio *b = BIO_get_data(bio);
    size_t n = (size_t)len;

    BIO_clear_retry_flags(bio);
    /* A flood is stopped by giving no more input: OpenSSL then returns, and the
     * engine breaks the connection. */
    if (b->in.len == 0 || tls_bio_is_flooded(b)) {
        if (b->has_ended)
            return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    if (n > b->in.len)
        n = b->in.len;
    memcpy(to, b->in.data, n);
    b->in = slice_after(b->in, n);
    return (int)n;
}

/* Never asks OpenSSL to retry: what does not fit now never will. */
static int tls_bio_write(BIO *bio, const char *from, int len)
{
    struct tls_bio *b = BIO_get_data(bio);
    struct tls_bio_out *out = b->out;

    BIO_clear_retry_flags(bio);
    if ((size_t)len > TLS_OUT_MAX - out->len)
        return -1;
    memcpy(out->bytes + out->len, from, (size_t)len);
    out->len += (size_t)len;
    return len;
}

/* OpenSSL flushes after each flight, and fails if that fails. */
static long tls_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void tls_bio_on_message(int is_ours, int version, int kind,
                               const void *message, size_t len, SSL *ssl,
                               void *arg)
{
    struct tls_bio *b = arg;
    const uint8_t *bytes = message;

    (void)version;
    if (kind == SSL3_RT_ALERT)
        b->odd_count++;
    if (kind != SSL3_RT_HANDSHAKE || is_ours || len == 0)
        return;
    b->odd_count++;
    if (bytes[0] == SSL3_MT_CERTIFICATE_REQUEST)
        b->was_asked = SSL_get_certificate(ssl) == NULL;
    /* Behind a hello's head of 4 bytes comes its version. */
    if ((bytes[0] == SSL3_MT_CLIENT_HELLO ||
         bytes[0] == SSL3_MT_SERVER_HELLO) &&
        len >= 6)
        b->peer_version = bytes[4] << 8 | bytes[5];
}

/* Made once, for the program's life. */
static BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;

    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    if (method == NULL)
        mem_end();
    BIO_meth_set_read(method, tls_bio_read);
    BIO_meth_set_write(method, tls_bio_write);
    BIO_meth_set_ctrl(method, tls_bio_ctrl);
    return method;
}

void tls_bio_attach(struct tls_bio *b, SSL *ssl)
{
    BIO *bio = BIO_new(bio_method());

    if (bio == NULL)
        mem_end();
    BIO_set_data(bio, b);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_msg_callback(ssl, tls_bio_on_message);
    SSL_set_msg_callback_arg(ssl, b);
}
