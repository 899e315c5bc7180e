/*
 * rehearsal.h - the steps of a VM's move from one host to another.
 *
 * A pure table: state x input -> state, action, and the reason if the move ends
 * there. hosts.h carries out the actions over its connections. The ways in
 * which a rehearsed move may go differ in the input that a concentrator's
 * answer becomes (struct rehearsal_way), not in the table.
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
    REHEARSAL_NONE,     /* the VM runs, if it has a connection */
    REHEARSAL_ASKED,    /* the guest's bytes are sent before VMOTION-BEGIN */
    REHEARSAL_BEGUN,    /* VMOTION-BEGIN was sent */
    REHEARSAL_JOINING,  /* the destination connects and sends VMOTION-PEER */
    REHEARSAL_ORPHANED, /* the destination joins, and the source is lost */
    REHEARSAL_LEAVING,  /* the VM runs there; the source's last bytes come */
    REHEARSAL_STATE_COUNT,
};

enum rehearsal_input {
    REHEARSAL_REQUEST,
    REHEARSAL_ALL_SENT, /* the source has all of the guest's bytes */
    REHEARSAL_GOAHEAD,  /* an answer to VMOTION-BEGIN */
    /* an answer to VMOTION-BEGIN; then the source's host dies */
    REHEARSAL_GOAHEAD_ALONE,
    REHEARSAL_NOTNOW,
    REHEARSAL_BEGIN_UNKNOWN,
    REHEARSAL_PEER_OK, /* an answer to VMOTION-PEER */
    /* VMOTION-PEER is accepted, but the source calls the move off */
    REHEARSAL_PEER_OK_ABORT,
    /* VMOTION-PEER is accepted, though its secret was wrong */
    REHEARSAL_PEER_OK_WRONG,
    REHEARSAL_PEER_OK_LOST, /* VMOTION-PEER is accepted, but both hosts die */
    /* VMOTION-PEER is accepted, but another destination follows */
    REHEARSAL_PEER_OK_AGAIN,
    REHEARSAL_PEER_REFUSED,
    REHEARSAL_SOURCE_LOST,
    REHEARSAL_DESTINATION_LOST,
    REHEARSAL_TIMEOUT,    /* no input came in time */
    REHEARSAL_CALLED_OFF, /* the program is asked to end */
    REHEARSAL_INPUT_COUNT,
};

enum rehearsal_action {
    REHEARSAL_IGNORE, /* the input means nothing in this state */
    REHEARSAL_WAIT,   /* the new state needs no action */
    REHEARSAL_BEGIN,
    REHEARSAL_JOIN,
    REHEARSAL_JOIN_ALONE, /* cut the source, connect the destination */
    REHEARSAL_JOIN_AGAIN, /* cut the destination, connect another one */
    REHEARSAL_COMPLETE,
    REHEARSAL_RUN_ON,  /* at the source, without a message */
    REHEARSAL_ABORT,   /* cut the destination, run on at the source */
    REHEARSAL_GIVE_UP, /* cut both: the VM has no connection */
    REHEARSAL_ARRIVE,  /* cut the source; the destination's bytes are next */
};

struct rehearsal_step {
    enum rehearsal_state state;
    enum rehearsal_action action;
    const char *why; /* reason of a move that fails here; else NULL */
};

struct rehearsal_step rehearsal_next(enum rehearsal_state state,
                                     enum rehearsal_input input);

/* "none", "asked", ...; "?" for an unknown state. */
const char *rehearsal_state_name(enum rehearsal_state state);

bool rehearsal_is_guest_stopped(enum rehearsal_state state);

/* A way in which a move may go, by its name. */
struct rehearsal_way {
    const char *name;
    /* the input that VMOTION-GOAHEAD becomes */
    enum rehearsal_input at_goahead;
    /* the input that a move's first VMOTION-PEER-OK becomes */
    enum rehearsal_input at_peer_ok;
    bool has_wrong_secret;    /* in the destination's VMOTION-PEER */
    enum rehearsal_input end; /* what ends the move, if all goes well */
};

/* The first one is a move without trouble. */
extern const struct rehearsal_way rehearsal_ways[];
extern const size_t rehearsal_way_count;

/* NULL: no way has this name. */
const struct rehearsal_way *rehearsal_find_way(const char *name);

#endif
