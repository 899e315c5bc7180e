#include "net/stream_tls.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/tls_context_private.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * OpenSSL reads from and writes to a BIO of ours, which never waits: it reads
 * what one read of the stream below brought, and writes into out, which goes
 * to the stream below in one piece. So SSL_write never fails half way, with a
 * record begun that would have to be repeated byte for byte.
 */

enum tls_state {
    TLS_SHAKING_HANDS,
    TLS_OPEN,
    TLS_ENDED,  /* the peer has said close_notify */
    TLS_BROKEN, /* error says how */
    TLS_CLOSING /* to its owner it is gone: out goes out */
};

enum {
    /* Of one write, in records, with what each record adds; and answers to the
     * peer's key updates, which cannot be refused. */
    TLS_OUT_MAX = 2 * LIMIT_READ,
    TLS_IN_MAX = 3 * LIMIT_READ,
    TLS_PROBLEM_MAX = 160,
};

struct stream_tls {
    struct stream stream;
    struct tls_hub *hub;
    struct stream *below;
    SSL *ssl;
    struct buf in;      /* read from below, not taken by OpenSSL */
    struct buf out;     /* for the stream below */
    struct slice fresh; /* the same as in, while a read lasts */
    struct deadline again;
    struct deadline patience; /* of the handshake, or of closing */
    uint8_t state;            /* enum tls_state */
    bool has_ended_below;     /* the stream below reads as 0 */
    bool closes_gently;
    int error;
    char *problem; /* NULL: none */
};

static struct stream_tls *tls_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_tls, stream);
}

/* ---- the BIO ---------------------------------------------------------- */

