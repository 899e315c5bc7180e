/*
 * telpeer.h - one telnet endpoint: decoder, option machines, answers.
 *
 * Feeds bytes through a decoder, answers negotiation by itself and tells the
 * owner about data, commands, subnegotiations and options that changed. What
 * has to be sent is appended to a buf of the owner. No I/O, no clock.
 *
 * The owner says with a policy which options may be on in which direction;
 * any other option is refused each time it is asked for, without memory.
 */
#ifndef PROTO_TELPEER_H
#define PROTO_TELPEER_H

#include "proto/telnet_decode.h"
#include "proto/telopt.h"

enum { TELPEER_OPTION_MAX = 8 };

enum telpeer_side {
    TELPEER_US,   /* we perform the option: WILL from us, DO from the peer */
    TELPEER_PEER, /* the peer performs it: DO from us, WILL from the peer */
};

/* A row per known option; static const of the owner, outlives the endpoint. */
struct telpeer_policy {
    struct telpeer_option {
        uint8_t option;
        bool may_us;   /* we agree to a DO */
        bool may_peer; /* we agree to a WILL */
    } options[TELPEER_OPTION_MAX];
    uint8_t count;
    enum telnet_line_ends nvt_lines; /* while the peer does not send BINARY */
};

enum telpeer_event {
    TELPEER_NEED_MORE,
    TELPEER_DATA,      /* body */
    TELPEER_COMMAND,   /* verb */
    TELPEER_OPTION,    /* option, side, is_on: the peer's word settled this
                        * option: it went on or off, or our request for it
                        * was refused or our disabling confirmed (is_on is
                        * false); each at most once */
    TELPEER_SUBOPTION, /* option, body; only for options that are on in a
                        * direction, others are ignored */
    TELPEER_OVERSIZED, /* option: close the connection */
};

struct telpeer_item {
    uint8_t verb;
    uint8_t option;
    uint8_t side; /* enum telpeer_side */
    bool is_on;
    struct slice body;
};

struct telpeer {
    struct telnet_decoder decoder;
    const struct telpeer_policy *policy;
    /* A nibble for each side of an option: enum telopt_state. */
    uint8_t states[TELPEER_OPTION_MAX];
};

void telpeer_init(struct telpeer *p, const struct telpeer_policy *policy);
void telpeer_done(struct telpeer *p);

/*
 * Takes one event off the front of *in; answers go to out. Slices in *item are
 * good until the next call. 0, or the failure of buf_append when an answer did
 * not fit: the connection must be closed then (an owner that stops reading
 * while much is queued never sees it).
 *
 * The decoder's line ends follow BINARY by themselves: binary as soon as the
 * peer's WILL BINARY is agreed on, policy->nvt_lines before and after.
 */
int telpeer_next(struct telpeer *p, struct slice *in, struct buf *out,
                 enum telpeer_event *ret_event, struct telpeer_item *item);

/* telnet_copy_data of this endpoint's decoder. */
static inline size_t telpeer_copy_data(struct telpeer *p, struct slice *in,
                                       uint8_t *to, size_t room)
{
    return telnet_copy_data(&p->decoder, in, to, room);
}

/* Whether what comes next is data, and whole: no command, and not the first
 * half alone of a doubled byte. */
static inline bool telpeer_is_data_next(const struct telpeer *p,
                                        struct slice in)
{
    if (in.len == 0)
        return false;
    if (p->decoder.state == TELNET_IN_COMMAND)
        return in.data[0] == TELNET_IAC;
    return p->decoder.state == TELNET_IN_DATA &&
           (in.data[0] != TELNET_IAC ||
            (in.len > 1 && in.data[1] == TELNET_IAC));
}

/* Asks for an option that the policy has a row for, agreed to or not: appends
 * WILL/DO or WONT/DONT unless that was said before. The failures of
 * buf_append. */
int telpeer_enable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                   struct buf *out);
int telpeer_disable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                    struct buf *out);

/* TELOPT_OFF for an option that the policy does not know. */
enum telopt_state telpeer_state(const struct telpeer *p, enum telpeer_side side,
                                uint8_t option);

static inline bool telpeer_is_on(const struct telpeer *p,
                                 enum telpeer_side side, uint8_t option)
{
    return telpeer_state(p, side, option) == TELOPT_ON;
}

#endif
