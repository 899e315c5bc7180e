/*
 * first_bytes.h - tells whether the first bytes of a connection are another
 * protocol's: HTTP, TLS, SSH, or a PROXY header that nobody asked for. What a
 * program of that protocol sends next would be typed into a guest; and a web
 * page can have a browser send HTTP with a body of the page's choice.
 *
 * Pure: looks at the first bytes of a connection, reads nothing else, and keeps
 * nothing.
 */
#ifndef PROTO_FIRST_BYTES_H
#define PROTO_FIRST_BYTES_H

#include "base/slice.h"

enum { FIRST_BYTES_LEN = 12 }; /* bytes after which the answer is final */

enum first_bytes {
    FIRST_BYTES_OTHER, /* of none of the protocols below, whatever follows */
    FIRST_BYTES_OPEN,  /* there are too few bytes to know */
    FIRST_BYTES_HTTP,  /* a method and a blank */
    FIRST_BYTES_SSH,   /* "SSH-": RFC 4253, section 4.2 */
    FIRST_BYTES_TLS,   /* a TLS hello: tls_hello.h */
    FIRST_BYTES_PROXY, /* a PROXY header: proxy_header.h */
    FIRST_BYTES_COUNT,
};

enum { FIRST_BYTES_ENTER = 5 };

/* A set of protocols: the sum of FIRST_BYTES_BIT of each. */
#define FIRST_BYTES_BIT(protocol) (1u << (protocol))
enum {
    FIRST_BYTES_ALL =
        FIRST_BYTES_BIT(FIRST_BYTES_HTTP) | FIRST_BYTES_BIT(FIRST_BYTES_SSH) |
        FIRST_BYTES_BIT(FIRST_BYTES_TLS) | FIRST_BYTES_BIT(FIRST_BYTES_PROXY),
};

/* first: all bytes of the connection so far. Looks for these protocols alone.
 * Without any byte, the answer is FIRST_BYTES_OPEN. With fewer than
 * FIRST_BYTES_ENTER it is not open for what could become a PROXY header of
 * version 2: it begins as a person does who types Enter, and must not wait; a
 * balancer sends it whole. */
enum first_bytes first_bytes_look(struct slice first, unsigned protocols);

/* "other", "open", "http", ...; "?" for an unknown answer. */
const char *first_bytes_name(enum first_bytes answer);

#endif
