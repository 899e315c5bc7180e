/*
 * tls_hello.h - tells whether a connection begins with TLS; the one place that
 * knows what a TLS hello looks like.
 *
 * Pure: looks at the first bytes of a connection, reads nothing else, and keeps
 * nothing. It does not check the hello; net/tls does.
 */
#ifndef PROTO_TLS_HELLO_H
#define PROTO_TLS_HELLO_H

#include "base/slice.h"

enum {
    TLS_HELLO_FIRST_BYTE = 0x16, /* RFC 8446, section 5.1: "handshake" */
    TLS_HELLO_LEN = 3,           /* bytes after which the answer is final */
};

enum tls_hello {
    TLS_HELLO_NOT, /* no hello, whatever follows these bytes */
    /* These bytes may begin a hello: there are too few to be sure, or they name
     * a version of TLS that does not exist yet. */
    TLS_HELLO_POSSIBLE,
    TLS_HELLO_SURE, /* the head of a record; no telnet peer sends it */
    TLS_HELLO_COUNT,
};

/* first: the peer's first bytes. Without any, the answer is TLS_HELLO_NOT. */
enum tls_hello tls_hello_look(struct slice first);

/* "not", "possible", "sure"; "?" for an unknown answer. */
const char *tls_hello_name(enum tls_hello answer);

#endif
