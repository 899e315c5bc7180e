/*
 * rehearsal.h - how a VM's move from one host to another goes, step by step.
 *
 * A pure table: state x input -> state, what to do, and why if the move ends
 * there. Who does it, over which connections, is hosts.h. The ways in which a
 * rehearsed move may go differ in what an answer of the concentrator is worth
 * (struct rehearsal_way), not in the table.
 *
 *     NONE --> ASKED --> BEGUN --> JOINING --> LEAVING --> NONE
 *      source: sends     BEGIN     |  ^        COMPLETE, its last bytes
 *                                  v  | (the source is lost)
 *                                ORPHANED ---------------> NONE
 *
 * The guest is stopped in ASKED, BEGUN, JOINING and ORPHANED.
 */
#ifndef VM_HOST_REHEARSAL_H
#define VM_HOST_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>

enum rehearsal_state {
    REHEARSAL_NONE,  /* the VM runs, as far as it has a connection */
    REHEARSAL_ASKED, /* what the guest has said goes out before VMOTION-BEGIN */
    REHEARSAL_BEGUN, /* VMOTION-BEGIN went out */
    REHEARSAL_JOINING,  /* the destination connects and says VMOTION-PEER */
    REHEARSAL_ORPHANED, /* the same, and the source is lost */
    REHEARSAL_LEAVING,  /* it runs there; the source's last bytes come */
    REHEARSAL_STATE_COUNT,
};

enum rehearsal_input {
    REHEARSAL_REQUEST,
    REHEARSAL_ALL_SENT,      /* the source has what the guest has said */
    REHEARSAL_GOAHEAD,       /* an answer to VMOTION-BEGIN */
    REHEARSAL_GOAHEAD_ALONE, /* the same, and then the source's host dies */
    REHEARSAL_NOTNOW,
    REHEARSAL_BEGIN_UNKNOWN,
    REHEARSAL_PEER_OK,       /* an answer to VMOTION-PEER */
    REHEARSAL_PEER_OK_ABORT, /* the same, and the source calls the move off */
    REHEARSAL_PEER_OK_WRONG, /* the same, though the secret was wrong */
    REHEARSAL_PEER_OK_LOST,  /* the same, and both hosts die */
    REHEARSAL_PEER_OK_AGAIN, /* the same, and there is another destination */
    REHEARSAL_PEER_REFUSED,
    REHEARSAL_SOURCE_LOST,
    REHEARSAL_DESTINATION_LOST,
    REHEARSAL_TIMEOUT,    /* nothing of this came in time */
    REHEARSAL_CALLED_OFF, /* we are asked to end */
    REHEARSAL_INPUT_COUNT,
};

enum rehearsal_action {
    REHEARSAL_IGNORE, /* the input means nothing in this state */
    REHEARSAL_WAIT,   /* the state says it all */
    REHEARSAL_BEGIN,
    REHEARSAL_JOIN,
    REHEARSAL_JOIN_ALONE, /* cut the source, connect the destination */
    REHEARSAL_JOIN_AGAIN, /* cut the destination, connect another one */
    REHEARSAL_COMPLETE,
    REHEARSAL_RUN_ON,  /* at the source, with no word */
    REHEARSAL_ABORT,   /* cut the destination, run on at the source */
    REHEARSAL_GIVE_UP, /* cut what there is: the VM has no connection */
    REHEARSAL_ARRIVE,  /* cut the source, the destination's bytes are next */
};

struct rehearsal_step {
    enum rehearsal_state state;
    enum rehearsal_action action;
    const char *why; /* where a move ends without success; else NULL */
};

struct rehearsal_step rehearsal_next(enum rehearsal_state state,
                                     enum rehearsal_input input);

/* "none", "asked", ...; "?" for what is none. */
const char *rehearsal_state_name(enum rehearsal_state state);

bool rehearsal_is_guest_stopped(enum rehearsal_state state);

/* A way for a move to go, by its name. */
struct rehearsal_way {
    const char *name;
    enum rehearsal_input at_goahead; /* what VMOTION-GOAHEAD is worth */
    enum rehearsal_input at_peer_ok; /* the first VMOTION-PEER-OK of a move */
    bool has_wrong_secret;           /* as the destination gives it */
};

/* The first one is what happens without trouble. */
extern const struct rehearsal_way rehearsal_ways[];
extern const size_t rehearsal_way_count;

/* NULL: there is no such way. */
const struct rehearsal_way *rehearsal_find_way(const char *name);

#endif
