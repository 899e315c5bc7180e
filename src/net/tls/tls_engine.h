/*
 * tls_engine.h - one side of one TLS connection, without a connection: bytes
 * that came go in, bytes for the peer come out (tls_bio.h), and the owner moves
 * both. Knows no stream, no clock and no loop.
 *
 * Input is given for the time of a call, between tls_engine_begin_input and
 * tls_engine_keep_input. What OpenSSL did not take then is kept: records that
 * the reader had no room for. An idle connection keeps nothing.
 *
 * Each call may end the handshake, end the input or break the connection: the
 * state says so.
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
    TLS_ENDED,  /* the peer has said close_notify */
    TLS_BROKEN, /* error and problem say how */
};
enum { TLS_STATE_COUNT = TLS_BROKEN + 1 };

/* "shaking-hands", "open", "ended", "broken". */
const char *tls_state_name(enum tls_state state);

enum {
    TLS_RECORD_MAX = 16 * 1024, /* of data (RFC 8446 section 5.1) */

    /* What one write takes: all that one read brought (half of it leaves the
     * other half for another turn, which costs a third more CPU), and little
     * enough to be left over for many peers that do not read. */
    TLS_WRITE_MAX = 64 * 1024,

    /* Bytes from which it can be seen what the peer speaks, and how long its
     * hello is: a record's head and a handshake message's. */
    TLS_FIRST_BYTES = 9,
};

/* Stays where it is from init to done. */
struct tls_engine {
    struct tls_context *context; /* a reference */
    SSL *ssl;
    struct tls_bio bio;
    struct buf in;    /* not taken by OpenSSL */
    char *host;       /* while shaking hands; NULL: none */
    char *problem;    /* a sentence; NULL: none */
    int error;        /* -errno */
    uint32_t shaken;  /* bytes of the handshake so far */
    uint8_t state;    /* enum tls_state */
    bool speaks_tls;  /* the first bytes were seen */
    bool has_refused; /* what the peer shows is not what is demanded */
};

/* host: for a client, whom it means to reach; may be NULL. */
void tls_engine_init(struct tls_engine *e, struct tls_context *context,
                     const char *host, struct tls_bio_out *out);
void tls_engine_done(struct tls_engine *e);

/* What was kept may be read. */
void tls_engine_begin_input(struct tls_engine *e);
/* Moves what is left of the input, less than TLS_FIRST_BYTES, to where more
 * will stand behind it; how many bytes that is. */
size_t tls_engine_take_input(struct tls_engine *e, uint8_t *to);
/* These may be read in its place; they stay until tls_engine_keep_input. */
void tls_engine_give_input(struct tls_engine *e, struct slice bytes);
/* Nothing will come behind it. */
void tls_engine_give_end(struct tls_engine *e);
void tls_engine_keep_input(struct tls_engine *e);

/* Goes on with the handshake as far as the input goes. */
void tls_engine_shake_hands(struct tls_engine *e);

/* Decrypts; how many bytes. 0: more input is needed, or the state says what
 * is. */
size_t tls_engine_read(struct tls_engine *e, uint8_t *to, size_t len);

/* Data or what is wrong could be read without more input. */
bool tls_engine_is_readable(const struct tls_engine *e);

/* Gives buffers back that nobody needs after what was read since
 * tls_engine_begin_input. */
void tls_engine_free_buffers(struct tls_engine *e);

/* Encrypts, at most TLS_WRITE_MAX bytes, which have to be the output's first;
 * how many. plain: TLS_RECORD_MAX bytes of scratch memory. */
size_t tls_engine_write(struct tls_engine *e, uint8_t *plain,
                        const struct iovec *part, int count);

/* Says close_notify, once. */
void tls_engine_say_end(struct tls_engine *e);

/* Breaks it, unless it is broken already. */
void tls_engine_fail(struct tls_engine *e, int error, const char *problem);
/* The connection below failed, -errno. */
void tls_engine_fail_below(struct tls_engine *e, int error);

#endif
