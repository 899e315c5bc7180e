/*
 * proxy.h - our connection to a concentrator: dials, negotiates as a VM's host
 * does, carries the serial port's bytes.
 *
 * One connection at a time; the owner starts the next one. With a ticket it is
 * that of a host that a VM moves to (vmend.h). Bytes are read only while the
 * owner has room for them, and written directly from the owner's memory: the
 * owner keeps bytes that the concentrator does not take, for the next
 * connection.
 *
 * The connection uses TLS from its first byte, from AUTHENTICATION on, or not
 * at all; the owner need not care.
 */
#ifndef VM_HOST_PROXY_H
#define VM_HOST_PROXY_H

#include "base/err.h"
#include "net/dial/dial.h"
#include "net/timer.h"
#include "net/tls/stream_tls.h"
#include "vm/host/vmend.h"

enum proxy_state {
    PROXY_IDLE,
    PROXY_DIALLING,
    PROXY_NEGOTIATING,
    PROXY_OPEN,      /* a destination is open after VMOTION-PEER-OK */
    PROXY_FINISHING, /* our last bytes and FIN are being sent */
    PROXY_STATE_COUNT,
};

/* "idle", "dialling", ...; "?" for an unknown state. */
const char *proxy_state_name(enum proxy_state state);

struct proxy;

struct proxy_events {
    /* WILL-PROXY came: proxy_send may be used. */
    void (*opened)(struct proxy *p);
    /* For the serial port; at most LIMIT_READ bytes in one turn. */
    void (*data)(struct proxy *p, struct slice bytes);
    /* A break condition, in its place among the data. */
    void (*line_break)(struct proxy *p, enum uart_break what);
    /* proxy_find_lines has a new result. */
    void (*lines_changed)(struct proxy *p);
    /* proxy_window has a new result. */
    void (*window_changed)(struct proxy *p);
    /* The concentrator has taken queued bytes: proxy_send may take more. */
    void (*drained)(struct proxy *p);
    /* An answer to VMOTION-BEGIN or VMOTION-PEER; secret: with
     * VMEND_GOAHEAD. */
    void (*answered)(struct proxy *p, enum vmend_event answer,
                     struct slice secret);
    /* The state is PROXY_IDLE. why: the reason; NULL after proxy_finish. */
    void (*ended)(struct proxy *p, const struct err *why);
};

struct proxy_target {
    const char *host;
    uint16_t port;
    enum auth_policy policy;
    struct tls_context *tls;
};

struct proxy {
    struct loop *loop;
    struct tls_hub *hub;
    const struct proxy_events *events;
    void *owner; /* for the handlers of events */
    const struct vmend_identity *identity;
    const struct uart *uart;
    const struct vmend_ticket *ticket;
    const struct proxy_target *to;
    char name[ADDRESS_HOST_MAX + 10]; /* "HOST:PORT", for messages */
    struct address_text local; /* our address; "" before it is connected */
    uint64_t connected_us;     /* when it was connected */
    enum proxy_state state;
    bool is_cut;     /* closed at the end of the turn */
    bool has_fin;    /* FIN was sent */
    bool is_blocked; /* the socket takes no more now */
    bool may_read;   /* the owner has room */
    struct dial *dial;
    struct stream *stream;
    struct vmend vmend;
    struct buf out;     /* answers; sent before data */
    struct timer timer; /* bounds negotiating and finishing */
    char said[80];      /* text that came before WILL-PROXY, to be quoted */
    struct telnet_batch batch; /* scratch */
};

/* Everything that is borrowed must outlive the proxy. */
void proxy_init(struct proxy *p, struct loop *loop, struct tls_hub *hub,
                const struct vmend_identity *identity, const struct uart *uart,
                const struct proxy_events *events, void *owner);
void proxy_done(struct proxy *p); /* closes without waiting */

/* From PROXY_IDLE. to is borrowed until the connection ends. ticket: as for
 * vmend_init. */
void proxy_start(struct proxy *p, const struct proxy_target *to,
                 const struct vmend_ticket *ticket);

/* True if proxy_send may take bytes. */
bool proxy_is_open(const struct proxy *p);

/*
 * Sends as many of bytes as it takes now; returns how many.
 */
size_t proxy_send(struct proxy *p, struct slice bytes);

/* Sends a break behind the bytes that proxy_send took. False: not possible
 * now. */
bool proxy_send_break(struct proxy *p);

/* Sends changes of the serial port; the next call sends what is not possible
 * now. */
void proxy_tell_uart(struct proxy *p);

/* The modem lines that the VM sees: COMPORT_MODEM_*. False: the concentrator
 * has sent none. */
bool proxy_find_lines(const struct proxy *p, uint8_t *ret_seen);

/* The window that the VM's clients have; {0}: the concentrator has told none.
 */
struct window proxy_window(const struct proxy *p);

/* True if the concentrator has begun a break and not ended it; clears that. May
 * be called after the connection's end. */
bool proxy_forget_break(struct proxy *p);

/* What protects the connection; empty without a connection. */
struct stream_security proxy_security(const struct proxy *p);

/* What the concentrator knows of the port, for a ticket. */
struct comport_told proxy_told(const struct proxy *p);

/* A move's messages, behind the bytes that proxy_send took; they are sent by
 * proxy_settle at the latest. */
void proxy_begin_move(struct proxy *p,
                      const uint8_t sequence[VMEXT_SEQUENCE_LEN]);
void proxy_abort_move(struct proxy *p);
void proxy_complete_move(struct proxy *p);
bool proxy_knows_moves(const struct proxy *p);

/* Ends in order: everything that was sent arrives. Nothing can be sent
 * afterwards. */
void proxy_finish(struct proxy *p);

/* Closes the connection by the end of the turn, without an ended event. Bytes
 * that this turn has read are still handed out. */
void proxy_cut(struct proxy *p);

/* Must be called at the end of each turn: sends what waits, closes a connection
 * that was cut. */
void proxy_settle(struct proxy *p);

/* Whether the owner takes data. */
void proxy_set_reading(struct proxy *p, bool may_read);

#endif
