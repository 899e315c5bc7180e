#include "net/stream_tls.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "net/tls_context_private.h"

#include <assert.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * OpenSSL reads from and writes to a BIO of ours, which never waits: it reads
 * what one read of the stream below brought (fresh), and writes into the hub's
 * out, which goes to the stream below in one piece at the end of each call. So
 * SSL_write never stops half way, with a record begun that would have to be
 * repeated byte for byte; and while everybody keeps up, nothing is allocated.
 *
 * in and out of a stream hold what is left over then: records that its owner
 * had no room for, and records that the stream below did not take. An idle
 * connection has neither.
 */

enum tls_state {
    TLS_SHAKING_HANDS,
    TLS_OPEN,
    TLS_ENDED,   /* the peer has said close_notify */
    TLS_BROKEN,  /* stream.error and problem say how */
    TLS_CLOSING, /* to its owner it is gone: out goes out */
};

enum {
    TLS_RECORD_MAX = 16 * KIB, /* of data (RFC 8446 section 5.1) */

    /* What one write takes: all that one read brought (half of it leaves the
     * other half for another turn, which costs a third more CPU), and little
     * enough to be left over for many peers that do not read. */
    TLS_WRITE_MAX = 64 * KIB,

    /* Above this a peer's own words are not read: it takes no answers. A write
     * alone never comes here. */
    TLS_OUT_MARK = TLS_WRITE_MAX + 8 * KIB,

    /* A handshake's flight, with a chain of certificates, is the most. */
    TLS_OUT_MAX = 128 * KIB,

    /* Bytes from which it can be seen what the peer speaks, and how long its
     * hello is: a record's head and a handshake message's. */
    TLS_FIRST_BYTES = 9,

    /* A hello with post-quantum keys has 2 KiB. OpenSSL would allocate what is
     * announced, up to 128 KiB. */
    TLS_HELLO_MAX = 16 * KIB,

    /* Bytes of a whole handshake. */
    TLS_HANDSHAKE_MAX = 128 * KIB,

    /* Messages that are no data, in one read: key updates, tickets, hello
     * requests, alerts. Each costs far more than its bytes to deal with. */
    TLS_ODD_MAX = 16,
};

struct stream_tls {
    struct stream stream;
    struct tls_hub *hub;
    struct stream *below; /* NULL: closed; the memory goes in the next turn */
    struct tls_context *context;
    SSL *ssl;
    struct buf in;      /* read from below, not taken by OpenSSL */
    struct buf out;     /* for the stream below */
    struct slice fresh; /* what OpenSSL may read, during a call */
    struct deadline again;
    struct deadline patience; /* of the handshake, or of closing */
    char *host;               /* while shaking hands; NULL: none */
    char *problem;            /* NULL: none */
    int peer_version;         /* of its hello; 0: none came */
    uint32_t shaken;          /* bytes of the handshake so far */
    uint32_t odd_count;       /* of this read */
    uint8_t state;            /* enum tls_state */
    bool speaks_tls;          /* the first bytes were seen */
    bool has_refused;         /* what the peer shows is not what is demanded */
    bool was_asked;           /* for a certificate that we do not have */
    bool has_ended_below;
    bool closes_gently;
    bool has_told; /* the owner, that it is broken */
};

static struct stream_tls *stream_tls_of(struct stream *s)
{
    return CONTAINER_OF(s, struct stream_tls, stream);
}

/* ---- what OpenSSL calls ------------------------------------------------ */

static int bio_read(BIO *bio, char *to, int len)
{
    struct stream_tls *t = BIO_get_data(bio);
    size_t n = (size_t)len;

    BIO_clear_retry_flags(bio);
    /* The one way to stop OpenSSL, which goes on until there is data. */
    if (t->fresh.len == 0 || t->odd_count > TLS_ODD_MAX) {
        if (t->has_ended_below)
            return 0;
        BIO_set_retry_read(bio);
        return -1;
    }
    if (n > t->fresh.len)
        n = t->fresh.len;
    memcpy(to, t->fresh.data, n);
    t->fresh = slice_after(t->fresh, n);
    return (int)n;
}

