/*
 * telopt.h - one telnet option's state machine (RFC 1143, the "Q method").
 *
 * A pure table: state x input -> state and answer. One machine for each option
 * and direction. One table serves both directions, because WILL and DO mirror
 * each other. No negotiation loop is possible, each request that is refused is
 * answered, nothing is announced twice.
 */
#ifndef PROTO_TELOPT_H
#define PROTO_TELOPT_H

#include <stdint.h>

enum telopt_state {
    TELOPT_OFF,
    TELOPT_ON,
    TELOPT_WANT_OFF,
    TELOPT_WANT_OFF_THEN_ON, /* RFC 1143: WANTNO with the queue bit */
    TELOPT_WANT_ON,
    TELOPT_WANT_ON_THEN_OFF, /* RFC 1143: WANTYES with the queue bit */
    TELOPT_STATE_COUNT,
};

enum telopt_input {
    TELOPT_PEER_YES_AGREED,  /* peer sent WILL/DO and we want it */
    TELOPT_PEER_YES_REFUSED, /* peer sent WILL/DO and we do not */
    TELOPT_PEER_NO,          /* peer sent WONT/DONT */
    TELOPT_ENABLE,           /* we want it on */
    TELOPT_DISABLE,          /* we want it off */
    TELOPT_INPUT_COUNT,
};

enum telopt_reply { TELOPT_SAY_NOTHING, TELOPT_SAY_YES, TELOPT_SAY_NO };

struct telopt_step {
    uint8_t state; /* enum telopt_state */
    uint8_t reply; /* enum telopt_reply */
};

struct telopt_step telopt_step(enum telopt_state state,
                               enum telopt_input input);

/* The state's name for messages. */
const char *telopt_state_name(enum telopt_state state);

#endif
