/*
 * telpeer.h - one telnet endpoint: decoder, option machines, answers.
 *
 * Feeds bytes through a decoder, answers negotiations, and tells the owner
 * about data, commands, subnegotiations and changed options. Bytes to be sent
 * are appended to the owner's buf. No I/O, no clock.
 *
 * The owner's policy says which options may be on in which direction. Any other
 * option is refused each time it is requested, without memory.
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

/* A row for each known option; static const of the owner, outlives the
 * endpoint. */
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
    TELPEER_DATA,    /* body */
    TELPEER_COMMAND, /* verb */
    /* option, side, is_on: the peer has settled this option: it went on or off,
     * or the peer refused our request or confirmed our disabling (is_on is
     * false). Told once for each. */
    TELPEER_OPTION,
    /* option, body; only for options that are on in a direction, others are
     * ignored */
    TELPEER_SUBOPTION,
    TELPEER_OVERSIZED, /* option: the connection must be closed */
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
 * Takes one event off the front of *in; answers are appended to out. Slices in
 * *item are valid until the next call. 0, or the failure of buf_append if an
 * answer did not fit: the connection must be closed then. (It cannot happen to
 * an owner that stops reading while much is queued.)
 *
 * The decoder's line ends follow BINARY: binary while the peer's WILL BINARY is
 * agreed, policy->nvt_lines before and after.
 */
int telpeer_next(struct telpeer *p, struct slice *in, struct buf *out,
                 enum telpeer_event *ret_event, struct telpeer_item *item);

/* telnet_copy_data of this endpoint's decoder. */
static inline size_t telpeer_copy_data(struct telpeer *p, struct slice *in,
                                       uint8_t *to, size_t room)
{
    return telnet_copy_data(&p->decoder, in, to, room);
}

/* True if the next byte is whole data: no command, and not half of a doubled
 * byte alone. */
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

/* Requests an option that is in the policy, whether the policy agrees to it or
 * not: appends WILL/DO or WONT/DONT unless that was said before. Fails as
 * buf_append does. */
int telpeer_enable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                   struct buf *out);
int telpeer_disable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                    struct buf *out);

/* TELOPT_OFF for an option that is not in the policy. */
enum telopt_state telpeer_state(const struct telpeer *p, enum telpeer_side side,
                                uint8_t option);

static inline bool telpeer_is_on(const struct telpeer *p,
                                 enum telpeer_side side, uint8_t option)
{
    return telpeer_state(p, side, option) == TELOPT_ON;
}

#endif
