/*
 * bridge.h - joins a local end to a concentrator, and keeps them joined:
 * reconnects, reopens, and ends in order.
 *
 *     local end --in--> to_proxy --> hosts (concentrator)
 *     local end <-out-- to_local <-- hosts
 *
 * Both queues are bounded by a few reads: a side is read only while the other
 * side's queue is empty, so a slow reader slows down its writer only. If a
 * connection breaks, bytes of the local end that it has not taken go to the
 * next connection. hosts.h moves the VM from connection to connection; here the
 * guest only stops for a moment.
 *
 * A break keeps its place among the bytes of its direction. The settings of the
 * local end's serial port are read twice a second, because nothing reports a
 * change.
 */
#ifndef VM_BRIDGE_H
#define VM_BRIDGE_H

#include "base/backoff.h"
#include "base/buf.h"
#include "vm/ends/end.h"
#include "vm/host/hosts.h"

enum bridge_ending {
    BRIDGE_RUNNING,
    BRIDGE_DRAINING, /* the local end has finished: deliver its input */
    BRIDGE_STOPPING, /* a signal: deliver what can be delivered at once */
    BRIDGE_ENDING_COUNT,
};

/* "running", "draining", "stopping"; "?" for an unknown value. */
const char *bridge_ending_name(enum bridge_ending ending);

struct bridge {
    struct loop *loop;
    struct end *end; /* borrowed */
    struct hosts hosts;
    bool is_reconnecting; /* the option --reconnect */
    struct buf to_proxy;
    struct buf to_local;
    struct waiting_break proxy_break; /* its place in to_proxy */
    struct waiting_break local_break; /* its place in to_local */
    uint8_t seen;                     /* modem lines: COMPORT_MODEM_* */
    struct window window;             /* of the clients; {0}: not known */
    struct timer look_timer;
    bool is_in_over;  /* the local end's input was read to its end */
    bool is_out_over; /* the local end takes no more output */
    enum bridge_ending ending;
    int exit_status;
    struct timer stop_timer; /* bounds the time of stopping */
    /* Reconnecting after a loss. since_us: when the connection was made; 0: it
     * was not. */
    struct bridge_retry {
        struct timer timer;
        struct backoff backoff;
        uint64_t since_us;
    } proxy_retry, end_retry;
};

struct bridge_config {
    struct hosts_config hosts;
    unsigned baud; /* for a port without a speed of its own */
    bool is_reconnecting;
};

/* Starts everything; the caller then runs the loop, which stops by itself.
 * Borrows config and end until bridge_done. */
void bridge_start(struct bridge *b, struct loop *loop,
                  const struct bridge_config *config, struct end *end);

/* For a signal: moves the VM to another host, or reports why not. */
void bridge_move(struct bridge *b);

/* For a signal: the first call ends in order, a second one at once. */
void bridge_stop(struct bridge *b);

/* After the loop has stopped. Returns the program's exit status. */
int bridge_done(struct bridge *b);

#endif
