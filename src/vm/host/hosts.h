/*
 * hosts.h - the host that the VM runs on, as its connection to a concentrator;
 * and during a move, the host that the VM moves to.
 *
 * The bridge sees one connection that lasts through every move. rehearsal.h has
 * a move's steps as a table; this module carries them out over two struct
 * proxy, and reports the result. A move neither loses nor reorders
 * bytes:
 *
 * - From the guest: bytes that were read before go out before VMOTION-BEGIN;
 *   bytes read later stay with the bridge until the VM runs again, here or
 *   there.
 * - To the guest: until VMOTION-COMPLETE, the source's bytes. Then the
 *   destination's, which wait until the source has ended or been silent for a
 *   while.
 */
#ifndef VM_HOST_HOSTS_H
#define VM_HOST_HOSTS_H

#include "base/buf.h"
#include "base/limits.h"
#include "vm/common/waiting_break.h"
#include "vm/host/proxy.h"
#include "vm/host/rehearsal.h"

/* How a move has ended, or why it could not begin. */
struct hosts_report {
    const char *text; /* for a person; good for the call */
    bool is_moved;
    bool is_lost; /* the VM has no connection now: ended comes next */
    /* What has ended it; REHEARSAL_REQUEST: it could not begin. */
    enum rehearsal_input end;
    uint64_t stopped_us; /* how long the guest was stopped; 0: not at all */
};

struct hosts_events {
    /* The VM has its serial port: hosts_send may be used. */
    void (*opened)(void *owner);
    /* For the serial port; at most HOSTS_DATA_MAX bytes in one turn. */
    void (*data)(void *owner, struct slice bytes);
    /* Called in the break's place among the data. */
    void (*line_break)(void *owner, enum uart_break what);
    /* The modem lines that the VM sees: COMPORT_MODEM_*. */
    void (*lines_changed)(void *owner, uint8_t seen);
    /* The size of the clients' window, which is known. */
    void (*window_changed)(void *owner, struct window window);
    /* hosts_send may take more than before. */
    void (*drained)(void *owner);
    /* Once for each move. */
    void (*reported)(void *owner, const struct hosts_report *report);
    /* The VM has no connection. why: the reason; NULL after hosts_finish. */
    void (*ended)(void *owner, const struct err *why);
};

enum {
    /* A read of each host, and the rest of the destination's last read. */
    HOSTS_DATA_MAX = 3 * LIMIT_READ,
    /* Bytes that may wait for a stopped guest: the answer to a move may come
     * behind bytes that the guest does not take. */
    HOSTS_AHEAD_MAX = LIMIT_READ,
};

struct hosts_config {
    struct vmend_identity identity;
    struct tls_hub *tls_hub;
    struct proxy_target proxy;   /* for connections with DO-PROXY */
    struct proxy_target move_to; /* for a move's destination */
    const struct rehearsal_way *way;
    unsigned every_s;   /* between moves; 0: only hosts_move moves */
    unsigned timeout_s; /* for each step of a move */
};

struct hosts {
    const struct hosts_config *config; /* borrowed */
    const struct hosts_events *events;
    void *owner; /* for events */
    struct proxy proxies[2];
    struct proxy *vm; /* the VM's; the source's up to VMOTION-COMPLETE */
    /* the destination's; after VMOTION-COMPLETE the source's, to its end */
    struct proxy *other;
    enum rehearsal_state state;
    enum rehearsal_input input; /* the last one that meant something */
    bool is_ending;             /* no more moves */
    bool has_joined; /* VMOTION-PEER-OK has come before in this move */
    bool has_room;   /* the guest takes data */
    /* The destination's bytes, until the source has ended. */
    struct buf held;
    struct waiting_break held_break;
    struct uart uart; /* the VM's serial port, wherever it runs */
    struct vmend_ticket ticket;
    struct timer step_timer;
    struct timer every_timer;
    uint64_t stopped_us; /* when the guest was stopped */
    uint64_t begun_us;   /* when VMOTION-BEGIN was sent */
    uint64_t goahead_us; /* when VMOTION-GOAHEAD came */
};

/* config, events and loop must outlive h. */
void hosts_init(struct hosts *h, struct loop *loop,
                const struct hosts_config *config, const struct uart *uart,
                const struct hosts_events *events, void *owner);
void hosts_done(struct hosts *h); /* closes without waiting */

/* When hosts_is_idle: requests the VM's port from the concentrator. */
void hosts_connect(struct hosts *h);

/* Moves the VM, or reports why not. */
void hosts_move(struct hosts *h);

/* Sends as many of bytes as it takes now; returns how many. */
size_t hosts_send(struct hosts *h, struct slice bytes);

/* Sends a break behind the bytes that were sent. False: not possible now. */
bool hosts_send_break(struct hosts *h);

/* Reports the VM's serial port if it has changed: now, or when the VM runs
 * again. */
void hosts_set_uart(struct hosts *h, const struct uart *uart);

/* Begins no more moves, and calls off a move under way, if that is still
 * possible. */
void hosts_call_off_move(struct hosts *h);

/* Ends in order: everything that was sent arrives. Nothing can be sent
 * afterwards. */
void hosts_finish(struct hosts *h);

/* True if the guest is to be read. */
bool hosts_is_running(const struct hosts *h);
/* True if there is a connection, or a destination is about to have one. */
bool hosts_is_there(const struct hosts *h);
bool hosts_is_idle(const struct hosts *h);

/*
 * Must be called at the end of each turn. unsent: bytes that the bridge has for
 * hosts_send, with a break for hosts_send_break; untaken: bytes that it has for
 * the guest.
 */
void hosts_settle(struct hosts *h, size_t unsent, size_t untaken);

#endif
