#include "net/tls/tls_engine.h"

#include "base/limits.h"
#include "base/mem.h"
#include "net/tls/tls_context_private.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A hello with post-quantum keys has 2 KiB. OpenSSL would allocate the
     * announced length, up to 128 KiB. */
    TLS_HELLO_MAX = 16 * KIB,

    /* Bytes of a whole handshake. */
    TLS_HANDSHAKE_MAX = 128 * KIB,
};

/* ---- failures ---------------------------------------------------------- */

const char *tls_state_name(enum tls_state state)
{
    static const char *const names[TLS_STATE_COUNT] = {
        [TLS_SHAKING_HANDS] = "shaking-hands",
        [TLS_OPEN] = "open",
        [TLS_ENDED] = "ended",
        [TLS_BROKEN] = "broken",
    };

    return (unsigned)state < TLS_STATE_COUNT ? names[state] : "?";
}

void tls_engine_fail(struct tls_engine *e, int error, const char *problem)
{
    if (e->state == TLS_BROKEN)
        return;
    e->state = TLS_BROKEN;
    e->error = error;
    /* The words of has_lost may be in somebody's hands. */
    if (e->problem == NULL)
        e->problem = xstrdup(problem);
}

void tls_engine_fail_below(struct tls_engine *e, int error)
{
    struct err words;

    err_set(&words, "TLS: %s%s", strerror(-error),
            e->state == TLS_SHAKING_HANDS ? " during the handshake" : "");
    tls_engine_fail(e, error, words.text);
}

static void fail_cut(struct tls_engine *e)
{
    tls_engine_fail(
        e, -ECONNABORTED,
        e->state == TLS_SHAKING_HANDS
            ? "TLS: the peer went away before the handshake was done"
            : "TLS: the connection was cut: the peer went away without "
              "saying so");
}

static void fail_in_words(struct tls_engine *e)
{
    struct tls_words_facts facts = {
        .ssl = e->ssl,
        .refused = e->context->why.text,
        .peer_version = e->bio.peer_version,
        .is_client = e->context->is_client,
        .was_asked = e->bio.was_asked,
        .is_shaking_hands = e->state == TLS_SHAKING_HANDS,
    };
    struct err words;

    e->has_refused = facts.refused[0] != '\0';
    tls_words_failure(&facts, &words);
    tls_engine_fail(e, -EPROTO, words.text);
}

/* A call of OpenSSL has failed: it needs more input, or the connection is
 * broken. */
