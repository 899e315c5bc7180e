/*
 * telnet_decode.h - TELNET byte stream -> events (RFC 854, RFC 855).
 *
 * No I/O, no callbacks, no clock. The caller owns everything: it feeds bytes,
 * takes one event at a time, and may stop after any of them. What a peer sends
 * cannot fail: every byte has a meaning, if only that it is ignored.
 *
 * Memory is asked for only by a subnegotiation that does not lie whole in one
 * input or has a doubled 255 in it; TELNET_SUBOPTION_MAX bounds it.
 */
#ifndef PROTO_TELNET_DECODE_H
#define PROTO_TELNET_DECODE_H

#include "base/buf.h"
#include "base/slice.h"
#include "proto/telnet.h"

#include <stdbool.h>

enum telnet_event {
    TELNET_NEED_MORE,   /* all input used; feed more later */
    TELNET_DATA,        /* body: bytes of the stream, IAC IAC undone */
    TELNET_COMMAND,     /* verb: NOP, BRK, AYT, ...; also what RFC 854 does
                         * not have (EOR, ...): ignore what means nothing */
    TELNET_NEGOTIATION, /* verb: WILL, WONT, DO or DONT; option */
    TELNET_SUBOPTION,   /* option; body: parameters, IAC IAC undone */
    TELNET_OVERSIZED,   /* option; a subnegotiation over the maximum was
                         * (or that found no memory) was dropped; reported
                         * once, when the limit is passed */
};

struct telnet_item {
    uint8_t verb;
    uint8_t option;
    struct slice body;
};

/*
 * How NVT line ends are undone while the peer does not send BINARY (RFC 854,
 * "The NVT printer and keyboard") depends on who the peer is. Commands between
 * a CR and what belongs to it do not part them.
 */
enum telnet_line_ends {
    TELNET_LINES_BINARY,   /* every byte as it is */
    TELNET_LINES_KEYBOARD, /* CR LF and CR NUL -> CR: a client's Enter */
    TELNET_LINES_PRINTER,  /* CR NUL -> CR, CR LF stays: a VM's output */
};

/* Where in the grammar of RFC 854 the next byte stands. */
enum telnet_decoder_state {
    TELNET_IN_DATA,
    TELNET_IN_COMMAND,     /* behind an IAC, outside a subnegotiation */
    TELNET_IN_NEGOTIATION, /* behind WILL, WONT, DO or DONT: the option comes */
    TELNET_IN_SB,          /* behind SB: the option comes */
    TELNET_IN_BODY,        /* of a subnegotiation */
    TELNET_IN_BODY_IAC,    /* behind an IAC in there */
    TELNET_IN_BODY_SKIP,   /* behind WILL, ... in there: an option that means
                            * nothing there comes */
    TELNET_DECODER_STATE_COUNT,
};

/* What the peer may leave half-done between two inputs. */
struct telnet_decoder {
    struct buf suboption; /* body so far, when it did not lie in one input */
    uint8_t state;        /* enum telnet_decoder_state */
    uint8_t verb;
    uint8_t option;
    uint8_t lines; /* enum telnet_line_ends; the owner sets it any time */
    bool after_cr; /* a CR went out as data; what follows may belong to it */
    bool is_oversized;
};

void telnet_decoder_init(struct telnet_decoder *d, enum telnet_line_ends lines);
void telnet_decoder_done(struct telnet_decoder *d);

/*
 * Takes one event off the front of *in. Slices in *item point into *in or
 * into *d and are good until the next call. A CR is handed out at once, never
 * held back for what may follow it. DATA bodies are as long as they can be:
 * the decoder looks for IAC (and CR where lines ask for it) with memchr, and a
 * pair IAC IAC costs a slice's end, not a slice of its own.
 *
 * Inside a subnegotiation IAC followed by anything but IAC or SE is ignored
 * (with the option byte behind WILL, WONT, DO, DONT); IAC SE outside one is
 * ignored. Neither ever shows up as data.
 */
enum telnet_event telnet_next(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item);

/*
 * The fast way for bulk data: copies data off the front of *in to `to`, IAC
 * IAC undone, at most room bytes, and returns how many. Stops at the first
 * thing that is no data, and at an IAC that is the last byte of *in; there,
 * in the middle of a command, and while lines are not binary, it returns 0:
 * telnet_next goes on. Writes nothing behind what it returns: there may be
 * bytes of a ring that still count.
 */
size_t telnet_copy_data(struct telnet_decoder *d, struct slice *in, uint8_t *to,
                        size_t room);

/* "data", "command", ...; "?" for what is none. */
const char *telnet_decoder_state_name(enum telnet_decoder_state state);

#endif
