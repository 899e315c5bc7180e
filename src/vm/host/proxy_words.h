/*
 * proxy_words.h - why a connection to a concentrator has ended, and what to do
 * about it: a sentence for the person at the terminal.
 *
 * Pure: reason and facts in, text out. proxy.h has the connection itself.
 */
#ifndef VM_HOST_PROXY_WORDS_H
#define VM_HOST_PROXY_WORDS_H

#include "base/err.h"
#include "vm/host/auth_client.h"

enum proxy_reason {
    PROXY_LOST,         /* it broke, or the peer closed it: error */
    PROXY_LATE,         /* a step of negotiating took too long */
    PROXY_INSECURE,     /* TLS is required, and there will be none: auth */
    PROXY_REFUSED,      /* WONT-PROXY */
    PROXY_NO_EXTENSION, /* the concentrator refuses VMware's extension */
    PROXY_NO_TELNET,    /* it sends what no telnet peer sends */
    PROXY_REASON_COUNT,
};

/* Facts about the connection. Texts are borrowed. */
struct proxy_facts {
    const char *name;        /* "HOST:PORT" */
    const char *said;        /* text that came instead of telnet; or "" */
    bool is_negotiating;     /* connected, but without the port */
    bool is_destination;     /* of a move: waits for VMOTION-PEER-OK */
    enum auth_policy policy; /* the user's demand for TLS */
    enum telauth_state auth;
    const char *tls_problem; /* from stream_security; or "" */
    bool is_wrong_peer;      /* the peer fails a demand on who it is */
    bool had_tls;            /* the handshake was done */
    int error;               /* -errno; 0: closed by the peer */
    char direction;          /* of the service URI: 'S' or 'C' */
    const char *uri;
};

struct err proxy_words(enum proxy_reason reason, const struct proxy_facts *f);

#endif