static int bio_write(BIO *bio, const char *from, int len)
{
    struct stream_tls *t = BIO_get_data(bio);
    struct tls_hub *hub = t->hub;

    BIO_clear_retry_flags(bio);
    if ((size_t)len > TLS_OUT_MAX - hub->out_len)
        return -1;
    memcpy(hub->out + hub->out_len, from, (size_t)len);
    hub->out_len += (size_t)len;
    return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void on_message(int is_ours, int version, int kind, const void *message,
                       size_t len, SSL *ssl, void *arg)
{
    struct stream_tls *t = arg;
    const uint8_t *bytes = message;

    (void)version;
    (void)ssl;
    if (kind == SSL3_RT_ALERT)
        t->odd_count++;
    if (kind != SSL3_RT_HANDSHAKE || is_ours || len == 0)
        return;
    t->odd_count++;
    if (bytes[0] == SSL3_MT_CERTIFICATE_REQUEST)
        t->was_asked = SSL_get_certificate(t->ssl) == NULL;
    if ((bytes[0] == SSL3_MT_CLIENT_HELLO ||
         bytes[0] == SSL3_MT_SERVER_HELLO) &&
        len >= 6)
        t->peer_version = bytes[4] << 8 | bytes[5];
}

/* ---- what goes wrong -------------------------------------------------- */

static void fail(struct stream_tls *t, int error, const char *problem)
{
    if (t->state == TLS_BROKEN || t->state == TLS_CLOSING)
        return;
    t->state = TLS_BROKEN;
    t->stream.error = error;
    deadline_stop(&t->patience);
    t->problem = xstrdup(problem);
}

static void fail_below(struct stream_tls *t, int error)
{
    struct err words;

    err_set(&words, "TLS: %s%s", strerror(-error),
            t->state == TLS_SHAKING_HANDS ? " during the handshake" : "");
    fail(t, error, words.text);
}

static void fail_cut(struct stream_tls *t)
{
    fail(t, -ECONNABORTED,
         t->state == TLS_SHAKING_HANDS
             ? "TLS: the peer went away before the handshake was done"
             : "TLS: the connection was cut: the peer went away without "
               "saying so");
}

static void fail_in_words(struct stream_tls *t)
{
    struct tls_words_facts facts = {
        .ssl = t->ssl,
        .refused = t->context->why.text,
        .peer_version = t->peer_version,
        .is_client = t->context->is_client,
        .was_asked = t->was_asked,
        .is_shaking_hands = t->state == TLS_SHAKING_HANDS,
    };
    struct err words;

    t->has_refused = facts.refused[0] != '\0';
    tls_words_failure(&facts, &words);
    fail(t, -EPROTO, words.text);
}

/* A call of OpenSSL did not do what it should: waits, or is broken. */
static void look_why(struct stream_tls *t, int result)
{
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        if (t->odd_count > TLS_ODD_MAX)
            fail(t, -EPROTO, "TLS: a flood of messages that are no data");
        break;
    case SSL_ERROR_ZERO_RETURN:
        if (t->state == TLS_OPEN)
            t->state = TLS_ENDED;
        else
            fail_cut(t);
        break;
    case SSL_ERROR_SYSCALL:
        fail_cut(t);
        break;
    default:
        fail_in_words(t);
        break;
    }
    /* The queue is the thread's: nobody may take ours for his. */
    ERR_clear_error();
}

/* ---- the stream below ------------------------------------------------- */

/* The owner can read without the stream below: data or what is wrong. */
static bool is_readable_now(const struct stream_tls *t)
{
    switch (t->state) {
    case TLS_OPEN:
        return t->in.len > 0 || SSL_pending(t->ssl) > 0;
    case TLS_ENDED:
    case TLS_BROKEN:
        return true;
    default:
        return false;
    }
}

/* Whether the stream below would not tell, and we have to. */
static bool has_to_tell(const struct stream_tls *t)
{
    unsigned wanted = t->stream.interest;

    if (t->state == TLS_BROKEN)
        return wanted != 0 || !t->has_told;
    return wanted & STREAM_READ && is_readable_now(t);
}

/* In the next turn, as often as it is true, the owner is told so. */
static void update_again(struct stream_tls *t)
{
    if (!has_to_tell(t))
        deadline_stop(&t->again);
    else if (!deadline_is_running(&t->again))
        deadline_start(&t->hub->again, &t->again, clock_now_us());
}

static void update_interest(struct stream_tls *t)
{
    unsigned wanted = 0;

    if (t->state == TLS_SHAKING_HANDS || t->state == TLS_OPEN)
        wanted = t->state == TLS_OPEN ? t->stream.interest : STREAM_READ;
    else if (t->state == TLS_ENDED)
        wanted = t->stream.interest & STREAM_WRITE;
    if (t->out.len > TLS_OUT_MARK)
        wanted &= ~(unsigned)STREAM_READ;
    if (t->out.len > 0 && t->state != TLS_BROKEN)
        wanted |= STREAM_WRITE;
    stream_want(t->below, wanted);
}

