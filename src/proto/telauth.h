/*
 * telauth.h - the telnet AUTHENTICATION option (37, RFC 2941) as far as it
 * switches a connection to TLS: type SSL (7), modifiers 0.
 *
 * The peer that performs the option (WILL) is the TLS client; the other one
 * shows the certificate. PROTOCOL: SEND, IS START, REPLY ACCEPT, then the
 * client's hello. Pure: bodies of subnegotiations in, subnegotiations out.
 */
#ifndef PROTO_TELAUTH_H
#define PROTO_TELAUTH_H

#include "base/buf.h"

#include <stdbool.h>

enum telauth_kind {
    TELAUTH_OTHER,  /* NAME, or nothing that we know: goes without answer */
    TELAUTH_SEND,   /* offers_ssl: the pair (SSL, 0) is among those offered */
    TELAUTH_START,  /* IS, SSL, START: the client's hello is to follow */
    TELAUTH_NULL,   /* IS, any other pair or step: it will not do SSL */
    TELAUTH_ACCEPT, /* REPLY: say hello */
    TELAUTH_REJECT, /* REPLY: go on in the clear */
};

struct telauth_message {
    uint8_t kind; /* enum telauth_kind */
    bool offers_ssl;
};

enum { TELAUTH_MAX = 16 }; /* bytes of a subnegotiation that we put */

/* body: behind IAC SB AUTHENTICATION. */
struct telauth_message telauth_parse(struct slice body);

/* Appends a whole subnegotiation: SEND, START, NULL, ACCEPT or REJECT, with
 * the pair (SSL, 0), NULL with (0, 0). The failures of buf_append. */
int telauth_put(struct buf *out, enum telauth_kind kind);

#endif
