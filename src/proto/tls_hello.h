/*
 * tls_hello.h - does a connection begin with TLS? The one place that knows
 * what a TLS hello looks like from outside.
 *
 * Pure: looks at the first bytes of a connection, reads nothing else, and
 * keeps nothing. It does not check the hello: net/stream_tls does.
 */
#ifndef PROTO_TLS_HELLO_H
#define PROTO_TLS_HELLO_H

#include "base/slice.h"

enum {
    TLS_HELLO_FIRST_BYTE = 0x16, /* RFC 8446, section 5.1: "handshake" */
    TLS_HELLO_LEN = 3,           /* bytes after which the answer is final */
};

enum tls_hello {
    TLS_HELLO_NOT, /* these bytes are no hello, whatever follows them */
    /* Nothing speaks against a hello: the bytes end too early to be sure, or
     * name a version of TLS that does not exist yet. */
    TLS_HELLO_POSSIBLE,
    TLS_HELLO_SURE, /* the head of a record that no telnet peer sends */
    TLS_HELLO_COUNT,
};

/* first: the first bytes that the peer has sent, one at least for an answer
 * other than TLS_HELLO_NOT. */
enum tls_hello tls_hello_look(struct slice first);

/* "not", "possible", "sure"; "?" for what is none. */
const char *tls_hello_name(enum tls_hello answer);

#endif
