/*
 * proxy.h - our connection to a concentrator: dials, negotiates as a VM's
 * host does, carries the serial port's bytes.
 *
 * One connection at a time, started again by the owner; with a ticket it is
 * that of a host that a VM moves to (vmend.h). Bytes are read only
 * while the owner has room for them, and written straight from the owner's
 * memory: what the concentrator does not take stays with the owner, who has it
 * for the next connection.
 *
 * In TLS from its first byte, or from where AUTHENTICATION leads to it, or in
 * the clear: to the owner it is the same.
 */
#ifndef VM_HOST_PROXY_H
#define VM_HOST_PROXY_H

#include "base/err.h"
#include "net/dial.h"
#include "net/tls/stream_tls.h"
#include "vm/common/timer.h"
#include "vm/host/vmend.h"

enum proxy_state {
    PROXY_IDLE,
    PROXY_DIALLING,
    PROXY_NEGOTIATING,
    PROXY_OPEN,      /* a destination is open with VMOTION-PEER-OK */
    PROXY_FINISHING, /* our last bytes and FIN are on their way */
    PROXY_STATE_COUNT,
};

/* "idle", "dialling", ...; "?" for what is none. */
const char *proxy_state_name(enum proxy_state state);

struct proxy;

struct proxy_events {
    /* WILL-PROXY came: proxy_send may be used. */
    void (*opened)(struct proxy *p);
    /* For the serial port; at most LIMIT_READ bytes in one turn. */
    void (*data)(struct proxy *p, struct slice bytes);
    /* The break condition of the line, in its place among the data. */
    void (*line_break)(struct proxy *p, enum uart_break what);
    /* What proxy_find_lines says has changed. */
    void (*lines_changed)(struct proxy *p);
    /* Some of what was queued has been taken: proxy_send may take more. */
    void (*drained)(struct proxy *p);
    /* An answer to VMOTION-BEGIN or VMOTION-PEER; secret: of VMEND_GOAHEAD. */
    void (*answered)(struct proxy *p, enum vmend_event answer,
                     struct slice secret);
    /* The state is PROXY_IDLE again. why: NULL after proxy_finish. */
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
    void *owner; /* for the handlers of the events */
    const struct vmend_identity *identity;
    const struct uart *uart;
    const struct vmend_ticket *ticket;
    const struct proxy_target *to;
    char name[ADDRESS_HOST_MAX + 10]; /* "HOST:PORT", for messages */
    struct address_text local; /* our address; "" until it has connected */
    uint64_t connected_us;     /* when it had */
    enum proxy_state state;
    bool is_cut;     /* to be closed at the end of the turn */
    bool has_fin;    /* FIN went out */
    bool is_blocked; /* it takes no more just now */
    bool may_read;   /* the owner has room */
    struct dial *dial;
    struct stream *stream;
    struct vmend vmend;
    struct buf out;     /* answers; they go before data */
    struct timer timer; /* for the end of negotiating, or of finishing */
    char said[80];      /* text that came before WILL-PROXY: what is it? */
    struct telnet_batch batch; /* scratch */
};

/* What is borrowed outlives the proxy. */
void proxy_init(struct proxy *p, struct loop *loop, struct tls_hub *hub,
                const struct vmend_identity *identity, const struct uart *uart,
                const struct proxy_events *events, void *owner);
void proxy_done(struct proxy *p); /* closes at once */

/* From PROXY_IDLE. to is borrowed until it ends. ticket: as for vmend_init. */
void proxy_start(struct proxy *p, const struct proxy_target *to,
                 const struct vmend_ticket *ticket);

/* True if proxy_send may take something. */
bool proxy_is_open(const struct proxy *p);

/*
 * Sends as much of bytes as it takes now; returns how much that was.
 */
size_t proxy_send(struct proxy *p, struct slice bytes);

/* A break behind what proxy_send took. False: not now. */
bool proxy_send_break(struct proxy *p);

/* Tells of the serial port what has changed; what it cannot tell now, the next
 * call does. */
void proxy_tell_uart(struct proxy *p);

/* The modem lines that the VM sees: COMPORT_MODEM_*. False: the concentrator
 * has not said. */
bool proxy_find_lines(const struct proxy *p, uint8_t *ret_seen);

/* True if the concentrator has said that a break began, and not that it ended;
 * from now on it has not. Also after the connection's end. */
bool proxy_forget_break(struct proxy *p);

/* What protects the connection; nothing while there is none. */
struct stream_security proxy_security(const struct proxy *p);

/* What the concentrator knows of the port, for a ticket. */
struct comport_told proxy_told(const struct proxy *p);

/* A move's messages, behind what proxy_send took; they go out by proxy_settle
 * or earlier. */
void proxy_begin_move(struct proxy *p,
                      const uint8_t sequence[VMEXT_SEQUENCE_LEN]);
void proxy_abort_move(struct proxy *p);
void proxy_complete_move(struct proxy *p);
bool proxy_knows_moves(const struct proxy *p);

/* Ends in order: what was sent arrives. Nothing is sent after this. */
void proxy_finish(struct proxy *p);

/* Gives the connection up by the end of the turn, without an ended event. What
 * this turn has read is still told. */
void proxy_cut(struct proxy *p);

/* At the end of each turn: sends what waits, closes what was cut. */
void proxy_settle(struct proxy *p);

/* Whether data may come. */
void proxy_set_reading(struct proxy *p, bool may_read);

#endif
