/*
 * telnet_decode.h - TELNET byte stream -> events (RFC 854, RFC 855).
 *
 * No I/O, no callbacks, no clock. The caller owns everything: it feeds bytes,
 * takes one event at a time, and may stop after any of them. A peer's input
 * cannot fail: every byte has a meaning, if only that it is ignored.
 *
 * Allocates only for a subnegotiation that spans inputs, contains a doubled 255
 * or is NAWS, at most TELNET_SUBOPTION_MAX bytes.
 */
#ifndef PROTO_TELNET_DECODE_H
#define PROTO_TELNET_DECODE_H

#include "base/buf.h"
#include "base/slice.h"
#include "proto/telnet.h"

#include <stdbool.h>

enum telnet_event {
    TELNET_NEED_MORE, /* all input is used; feed more later */
    TELNET_DATA,      /* body: bytes of the stream, IAC IAC undone */
    /* verb: NOP, BRK, AYT, ..., also verbs that RFC 854 does not have (EOR,
     * ...). Ignore those without a meaning. */
    TELNET_COMMAND,
    TELNET_NEGOTIATION, /* verb: WILL, WONT, DO or DONT; option */
    TELNET_SUBOPTION,   /* option; body: parameters, IAC IAC undone */
    /* option. A subnegotiation was dropped, because it is over the maximum or
     * found no memory. Reported once, when the limit is passed. */
    TELNET_OVERSIZED,
};

struct telnet_item {
    uint8_t verb;
    uint8_t option;
    struct slice body;
};

/*
 * How NVT line ends are undone while the peer does not send BINARY (RFC 854,
 * "The NVT printer and keyboard") depends on who the peer is. A CR and the LF
 * or NUL behind it belong together even if commands come between them.
 */
enum telnet_line_ends {
    TELNET_LINES_BINARY,   /* every byte stays */
    TELNET_LINES_KEYBOARD, /* CR LF and CR NUL -> CR: a client's Enter */
    TELNET_LINES_PRINTER,  /* CR NUL -> CR, CR LF stays: a VM's output */
};

/* The place of the next byte in the grammar of RFC 854. */
enum telnet_decoder_state {
    TELNET_IN_DATA,
    TELNET_IN_COMMAND, /* behind an IAC, outside a subnegotiation */
    /* behind WILL, WONT, DO or DONT: next is the option */
    TELNET_IN_NEGOTIATION,
    TELNET_IN_SB,       /* behind SB: next is the option */
    TELNET_IN_BODY,     /* in a subnegotiation */
    TELNET_IN_BODY_IAC, /* behind an IAC in a subnegotiation */
    /* behind WILL, ... in a subnegotiation: next is an option that means
     * nothing there */
    TELNET_IN_BODY_SKIP,
    TELNET_DECODER_STATE_COUNT,
};

/* What can be incomplete between two inputs. */
struct telnet_decoder {
    struct buf suboption; /* start of a body that spans inputs */
    uint8_t state;        /* enum telnet_decoder_state */
    uint8_t verb;
    uint8_t option;
    uint8_t lines; /* enum telnet_line_ends; the owner may set it at any time */
    bool after_cr; /* a CR was handed out; its LF or NUL may follow */
    bool is_oversized;
};

void telnet_decoder_init(struct telnet_decoder *d, enum telnet_line_ends lines);
void telnet_decoder_done(struct telnet_decoder *d);

/*
 * Takes one event off the front of *in. Slices in *item point into *in or *d
 * and are valid until the next call. A CR is handed out at once, never held for
 * what may follow it. DATA bodies are as long as possible: the decoder looks
 * for IAC (and CR, if lines need it) with memchr; a pair IAC IAC ends a slice,
 * but needs no slice of its own.
 *
 * In a subnegotiation, IAC followed by anything but IAC or SE is ignored (with
 * the option byte behind WILL, WONT, DO, DONT). IAC SE outside a subnegotiation
 * is ignored. Neither ever becomes data.
 *
 * NAWS (RFC 1073) is read as clients send it, some of which do not double a
 * 255: see next_in_window in telnet_decode.c.
 */
enum telnet_event telnet_next(struct telnet_decoder *d, struct slice *in,
                              struct telnet_item *item);

/*
 * The fast path for bulk data: copies data off the front of *in to `to`, IAC
 * IAC undone, at most room bytes, and returns how many. Stops at the first byte
 * that is no data, and at an IAC that is the last byte of *in. There, within a
 * command, and while lines are not binary it returns 0, and telnet_next must
 * continue. Writes nothing behind the returned bytes, which may be bytes of a
 * ring that are still kept.
 */
size_t telnet_copy_data(struct telnet_decoder *d, struct slice *in, uint8_t *to,
                        size_t room);

/* "data", "command", ...; "?" for an unknown state. */
const char *telnet_decoder_state_name(enum telnet_decoder_state state);

#endif
