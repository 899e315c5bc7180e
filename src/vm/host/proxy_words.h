/*
 * proxy_words.h - why a connection to a concentrator is over, and what to do
 * about it: a sentence for the person at the terminal.
 *
 * Pure: facts in, text out. The connection itself is proxy.h's.
 */
#ifndef VM_HOST_PROXY_WORDS_H
#define VM_HOST_PROXY_WORDS_H

#include "base/err.h"
#include "vm/host/auth_client.h"

/* What there is to know about the connection. Texts are borrowed. */
struct proxy_facts {
    const char *name;        /* "HOST:PORT" */
    const char *said;        /* text that came instead of telnet; "" */
    bool is_negotiating;     /* connected, and the port is not taken yet */
    bool is_destination;     /* of a move: VMOTION-PEER-OK is to come */
    enum auth_policy policy; /* what the user wants of TLS */
    enum telauth_state auth;
    const char *tls_problem; /* stream_tls_problem; "" */
    bool is_wrong_peer;      /* the peer is not who it has to be */
    bool had_tls;            /* the handshake was done */
};

/* The connection broke (error: -errno), or was closed (0). */
struct err proxy_words_lost(const struct proxy_facts *f, int error);

/* It did not get where it should have got in time. */
struct err proxy_words_late(const struct proxy_facts *f);

/* TLS is required, and the concentrator does not go on to it. */
struct err proxy_words_insecure(const struct proxy_facts *f);

/* It refuses VMware's extension. */
struct err proxy_words_no_extension(const struct proxy_facts *f);

/* WONT-PROXY. */
struct err proxy_words_refused(const struct proxy_facts *f, char direction,
                               const char *uri);

/* It sends what no telnet peer does. */
struct err proxy_words_no_telnet(const struct proxy_facts *f);

#endif
