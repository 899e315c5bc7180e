/*
 * vmend.h - what the VM's end of a connection to a concentrator says and
 * understands: telnet, and VMware's extension as an ESXi host speaks it.
 *
 * Bytes in, events and answers out; no I/O, no clock. The order is ESXi's, as
 * seen in captures: WILL AUTHENTICATION before anything else; 232 only once it
 * was asked for and AUTHENTICATION has its answer; DO-PROXY in one piece with
 * KNOWN-SUBOPTIONS-1; COM-PORT only after WILL-PROXY.
 *
 * Not on telpeer.h, which answers every DO at once: here some answers wait for
 * something else (struct vmend_row in vmend.c). The machine per option is the
 * same one, telopt.h.
 */
#ifndef VM_VMEND_H
#define VM_VMEND_H

#include "proto/telnet.h"

enum { VMEND_OPTIONS = 6 };

/* Borrowed; outlives the endpoint. */
struct vmend_identity {
    const char *name;
    const char *uuid; /* identity_read_uuid */
    const char *uri;
    char direction; /* 'S' or 'C' */
};

enum vmend_event {
    VMEND_NEED_MORE,  /* all input used */
    VMEND_DATA,       /* body: bytes for the serial port */
    VMEND_BREAK,      /* the line's break condition */
    VMEND_OPENED,     /* WILL-PROXY: forwarding starts */
    VMEND_REFUSED,    /* WONT-PROXY */
    VMEND_CLOSED,     /* the extension went off, or never on: no forwarding */
    VMEND_MISBEHAVED, /* an endless subnegotiation: close the connection */
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
    bool has_introduced; /* DO-PROXY went out */
    bool is_open;        /* WILL-PROXY came */
};

void vmend_init(struct vmend *v, const struct vmend_identity *identity);
void vmend_done(struct vmend *v);

/* The first words. The failures of buf_append. */
int vmend_greet(struct vmend *v, struct buf *out);

/*
 * Takes one event off the front of *in; answers go to out. *body is set for
 * VMEND_DATA and good until the next call. 0, or a failure of buf_append: the
 * peer does not take our answers.
 */
int vmend_next(struct vmend *v, struct slice *in, struct buf *out,
               enum vmend_event *ret_event, struct slice *body);

#endif
