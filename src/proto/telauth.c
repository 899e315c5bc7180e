#include "proto/telauth.h"

#include "proto/telnet.h"

/* RFC 2941, section 2; type and steps of SSL as telnet-ssl and C-Kermit have
 * them. */
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