/* Bytes that it took; a failure is one of the whole connection. */
static size_t write_below(struct stream_tls *t, struct slice bytes)
{
    ssize_t n = stream_write(t->below, bytes.data, bytes.len);

    if (n >= 0)
        return (size_t)n;
    buf_done(&t->out);
    /* A peer that refuses the handshake says why before it closes: that is to
     * be read first. */
    if (t->state != TLS_SHAKING_HANDS)
        fail_below(t, (int)n);
    t->hub->out_len = 0;
    return 0;
}

static void flush_out(struct stream_tls *t)
{
    size_t taken;

    if (t->out.len == 0)
        return;
    taken = write_below(t, buf_bytes(&t->out));
    if (taken > 0)
        buf_take(&t->out, taken);
}

/* What OpenSSL has written during a call. */
static void send_out(struct stream_tls *t)
{
    struct tls_hub *hub = t->hub;
    size_t taken = 0;

    if (hub->out_len == 0)
        return;
    if (t->out.len == 0)
        taken = write_below(t, slice_of(hub->out, hub->out_len));
    if (taken < hub->out_len &&
        buf_append(&t->out, slice_of(hub->out + taken, hub->out_len - taken)) <
            0)
        fail(t, -ENOBUFS, "TLS: the peer takes no answers");
    hub->out_len = 0;
}

/*
 * One read of the stream below, behind what is left of fresh (at most the
 * first bytes of all).
 */
static void fetch(struct stream_tls *t, size_t most)
{
    uint8_t *to = t->hub->in;
    size_t left = t->fresh.len;
    ssize_t n;

    assert(left < TLS_FIRST_BYTES);
    if (left > 0)
        memcpy(to, t->fresh.data, left);
    buf_done(&t->in);
    t->fresh = slice_of(to, left);
    n = stream_read(t->below, to + left, most < LIMIT_READ ? most : LIMIT_READ);
    if (n > 0)
        t->fresh.len += (size_t)n;
    else if (n == 0)
        t->has_ended_below = true;
    else if (n != -EAGAIN)
        fail_below(t, (int)n);
}

/* What OpenSSL did not take stays for the next time. */
static void keep_fresh(struct stream_tls *t)
{
    struct slice left = t->fresh;

    t->fresh = slice_of(NULL, 0);
    if (t->state == TLS_BROKEN || t->state == TLS_ENDED)
        buf_done(&t->in);
    else if (t->in.len > 0)
        buf_take(&t->in, t->in.len - left.len);
    else if (buf_append(&t->in, left) < 0)
        fail(t, -ENOMEM, "TLS: out of memory");
}

/* ---- handshake -------------------------------------------------------- */

/* True when the peer's first bytes are there, and are the start of TLS. */
static bool has_begun(struct stream_tls *t)
{
    enum { ALERT = 21, HANDSHAKE = 22, MAJOR_VERSION = 3, CLIENT_HELLO = 1 };
    const uint8_t *b = t->fresh.data;
    size_t len = t->fresh.len;
    bool is_client = t->context->is_client;
    struct err words;
    size_t hello_len;

    if (t->speaks_tls)
        return true;
    if (len == 0)
        return is_client || t->has_ended_below;
    if ((b[0] != HANDSHAKE && !(is_client && b[0] == ALERT)) ||
        (len > 1 && b[1] != MAJOR_VERSION) ||
        (len > 5 && !is_client && b[5] != CLIENT_HELLO)) {
        tls_words_no_tls(is_client, b, len, &words);
        fail(t, -EPROTO, words.text);
        return false;
    }
    if (is_client && len > 1)
        t->speaks_tls = true;
    if (len < TLS_FIRST_BYTES)
        return t->has_ended_below || t->speaks_tls;
    t->speaks_tls = true;
    /* One whose own head is in several records is legal, and never seen. */
    hello_len = (size_t)b[6] << 16 | (size_t)b[7] << 8 | b[8];
    if (!is_client && hello_len > TLS_HELLO_MAX) {
        fail(t, -EPROTO, "TLS: the peer's hello is too long");
        return false;
    }
    return true;
}

