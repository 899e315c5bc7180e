#include "proto/telauth.h"

#include "proto/telnet_encode.h"

/* RFC 2941, section 2; type and steps of SSL as in telnet-ssl and C-Kermit. */
enum { IS = 0, SEND = 1, REPLY = 2 };
enum { TYPE_NULL = 0, TYPE_SSL = 7, MODIFIERS = 0 };
enum { STEP_NONE = 0, STEP_START = 1, STEP_ACCEPT = 2, STEP_REJECT = 3 };

static bool is_ssl(const uint8_t *pair)
{
    return pair[0] == TYPE_SSL && pair[1] == MODIFIERS;
}

static struct telauth_message parse_send(struct slice pairs)
{
    struct telauth_message m = { .kind = TELAUTH_SEND };

    for (size_t i = 0; i + 2 <= pairs.len && !m.offers_ssl; i += 2)
        m.offers_ssl = is_ssl(pairs.data + i);
    return m;
}

struct telauth_message telauth_parse(struct slice body)
{
    const uint8_t *p = body.data;
    struct telauth_message m = { .kind = TELAUTH_OTHER };
    uint8_t step;

    if (body.len >= 1 && p[0] == SEND)
        return parse_send(slice_after(body, 1));
    if (body.len < 1 || (p[0] != IS && p[0] != REPLY))
        return m;
    step = body.len >= 4 && is_ssl(p + 1) ? p[3] : STEP_NONE;
    if (p[0] == IS)
        m.kind = step == STEP_START ? TELAUTH_START : TELAUTH_NULL;
    else if (step == STEP_ACCEPT)
        m.kind = TELAUTH_ACCEPT;
    else
        m.kind = TELAUTH_REJECT;
    return m;
}

int telauth_put(struct buf *out, enum telauth_kind kind)
{
    static const struct {
        uint8_t command, type, step;
    } rows[] = {
        [TELAUTH_SEND] = { SEND, TYPE_SSL, STEP_NONE },
        [TELAUTH_START] = { IS, TYPE_SSL, STEP_START },
        [TELAUTH_NULL] = { IS, TYPE_NULL, STEP_NONE },
        [TELAUTH_ACCEPT] = { REPLY, TYPE_SSL, STEP_ACCEPT },
        [TELAUTH_REJECT] = { REPLY, TYPE_SSL, STEP_REJECT },
    };
    const uint8_t body[] = { rows[kind].command, rows[kind].type, MODIFIERS,
                             rows[kind].step };
    size_t len = rows[kind].step == STEP_NONE ? 3 : 4;

    return telnet_put_suboption(out, TELNET_OPTION_AUTHENTICATION,
                                slice_of(body, len));
}

const char *telauth_kind_name(enum telauth_kind kind)
{
    static const char *const names[TELAUTH_KIND_COUNT] = {
        [TELAUTH_OTHER] = "other",   [TELAUTH_SEND] = "SEND",
        [TELAUTH_START] = "START",   [TELAUTH_NULL] = "NULL",
        [TELAUTH_ACCEPT] = "ACCEPT", [TELAUTH_REJECT] = "REJECT",
    };

    return kind < TELAUTH_KIND_COUNT ? names[kind] : "?";
}

/*
 * A cell that is not written is 0: the input means nothing in that state. This
 * also protects against hostile peers: a message out of turn neither moves the
 * machine nor is answered.
 *
 * There is one exception. A peer that says SEND waits for an answer, perhaps
 * for ever, so a client that has decided already answers NULL. A second SEND
 * while START is under way needs no answer: START is the answer.
 */
struct cell {
    bool is_step;
    struct telauth_step step;
};

