/*
 * proxy_header.h - the PROXY protocol, versions 1 and 2: what a balancer sends
 * in front of a connection, about whose connection it is (HAProxy's
 * proxy-protocol.txt, 2020/03/05).
 *
 *     version 1, text:   "PROXY TCP4 192.0.2.1 198.51.100.1 40112 13370\r\n"
 *     version 2, binary: 12 bytes of signature, version and command, family,
 *                        length (2 bytes); then so many bytes: addresses,
 *                        ports, and values that say nothing to us (TLVs)
 *
 * Takes bytes in pieces of any size, and none behind the header. Pure; keeps
 * what it needs of the header, and never more. What the header says is to be
 * believed only if the peer is: that is for the caller to decide.
 */
#ifndef PROTO_FIRST_PROXY_HEADER_H
#define PROTO_FIRST_PROXY_HEADER_H

#include "base/network.h"
#include "base/slice.h"

enum {
    PROXY_HEADER_TEXT_MAX = 107, /* of version 1, with its line end */
    PROXY_HEADER_FIXED = 16,     /* of version 2, before the rest */
    /* That rest. Its addresses have 36 bytes; a balancer adds some hundred at
     * most, for a certificate's name or a unique ID. */
    PROXY_HEADER_REST_MAX = 2048,
    PROXY_HEADER_MAX = PROXY_HEADER_FIXED + PROXY_HEADER_REST_MAX,
};

enum proxy_header_state {
    PROXY_HEADER_OPEN,    /* more bytes belong to it */
    PROXY_HEADER_PEER,    /* complete: peer and port are known */
    PROXY_HEADER_NO_PEER, /* complete: the peer has no internet address */
    PROXY_HEADER_OWN,   /* complete: a connection of the balancer's own (LOCAL,
                         * UNKNOWN), to see whether somebody is there */
    PROXY_HEADER_WRONG, /* no header, or none that is understood */
};
enum { PROXY_HEADER_STATE_COUNT = PROXY_HEADER_WRONG + 1 };

/* "open", "peer", "no-peer", "own", "wrong". */
const char *proxy_header_state_name(enum proxy_header_state state);

/* {0} before the first bytes. */
struct proxy_header {
    uint8_t state;       /* enum proxy_header_state */
    uint8_t len;         /* of bytes */
    uint8_t complete;    /* state once rest is 0 */
    uint16_t rest;       /* bytes that still come, and say nothing */
    uint16_t port;       /* with PEER */
    struct ip peer;      /* with PEER */
    const char *problem; /* with WRONG: words for a log, static */
    uint8_t bytes[PROXY_HEADER_TEXT_MAX];
};

/* Takes bytes off the front of in, and returns how many. All of them if the
 * header is still open; of a wrong one, any number. */
size_t proxy_header_take(struct proxy_header *h, struct slice in);

#endif
