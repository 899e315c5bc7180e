/*
 * proxy.h - our connection to a concentrator: dials, negotiates as a VM's
 * host does, carries the serial port's bytes.
 *
 * One connection at a time, started again by the owner. Bytes are read only
 * while the owner has room for them, and written straight from the owner's
 * memory: what the concentrator does not take stays with the owner, who has it
 * for the next connection.
 */
#ifndef VM_PROXY_H
#define VM_PROXY_H

#include "base/err.h"
#include "net/dial.h"
#include "vm/timer.h"
#include "vm/vmend.h"

enum proxy_state {
    PROXY_IDLE,
    PROXY_DIALLING,
    PROXY_NEGOTIATING,
    PROXY_OPEN,
    PROXY_FINISHING, /* our last bytes and FIN are on their way */
};

struct proxy_events {
    /* WILL-PROXY came: proxy_send may be used. */
    void (*opened)(void *owner);
    /* For the serial port; at most LIMIT_READ bytes in one turn. */
    void (*data)(void *owner, struct slice bytes);
    void (*line_break)(void *owner);
    /* Some of what was queued has been taken: proxy_send may take more. */
    void (*drained)(void *owner);
    /* The state is PROXY_IDLE again. why: NULL after proxy_finish. */
    void (*ended)(void *owner, const struct err *why);
};

struct proxy {
    struct loop *loop;
    const struct proxy_events *events;
    void *owner;
    const struct vmend_identity *identity;
    const char *host;
    uint16_t port;
    char name[ADDRESS_HOST_MAX + 10]; /* "HOST:PORT", for messages */
    enum proxy_state state;
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
void proxy_init(struct proxy *p, struct loop *loop, const char *host,
                uint16_t port, const struct vmend_identity *identity,
                const struct proxy_events *events, void *owner);
void proxy_done(struct proxy *p); /* closes at once */

/* From PROXY_IDLE. */
void proxy_start(struct proxy *p);

/*
 * Sends as much of bytes as it takes now; returns how much that was. Nothing
 * unless it is open.
 */
size_t proxy_send(struct proxy *p, struct slice bytes);

/* Ends in order: what was sent arrives. Nothing is sent after this. */
void proxy_finish(struct proxy *p);

/* Whether data may come. */
void proxy_set_reading(struct proxy *p, bool may_read);

#endif
