/*
 * comport_peer.h - COM-PORT-OPTION with one peer, VM or client (RFC 2217).
 *
 * The peer is the RFC 2217 client, we are the server on both sides of the
 * console; docs/rfc2217.md has the tables. Settings are kept in a struct line,
 * the rest of what a peer says here. What it asks for beyond that is told to
 * the owner, who owns the queues.
 */
#ifndef SESSION_COMPORT_PEER_H
#define SESSION_COMPORT_PEER_H

#include "base/buf.h"
#include "core/line.h"

struct comport_peer {
    uint8_t side;       /* enum line_side: who the peer is */
    uint8_t line_mask;  /* COMPORT_LINE_* that it wants to hear of */
    uint8_t modem_mask; /* COMPORT_MODEM_* */
    uint8_t modem_told; /* what it has heard last */
    bool is_on;         /* the option is */
    bool is_suspended;  /* no data for it now */
    bool is_break;      /* it drives a break */
    bool sees_break;    /* the other side does */
    bool has_complained;
};

void comport_peer_init(struct comport_peer *e, enum line_side side);

/* What a request leaves to the owner. */
enum comport_wish {
    COMPORT_WISH_NOTHING,
    COMPORT_WISH_LINES,      /* driven has changed */
    COMPORT_WISH_BREAK,      /* is_break was set, once more perhaps */
    COMPORT_WISH_SUSPEND,    /* is_suspended has changed */
    COMPORT_WISH_PURGE_TO,   /* what waits to go to the peer */
    COMPORT_WISH_PURGE_FROM, /* what came from it and waits to go on */
    COMPORT_WISH_PURGE_BOTH,
};

struct console;

struct comport_request {
    struct line *line;
    uint8_t *driven; /* by the peer: LINE_DTR, LINE_RTS */
    uint8_t seen;    /* by the peer: LINE_DSR, LINE_CTS, LINE_DCD */
    /* For the log: */
    const char *peer;
    const struct console *console; /* NULL: not known yet */
};

/*
 * All of these append to out, and return 0 or the failures of buf_append.
 *
 * The option went on: says what the peer sees. Then, for each subnegotiation:
 * answers it. And whenever the lines that it sees may have changed.
 */
int comport_peer_start(struct comport_peer *e, uint8_t seen, struct buf *out);
int comport_peer_handle(struct comport_peer *e,
                        const struct comport_request *request,
                        struct slice body, struct buf *out,
                        enum comport_wish *ret_wish);
int comport_peer_tell_lines(struct comport_peer *e, uint8_t seen,
                            struct buf *out);

/* A break of the other side: as NOTIFY-LINESTATE, if the peer wants to hear
 * of it so, else as IAC BRK. */
int comport_peer_tell_break(struct comport_peer *e, bool is_on,
                            struct buf *out);

#endif
