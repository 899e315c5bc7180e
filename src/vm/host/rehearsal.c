#include "vm/host/rehearsal.h"

#include <string.h>

const struct rehearsal_way rehearsal_ways[] = {
    { "complete", REHEARSAL_GOAHEAD, REHEARSAL_PEER_OK, false,
      REHEARSAL_PEER_OK },
    { "abort", REHEARSAL_GOAHEAD, REHEARSAL_PEER_OK_ABORT, false,
      REHEARSAL_PEER_OK_ABORT },
    { "wrong-secret", REHEARSAL_GOAHEAD, REHEARSAL_PEER_OK_WRONG, true,
      REHEARSAL_PEER_REFUSED },
    { "no-complete", REHEARSAL_GOAHEAD, REHEARSAL_PEER_OK_LOST, false,
      REHEARSAL_PEER_OK_LOST },
    { "dead-source", REHEARSAL_GOAHEAD_ALONE, REHEARSAL_PEER_OK, false,
      REHEARSAL_PEER_OK },
    { "lost-destination", REHEARSAL_GOAHEAD, REHEARSAL_PEER_OK_AGAIN, false,
      REHEARSAL_PEER_OK },
};
const size_t rehearsal_way_count =
    sizeof rehearsal_ways / sizeof rehearsal_ways[0];

const struct rehearsal_way *rehearsal_find_way(const char *name)
{
    for (size_t i = 0; i < rehearsal_way_count; i++)
        if (strcmp(rehearsal_ways[i].name, name) == 0)
            return &rehearsal_ways[i];
    return NULL;
}

/* clang-format off */
#define ON(input, state, action, why) \
    [REHEARSAL_##input] = { REHEARSAL_##state, REHEARSAL_##action, why }

static const struct rehearsal_step
    steps[REHEARSAL_STATE_COUNT][REHEARSAL_INPUT_COUNT] = {
    [REHEARSAL_NONE] = {
        ON(REQUEST, ASKED, WAIT, NULL),
        ON(SOURCE_LOST, NONE, GIVE_UP, NULL),
    },
    [REHEARSAL_ASKED] = {
        ON(ALL_SENT, BEGUN, BEGIN, NULL),
        ON(SOURCE_LOST, NONE, GIVE_UP,
            "the source was lost before VMOTION-BEGIN"),
        ON(TIMEOUT, NONE, RUN_ON,
            "the concentrator does not take what the guest has said"),
        ON(CALLED_OFF, NONE, RUN_ON,
            "called off before VMOTION-BEGIN"),
    },
    [REHEARSAL_BEGUN] = {
        ON(GOAHEAD, JOINING, JOIN, NULL),
        ON(GOAHEAD_ALONE, ORPHANED, JOIN_ALONE, NULL),
        ON(NOTNOW, NONE, RUN_ON,
            "the concentrator refused it (VMOTION-NOTNOW)"),
        ON(BEGIN_UNKNOWN, NONE, RUN_ON,
            "the concentrator does not know VMOTION-BEGIN after all"),
        ON(SOURCE_LOST, NONE, GIVE_UP,
            "the source was lost before VMOTION-GOAHEAD"),
        ON(TIMEOUT, NONE, ABORT,
            "VMOTION-GOAHEAD did not come in time"),
        ON(CALLED_OFF, NONE, ABORT,
            "called off before VMOTION-GOAHEAD"),
    },
    [REHEARSAL_JOINING] = {
        ON(PEER_OK, LEAVING, COMPLETE, NULL),
        ON(PEER_OK_ABORT, NONE, ABORT,
            "aborted after VMOTION-PEER-OK, as rehearsed"),
        ON(PEER_OK_WRONG, NONE, ABORT,
            "the concentrator let a wrong secret in (VMOTION-PEER-OK)"),
        ON(PEER_OK_LOST, NONE, GIVE_UP,
            "both hosts lost before VMOTION-COMPLETE, as rehearsed"),
        ON(PEER_OK_AGAIN, JOINING, JOIN_AGAIN, NULL),
        ON(PEER_REFUSED, NONE, ABORT,
            "the concentrator refused VMOTION-PEER"),
        ON(SOURCE_LOST, ORPHANED, WAIT, NULL),
        ON(DESTINATION_LOST, NONE, ABORT,
            "no VMOTION-PEER-OK"),
        ON(TIMEOUT, NONE, ABORT,
            "VMOTION-PEER-OK did not come in time"),
        ON(CALLED_OFF, NONE, ABORT,
            "called off before VMOTION-PEER-OK"),
    },
    /* Calling off has no effect here: no other connection can take the guest's
     * bytes, so we wait for the destination, or end with it. */
    [REHEARSAL_ORPHANED] = {
        ON(PEER_OK, NONE, COMPLETE, NULL),
        ON(PEER_OK_ABORT, NONE, GIVE_UP,
            "the source was lost before it could be aborted"),
        ON(PEER_OK_WRONG, NONE, GIVE_UP,
            "the concentrator let a wrong secret in (VMOTION-PEER-OK)"),
        ON(PEER_OK_LOST, NONE, GIVE_UP,
            "both hosts lost before VMOTION-COMPLETE, as rehearsed"),
        ON(PEER_OK_AGAIN, ORPHANED, JOIN_AGAIN, NULL),
        ON(PEER_REFUSED, NONE, GIVE_UP,
            "the source was lost, and VMOTION-PEER refused"),
        ON(DESTINATION_LOST, NONE, GIVE_UP,
            "the source was lost, and no VMOTION-PEER-OK came"),
        ON(TIMEOUT, NONE, GIVE_UP,
            "the source was lost, and VMOTION-PEER-OK did not come in time"),
    },
    [REHEARSAL_LEAVING] = {
        ON(SOURCE_LOST, NONE, ARRIVE, NULL),
        ON(TIMEOUT, NONE, ARRIVE, NULL),
        ON(DESTINATION_LOST, NONE, GIVE_UP, NULL),
    },
};
/* clang-format on */

struct rehearsal_step rehearsal_next(enum rehearsal_state state,
                                     enum rehearsal_input input)
{
    struct rehearsal_step step = steps[state][input];

    if (step.action == REHEARSAL_IGNORE)
        step.state = state;
    return step;
}

bool rehearsal_is_guest_stopped(enum rehearsal_state state)
{
    return state != REHEARSAL_NONE && state != REHEARSAL_LEAVING;
}

const char *rehearsal_state_name(enum rehearsal_state state)
{
    static const char *const names[REHEARSAL_STATE_COUNT] = {
        [REHEARSAL_NONE] = "none",         [REHEARSAL_ASKED] = "asked",
        [REHEARSAL_BEGUN] = "begun",       [REHEARSAL_JOINING] = "joining",
        [REHEARSAL_ORPHANED] = "orphaned", [REHEARSAL_LEAVING] = "leaving",
    };

    return state < REHEARSAL_STATE_COUNT ? names[state] : "?";
}
