#include "proto/telopt.h"

/*
 * RFC 1143 section 7: a row for each state, a column for each input. An input
 * that the RFC calls an error keeps the state and sends nothing, except WILL in
 * answer to DONT, for which the RFC says what to believe. When the peer agrees
 * to our own request, the two columns for its yes do not differ: it no longer
 * matters whether we would have agreed to it unasked.
 */
/* clang-format off */
#define TO(state, reply) { TELOPT_##state, TELOPT_SAY_##reply }

static const struct telopt_step
    steps[TELOPT_STATE_COUNT][TELOPT_INPUT_COUNT] = {
    [TELOPT_OFF] = {
        [TELOPT_PEER_YES_AGREED]  = TO(ON, YES),
        [TELOPT_PEER_YES_REFUSED] = TO(OFF, NO),
        [TELOPT_PEER_NO]          = TO(OFF, NOTHING),
        [TELOPT_ENABLE]           = TO(WANT_ON, YES),
        [TELOPT_DISABLE]          = TO(OFF, NOTHING),
    },
    [TELOPT_ON] = {
        [TELOPT_PEER_YES_AGREED]  = TO(ON, NOTHING),
        [TELOPT_PEER_YES_REFUSED] = TO(ON, NOTHING),
        [TELOPT_PEER_NO]          = TO(OFF, NO),
        [TELOPT_ENABLE]           = TO(ON, NOTHING),
        [TELOPT_DISABLE]          = TO(WANT_OFF, NO),
    },
    [TELOPT_WANT_OFF] = {
        [TELOPT_PEER_YES_AGREED]  = TO(OFF, NOTHING),
        [TELOPT_PEER_YES_REFUSED] = TO(OFF, NOTHING),
        [TELOPT_PEER_NO]          = TO(OFF, NOTHING),
        [TELOPT_ENABLE]           = TO(WANT_OFF_THEN_ON, NOTHING),
        [TELOPT_DISABLE]          = TO(WANT_OFF, NOTHING),
    },
    [TELOPT_WANT_OFF_THEN_ON] = {
        [TELOPT_PEER_YES_AGREED]  = TO(ON, NOTHING),
        [TELOPT_PEER_YES_REFUSED] = TO(ON, NOTHING),
        [TELOPT_PEER_NO]          = TO(WANT_ON, YES),
        [TELOPT_ENABLE]           = TO(WANT_OFF_THEN_ON, NOTHING),
        [TELOPT_DISABLE]          = TO(WANT_OFF, NOTHING),
    },
    [TELOPT_WANT_ON] = {
        [TELOPT_PEER_YES_AGREED]  = TO(ON, NOTHING),
        [TELOPT_PEER_YES_REFUSED] = TO(ON, NOTHING),
        [TELOPT_PEER_NO]          = TO(OFF, NOTHING),
        [TELOPT_ENABLE]           = TO(WANT_ON, NOTHING),
        [TELOPT_DISABLE]          = TO(WANT_ON_THEN_OFF, NOTHING),
    },
    [TELOPT_WANT_ON_THEN_OFF] = {
        [TELOPT_PEER_YES_AGREED]  = TO(WANT_OFF, NO),
        [TELOPT_PEER_YES_REFUSED] = TO(WANT_OFF, NO),
        [TELOPT_PEER_NO]          = TO(OFF, NOTHING),
        [TELOPT_ENABLE]           = TO(WANT_ON, NOTHING),
        [TELOPT_DISABLE]          = TO(WANT_ON_THEN_OFF, NOTHING),
    },
};
/* clang-format on */

struct telopt_step telopt_step(enum telopt_state state, enum telopt_input input)
{
    return steps[state][input];
}

const char *telopt_state_name(enum telopt_state state)
{
    static const char *const names[TELOPT_STATE_COUNT] = {
        [TELOPT_OFF] = "off",
        [TELOPT_ON] = "on",
        [TELOPT_WANT_OFF] = "want-off",
        [TELOPT_WANT_OFF_THEN_ON] = "want-off-then-on",
        [TELOPT_WANT_ON] = "want-on",
        [TELOPT_WANT_ON_THEN_OFF] = "want-on-then-off",
    };

    return state < TELOPT_STATE_COUNT ? names[state] : "?";
}
