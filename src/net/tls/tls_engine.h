/*
 * tls_engine.h - one side of one TLS connection, without a connection: bytes of
 * the peer go in, bytes for the peer come out (tls_bio.h), and the owner moves
 * both. Knows no stream, no clock and no loop.
 *
 * Input is valid during a call, between tls_engine_begin_input and
 * tls_engine_keep_input. The latter keeps what OpenSSL did not take: records
 * for which the reader had no room. An idle connection keeps nothing.
 *
 * Each call may end the handshake, end the input or break the connection; state
 * tells.
 */
#ifndef NET_TLS_TLS_ENGINE_H
#define NET_TLS_TLS_ENGINE_H

#include "base/buf.h"
#include "net/tls/tls_bio.h"
#include "net/tls/tls_context.h"

#include <sys/types.h>
#include <sys/uio.h>

enum tls_state {
    TLS_SHAKING_HANDS,
    TLS_OPEN,
    TLS_ENDED,  /* the peer has sent close_notify */
    TLS_BROKEN, /* error and problem have the reason */
};
enum { TLS_STATE_COUNT = TLS_BROKEN + 1 };

/* "shaking-hands", "open", "ended", "broken". */
const char *tls_state_name(enum tls_state state);

enum {
    TLS_RECORD_MAX = 16 * 1024, /* of data (RFC 8446 section 5.1) */

    /* What one write takes: as much as one read brings (half of it would leave
     * the other half for another turn, which costs a third more CPU), yet
     * little enough to be kept for many peers that do not read. */
    TLS_WRITE_MAX = 64 * 1024,

    /* Enough first bytes to know the peer's protocol and the length of its
     * hello: the heads of a record and of a handshake message. */
    TLS_FIRST_BYTES = 9,
};

/* Must not move between init and done. */
struct tls_engine {
    struct tls_context *context; /* a reference */
    SSL *ssl;
    struct tls_bio bio;
    struct buf in;    /* not taken by OpenSSL */
    char *host;       /* during the handshake; NULL: none */
    char *problem;    /* a sentence; NULL: none */
    int error;        /* -errno */
    uint32_t shaken;  /* bytes of the handshake so far */
    uint8_t state;    /* enum tls_state */
    bool speaks_tls;  /* the first bytes are those of TLS */
    bool has_refused; /* the peer's certificate does not meet the demands */
    bool has_lost;    /* it did, and does no more: problem has the reason */
};

/* host: for a client, the host that it means to reach; may be NULL. */
void tls_engine_init(struct tls_engine *e, struct tls_context *context,
                     const char *host, struct tls_bio_out *out);
void tls_engine_done(struct tls_engine *e);

/* Begins a call: gives OpenSSL the input that was kept. */
void tls_engine_begin_input(struct tls_engine *e);
/* Moves the remaining input, less than TLS_FIRST_BYTES, to `to`, where more
 * will be put behind it; returns its length. */
size_t tls_engine_take_input(struct tls_engine *e, uint8_t *to);
/* Replaces the input; bytes stay valid until tls_engine_keep_input. */
void tls_engine_give_input(struct tls_engine *e, struct slice bytes);
/* No input comes behind the current one. */
void tls_engine_give_end(struct tls_engine *e);
void tls_engine_keep_input(struct tls_engine *e);

/* True for a client: its handshake begins without input. */
bool tls_engine_speaks_first(const struct tls_engine *e);

/* Continues the handshake as far as the input goes. */
void tls_engine_shake_hands(struct tls_engine *e);

/* Decrypts; returns how many bytes. 0: more input is needed, or state has the
 * reason. */
size_t tls_engine_read(struct tls_engine *e, uint8_t *to, size_t len);

/* True if data, the end or an error could be read without more input. */
bool tls_engine_is_readable(const struct tls_engine *e);

/* Frees OpenSSL's buffers if the messages since tls_engine_begin_input made it
 * keep some that nobody needs. */
void tls_engine_free_buffers(struct tls_engine *e);

/* Encrypts at most TLS_WRITE_MAX bytes of the parts; returns how many. The
 * shared output must be empty. plain: TLS_RECORD_MAX bytes of scratch
 * memory. */
size_t tls_engine_write(struct tls_engine *e, uint8_t *plain,
                        const struct iovec *part, int count);

/* Writes close_notify, once. */
void tls_engine_say_end(struct tls_engine *e);

/* Breaks the connection, unless it is broken already. */
void tls_engine_fail(struct tls_engine *e, int error, const char *problem);

/* The stream below failed with this -errno. */
void tls_engine_fail_below(struct tls_engine *e, int error);

/* For a server: whether the peer has shown a certificate that was accepted, and
 * may have to be judged again. */
bool tls_engine_has_certificate(const struct tls_engine *e);

/* Judges it again, by what the context trusts now, and by today's date. */
void tls_engine_judge(struct tls_engine *e);

#endif
