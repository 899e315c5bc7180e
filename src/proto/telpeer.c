#include "proto/telpeer.h"

#include "proto/telnet_encode.h"

#include <assert.h>

/* There is one for each connection. */
static_assert(sizeof(struct telpeer) <= 64, "one cache line");
static_assert(TELOPT_STATE_COUNT <= 16, "a state fits into a nibble");

void telpeer_init(struct telpeer *p, const struct telpeer_policy *policy)
{
    assert(policy->count <= TELPEER_OPTION_MAX);
    *p = (struct telpeer){ .policy = policy };
    telnet_decoder_init(&p->decoder, policy->nvt_lines);
}

void telpeer_done(struct telpeer *p)
{
    telnet_decoder_done(&p->decoder);
}

/* The option's row in the policy; -1: it has none. */
static int find_option(const struct telpeer *p, uint8_t option)
{
    for (int i = 0; i < p->policy->count; i++)
        if (p->policy->options[i].option == option)
            return i;
    return -1;
}

static enum telopt_state get_state(const struct telpeer *p, int i,
                                   enum telpeer_side side)
{
    unsigned pair = p->states[i];

    return (enum telopt_state)(side == TELPEER_US ? pair & 15 : pair >> 4);
}

static void set_state(struct telpeer *p, int i, enum telpeer_side side,
                      enum telopt_state state)
{
    unsigned pair = p->states[i];

    if (side == TELPEER_US)
        pair = (pair & 0xf0) | (unsigned)state;
    else
        pair = (pair & 15) | ((unsigned)state << 4);
    p->states[i] = (uint8_t)pair;
}

/* The verb for our side (WILL) or for the peer's (DO). */
static enum telnet_verb reply_verb(enum telpeer_side side,
                                   enum telopt_reply reply)
{
    if (side == TELPEER_US)
        return reply == TELOPT_SAY_YES ? TELNET_WILL : TELNET_WONT;
    return reply == TELOPT_SAY_YES ? TELNET_DO : TELNET_DONT;
}

/* The peer sends BINARY until it has confirmed our DONT. */
static void follow_binary(struct telpeer *p, enum telopt_state state)
{
    bool is_binary = state == TELOPT_ON || state == TELOPT_WANT_OFF ||
                     state == TELOPT_WANT_OFF_THEN_ON;

    p->decoder.lines =
        (uint8_t)(is_binary ? TELNET_LINES_BINARY : p->policy->nvt_lines);
}

/* Moves one machine and appends its answer; on failure changes nothing. */
static int apply(struct telpeer *p, int i, enum telpeer_side side,
                 enum telopt_input input, struct buf *out)
{
    struct telopt_step next = telopt_step(get_state(p, i, side), input);
    uint8_t option = p->policy->options[i].option;

    if (next.reply != TELOPT_SAY_NOTHING) {
        int r = telnet_put_negotiation(
            out, reply_verb(side, (enum telopt_reply)next.reply), option);

        if (r < 0)
            return r;
    }
    set_state(p, i, side, (enum telopt_state)next.state);
    if (side == TELPEER_PEER && option == TELNET_OPTION_BINARY)
        follow_binary(p, (enum telopt_state)next.state);
    return 0;
}

/*
 * 1 and *item filled if an option was settled; 0: the owner need not know.
 *
 * An option without a row has no state: it is off and stays off, so a request
 * is refused each time, and a refusal needs no answer. A peer can therefore
 * neither use up memory with options nor cause an endless exchange.
 */
static int negotiate(struct telpeer *p, const struct telnet_item *said,
                     struct buf *out, struct telpeer_item *item)
{
    bool is_yes = said->verb == TELNET_WILL || said->verb == TELNET_DO;
    enum telpeer_side side =
        said->verb == TELNET_WILL || said->verb == TELNET_WONT ? TELPEER_PEER
                                                               : TELPEER_US;
    int i = find_option(p, said->option);
    const struct telpeer_option *row;
    enum telopt_state before, after;
    enum telopt_input input = TELOPT_PEER_NO;
    int r;

    if (i < 0)
        return is_yes ? telnet_put_negotiation(
                            out, reply_verb(side, TELOPT_SAY_NO), said->option)
                      : 0;
    row = &p->policy->options[i];
    before = get_state(p, i, side);
    if (is_yes)
        input = (side == TELPEER_US ? row->may_us : row->may_peer)
                    ? TELOPT_PEER_YES_AGREED
                    : TELOPT_PEER_YES_REFUSED;
    r = apply(p, i, side, input, out);
    if (r < 0)
        return r;
    after = get_state(p, i, side);
    if (after == before || (after != TELOPT_ON && after != TELOPT_OFF))
        return 0;
    item->option = said->option;
    item->side = (uint8_t)side;
    item->is_on = after == TELOPT_ON;
    return 1;
}

static bool is_on_somewhere(const struct telpeer *p, uint8_t option)
{
    return telpeer_is_on(p, TELPEER_US, option) ||
           telpeer_is_on(p, TELPEER_PEER, option);
}

/* Handles one event of the decoder. 1: the owner must be told; 0: it need
 * not. */
static int handle(struct telpeer *p, enum telnet_event event,
                  const struct telnet_item *said, struct buf *out,
                  enum telpeer_event *ret_event, struct telpeer_item *item)
{
    int r;

    item->body = said->body;
    item->verb = said->verb;
    item->option = said->option;
    switch (event) {
    case TELNET_NEED_MORE:
        *ret_event = TELPEER_NEED_MORE;
        return 1;
    case TELNET_DATA:
        *ret_event = TELPEER_DATA;
        return 1;
    case TELNET_COMMAND:
        *ret_event = TELPEER_COMMAND;
        return 1;
    case TELNET_NEGOTIATION:
        r = negotiate(p, said, out, item);
        if (r > 0)
            *ret_event = TELPEER_OPTION;
        return r;
    case TELNET_SUBOPTION:
        *ret_event = TELPEER_SUBOPTION;
        return is_on_somewhere(p, said->option);
    case TELNET_OVERSIZED:
        *ret_event = TELPEER_OVERSIZED;
        return 1;
    }
    assert(false);
    return 0;
}

int telpeer_next(struct telpeer *p, struct slice *in, struct buf *out,
                 enum telpeer_event *ret_event, struct telpeer_item *item)
{
    struct telnet_item said = { 0 };
    int r;

    do {
        enum telnet_event event = telnet_next(&p->decoder, in, &said);

        r = handle(p, event, &said, out, ret_event, item);
    } while (r == 0);
    return r < 0 ? r : 0;
}

static int ask(struct telpeer *p, enum telpeer_side side, uint8_t option,
               enum telopt_input input, struct buf *out)
{
    int i = find_option(p, option);

    assert(i >= 0);
    return apply(p, i, side, input, out);
}

int telpeer_enable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                   struct buf *out)
{
    return ask(p, side, option, TELOPT_ENABLE, out);
}

int telpeer_disable(struct telpeer *p, enum telpeer_side side, uint8_t option,
                    struct buf *out)
{
    return ask(p, side, option, TELOPT_DISABLE, out);
}

enum telopt_state telpeer_state(const struct telpeer *p, enum telpeer_side side,
                                uint8_t option)
{
    int i = find_option(p, option);

    return i < 0 ? TELOPT_OFF : get_state(p, i, side);
}
