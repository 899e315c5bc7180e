/*
 * bridge.h - joins a local end to a concentrator, and keeps them joined:
 * connects again, opens again, and ends in order.
 *
 *     local end --in--> to_proxy --> hosts (concentrator)
 *     local end <-out-- to_local <-- hosts
 *
 * Both queues are bounded by a few reads: a side is read only while the other
 * one's queue is empty, so a reader that is slow slows down the writer, and
 * nobody else. What was read from the local end goes to the next connection
 * when this one breaks before taking it. That a VM moves from connection to
 * connection is hosts.h's; here the guest only stops for a moment.
 *
 * A break keeps its place among the bytes of either direction. How the local
 * end's serial port is set is looked at twice a second: nothing tells of that.
 */
#ifndef VM_BRIDGE_H
#define VM_BRIDGE_H

#include "base/backoff.h"
#include "base/buf.h"
#include "vm/ends/end.h"
#include "vm/host/hosts.h"

enum bridge_ending {
    BRIDGE_RUNNING,
    BRIDGE_DRAINING, /* the local end has finished: deliver what it gave */
    BRIDGE_STOPPING, /* a signal: deliver what can be delivered at once */
    BRIDGE_ENDING_COUNT,
};

/* "running", "draining", "stopping"; "?" for what is none. */
const char *bridge_ending_name(enum bridge_ending ending);

struct bridge {
    struct loop *loop;
    struct end *end; /* borrowed */
    struct hosts hosts;
    bool is_reconnecting; /* as configured */
    struct buf to_proxy;
    struct buf to_local;
    struct waiting_break proxy_break; /* in to_proxy */
    struct waiting_break local_break; /* in to_local */
    uint8_t seen;                     /* modem lines: COMPORT_MODEM_* */
    struct timer look_timer;
    bool is_in_over;  /* the local end's input was read to its end */
    bool is_out_over; /* the local end takes no more */
    enum bridge_ending ending;
    int exit_status;
    struct timer stop_timer; /* when stopping has taken too long */
    /* Coming back after a loss; since: when it came about, 0 if it did not. */
    struct bridge_retry {
        struct timer timer;
        struct backoff backoff;
        uint64_t since_us;
    } proxy_retry, end_retry;
};

struct bridge_config {
    struct hosts_config hosts;
    unsigned baud; /* of a port that has no speed of its own */
    bool is_reconnecting;
};

/* Borrows config and end until bridge_done. Starts everything; the loop has to
 * run then, until it stops by itself. */
void bridge_start(struct bridge *b, struct loop *loop,
                  const struct bridge_config *config, struct end *end);

/* On a signal: moves the VM to another host, or says why not. */
void bridge_move(struct bridge *b);

/* On a signal: ends in order, and a second time at once. */
void bridge_stop(struct bridge *b);

/* After the loop has stopped; returns the program's exit status. */
int bridge_done(struct bridge *b);

#endif
