/*
 * telnet.h - TELNET byte stream <-> events (RFC 854, RFC 855).
 *
 * No I/O, no callbacks, no clock. The caller owns everything: it feeds bytes,
 * takes one event at a time, and may stop after any of them. What a peer sends
 * cannot fail: every byte has a meaning, if only that it is ignored.
 *
 * Memory is asked for only by a subnegotiation that does not lie whole in one
 * input or has a doubled 255 in it; TELNET_SUBOPTION_MAX bounds it.
 */
#ifndef PROTO_TELNET_H
#define PROTO_TELNET_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <sys/uio.h>

enum telnet_verb {
    TELNET_SE = 240,
    TELNET_NOP = 241,
    TELNET_DATA_MARK = 242,
    TELNET_BRK = 243,
    TELNET_IP = 244,
    TELNET_AO = 245,
    TELNET_AYT = 246,
    TELNET_EC = 247,
    TELNET_EL = 248,
    TELNET_GA = 249,
    TELNET_SB = 250,
    TELNET_WILL = 251,
    TELNET_WONT = 252,
    TELNET_DO = 253,
    TELNET_DONT = 254,
    TELNET_IAC = 255,
};

enum telnet_option {
    TELNET_OPTION_BINARY = 0,          /* RFC 856 */
    TELNET_OPTION_ECHO = 1,            /* RFC 857 */
    TELNET_OPTION_SGA = 3,             /* RFC 858 */
    TELNET_OPTION_AUTHENTICATION = 37, /* RFC 2941 */
    TELNET_OPTION_COM_PORT = 44,       /* RFC 2217 */
    TELNET_OPTION_VMWARE = 232,        /* VMware's guide, chapter 2 */
};

enum {
    /* Bytes of a subnegotiation's body; longer ones end the connection. */
    TELNET_SUBOPTION_MAX = 16384,
};

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

/* What the peer may leave half-done between two inputs. */
struct telnet_decoder {
    struct buf suboption; /* body so far, when it did not lie in one input */
    uint8_t state;
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

/*
 * Sending data. An encoder remembers what the last write left half-done: the
 * second half of a doubled 255 or, in NVT mode, what a CR still needs behind
 * it (NUL, unless an LF comes). Starts as { 0 }: BINARY, nothing half-done.
 *
 * is_nvt may change between any two writes. A CR that then still waits for
 * what is behind it needs nothing more: a receiver that was told of BINARY by
 * the command in between takes a NUL for data, and with NVT rules coming back
 * a CR of binary data was no line end.
 */
struct telnet_encoder {
    bool owes_iac; /* one half of a doubled 255 went out, the other must */
    bool after_cr; /* NVT: a CR went out, nothing behind it yet */
    bool is_nvt;   /* BINARY is off in this direction; the owner sets it */
    bool is_raw;   /* no telnet at all: nothing doubled; the owner sets it */
};

enum {
    /* A byte owed, and for each input a NUL, a long run of it and scratch. */
    TELNET_BATCH_PARTS = 7,
    /* One read's worth of bytes, and some more for those that are doubled. */
    TELNET_BATCH_SCRATCH = 72 * 1024,
};

/*
 * One writev's worth. Points into the data that was encoded where nothing in
 * it has to be doubled (text has no 255: it is never copied), else into
 * scratch: short runs cost less to copy than as a part of a writev each.
 * Large: one for a program, not one for a connection.
 */
struct telnet_batch {
    struct iovec part[TELNET_BATCH_PARTS];
    int count;
    size_t taken; /* bytes of the input that it covers */
    size_t bytes; /* bytes on the wire */
    struct slice in[2];
    struct telnet_encoder after; /* the encoder's state when all is sent */
    size_t scratch_len;
    uint8_t scratch[TELNET_BATCH_SCRATCH];
};

/*
 * Lays out in[0] then in[1] for one writev, or as much of them as fits the
 * batch. Changes nothing but *batch.
 */
void telnet_encode(const struct telnet_encoder *e, const struct slice in[2],
                   struct telnet_batch *batch);

/*
 * After a writev of that batch took sent bytes (0 to batch->bytes): brings the
 * encoder up to date and returns how many input bytes are done with. Where the
 * write stopped inside a doubled byte, it counts as done and is owed. The
 * bytes that were encoded must still be there, and the modes unchanged.
 */
size_t telnet_encode_sent(struct telnet_encoder *e,
                          const struct telnet_batch *batch, size_t sent);

/* True if something must go out before any command may be put in between. */
static inline bool telnet_encoder_owes(const struct telnet_encoder *e)
{
    return e->owes_iac;
}

/*
 * The same by copying: appends the encoded bytes to out. All or nothing, the
 * failures of buf_append. What is owed goes into an empty out; with something
 * in out it stays owed, because it must be sent before that.
 */
int telnet_encode_append(struct telnet_encoder *e, struct slice in,
                         struct buf *out);

/* Appending commands; the failures of buf_append, all or nothing. */
int telnet_put_command(struct buf *out, enum telnet_verb verb);
int telnet_put_negotiation(struct buf *out, enum telnet_verb verb,
                           uint8_t option);
/* body is doubled where needed; option is none that would need it (255). */
int telnet_put_suboption(struct buf *out, uint8_t option, struct slice body);
/* The same with a body that is made up of count pieces. */
int telnet_put_suboption_pieces(struct buf *out, uint8_t option,
                                const struct slice *pieces, size_t count);

/* "WILL", "AYT", ...; "?" for what is no verb. */
const char *telnet_verb_name(uint8_t verb);

#endif
