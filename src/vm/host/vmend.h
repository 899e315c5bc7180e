/*
 * vmend.h - what the VM's end of a connection to a concentrator says and
 * understands: telnet, VMware's extension as an ESXi host speaks it, and of its
 * serial port what RFC 2217 has for that (comport_client.h).
 *
 * Bytes in, events and answers out; no I/O, no clock. The order is ESXi's, as
 * seen in captures: WILL AUTHENTICATION before anything else; 232 only once it
 * was asked for and AUTHENTICATION has its answer; DO-PROXY in one piece with
 * KNOWN-SUBOPTIONS-1; COM-PORT only after WILL-PROXY.
 *
 * AUTHENTICATION may end in TLS (auth_client.h): then the owner is told to go
 * over to it, and what was agreed on in the clear holds in there.
 *
 * With a ticket it is the end of a host that a VM moves to: in place of
 * DO-PROXY it says VMOTION-PEER, with COM-PORT right behind it, and what
 * WILL-PROXY is to others, VMOTION-PEER-OK is to it. Once it has said
 * VMOTION-COMPLETE it is an end like any other.
 *
 * Not on telpeer.h, which answers every DO at once: here some answers wait for
 * something else (struct vmend_row in vmend.c). The machine per option is the
 * same one, telopt.h.
 */
#ifndef VM_HOST_VMEND_H
#define VM_HOST_VMEND_H

#include "proto/telnet_decode.h"
#include "proto/telnet_encode.h"
#include "proto/vmext.h"
#include "vm/host/auth_client.h"
#include "vm/host/comport_client.h"

enum { VMEND_OPTIONS = 6 };

/* Borrowed; outlives the endpoint. */
struct vmend_identity {
    const char *name;
    const char *uuid; /* identity_read_uuid */
    const char *uri;
    char direction; /* 'S' or 'C' */
};

/* What lets the host that a VM moves to take over its serial port. */
struct vmend_ticket {
    uint8_t sequence[VMEXT_SEQUENCE_LEN];
    uint8_t secret[TELNET_SUBOPTION_MAX]; /* of any length that can come */
    size_t secret_len;
    struct comport_told told; /* of the port: the source's */
};

enum vmend_event {
    VMEND_NEED_MORE,  /* all input used */
    VMEND_DATA,       /* body: bytes for the serial port */
    VMEND_BREAK,      /* a break that ends at once */
    VMEND_BREAK_ON,   /* the line's break condition, */
    VMEND_BREAK_OFF,  /* and its end */
    VMEND_LINES,      /* comport.seen is new */
    VMEND_RESUMED,    /* vmend_may_send is true again */
    VMEND_SETTING,    /* comport.answer: it does not take a setting of ours */
    VMEND_OPENED,     /* WILL-PROXY: forwarding starts */
    VMEND_REFUSED,    /* WONT-PROXY */
    VMEND_CLOSED,     /* the extension went off, or never on: no forwarding */
    VMEND_MISBEHAVED, /* an endless subnegotiation: close the connection */
    VMEND_SECURE,     /* go over to TLS, with what is left of *in, once all our
                       * answers are out; vmend_go_on_secure is next */
    VMEND_INSECURE,   /* TLS is required, and auth.state says why there is
                       * none: close the connection */
    /* Answers to VMOTION-BEGIN. */
    VMEND_GOAHEAD,       /* body: the secret */
    VMEND_NOTNOW,        /* the VM stays */
    VMEND_BEGIN_UNKNOWN, /* UNKNOWN-SUBOPTION-RCVD-2: it does no vMotion */
    /* Answers to VMOTION-PEER. */
    VMEND_PEER_OK,      /* forwarding may start, with VMOTION-COMPLETE */
    VMEND_PEER_REFUSED, /* UNKNOWN-SUBOPTION-RCVD-2, or WONT-PROXY */
};

struct vmend {
    struct telnet_decoder decoder;
    struct telnet_encoder encoder; /* for data; follows BINARY by itself */
    const struct vmend_identity *identity;
    struct {
        uint8_t us;    /* enum telopt_state: our WILL, the peer's DO */
        uint8_t peer;  /* the peer's WILL, our DO */
        bool is_asked; /* a DO waits for its answer */
    } options[VMEND_OPTIONS];
    bool has_introduced; /* DO-PROXY or VMOTION-PEER went out */
    bool is_open;        /* WILL-PROXY or VMOTION-PEER-OK came */
    bool knows_moves;    /* the peer lists the codes of vMotion */
    bool has_begun;      /* VMOTION-BEGIN went out and has no answer yet */
    uint8_t sequence[VMEXT_SEQUENCE_LEN]; /* of the move */
    const struct vmend_ticket *ticket;    /* NULL: moves nowhere (any more) */
    struct auth_client auth;
    struct comport_client comport;
};

/* uart: borrowed, the port as it is. ticket: NULL, or borrowed until
 * vmend_put_complete or vmend_done. */
void vmend_init(struct vmend *v, const struct vmend_identity *identity,
                const struct uart *uart, const struct vmend_ticket *ticket,
                enum auth_policy policy);
void vmend_done(struct vmend *v);

/* The first words. The failures of buf_append. */
int vmend_greet(struct vmend *v, struct buf *out);

/* After VMEND_SECURE: what is said from now on is said in TLS. The same. */
int vmend_go_on_secure(struct vmend *v, struct buf *out);

/*
 * A move's messages; the failures of buf_append. BEGIN and ABORT are the
 * source's words, COMPLETE is the destination's. What was said before stands
 * before them in the stream only if the owner has sent it. Nothing is said
 * while the extension is off.
 */
int vmend_put_begin(struct vmend *v, const uint8_t sequence[VMEXT_SEQUENCE_LEN],
                    struct buf *out);
int vmend_put_abort(struct vmend *v, struct buf *out);
int vmend_put_complete(struct vmend *v, struct buf *out);

/* The port has changed, perhaps; its line has a break. The same failures. */
int vmend_put_uart(struct vmend *v, struct buf *out);
int vmend_put_break(const struct vmend *v, struct buf *out);

/* False: the concentrator wants no data now (FLOWCONTROL-SUSPEND). */
static inline bool vmend_may_send(const struct vmend *v)
{
    return !v->comport.is_suspended;
}

/*
 * Takes one event off the front of *in; answers go to out. *body is set for
 * VMEND_DATA and VMEND_GOAHEAD and good until the next call. 0, or a failure of
 * buf_append: the peer does not take our answers.
 */
int vmend_next(struct vmend *v, struct slice *in, struct buf *out,
               enum vmend_event *ret_event, struct slice *body);

#endif