/* clang-format off */
#define ON(input, state, say) \
    [TELAUTH_INPUT_##input] = { true, { TELAUTH_STATE_##state, TELAUTH_##say } }
#define SETTLED(state) \
    [TELAUTH_STATE_##state] = { \
        ON(SEND, state, NULL), \
        ON(SEND_NO_SSL, state, NULL), \
    }

static const struct cell
    cells[TELAUTH_SIDE_COUNT][TELAUTH_STATE_COUNT][TELAUTH_INPUT_COUNT] = {
    [TELAUTH_SERVER] = {
        [TELAUTH_STATE_OFFERED] = {
            ON(ON, ASKED, SEND),
            ON(OFF, REFUSED, OTHER),
            ON(GIVE_UP, CLEAR, OTHER),
        },
        [TELAUTH_STATE_ASKED] = {
            ON(OFF, REFUSED, OTHER),
            ON(START, ACCEPTED, ACCEPT),
            ON(NULL, NO_SSL, OTHER),
        },
        /* WONT comes too late here: the next byte shows what the peer does. */
        [TELAUTH_STATE_ACCEPTED] = {
            ON(HELLO, SECURE, OTHER),
            ON(NO_HELLO, CLEAR, OTHER),
        },
    },
    [TELAUTH_CLIENT] = {
        [TELAUTH_STATE_OFFERED] = {
            ON(ON, ASKED, OTHER),
            ON(OFF, REFUSED, OTHER),
            ON(GIVE_UP, CLEAR, OTHER),
        },
        [TELAUTH_STATE_ASKED] = {
            ON(OFF, REFUSED, OTHER),
            ON(SEND, STARTED, START),
            ON(SEND_NO_SSL, NO_SSL, NULL),
        },
        [TELAUTH_STATE_STARTED] = {
            ON(OFF, REFUSED, OTHER),
            ON(ACCEPT, ACCEPTED, OTHER),
            ON(REJECT, REJECTED, OTHER),
        },
        [TELAUTH_STATE_ACCEPTED] = {
            ON(HELLO, SECURE, OTHER),
            ON(NO_HELLO, CLEAR, OTHER),
        },
        SETTLED(SECURE),
        SETTLED(REFUSED),
        SETTLED(NO_SSL),
        SETTLED(REJECTED),
        SETTLED(CLEAR),
    },
};
/* clang-format on */

struct telauth_step telauth_step(enum telauth_side side,
                                 enum telauth_state state,
                                 enum telauth_input input)
{
    const struct cell *cell = &cells[side][state][input];

    if (!cell->is_step)
        return (struct telauth_step){ (uint8_t)state, TELAUTH_OTHER };
    return cell->step;
}

enum telauth_input telauth_input_of(const struct telauth_message *message)
{
    switch ((enum telauth_kind)message->kind) {
    case TELAUTH_SEND:
        return message->offers_ssl ? TELAUTH_INPUT_SEND
                                   : TELAUTH_INPUT_SEND_NO_SSL;
    case TELAUTH_START:
        return TELAUTH_INPUT_START;
    case TELAUTH_NULL:
        return TELAUTH_INPUT_NULL;
    case TELAUTH_ACCEPT:
        return TELAUTH_INPUT_ACCEPT;
    case TELAUTH_REJECT:
        return TELAUTH_INPUT_REJECT;
    case TELAUTH_OTHER:
    case TELAUTH_KIND_COUNT:
        break;
    }
    return TELAUTH_INPUT_OTHER;
}

bool telauth_is_clear(enum telauth_state state)
{
    switch (state) {
    case TELAUTH_STATE_REFUSED:
    case TELAUTH_STATE_NO_SSL:
    case TELAUTH_STATE_REJECTED:
    case TELAUTH_STATE_CLEAR:
        return true;
    default:
        return false;
    }
}

bool telauth_is_holding(enum telauth_side side, enum telauth_state state)
{
    switch (state) {
    case TELAUTH_STATE_ASKED:
        return side == TELAUTH_SERVER; /* the client has said nothing so far */
    case TELAUTH_STATE_STARTED:
    case TELAUTH_STATE_ACCEPTED:
        return true;
    default:
        return false;
    }
}

const char *telauth_state_name(enum telauth_state state)
{
    static const char *const names[TELAUTH_STATE_COUNT] = {
        [TELAUTH_STATE_OFFERED] = "offered",
        [TELAUTH_STATE_ASKED] = "asked",
        [TELAUTH_STATE_STARTED] = "started",
        [TELAUTH_STATE_ACCEPTED] = "accepted",
        [TELAUTH_STATE_SECURE] = "secure",
        [TELAUTH_STATE_REFUSED] = "refused",
        [TELAUTH_STATE_NO_SSL] = "no-ssl",
        [TELAUTH_STATE_REJECTED] = "rejected",
        [TELAUTH_STATE_CLEAR] = "clear",
    };

    return state < TELAUTH_STATE_COUNT ? names[state] : "?";
}
