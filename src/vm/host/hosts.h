/*
 * hosts.h - the host that the VM runs on, as its connection to a concentrator;
 * and while the VM moves, the host that it moves to.
 *
 * To the bridge it is one connection that lasts through every move. How a move
 * goes is the table in rehearsal.h; here it is carried out over two struct
 * proxy, and said in a line. No byte is lost on the way, or changes places with
 * another:
 *
 * - From the guest: what it said goes out before VMOTION-BEGIN; what was read
 *   since stays with the bridge until the VM runs again, here or there.
 * - To the guest: until VMOTION-COMPLETE the source's bytes are its bytes.
 *   From then on the destination's are, but they wait until the source has
 *   ended or been silent for a while.
 */
#ifndef VM_HOST_HOSTS_H
#define VM_HOST_HOSTS_H

#include "base/buf.h"
#include "base/limits.h"
#include "vm/common/waiting_break.h"
#include "vm/host/proxy.h"
#include "vm/host/rehearsal.h"

struct hosts_events {
    /* The VM has its serial port: hosts_send may be used. */
    void (*opened)(void *owner);
    /* For the serial port; at most HOSTS_DATA_MAX bytes in one turn. */
    void (*data)(void *owner, struct slice bytes);
    /* In its place among the data. */
    void (*line_break)(void *owner, enum uart_break what);
    /* The modem lines that the VM sees: COMPORT_MODEM_*. */
    void (*lines_changed)(void *owner, uint8_t seen);
    /* hosts_send may take more than it did before. */
    void (*drained)(void *owner);
    /* The VM has no connection. why: NULL after hosts_finish. */
    void (*ended)(void *owner, const struct err *why);
};

enum {
    /* A read of each host, and what the destination's last one left. */
    HOSTS_DATA_MAX = 3 * LIMIT_READ,
    /* The bytes that may wait for the guest while it is stopped: an answer to
     * a move may stand behind what it does not take. */
    HOSTS_AHEAD_MAX = LIMIT_READ,
};

struct hosts_config {
    struct vmend_identity identity;
    struct tls_hub *tls_hub;
    struct proxy_target proxy;   /* where it connects with DO-PROXY */
    struct proxy_target move_to; /* where a move's destination does */
    const struct rehearsal_way *way;
    unsigned every_s;   /* between moves; 0: only hosts_move does it */
    unsigned timeout_s; /* for each step of a move */
};

struct hosts {
    const struct hosts_config *config; /* borrowed */
    const struct hosts_events *events;
    void *owner; /* of the events */
    struct proxy proxies[2];
    struct proxy *vm;    /* the VM's: up to VMOTION-COMPLETE the source's */
    struct proxy *other; /* the destination's; then the source's, to its end */
    enum rehearsal_state state;
    bool is_ending;  /* no more moves */
    bool has_joined; /* in this move there was a VMOTION-PEER-OK before */
    bool has_room;   /* the guest takes what comes */
    /* The destination's, until the source has ended. */
    struct buf held;
    struct waiting_break held_break;
    struct uart uart; /* the VM's serial port, wherever it runs */
    struct vmend_ticket ticket;
    struct timer step_timer;
    struct timer every_timer;
    uint64_t stopped_us; /* when the guest was stopped */
    uint64_t begun_us;   /* when VMOTION-BEGIN went out */
    uint64_t goahead_us; /* when VMOTION-GOAHEAD came */
};

/* config, events and loop outlive it. */
void hosts_init(struct hosts *h, struct loop *loop,
                const struct hosts_config *config, const struct uart *uart,
                const struct hosts_events *events, void *owner);
void hosts_done(struct hosts *h); /* closes at once */

/* From hosts_is_idle: asks the concentrator for the VM's port. */
void hosts_connect(struct hosts *h);

/* Moves the VM, or says why not. */
void hosts_move(struct hosts *h);

/* Sends as much of bytes as it takes now; returns how much that was. */
size_t hosts_send(struct hosts *h, struct slice bytes);

/* A break behind what was sent. False: not now. */
bool hosts_send_break(struct hosts *h);

/* The VM's serial port has changed, perhaps: tells of it, now or when the VM
 * runs again. */
void hosts_set_uart(struct hosts *h, const struct uart *uart);

/* No more moves, and none that is under way, as far as that is still open. */
void hosts_call_off_move(struct hosts *h);

/* Ends in order: what was sent arrives. Nothing is sent after this. */
void hosts_finish(struct hosts *h);

/* True if the guest is to be read. */
bool hosts_is_running(const struct hosts *h);
/* True if there is a connection, or a destination about to bring one. */
bool hosts_is_there(const struct hosts *h);
bool hosts_is_idle(const struct hosts *h);

/*
 * At the end of each turn. unsent: what the bridge has for hosts_send and
 * hosts_send_break; untaken: bytes that it has for the guest.
 */
void hosts_settle(struct hosts *h, size_t unsent, size_t untaken);

#endif