static void shake_hands(struct stream_tls *t)
{
    struct tls_context *c = t->context;
    size_t before = t->fresh.len;
    int r;

    c->host = t->host;
    c->why.text[0] = '\0';
    ERR_clear_error();
    r = SSL_do_handshake(t->ssl);
    t->shaken += (uint32_t)(before - t->fresh.len);
    if (r == 1) {
        t->state = TLS_OPEN;
        deadline_stop(&t->patience);
        free(t->host);
        t->host = NULL;
        return;
    }
    look_why(t, r);
    c->why.text[0] = '\0';
    if (t->shaken > TLS_HANDSHAKE_MAX)
        fail(t, -EPROTO, "TLS: a handshake without end");
}

/*
 * A ticket or a key update has OpenSSL 3.0 allocate its buffers, 16 KiB each
 * way, and keep that for writing until something is written. It may be freed
 * where no record has come in part, of which OpenSSL asks to make sure.
 */
static void free_buffers(struct stream_tls *t)
{
    bool is_between_records = strcmp(SSL_rstate_string(t->ssl), "RH") == 0;

    if (is_between_records && !SSL_has_pending(t->ssl))
        SSL_free_buffers(t->ssl);
}

/* With what is in fresh. */
static void go_on_shaking_hands(struct stream_tls *t)
{
    t->odd_count = 0;
    if (t->state == TLS_SHAKING_HANDS && has_begun(t))
        shake_hands(t);
    keep_fresh(t);
    send_out(t);
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
        look_why(t, r);
        break;
    }
    return total;
}

static ssize_t state_of_reading(const struct stream_tls *t)
{
    switch (t->state) {
    case TLS_ENDED:
        return 0;
    case TLS_BROKEN:
        return t->stream.error;
    default:
        return -EAGAIN;
    }
}

static ssize_t stream_tls_read(struct stream *s, void *to, size_t len)
{
    struct stream_tls *t = stream_tls_of(s);
    size_t total;

    if (t->state != TLS_OPEN)
        return state_of_reading(t);
    t->odd_count = 0;
    t->fresh = buf_bytes(&t->in);
    total = decrypt(t, to, len);
    /* One read a turn: what was left from before counts as one. */
    if (total == 0 && t->state == TLS_OPEN && t->out.len <= TLS_OUT_MARK) {
        fetch(t, len > TLS_RECORD_MAX ? len : TLS_RECORD_MAX);
        total = decrypt(t, to, len);
    }
    if (t->odd_count > 0)
        free_buffers(t);
    keep_fresh(t);
    send_out(t);
    update_again(t);
    update_interest(t);
    return total > 0 ? (ssize_t)total : state_of_reading(t);
}

static bool encrypt(struct stream_tls *t, const uint8_t *from, size_t len)
{
    size_t n;
    int r = SSL_write_ex(t->ssl, from, len, &n);

    if (r == 1)
        return true;
    look_why(t, r);
    /* All is taken or the connection is broken. */
    fail(t, -EPROTO, "TLS: nothing can be written");
    return false;
}

