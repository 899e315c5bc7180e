/*
 * proxy_words.h - why a connection to a concentrator is over, and what to do
 * about it: a sentence for the person at the terminal.
 *
 * Pure: reason and facts in, text out. The connection itself is proxy.h's.
 */
#ifndef VM_HOST_PROXY_WORDS_H
#define VM_HOST_PROXY_WORDS_H

#include "base/err.h"
#include "vm/host/auth_client.h"

enum proxy_reason {
    PROXY_LOST,         /* it broke, or was closed: error */
    PROXY_LATE,         /* it did not get where it should have got in time */
    PROXY_INSECURE,     /* TLS is required, and there will be none: auth */
    PROXY_REFUSED,      /* WONT-PROXY */
    PROXY_NO_EXTENSION, /* the concentrator refuses VMware's extension */
    PROXY_NO_TELNET,    /* it sends what no telnet peer does */
    PROXY_REASON_COUNT,
};

/* What there is to know about the connection. Texts are borrowed. */
struct proxy_facts {
    const char *name;        /* "HOST:PORT" */
    const char *said;        /* text that came instead of telnet; "" */
    bool is_negotiating;     /* connected, and the port is not taken yet */
    bool is_destination;     /* of a move: VMOTION-PEER-OK is to come */
    enum auth_policy policy; /* what the user wants of TLS */
    enum telauth_state auth;
    const char *tls_problem; /* stream_security; "" */
    bool is_wrong_peer;      /* the peer is not who it has to be */
    bool had_tls;            /* the handshake was done */
    int error;               /* -errno; 0: closed by the peer */
    char direction;          /* of the service URI: 'S' or 'C' */
    const char *uri;
};

struct err proxy_words(enum proxy_reason reason, const struct proxy_facts *f);

#endif