static void look_why(struct tls_engine *e, int result)
{
    switch (SSL_get_error(e->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        if (tls_bio_is_flooded(&e->bio))
            tls_engine_fail(e, -EPROTO,
                            "TLS: a flood of messages that are no data");
        break;
    case SSL_ERROR_ZERO_RETURN:
        if (e->state == TLS_OPEN)
            e->state = TLS_ENDED;
        else
            fail_cut(e);
        break;
    case SSL_ERROR_SYSCALL:
        fail_cut(e);
        break;
    default:
        fail_in_words(e);
        break;
    }
    /* OpenSSL's error queue belongs to the thread: another connection must not
     * find our errors in it. */
    ERR_clear_error();
}

/* ---- input ------------------------------------------------------------- */

void tls_engine_begin_input(struct tls_engine *e)
{
    e->bio.odd_count = 0;
    e->bio.in = buf_bytes(&e->in);
}

size_t tls_engine_take_input(struct tls_engine *e, uint8_t *to)
{
    size_t left = e->bio.in.len;

    assert(left < TLS_FIRST_BYTES);
    if (left > 0)
        memcpy(to, e->bio.in.data, left);
    buf_done(&e->in);
    e->bio.in = slice_of(to, left);
    return left;
}

void tls_engine_give_input(struct tls_engine *e, struct slice bytes)
{
    e->bio.in = bytes;
}

void tls_engine_give_end(struct tls_engine *e)
{
    e->bio.has_ended = true;
}

/* The input is either the rest of what was kept before, or lies elsewhere while
 * nothing is kept. Both at once cannot happen, so nothing is ever put in front
 * of kept bytes. */
void tls_engine_keep_input(struct tls_engine *e)
{
    struct slice left = e->bio.in;

    e->bio.in = slice_of(NULL, 0);
    if (e->state == TLS_BROKEN || e->state == TLS_ENDED)
        buf_done(&e->in);
    else if (e->in.len > 0)
        buf_take(&e->in, e->in.len - left.len);
    else if (buf_append(&e->in, left) < 0)
        tls_engine_fail(e, -ENOMEM, "TLS: out of memory");
}

/* ---- handshake --------------------------------------------------------- */

/* True if the peer's first bytes are there, and begin TLS. Looked at before
 * OpenSSL sees them: so the reason can name another protocol, and OpenSSL never
 * allocates for a long hello. */
static bool has_begun(struct tls_engine *e)
{
    enum { ALERT = 21, HANDSHAKE = 22, MAJOR_VERSION = 3, CLIENT_HELLO = 1 };
    const uint8_t *b = e->bio.in.data;
    size_t len = e->bio.in.len;
    bool is_client = e->context->is_client;
    struct err words;
    size_t hello_len;

    if (e->speaks_tls)
        return true;
    if (len == 0)
        return is_client || e->bio.has_ended;
    if ((b[0] != HANDSHAKE && !(is_client && b[0] == ALERT)) ||
        (len > 1 && b[1] != MAJOR_VERSION) ||
        (len > 5 && !is_client && b[5] != CLIENT_HELLO)) {
        tls_words_no_tls(is_client, b, len, &words);
        tls_engine_fail(e, -EPROTO, words.text);
        return false;
    }
    if (is_client && len > 1)
        e->speaks_tls = true;
    if (len < TLS_FIRST_BYTES)
        return e->bio.has_ended || e->speaks_tls;
    e->speaks_tls = true;
    /* A hello whose head spans several records is legal, but was never seen. */
    hello_len = (size_t)b[6] << 16 | (size_t)b[7] << 8 | b[8];
    if (!is_client && hello_len > TLS_HELLO_MAX) {
        tls_engine_fail(e, -EPROTO, "TLS: the peer's hello is too long");
        return false;
    }
    return true;
}

static void take_step(struct tls_engine *e)
{
    struct tls_context *c = e->context;
    size_t before = e->bio.in.len;
    int r;

    /* tls_verify_peer gets nothing but the context, so this connection's host
     * is put there for the step, and the reason comes back there. */
    c->host = e->host;
    c->why.text[0] = '\0';
    ERR_clear_error();
    r = SSL_do_handshake(e->ssl);
    e->shaken += (uint32_t)(before - e->bio.in.len);
    if (r == 1 && tls_verify_is_missing(c, e->ssl)) {
        e->has_refused = true;
        tls_engine_fail(e, -EPROTO, "TLS: " TLS_WORDS_NO_CERTIFICATE);
        return;
    }
    if (r == 1) {
        e->state = TLS_OPEN;
        free(e->host);
        e->host = NULL;
        return;
    }
    look_why(e, r);
    c->why.text[0] = '\0';
    if (e->shaken > TLS_HANDSHAKE_MAX)
        tls_engine_fail(e, -EPROTO, "TLS: a handshake without end");
}

bool tls_engine_speaks_first(const struct tls_engine *e)
{
    return e->context->is_client;
}

void tls_engine_shake_hands(struct tls_engine *e)
{
    if (e->state == TLS_SHAKING_HANDS && has_begun(e))
        take_step(e);
}

/* ---- the peer's certificate -------------------------------------------- */

bool tls_engine_has_certificate(const struct tls_engine *e)
{
    return !e->context->is_client &&
           (e->state == TLS_OPEN || e->state == TLS_ENDED) && !e->has_lost &&
           SSL_get0_peer_certificate(e->ssl) != NULL &&
           SSL_get_verify_result(e->ssl) == X509_V_OK;
}

void tls_engine_judge(struct tls_engine *e)
{
    struct err why;
    struct err words;

    ERR_clear_error();
    if (tls_verify_again(e->context, e->ssl, &why))
        return;
    err_set(&words, "TLS: %s", why.text);
    e->has_lost = true;
    if (e->problem == NULL)
        e->problem = xstrdup(words.text);
}

/* ---- reading and writing ----------------------------------------------- */

/*
 * For a ticket or a key update, OpenSSL 3.0 allocates its buffers, 16 KiB each
 * way, and keeps the one for writing until something is written. They may be
 * freed unless a record has come in part; OpenSSL asks the caller to make sure
 * of that.
 */
void tls_engine_free_buffers(struct tls_engine *e)
{
    if (e->bio.odd_count > 0 &&
        /* waits for a record's head */
        strcmp(SSL_rstate_string(e->ssl), "RH") == 0 &&
        !SSL_has_pending(e->ssl))
        SSL_free_buffers(e->ssl);
}

size_t tls_engine_read(struct tls_engine *e, uint8_t *to, size_t len)
{
    size_t total = 0;

    ERR_clear_error();
    while (e->state == TLS_OPEN && total < len) {
        size_t n;
        int r = SSL_read_ex(e->ssl, to + total, len - total, &n);

        if (r == 1) {
            total += n;
            continue;
        }
        look_why(e, r);
        break;
    }
    return total;
}

static bool encrypt(struct tls_engine *e, const uint8_t *from, size_t len)
{
    size_t n;
    int r = SSL_write_ex(e->ssl, from, len, &n);

    if (r == 1)
        return true;
    look_why(e, r);
    /* All bytes are taken, or the connection is broken. */
    tls_engine_fail(e, -EPROTO, "TLS: nothing can be written");
    return false;
}

/* Puts bytes into records; bytes that do not fill a record wait in plain. */
static bool pack(struct tls_engine *e, uint8_t *plain, size_t *plain_len,
                 struct slice bytes)
{
    while (bytes.len > 0) {
        size_t n = TLS_RECORD_MAX - *plain_len;

        if (*plain_len == 0 && bytes.len >= TLS_RECORD_MAX) {
            n = bytes.len - bytes.len % TLS_RECORD_MAX;
            if (!encrypt(e, bytes.data, n))
                return false;
            bytes = slice_after(bytes, n);
            continue;
        }
        if (n > bytes.len)
            n = bytes.len;
        memcpy(plain + *plain_len, bytes.data, n);
        *plain_len += n;
        bytes = slice_after(bytes, n);
        if (*plain_len < TLS_RECORD_MAX)
            continue;
        *plain_len = 0;
        if (!encrypt(e, plain, TLS_RECORD_MAX))
            return false;
    }
    return true;
}

/*
 * Encrypts the parts as full records, but for the last. A span with doubled
 * 255s has many small parts, which would become a record each. Parts that fill
 * records alone are not copied.
 */
size_t tls_engine_write(struct tls_engine *e, uint8_t *plain,
                        const struct iovec *part, int count)
{
    size_t plain_len = 0;
    size_t total = 0;

    ERR_clear_error();
    for (int i = 0; i < count && total < TLS_WRITE_MAX; i++) {
        size_t len = part[i].iov_len;

        if (len > TLS_WRITE_MAX - total)
            len = TLS_WRITE_MAX - total;
        if (!pack(e, plain, &plain_len, slice_of(part[i].iov_base, len)))
            return 0;
        total += len;
    }
    return plain_len == 0 || encrypt(e, plain, plain_len) ? total : 0;
}

void tls_engine_say_end(struct tls_engine *e)
{
    if ((e->state != TLS_OPEN && e->state != TLS_ENDED) ||
        SSL_get_shutdown(e->ssl) & SSL_SENT_SHUTDOWN)
        return;
    ERR_clear_error();
    SSL_shutdown(e->ssl);
    ERR_clear_error();
}

bool tls_engine_is_readable(const struct tls_engine *e)
{
    switch ((enum tls_state)e->state) {
    case TLS_OPEN:
        return e->in.len > 0 || SSL_pending(e->ssl) > 0;
    case TLS_ENDED:
    case TLS_BROKEN:
        return true;
    case TLS_SHAKING_HANDS:
        return false;
    }
    return false;
}

/* ---- life -------------------------------------------------------------- */

void tls_engine_init(struct tls_engine *e, struct tls_context *context,
                     const char *host, struct tls_bio_out *out)
{
    *e = (struct tls_engine){
        .context = tls_context_share(context),
        .bio.out = out,
    };
    buf_init(&e->in, LIMIT_READ);
    if (host != NULL && context->is_client)
        e->host = xstrdup(host);
    e->ssl = tls_context_new_ssl(context, e->host);
    if (e->ssl == NULL)
        mem_end();
    tls_bio_attach(&e->bio, e->ssl);
}

void tls_engine_done(struct tls_engine *e)
{
    SSL_free(e->ssl);
    tls_context_close(e->context);
    buf_done(&e->in);
    free(e->host);
    free(e->problem);
}