static int bio_read(BIO *bio, char *to, int len)
{
    struct stream_tls *t = BIO_get_data(bio);
    struct slice *from = &t->fresh;
    size_t n = (size_t)len;

    BIO_clear_retry_flags(bio);
    if (from->len == 0) {
        if (t->has_ended_below)
            return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    if (n > from->len)
        n = from->len;
    memcpy(to, from->data, n);
    *from = slice_after(*from, n);
    return (int)n;
}

static int bio_write(BIO *bio, const char *from, int len)
{
    struct stream_tls *t = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    return buf_append(&t->out, slice_of(from, (size_t)len)) == 0 ? len : -1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

/* Made once; OpenSSL keeps it for the program's life. */
static BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;

    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

/* ---- what goes wrong -------------------------------------------------- */

static void fail(struct stream_tls *t, int error, const char *problem)
{
    if (t->state == TLS_BROKEN)
        return;
    t->state = TLS_BROKEN;
    t->error = error;
    deadline_stop(&t->patience);
    t->problem = xstrdup(problem);
}

/* In the words of the certificate's check, or of OpenSSL. */
static void fail_in_words(struct stream_tls *t)
{
    char text[TLS_PROBLEM_MAX] = "TLS: ";
    long verified = SSL_get_verify_result(t->ssl);
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);

    if (verified != X509_V_OK)
        snprintf(text, sizeof text, "TLS: the peer's certificate: %s",
                 X509_verify_cert_error_string(verified));
    else
        snprintf(text, sizeof text, "TLS: %s",
                 reason != NULL ? reason : "it broke the protocol");
    ERR_clear_error();
    fail(t, -EPROTO, text);
}

static void fail_cut(struct stream_tls *t)
{
    fail(t, -ECONNABORTED,
         t->state == TLS_SHAKING_HANDS
             ? "TLS: it went away before the handshake was done"
             : "TLS: the connection was cut (no close_notify)");
}

/* ---- the stream below ------------------------------------------------- */

static void update_interest(struct stream_tls *t)
{
    unsigned wanted = t->out.len > 0 ? STREAM_WRITE : 0;

    if (t->state == TLS_SHAKING_HANDS ||
        (t->state == TLS_OPEN && (t->stream.interest & STREAM_READ)))
        wanted |= STREAM_READ;
    /* While records wait, being writable is theirs. */
    if (t->state == TLS_OPEN && (t->stream.interest & STREAM_WRITE))
        wanted |= STREAM_WRITE;
    stream_want(t->below, wanted);
}

/* In the next turn the owner is told what it can do without the stream below:
 * take what is decrypted already, or learn what is wrong. */
static void come_again(struct stream_tls *t)
{
    if (!deadline_is_running(&t->again))
        deadline_start(&t->hub->again, &t->again, clock_now_us());
}

static void flush_out(struct stream_tls *t)
{
    struct slice bytes = buf_bytes(&t->out);
    ssize_t sent;

    if (bytes.len == 0)
        return;
    sent = stream_write(t->below, bytes.data, bytes.len);
    if (sent < 0)
        fail(t, (int)sent, strerror((int)-sent));
    else if (sent > 0)
        buf_take(&t->out, (size_t)sent);
}

/* One read of the stream below, into fresh, behind what was left. */
static void fetch(struct stream_tls *t, size_t most)
{
    ssize_t n;

    if (most > LIMIT_READ)
        most = LIMIT_READ;
    n = stream_read(t->below, t->hub->scratch, most);
    if (n == -EAGAIN)
        return;
    if (n == 0) {
        t->has_ended_below = true;
        return;
    }
    if (n < 0) {
        fail(t, (int)n, strerror((int)-n));
        return;
    }
    if (t->in.len == 0) {
        t->fresh = slice_of(t->hub->scratch, (size_t)n);
        return;
    }
    if (buf_append(&t->in, slice_of(t->hub->scratch, (size_t)n)) < 0)
        fail(t, -EPROTO, "TLS: a record without end");
    t->fresh = buf_bytes(&t->in);
}

/* What OpenSSL did not take stays for the next time. */
static void keep_fresh(struct stream_tls *t)
{
    if (t->in.len > 0)
        buf_take(&t->in, t->in.len - t->fresh.len);
    else if (t->fresh.len > 0 && buf_append(&t->in, t->fresh) < 0)
        fail(t, -ENOMEM, "out of memory");
    t->fresh = slice_of(NULL, 0);
}

/* ---- handshake -------------------------------------------------------- */

static void shake_hands(struct stream_tls *t)
{
    int r;

    ERR_clear_error();
    r = SSL_do_handshake(t->ssl);
    if (r == 1) {
        t->state = TLS_OPEN;
        deadline_stop(&t->patience);
        come_again(t);
        return;
    }
    r = SSL_get_error(t->ssl, r);
    if (r == SSL_ERROR_WANT_READ)
        return;
    if (r == SSL_ERROR_SYSCALL || t->has_ended_below)
        fail_cut(t);
    else
        fail_in_words(t);
}

static void go_on_shaking_hands(struct stream_tls *t)
{
    t->fresh = buf_bytes(&t->in);
    fetch(t, LIMIT_READ);
    if (t->state == TLS_SHAKING_HANDS)
        shake_hands(t);
    keep_fresh(t);
    flush_out(t);
    if (t->state == TLS_BROKEN)
        come_again(t);
}

/* ---- reading and writing ---------------------------------------------- */

/* Decrypts into to; how many bytes. */
static size_t decrypt(struct stream_tls *t, uint8_t *to, size_t len)
{
    size_t total = 0;

    ERR_clear_error();
    while (t->state == TLS_OPEN && total < len) {
        size_t n;
        int r = SSL_read_ex(t->ssl, to + total, len - total, &n);

        if (r == 1) {
            total += n;
            continue;
        }
        r = SSL_get_error(t->ssl, r);
        if (r == SSL_ERROR_WANT_READ)
            break;
        if (r == SSL_ERROR_ZERO_RETURN)
            t->state = TLS_ENDED;
        else if (t->has_ended_below)
            fail_cut(t);
        else
            fail_in_words(t);
    }
    return total;
}

static ssize_t state_of_reading(const struct stream_tls *t)
{
    switch (t->state) {
    case TLS_ENDED:
        return 0;
    case TLS_BROKEN:
        return t->error;
    default:
        return -EAGAIN;
    }
}

static ssize_t tls_read(struct stream *s, void *to, size_t len)
{
    struct stream_tls *t = tls_of(s);
    size_t total;

    if (t->state == TLS_SHAKING_HANDS)
        go_on_shaking_hands(t);
    if (t->state != TLS_OPEN)
        return state_of_reading(t);
    t->fresh = buf_bytes(&t->in);
    total = decrypt(t, to, len);
    /* One read a turn: what was left from before counts as one. */
    if (total == 0 && t->state == TLS_OPEN) {
        fetch(t, len);
        total = decrypt(t, to, len);
    }
    keep_fresh(t);
    flush_out(t);
    if (total == 0)
        return state_of_reading(t);
    if (SSL_has_pending(t->ssl) || t->in.len > 0 || t->state != TLS_OPEN)
        come_again(t);
    return (ssize_t)total;
}

/* How much of it went into records. */
static size_t encrypt(struct stream_tls *t, const uint8_t *from, size_t len)
{
    size_t n;
    int r;

    ERR_clear_error();
    r = SSL_write_ex(t->ssl, from, len, &n);
    if (r == 1)
        return n;
    if (SSL_get_error(t->ssl, r) != SSL_ERROR_WANT_READ)
        fail_in_words(t);
    return 0;
}

static ssize_t tls_writev(struct stream *s, const struct iovec *part, int count)
{
    struct stream_tls *t = tls_of(s);
    size_t total = 0;

    if (t->state == TLS_BROKEN)
        return t->error;
    flush_out(t);
    if (t->state == TLS_BROKEN)
        return t->error;
    if (t->out.len > 0 ||
        (t->state != TLS_OPEN && t->state != TLS_ENDED))
        return 0;
    for (int i = 0; i < count && total < LIMIT_READ; i++) {
        size_t len = part[i].iov_len;
        size_t taken;

        if (len > LIMIT_READ - total)
            len = LIMIT_READ - total;
        taken = len > 0 ? encrypt(t, part[i].iov_base, len) : 0;
        total += taken;
        if (taken < part[i].iov_len)
            break;
    }
    flush_out(t);
    /* Taken is taken: the failure shows next time. */
    return total > 0 || t->state != TLS_BROKEN ? (ssize_t)total : t->error;
}

static void tls_want(struct stream *s, unsigned interest)
{
    struct stream_tls *t = tls_of(s);

    if ((interest & STREAM_READ) &&
        (t->state == TLS_ENDED || t->state == TLS_BROKEN || t->in.len > 0 ||
         SSL_has_pending(t->ssl)))
        come_again(t);
    update_interest(t);
}

/* ---- events ----------------------------------------------------------- */

static void bury(struct stream_tls *t)
{
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    SSL_free(t->ssl);
    buf_done(&t->in);
    buf_done(&t->out);
    free(t->problem);
    free(t);
}

/* The owner may close it in there: nothing of it is touched afterwards. */
static void tell_owner(struct stream_tls *t, unsigned ready)
{
    ready &= t->stream.interest;
    if (ready != 0)
        t->stream.on_ready(t->stream.owner, ready);
}

static void close_below(struct stream_tls *t)
{
    if (t->closes_gently)
        stream_close_gently(t->below);
    else
        stream_close(t->below);
    t->below = NULL;
    /* Somebody may be at work in it still. */
    come_again(t);
}

static void on_below_ready(void *owner, unsigned ready)
{
    struct stream_tls *t = owner;

    if (ready & STREAM_WRITE)
        flush_out(t);
    if (t->state == TLS_CLOSING || (t->state == TLS_BROKEN && !t->stream.owner)) {
        if (t->out.len == 0)
            close_below(t);
        return;
    }
    if (t->state == TLS_SHAKING_HANDS && (ready & STREAM_READ))
        go_on_shaking_hands(t);
    update_interest(t);
    if (t->state == TLS_SHAKING_HANDS || t->out.len > 0)
        ready &= ~(unsigned)STREAM_WRITE;
    if (t->state == TLS_SHAKING_HANDS)
        return;
    tell_owner(t, ready);
}

void tls_hub_again_due(struct deadline *d, void *owner)
{
    struct stream_tls *t = CONTAINER_OF(d, struct stream_tls, again);

    (void)owner;
    if (t->below == NULL) {
        bury(t);
        return;
    }
    update_interest(t);
    tell_owner(t, STREAM_READ | (t->out.len == 0 ? STREAM_WRITE : 0u));
}

void tls_hub_handshake_due(struct deadline *d, void *owner)
{
    struct stream_tls *t = CONTAINER_OF(d, struct stream_tls, patience);

    (void)owner;
    if (t->state == TLS_CLOSING) {
        t->closes_gently = false;
        close_below(t);
        return;
    }
    fail(t, -ETIMEDOUT, "TLS: the handshake takes too long");
    come_again(t);
}

static void tls_close(struct stream *s, bool gently)
{
    struct stream_tls *t = tls_of(s);
    bool is_open = t->state == TLS_OPEN || t->state == TLS_ENDED;

    s->owner = NULL;
    s->interest = 0;
    t->closes_gently = gently;
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    if (is_open)
        (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
    flush_out(t);
    if (!gently || t->out.len == 0 || t->state == TLS_BROKEN) {
        close_below(t);
        return;
    }
    t->state = TLS_CLOSING;
    deadline_start(&t->hub->handshakes, &t->patience, clock_now_us());
    update_interest(t);
}

static const struct stream_ops tls_ops = {
    .read = tls_read,
    .writev = tls_writev,
    .want = tls_want,
    .close = tls_close,
};

/* ---- making one ------------------------------------------------------- */

struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host)
{
    struct stream_tls *t = xcalloc(1, sizeof *t);
    BIO *bio = BIO_new(bio_method());

    t->stream.ops = &tls_ops;
    t->stream.peer = below->peer;
    t->hub = hub;
    t->below = below;
    buf_init(&t->in, TLS_IN_MAX);
    buf_init(&t->out, TLS_OUT_MAX);
    deadline_init(&t->again);
    deadline_init(&t->patience);
    t->ssl = tls_context_new_ssl(context, host);
    if (t->ssl == NULL || bio == NULL)
        abort(); /* out of memory, as xcalloc does */
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    (void)buf_append(&t->in, already_read);
    stream_set_owner(below, on_below_ready, t);
    deadline_start(&hub->handshakes, &t->patience, clock_now_us());
    /* What was read before is answered at once; a client begins. */
    go_on_shaking_hands(t);
    update_interest(t);
    return &t->stream;
}

const char *stream_tls_problem(const struct stream *s)
{
    const struct stream_tls *t =
        CONTAINER_OF((struct stream *)(uintptr_t)s, struct stream_tls, stream);

    return t->problem != NULL ? t->problem : "";
}

bool stream_is_tls(const struct stream *s)
{
    return s->ops == &tls_ops;
}

void tls_hub_init(struct tls_hub *hub, struct loop *loop)
{
    enum { HANDSHAKE_US = 10 * 1000 * 1000 };

    deadline_queue_init(&hub->again, 0);
    deadline_queue_init(&hub->handshakes, HANDSHAKE_US);
    hub->scratch = xmalloc(LIMIT_READ);
    if (loop == NULL)
        return;
    loop_watch_deadlines(loop, &hub->watches[0], &hub->again, tls_hub_again_due,
                         hub);
    loop_watch_deadlines(loop, &hub->watches[1], &hub->handshakes,
                         tls_hub_handshake_due, hub);
}

void tls_hub_done(struct tls_hub *hub)
{
    struct deadline *d;

    while ((d = deadline_first(&hub->handshakes)) != NULL)
        tls_hub_handshake_due(d, hub);
    while ((d = deadline_first(&hub->again)) != NULL) {
        deadline_stop(d);
        tls_hub_again_due(d, hub);
    }
    free(hub->scratch);
}
