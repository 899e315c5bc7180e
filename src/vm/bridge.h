/*
 * bridge.h - joins a local end to a concentrator, and keeps them joined:
 * connects again, opens again, and ends in order.
 *
 *     local end --in--> to_proxy --> proxy (concentrator)
 *     local end <-out-- to_local <-- proxy
 *
 * Both queues are bounded by one read: a side is read only while the other
 * one's queue is empty, so a reader that is slow slows down the writer, and
 * nobody else. What was read from the local end goes to the next connection
 * when this one breaks before taking it.
 */
#ifndef VM_BRIDGE_H
#define VM_BRIDGE_H

#include "base/buf.h"
#include "vm/backoff.h"
#include "vm/ends/end.h"
#include "vm/proxy.h"

enum bridge_ending {
    BRIDGE_RUNNING,
    BRIDGE_DRAINING, /* the local end has finished: deliver what it gave */
    BRIDGE_STOPPING, /* a signal: deliver what can be delivered at once */
};

struct bridge {
    struct loop *loop;
    struct end *end; /* borrowed */
    struct proxy proxy;
    bool is_reconnecting; /* as configured */
    struct buf to_proxy;
    struct buf to_local;
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
    const char *proxy_host;
    uint16_t proxy_port;
    struct vmend_identity identity;
    bool is_reconnecting;
};

/* Borrows config and end. Starts everything; the loop has to run then, until
 * it stops by itself. */
void bridge_start(struct bridge *b, struct loop *loop,
                  const struct bridge_config *config, struct end *end);

/* On a signal: ends in order, and a second time at once. */
void bridge_stop(struct bridge *b);

/* After the loop has stopped; returns the program's exit status. */
int bridge_done(struct bridge *b);

#endif