/* Puts bytes into records; what fills none yet waits in plain. */
static bool pack(struct stream_tls *t, size_t *plain_len, struct slice bytes)
{
    uint8_t *plain = t->hub->plain;

    while (bytes.len > 0) {
        size_t n = TLS_RECORD_MAX - *plain_len;

        if (*plain_len == 0 && bytes.len >= TLS_RECORD_MAX) {
            n = bytes.len - bytes.len % TLS_RECORD_MAX;
            if (!encrypt(t, bytes.data, n))
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
        if (!encrypt(t, plain, TLS_RECORD_MAX))
            return false;
    }
    return true;
}

/*
 * The parts as records that are full, but for the last: a span of 255 doubled
 * by its parts would be a record for each of them otherwise. What fills records
 * by itself goes without a copy.
 */
static size_t encrypt_parts(struct stream_tls *t, const struct iovec *part,
                            int count)
{
    size_t plain_len = 0;
    size_t total = 0;

    ERR_clear_error();
    for (int i = 0; i < count && total < TLS_WRITE_MAX; i++) {
        size_t len = part[i].iov_len;

        if (len > TLS_WRITE_MAX - total)
            len = TLS_WRITE_MAX - total;
        if (!pack(t, &plain_len, slice_of(part[i].iov_base, len)))
            return 0;
        total += len;
    }
    return plain_len == 0 || encrypt(t, t->hub->plain, plain_len) ? total : 0;
}

static ssize_t stream_tls_writev(struct stream *s, const struct iovec *part,
                                 int count)
{
    struct stream_tls *t = stream_tls_of(s);
    size_t total = 0;

    flush_out(t);
    if (t->out.len == 0 && (t->state == TLS_OPEN || t->state == TLS_ENDED)) {
        total = encrypt_parts(t, part, count);
        send_out(t);
    }
    update_again(t);
    update_interest(t);
    /* Taken is taken: a failure of sending shows next time. */
    return total == 0 && t->state == TLS_BROKEN ? t->stream.error
                                                : (ssize_t)total;
}

static void stream_tls_want(struct stream *s, unsigned interest)
{
    struct stream_tls *t = stream_tls_of(s);

    (void)interest;
    update_again(t);
    update_interest(t);
}

/* ---- events ----------------------------------------------------------- */

static void bury(struct stream_tls *t)
{
    t->hub->stream_count--;
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    SSL_free(t->ssl);
    tls_context_close(t->context);
    buf_done(&t->in);
    buf_done(&t->out);
    free(t->host);
    free(t->problem);
    free(t);
}

/* The owner may close it in there: nothing of it is touched afterwards. */
static void tell_owner(struct stream_tls *t, unsigned ready)
{
    if (ready & STREAM_BROKEN)
        t->has_told = true;
    if (ready != 0)
        t->stream.on_ready(t->stream.owner, ready);
}

static void close_below(struct stream_tls *t)
{
    assert(t->below != NULL);
    if (t->closes_gently)
        stream_close_gently(t->below);
    else
        stream_close(t->below);
    t->below = NULL;
    deadline_stop(&t->patience);
    /* Somebody may be at work in it still. */
    deadline_start(&t->hub->again, &t->again, clock_now_us());
}

static void go_on_closing(struct stream_tls *t, bool is_broken)
{
    flush_out(t);
    if (t->out.len == 0 || is_broken)
        close_below(t);
}

static void stream_tls_on_below_ready(void *owner, unsigned ready)
{
    struct stream_tls *t = owner;
    bool is_broken = ready & STREAM_BROKEN;
    unsigned told = t->stream.interest;

    if (t->state == TLS_CLOSING) {
        go_on_closing(t, is_broken);
        return;
    }
    if (ready & STREAM_WRITE)
        flush_out(t);
    if (t->state == TLS_SHAKING_HANDS) {
        /* The peer may have said why before it went: that is read first, and
         * the break shows behind it, in this turn or a later one. */
        if (ready & STREAM_READ) {
            t->fresh = buf_bytes(&t->in);
            fetch(t, LIMIT_READ);
            go_on_shaking_hands(t);
        }
        ready = 0;
        is_broken = false;
    }
    if (t->out.len > 0)
        ready &= ~(unsigned)STREAM_WRITE;
    /* Once a turn is enough. */
    if (deadline_is_running(&t->again) && !is_broken)
        ready &= ~(unsigned)STREAM_READ;
    if (is_broken) {
        told |= STREAM_READ | STREAM_BROKEN;
        if (t->stream.error == 0)
            t->stream.error = t->below->error;
    }
    update_again(t);
    update_interest(t);
    tell_owner(t, ready & told);
}

void tls_hub_again_due(struct deadline *d, void *owner)
{
    struct stream_tls *t = CONTAINER_OF(d, struct stream_tls, again);
    unsigned ready = t->stream.interest;

    (void)owner;
    if (t->below == NULL) {
        bury(t);
        return;
    }
    if (t->state == TLS_BROKEN) {
        ready |= STREAM_READ | STREAM_BROKEN;
        t->has_told = true;
    } else {
        ready &= STREAM_READ;
    }
    update_again(t);
    tell_owner(t, ready);
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
    update_again(t);
    update_interest(t);
}

static bool is_open(const struct stream_tls *t)
{
    return t->state == TLS_OPEN || t->state == TLS_ENDED;
}

static void say_end(struct stream_tls *t)
{
    if (!is_open(t) || SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN)
        return;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
    send_out(t);
}

void stream_tls_say_end(struct stream *s)
{
    struct stream_tls *t = stream_tls_of(s);

    say_end(t);
    update_again(t);
    update_interest(t);
}

static void stream_tls_close(struct stream *s, bool gently)
{
    struct stream_tls *t = stream_tls_of(s);
    bool was_open = is_open(t);

    say_end(t);
    /* Without, an alert that says why might be taken back. */
    t->closes_gently = gently || t->stream.error == -EPROTO;
    s->interest = 0;
    deadline_stop(&t->again);
    deadline_stop(&t->patience);
    if (!gently || !was_open || t->out.len == 0) {
        close_below(t);
        return;
    }
    t->state = TLS_CLOSING;
    deadline_start(&t->hub->handshakes, &t->patience, clock_now_us());
    update_interest(t);
}

static struct stream_security stream_tls_security(const struct stream *s)
{
    const struct stream_tls *t = stream_tls_of((struct stream *)(uintptr_t)s);
    struct stream_security security = {
        .is_secure = true,
        .has_refused = t->has_refused,
        .problem = t->problem != NULL ? t->problem : "",
    };

    if (SSL_is_init_finished(t->ssl))
        snprintf(security.terms, sizeof security.terms, "%s, %s",
                 SSL_get_version(t->ssl), SSL_get_cipher_name(t->ssl));
    return security;
}

static const struct stream_ops stream_tls_ops = {
    .read = stream_tls_read,
    .writev = stream_tls_writev,
    .want = stream_tls_want,
    .close = stream_tls_close,
    .security = stream_tls_security,
};

/* ---- making one ------------------------------------------------------- */

/* Made once; OpenSSL keeps it for the program's life. */
static BIO_METHOD *bio_method(void)
{
    static BIO_METHOD *method;

    if (method != NULL)
        return method;
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
    if (method == NULL)
        abort(); /* out of memory, as xcalloc does */
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_ctrl);
    return method;
}

