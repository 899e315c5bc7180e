/*
 * vmend.h - the messages of the VM's end of a connection to a concentrator:
 * telnet, VMware's extension as an ESXi host speaks it, and for its serial port
 * RFC 2217 (comport_client.h).
 *
 * Bytes in, events and answers out; no I/O, no clock. The order is ESXi's, as
 * seen in captures: WILL AUTHENTICATION before anything else; 232 only after
 * the peer asked for it and AUTHENTICATION has its answer; DO-PROXY in one
 * piece with KNOWN-SUBOPTIONS-1; COM-PORT only after WILL-PROXY. Behind it may
 * come what no ESXi host says: DO NAWS, if the identity wants it.
 *
 * AUTHENTICATION may lead to TLS (auth_client.h): the owner is told to switch
 * to it. Options that were agreed on before stay agreed.
 *
 * With a ticket it is the end of a host that a VM moves to: instead of DO-PROXY
 * it sends VMOTION-PEER, followed by COM-PORT, and VMOTION-PEER-OK opens it in
 * place of WILL-PROXY. After VMOTION-COMPLETE it is an ordinary end.
 *
 * Not on telpeer.h, which answers every DO at once: here some answers wait for
 * something else (struct vmend_row in vmend.c). The machine of each option is
 * that of telopt.h.
 */
#ifndef VM_HOST_VMEND_H
#define VM_HOST_VMEND_H

#include "base/window.h"
#include "proto/telnet_decode.h"
#include "proto/telnet_encode.h"
#include "proto/vmext.h"
#include "vm/host/auth_client.h"
#include "vm/host/comport_client.h"

enum { VMEND_OPTIONS = 7 };

/* Borrowed; must outlive the endpoint. */
struct vmend_identity {
    const char *name;
    const char *uuid; /* in the form of identity_read_uuid */
    const char *uri;
    char direction;    /* 'S' or 'C' */
    bool wants_window; /* asks for the size of its clients' window (NAWS) */
};

/* Lets the host that a VM moves to take over its serial port. */
struct vmend_ticket {
    uint8_t sequence[VMEXT_SEQUENCE_LEN];
    uint8_t secret[TELNET_SUBOPTION_MAX]; /* of any length that can come */
    size_t secret_len;
    struct comport_told told; /* what the source has sent about the port */
};

enum vmend_event {
    VMEND_NEED_MORE, /* all input is used */
    VMEND_DATA,      /* body: bytes for the serial port */
    VMEND_BREAK,     /* a break that ends at once */
    VMEND_BREAK_ON,  /* the line's break condition begins */
    VMEND_BREAK_OFF, /* the line's break condition ends */
    VMEND_LINES,     /* comport.seen has changed */
    VMEND_WINDOW,    /* window has changed */
    VMEND_RESUMED,   /* vmend_may_send is true again */
    /* comport.answer: the peer does not take one of our settings */
    VMEND_SETTING,
    VMEND_OPENED,  /* WILL-PROXY: forwarding begins */
    VMEND_REFUSED, /* WONT-PROXY */
    VMEND_CLOSED,  /* the extension went off, or was refused: no forwarding */
    /* an endless subnegotiation: the connection must be closed */
    VMEND_MISBEHAVED,
    /* switch to TLS, with the rest of *in, once all our answers are sent; then
     * call vmend_go_on_secure */
    VMEND_SECURE,
    /* TLS is required, and there will be none, see auth.state: the connection
     * must be closed */
    VMEND_INSECURE,
    /* Answers to VMOTION-BEGIN. */
    VMEND_GOAHEAD, /* body: the secret */
    VMEND_NOTNOW,  /* the VM stays */
    /* UNKNOWN-SUBOPTION-RCVD-2: the peer cannot do vMotion */
    VMEND_BEGIN_UNKNOWN,
    /* Answers to VMOTION-PEER. */
    VMEND_PEER_OK,      /* forwarding may begin, with VMOTION-COMPLETE */
    VMEND_PEER_REFUSED, /* UNKNOWN-SUBOPTION-RCVD-2, or WONT-PROXY */
};

struct vmend {
    struct telnet_decoder decoder;
    struct telnet_encoder encoder; /* for data; follows BINARY */
    const struct vmend_identity *identity;
    struct {
        uint8_t us;    /* enum telopt_state: our WILL, the peer's DO */
        uint8_t peer;  /* the peer's WILL, our DO */
        bool is_asked; /* a DO waits for its answer */
    } options[VMEND_OPTIONS];
    bool has_introduced; /* DO-PROXY or VMOTION-PEER was sent */
    bool is_open;        /* WILL-PROXY or VMOTION-PEER-OK came */
    bool knows_moves;    /* the peer lists the codes of vMotion */
    bool has_begun;      /* VMOTION-BEGIN was sent and has no answer */
    uint8_t sequence[VMEXT_SEQUENCE_LEN]; /* of the move */
    /* NULL: no move's destination, or not any more */
    const struct vmend_ticket *ticket;
    struct window window; /* of the clients; {0}: not told */
    struct auth_client auth;
    struct comport_client comport;
};

/* uart: borrowed, the port's present settings. ticket: NULL, or borrowed until
 * vmend_put_complete or vmend_done. */
void vmend_init(struct vmend *v, const struct vmend_identity *identity,
                const struct uart *uart, const struct vmend_ticket *ticket,
                enum auth_policy policy);
void vmend_done(struct vmend *v);

/* Appends the first messages. Fails as buf_append does. */
int vmend_greet(struct vmend *v, struct buf *out);

/* After VMEND_SECURE: appends the first messages within TLS. Fails as
 * buf_append does. */
int vmend_go_on_secure(struct vmend *v, struct buf *out);

/*
 * Append a move's messages; fail as buf_append does. BEGIN and ABORT are the
 * source's, COMPLETE is the destination's. The owner must have sent what has to
 * come before them. Nothing is appended while the extension is off.
 */
int vmend_put_begin(struct vmend *v, const uint8_t sequence[VMEXT_SEQUENCE_LEN],
                    struct buf *out);
int vmend_put_abort(struct vmend *v, struct buf *out);
int vmend_put_complete(struct vmend *v, struct buf *out);

/* Append changed settings of the port; a break. Fail as buf_append does. */
int vmend_put_uart(struct vmend *v, struct buf *out);
int vmend_put_break(const struct vmend *v, struct buf *out);

/* False: the concentrator takes no data now (FLOWCONTROL-SUSPEND). */
static inline bool vmend_may_send(const struct vmend *v)
{
    return !v->comport.is_suspended;
}

/*
 * Takes one event off the front of *in; appends answers to out. *body is set
 * for VMEND_DATA and VMEND_GOAHEAD, and valid until the next call. 0, or a
 * failure of buf_append: the peer does not take our answers.
 */
int vmend_next(struct vmend *v, struct slice *in, struct buf *out,
               enum vmend_event *ret_event, struct slice *body);

#endif
