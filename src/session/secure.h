/*
 * secure.h - TLS for one connection, of a VM or of a client: from its first
 * byte (telnets), or later, by AUTHENTICATION (proto/telauth.h).
 *
 * Where a TLS hello is understood, vspcd greets after the peer's first byte, or
 * after some time without one: a hello must not have a greeting before it.
 *
 * While AUTHENTICATION is under way, nothing else goes out between its messages
 * and the hello; the wire queues it.
 *
 * On a connection that vspcd made (is_caller) the roles are reversed: the peer
 * shows the certificate, and vspcd says START and the hello.
 */
#ifndef SESSION_SECURE_H
#define SESSION_SECURE_H

#include "session/session_context.h"
#include "session/wire.h"

/* How long the greeting waits for a hello. Long enough for programs that load
 * much before it (C-Kermit), and for a segment that TCP sends again. */
enum { SECURE_FIRST_BYTE_US = 1000 * 1000 };

enum secure_state {
    SECURE_NOT,      /* in the clear, and it stays so */
    SECURE_FIRST,    /* nothing was heard, and nothing was said */
    SECURE_OFFERED,  /* in the clear; DO AUTHENTICATION (caller: WILL) has no
                      * answer yet */
    SECURE_ASKED,    /* SEND went out (caller: SEND is to come) */
    SECURE_STARTED,  /* caller alone: START went out */
    SECURE_ACCEPTED, /* ACCEPT went out, and a hello or clear telnet follows
                      * (caller: ACCEPT came, and vspcd says the hello) */
    SECURE_DONE,     /* in TLS, if only with its handshake */
};
enum { SECURE_STATE_COUNT = SECURE_DONE + 1 };

/* "not", "first", "offered", ... */
const char *secure_state_name(enum secure_state state);

struct secure {
    struct tls_context *context; /* shared; NULL: TLS cannot be begun */
    uint8_t policy;              /* enum tls_policy */
    uint8_t state;               /* enum secure_state */
    bool is_caller;
};

/*
 * context is the one that the policy was decided with; the connection keeps it,
 * whatever later settings say. With NULL no TLS begins, and a connection whose
 * policy requires TLS is not served. stream_is_tls: the stream is in TLS from
 * the start.
 */
void secure_init(struct secure *e, enum tls_policy policy,
                 struct tls_context *context, bool is_caller,
                 bool stream_is_tls);
void secure_done(struct secure *e);

/* Whether bytes, the first of all in FIRST or the next in ACCEPTED, begin TLS.
 * If not, the caller goes on with secure_go_on_clear. */
bool secure_is_hello(const struct secure *e, struct slice bytes);

/*
 * Begins TLS on the wire's stream, with the bytes that were read of it already.
 * What is held goes out in TLS. 0; -ENOBUFS: the peer does not take what has to
 * go out in the clear before; or another failure of writing. host: for a
 * caller, the name that it has called.
 */
int secure_begin(struct secure *e, struct wire *w, struct tls_hub *hub,
                 struct slice read, const char *host);

/* For a caller: AUTHENTICATION's part of the greeting. 0, or a failure of
 * buf_append. */
int secure_call(const struct secure *e, struct wire *w);

/* Whether TLS is next, before any other byte is looked at. */
static inline bool secure_is_due(const struct secure *e, struct slice in)
{
    return e->state == SECURE_ACCEPTED && (in.len > 0 || e->is_caller);
}

/* Goes on in the clear; from FIRST with an offer of AUTHENTICATION, if that is
 * the policy. 0, or a failure of buf_append. */
int secure_go_on_clear(struct secure *e, struct wire *w);

/* The option AUTHENTICATION went on or off; a message of it came. 0, or a
 * failure of buf_append. A caller answers every SEND; one that it cannot take
 * any more, with NULL. */
int secure_handle_option(struct secure *e, struct wire *w, bool is_on);
int secure_handle_message(struct secure *e, struct wire *w, struct slice body);

/* The connection is to be served without waiting for the answer to an offer. */
void secure_give_up(struct secure *e);

/* Whether the connection may still become TLS. */
static inline bool secure_is_open(const struct secure *e)
{
    return e->state != SECURE_NOT && e->state != SECURE_DONE;
}

/* Whether a TLS hello would have been understood earlier: now that the greeting
 * is out in the clear, it leads nowhere. */
static inline bool secure_could_begin(const struct secure *e)
{
    return e->policy != TLS_OFF && e->state != SECURE_DONE;
}

/* After a reload: what next trusts, the context of connections to come, counts
 * for this one too (stream_tls_follow, which says what is returned). NULL:
 * there is no TLS any more. Not for a caller. */
bool secure_follow(struct secure *e, struct stream *stream,
                   const struct tls_context *next);

/* Whether TLS is required and has not begun: nothing of the session may be
 * said.
 */
static inline bool secure_is_missing(const struct secure *e)
{
    return e->policy == TLS_REQUIRED && e->state != SECURE_DONE;
}

/* Whether AUTHENTICATION is to be agreed to. */
static inline bool secure_offers(enum tls_policy policy)
{
    return policy >= TLS_OFFERED;
}

#endif
