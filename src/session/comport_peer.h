/*
 * comport_peer.h - COM-PORT-OPTION (RFC 2217) with one peer, a VM or a client.
 *
 * The peer is the RFC 2217 client, and vspcd the server, on both sides of the
 * console; docs/rfc2217.md has the tables. Settings are kept in a struct line,
 * the rest of what a peer says in struct comport_peer. What a request means for
 * queues is returned as a wish to the owner, who has the queues.
 */
#ifndef SESSION_COMPORT_PEER_H
#define SESSION_COMPORT_PEER_H

#include "base/buf.h"
#include "core/line.h"

struct comport_peer {
    uint8_t side;        /* enum line_side of the peer */
    uint8_t line_mask;   /* COMPORT_LINE_* that it wants to be told of */
    uint8_t modem_mask;  /* COMPORT_MODEM_* that it wants to be told of */
    uint8_t modem_told;  /* the modem state that it was told last */
    bool is_on;          /* the option is on */
    bool is_suspended;   /* it takes no data now */
    bool is_break;       /* it drives a break */
    bool sees_break;     /* the other side drives a break, and it was told */
    bool has_complained; /* a request of it was logged as ignored */
    bool has_signed;     /* its SIGNATURE was logged */
};

void comport_peer_init(struct comport_peer *e, enum line_side side);

/* What a request leaves to the owner to do. */
enum comport_wish {
    COMPORT_WISH_NOTHING,
    COMPORT_WISH_LINES,      /* pass on that the lines it drives have changed */
    COMPORT_WISH_BREAK,      /* pass on is_break, which may be as before */
    COMPORT_WISH_NO_BREAK,   /* it has asked for a break that it may not make */
    COMPORT_WISH_SUSPEND,    /* is_suspended may have changed */
    COMPORT_WISH_PURGE_TO,   /* drop what waits to go to the peer */
    COMPORT_WISH_PURGE_FROM, /* drop what came from the peer and waits */
    COMPORT_WISH_PURGE_BOTH, /* drop both */
};

struct console;

struct comport_request {
    struct line *line;
    uint8_t *driven; /* lines that the peer drives: LINE_DTR, LINE_RTS */
    uint8_t seen; /* lines that the peer sees: LINE_DSR, LINE_CTS, LINE_DCD */
    bool may_set; /* else what it sets is answered like a question */
    bool may_break;
    /* For the log: */
    const char *peer;
    const struct console *console; /* NULL: not known yet */
};

/*
 * The four functions below append to out, and return 0 or a failure of
 * buf_append.
 *
 * comport_peer_start: the option went on; tells what the peer sees.
 * comport_peer_handle: a subnegotiation came; answers it.
 * comport_peer_tell_lines: the lines that the peer sees may have changed.
 */
int comport_peer_start(struct comport_peer *e, uint8_t seen, struct buf *out);
int comport_peer_handle(struct comport_peer *e,
                        const struct comport_request *request,
                        struct slice body, struct buf *out,
                        enum comport_wish *ret_wish);
int comport_peer_tell_lines(struct comport_peer *e, uint8_t seen,
                            struct buf *out);

/* A break of the other side begins or ends: as NOTIFY-LINESTATE, if the peer's
 * mask has the break, else (its beginning alone) as IAC BRK. */
int comport_peer_tell_break(struct comport_peer *e, bool is_on,
                            struct buf *out);

#endif