static SSL *new_ssl(struct stream_tls *t)
{
    BIO *bio = BIO_new(bio_method());
    SSL *ssl = tls_context_new_ssl(t->context, t->host);

    if (ssl == NULL || bio == NULL)
        abort(); /* likewise */
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_msg_callback(ssl, on_message);
    SSL_set_msg_callback_arg(ssl, t);
    return ssl;
}

struct stream *stream_tls_new(struct tls_hub *hub, struct tls_context *context,
                              struct stream *below, struct slice already_read,
                              const char *host)
{
    struct stream_tls *t = xcalloc(1, sizeof *t);

    t->stream.ops = &stream_tls_ops;
    t->stream.peer = below->peer;
    t->hub = hub;
    t->below = below;
    t->context = tls_context_share(context);
    hub->stream_count++;
    if (host != NULL && context->is_client)
        t->host = xstrdup(host);
    buf_init(&t->in, LIMIT_READ);
    buf_init(&t->out, TLS_OUT_MAX);
    deadline_init(&t->again);
    deadline_init(&t->patience);
    t->ssl = new_ssl(t);
    stream_set_owner(below, stream_tls_on_below_ready, t);
    deadline_start(&hub->handshakes, &t->patience, clock_now_us());
    /* What was read before is answered at once; a client begins. */
    t->fresh = already_read;
    go_on_shaking_hands(t);
    update_interest(t);
    return &t->stream;
}

const char *stream_tls_problem(const struct stream *s)
{
    return stream_tls_security(s).problem;
}

bool stream_tls_has_refused(const struct stream *s)
{
    return stream_tls_security(s).has_refused;
}

struct tls_terms stream_tls_terms(const struct stream *s)
{
    struct stream_security security = stream_tls_security(s);
    struct tls_terms terms;

    memcpy(terms.text, security.terms, sizeof terms.text);
    return terms;
}

bool stream_is_tls(const struct stream *s)
{
    return s->ops == &stream_tls_ops;
}

/* ---- the hub ---------------------------------------------------------- */

void tls_hub_init(struct tls_hub *hub, struct loop *loop)
{
    *hub = (struct tls_hub){ 0 };
    deadline_queue_open(&hub->again, 0, tls_hub_again_due, hub);
    deadline_queue_open(&hub->handshakes, TLS_HANDSHAKE_US,
                        tls_hub_handshake_due, hub);
    hub->in = xmalloc(TLS_FIRST_BYTES + LIMIT_READ);
    hub->plain = xmalloc(TLS_RECORD_MAX);
    hub->out = xmalloc(TLS_OUT_MAX);
    if (loop == NULL)
        return;
    loop_watch(loop, &hub->again);
    loop_watch(loop, &hub->handshakes);
}

void tls_hub_done(struct tls_hub *hub)
{
    struct deadline *d;

    while ((d = deadline_pop(&hub->handshakes, UINT64_MAX)) != NULL)
        tls_hub_handshake_due(d, hub);
    LIST_EACH (node, after, &hub->again.waiting)
        tls_hub_again_due(CONTAINER_OF(node, struct deadline, node), hub);
    assert(hub->stream_count == 0);
    deadline_queue_close(&hub->again);
    deadline_queue_close(&hub->handshakes);
    free(hub->in);
    free(hub->plain);
    free(hub->out);
}
