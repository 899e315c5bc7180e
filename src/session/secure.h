/*
 * secure.h - TLS for one connection to us, VM's or client's: from its first
 * byte (telnets), or from the middle on, by AUTHENTICATION (proto/telauth.h).
 *
 * Who speaks first gives us away: a TLS hello wants no greeting before it. So
 * where a hello is understood, we greet after the peer's first byte, or after
 * some time without one.
 *
 * While AUTHENTICATION is under way nothing of ours gets between its messages
 * and the hello; the session has nothing to say then but what the wire queues.
 *
 * Where we are the caller, in a connection that we made, the roles are the
 * other way round: the peer shows the certificate, and we say START and hello.
 */
#ifndef SESSION_SECURE_H
#define SESSION_SECURE_H

#include "session/session_context.h"
#include "session/wire.h"

/* Programs with much to load before their hello, and hellos that TCP has to
 * send again, come in time; who waits for our greeting waits. */
enum { SECURE_FIRST_BYTE_US = 1000 * 1000 };

enum secure_state {
    SECURE_NOT,      /* in the clear, and it stays so */
    SECURE_FIRST,    /* nothing was heard, and nothing said */
    SECURE_OFFERED,  /* in the clear; DO AUTHENTICATION has no answer yet
                      * (caller: WILL AUTHENTICATION) */
    SECURE_ASKED,    /* SEND went out (caller: is to come) */
    SECURE_STARTED,  /* caller: START went out */
    SECURE_ACCEPTED, /* ACCEPT went out: a hello follows, or clear telnet
                      * (caller: it came, the hello is ours to say) */
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
 * context is the one that the policy was decided with: it stays the
 * connection's, whatever settings say later. Without one no TLS begins, and
 * where that is required nobody is served. stream_is_tls: it is in TLS from the
 * start.
 */
void secure_init(struct secure *e, enum tls_policy policy,
                 struct tls_context *context, bool is_caller,
                 bool stream_is_tls);
void secure_done(struct secure *e);

/* The first bytes of FIRST, or the next ones of ACCEPTED: do they begin TLS?
 * If not, it goes on in the clear: secure_go_on_clear. */
bool secure_is_hello(const struct secure *e, struct slice bytes);

/* A hello that came when we had greeted in the clear: it leads nowhere. */
bool secure_is_late_hello(const struct secure *e, struct slice bytes);

/*
 * On with TLS: gives the stream below with what was read of it to TLS, and
 * keeps what is queued for later. 0, or -ENOBUFS: the peer has not waited for
 * our answer, and takes none. host: for a caller, whom it means.
 */
int secure_begin(struct secure *e, struct wire *w, struct tls_hub *hub,
                 struct slice read, const char *host);

/* For a caller: its part of the greeting. The failures of buf_append. */
int secure_call(const struct secure *e, struct wire *w);

/* Whether TLS is next, before any other byte is looked at. */
static inline bool secure_is_due(const struct secure *e, struct slice in)
{
    return e->state == SECURE_ACCEPTED && (in.len > 0 || e->is_caller);
}

/* On in the clear; from FIRST on with an offer, if that is the policy. 0 or
 * the failures of buf_append. */
int secure_go_on_clear(struct secure *e, struct wire *w);

/* The option went on or off; a message of it. The same failures. A caller
 * answers every SEND: what it cannot take any more, with NULL. */
int secure_handle_option(struct secure *e, struct wire *w, bool is_on);
int secure_handle_message(struct secure *e, struct wire *w, struct slice body);

/* What is to be served must not wait for an offer's answer any longer. */
void secure_give_up(struct secure *e);

/* Whether it may yet become TLS. */
static inline bool secure_is_open(const struct secure *e)
{
    return e->state != SECURE_NOT && e->state != SECURE_DONE;
}

/* Whether nothing of the session may be said in what there is now. */
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
