/*
 * telauth.h - the telnet AUTHENTICATION option (37, RFC 2941) as far as it
 * switches a connection to TLS: type SSL (7), modifiers 0.
 *
 * Two halves, both pure. The messages: bodies of subnegotiations in,
 * subnegotiations out. The state machine: state and input in, next state and
 * message out. The caller negotiates the option itself (telpeer.h), sends the
 * message, and begins TLS.
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
 * From each state before SECURE, a refusal leads to one of the final states
 * without TLS: REFUSED, NO_SSL, REJECTED, CLEAR.
 */
#ifndef PROTO_TELAUTH_H
#define PROTO_TELAUTH_H

#include "base/buf.h"

#include <stdbool.h>

enum telauth_kind {
    TELAUTH_OTHER,  /* NAME, or unknown: ignored */
    TELAUTH_SEND,   /* offers_ssl: the pair (SSL, 0) is in the list */
    TELAUTH_START,  /* IS, SSL, START: the client's hello follows */
    TELAUTH_NULL,   /* IS, any other pair or step: no SSL */
    TELAUTH_ACCEPT, /* REPLY: begin with the hello */
    TELAUTH_REJECT, /* REPLY: continue without TLS */
    TELAUTH_KIND_COUNT,
};

struct telauth_message {
    uint8_t kind; /* enum telauth_kind */
    bool offers_ssl;
};

/* bytes of a subnegotiation that telauth_put appends */
enum { TELAUTH_MAX = 16 };

/* body: what follows IAC SB AUTHENTICATION. */
struct telauth_message telauth_parse(struct slice body);

/* Appends a whole subnegotiation: SEND, START, ACCEPT or REJECT with the pair
 * (SSL, 0), NULL with (0, 0). Fails as buf_append does. */
int telauth_put(struct buf *out, enum telauth_kind kind);

/* "SEND", "START", ...; "?" for an unknown kind. */
const char *telauth_kind_name(enum telauth_kind kind);

/* The role in TLS. The client performs the option (WILL); the server has
 * asked for it (DO) and presents the certificate. Which end dialled does not
 * matter. */
enum telauth_side { TELAUTH_SERVER, TELAUTH_CLIENT, TELAUTH_SIDE_COUNT };

enum telauth_state {
    TELAUTH_STATE_OFFERED, /* DO (client: WILL) was sent, and has no answer */
    TELAUTH_STATE_ASKED,   /* SEND was sent (client: is awaited) */
    TELAUTH_STATE_STARTED, /* client only: START was sent */
    /* ACCEPT was sent (client: received); next comes the client's hello, or
     * telnet without TLS */
    TELAUTH_STATE_ACCEPTED,
    TELAUTH_STATE_SECURE, /* in TLS, from its handshake on */
    /* Final states without TLS: */
    TELAUTH_STATE_REFUSED, /* DONT or WONT */
    /* SEND did not offer SSL, or was answered with NULL */
    TELAUTH_STATE_NO_SSL,
    TELAUTH_STATE_REJECTED, /* client only: START was answered with REJECT */
    /* no hello after ACCEPT; or the offer's answer is no longer awaited */
    TELAUTH_STATE_CLEAR,
    TELAUTH_STATE_COUNT,
};

enum telauth_input {
    TELAUTH_INPUT_OTHER, /* a message of kind TELAUTH_OTHER */
    TELAUTH_INPUT_ON,    /* the peer has agreed to the option */
    TELAUTH_INPUT_OFF,   /* the peer refuses the option, or switches it off */
    TELAUTH_INPUT_SEND,  /* SEND that offers SSL */
    TELAUTH_INPUT_SEND_NO_SSL,
    TELAUTH_INPUT_START,
    TELAUTH_INPUT_NULL,
    TELAUTH_INPUT_ACCEPT,
    TELAUTH_INPUT_REJECT,
    TELAUTH_INPUT_HELLO, /* TLS begins: the hello came, or is sent */
    /* no hello followed ACCEPT (client: it cannot send one, and continues
     * without TLS) */
    TELAUTH_INPUT_NO_HELLO,
    TELAUTH_INPUT_GIVE_UP, /* stop waiting for the offer's answer */
    TELAUTH_INPUT_COUNT,
};

struct telauth_step {
    uint8_t state; /* enum telauth_state */
    uint8_t say;   /* enum telauth_kind to send; TELAUTH_OTHER: nothing */
};

/* The input that a message is to the state machine. */
enum telauth_input telauth_input_of(const struct telauth_message *message);

/* An input without a meaning in the state keeps the state, and sends
 * nothing. */
struct telauth_step telauth_step(enum telauth_side side,
                                 enum telauth_state state,
                                 enum telauth_input input);

/* True if there is no TLS and there will be none. */
bool telauth_is_clear(enum telauth_state state);

/* True between this side's message and its answer. Nothing else may then be
 * sent: it would come between the messages and the hello, without TLS. */
bool telauth_is_holding(enum telauth_side side, enum telauth_state state);

/* "offered", "asked", ...; "?" for an unknown state. */
const char *telauth_state_name(enum telauth_state state);

#endif
