/*
 * telauth.h - the telnet AUTHENTICATION option (37, RFC 2941) as far as it
 * switches a connection to TLS: type SSL (7), modifiers 0.
 *
 * Two halves, both pure. The messages: bodies of subnegotiations in,
 * subnegotiations out. The state machine: state and input in, next state and
 * what to say out; whoever calls it negotiates the option itself (telpeer.h),
 * writes what is to be said, and begins TLS.
 *
 *     server (DO)                              client (WILL)
 *     OFFERED --WILL--> ASKED       OFFERED --DO--> ASKED
 *       says SEND         |                           | SEND
 *                         | START                     v says START
 *                         v says ACCEPT            STARTED
 *                      ACCEPTED                       | ACCEPT
 *                         | hello                     v
 *                         v                        ACCEPTED
 *                      SECURE                         | hello, the client's own
 *                                                     v
 *                                                  SECURE
 *
 * From everywhere before SECURE a refusal leads to one of the states that are
 * clear for good: REFUSED, NO_SSL, REJECTED, CLEAR.
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
    TELAUTH_KIND_COUNT,
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

/* "SEND", "START", ...; "?" for what is none. */
const char *telauth_kind_name(enum telauth_kind kind);

/* By role within TLS. The client performs the option (WILL), the server has
 * asked for it (DO) and shows the certificate. Who dialled does not matter. */
enum telauth_side { TELAUTH_SERVER, TELAUTH_CLIENT, TELAUTH_SIDE_COUNT };

enum telauth_state {
    TELAUTH_STATE_OFFERED,  /* DO (client: WILL) went out, and has no answer */
    TELAUTH_STATE_ASKED,    /* SEND went out (client: is to come) */
    TELAUTH_STATE_STARTED,  /* client only: START went out */
    TELAUTH_STATE_ACCEPTED, /* ACCEPT went out (client: came); the hello of the
                             * client is next, or clear telnet after all */
    TELAUTH_STATE_SECURE,   /* in TLS, if only with its handshake */
    /* There will be no TLS: */
    TELAUTH_STATE_REFUSED,  /* DONT or WONT */
    TELAUTH_STATE_NO_SSL,   /* SEND offered no SSL, or NULL was its answer */
    TELAUTH_STATE_REJECTED, /* client only: REJECT was START's answer */
    TELAUTH_STATE_CLEAR,    /* no hello after ACCEPT; or an offer that nobody
                             * waits for any more */
    TELAUTH_STATE_COUNT,
};

enum telauth_input {
    TELAUTH_INPUT_OTHER, /* a message that says nothing: TELAUTH_OTHER */
    TELAUTH_INPUT_ON,    /* the peer has agreed to the option */
    TELAUTH_INPUT_OFF,   /* it refuses it, or switches it off */
    TELAUTH_INPUT_SEND,  /* SEND, SSL is among what it offers */
    TELAUTH_INPUT_SEND_NO_SSL,
    TELAUTH_INPUT_START,
    TELAUTH_INPUT_NULL,
    TELAUTH_INPUT_ACCEPT,
    TELAUTH_INPUT_REJECT,
    TELAUTH_INPUT_HELLO,    /* TLS begins: the hello came, or goes out */
    TELAUTH_INPUT_NO_HELLO, /* what came after ACCEPT is clear telnet (client:
                             * it cannot say a hello, and goes on so) */
    TELAUTH_INPUT_GIVE_UP,  /* the offer's answer is not waited for */
    TELAUTH_INPUT_COUNT,
};

struct telauth_step {
    uint8_t state; /* enum telauth_state */
    uint8_t say;   /* enum telauth_kind; TELAUTH_OTHER: nothing */
};

/* What a message is to the state machine. */
enum telauth_input telauth_input_of(const struct telauth_message *message);

/* An input that means nothing in that state leaves it as it is and says
 * nothing. */
struct telauth_step telauth_step(enum telauth_side side,
                                 enum telauth_state state,
                                 enum telauth_input input);

/* There is no TLS and there will be none. */
bool telauth_is_clear(enum telauth_state state);

/* From this side's own message until its answer nothing else of it may be
 * said: it would stand between the messages and the hello, in the clear. */
bool telauth_is_holding(enum telauth_side side, enum telauth_state state);

/* "offered", "asked", ...; "?" for what is none. */
const char *telauth_state_name(enum telauth_state state);

#endif
