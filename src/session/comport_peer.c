/*
 * RFC 2217, the server's side, for a VM and for a client alike: vspcd is the
 * server for both, and the console is the null modem between them.
 * docs/rfc2217.md has the tables.
 *
 * Every request but SUSPEND and RESUME gets one answer, and the answer is what
 * holds now, never an echo of what was asked: a peer that set an impossible
 * value learns what it has. What concerns queues (purge, suspension, a break)
 * is a wish that the owner fulfils, so that nothing here depends on the
 * direction.
 */
#include "session/comport_peer.h"

#include "base/text.h"
#include "core/console.h"
#include "log/log.h"
#include "log/log_words.h"
#include "proto/comport.h"
#include "proto/telnet_encode.h"

void comport_peer_init(struct comport_peer *e, enum line_side side)
{
    *e = (struct comport_peer){
        .side = (uint8_t)side,
        .line_mask = COMPORT_LINESTATE_MASK_DEFAULT,
        .modem_mask = COMPORT_MODEMSTATE_MASK_DEFAULT,
    };
}

static uint8_t modem_state(uint8_t seen)
{
    return (uint8_t)((seen & LINE_DSR ? COMPORT_MODEM_DSR : 0) |
                     (seen & LINE_CTS ? COMPORT_MODEM_CTS : 0) |
                     (seen & LINE_DCD ? COMPORT_MODEM_DCD : 0));
}

/* Each line's bit of change is four below its bit of state (RFC 2217,
 * NOTIFY-MODEMSTATE). */
static uint8_t modem_changes(uint8_t before, uint8_t now)
{
    return (uint8_t)((before ^ now) >> 4);
}

static int put(struct buf *out, enum comport_command command, uint32_t value)
{
    const struct comport_message m = { .command = command, .value = value };

    return comport_put(out, COMPORT_SERVER, &m);
}

/* Whatever was agreed on before is forgotten: an option that goes off and on
 * begins anew, with the state told unasked. */
int comport_peer_start(struct comport_peer *e, uint8_t seen, struct buf *out)
{
    comport_peer_init(e, (enum line_side)e->side);
    e->is_on = true;
    e->modem_told = modem_state(seen);
    return put(out, COMPORT_NOTIFY_MODEMSTATE, e->modem_told);
}

/* What was told is noted even if the mask hides it: a later change must be a
 * change against what holds. The mask counts for the state's bits and for those
 * of change. */
int comport_peer_tell_lines(struct comport_peer *e, uint8_t seen,
                            struct buf *out)
{
    uint8_t now = modem_state(seen);
    uint8_t changes = modem_changes(e->modem_told, now);

    if (!e->is_on || changes == 0)
        return 0;
    e->modem_told = now;
    if ((changes & e->modem_mask) == 0 && (changes << 4 & e->modem_mask) == 0)
        return 0;
    return put(out, COMPORT_NOTIFY_MODEMSTATE,
               (uint32_t)(now | changes) & e->modem_mask);
}

/* Without the option, or if its mask hides breaks, the peer gets IAC BRK, which
 * has no end. */
int comport_peer_tell_break(struct comport_peer *e, bool is_on, struct buf *out)
{
    e->sees_break = is_on;
    if (e->is_on && (e->line_mask & COMPORT_LINE_BREAK))
        return put(out, COMPORT_NOTIFY_LINESTATE,
                   is_on ? COMPORT_LINE_BREAK : 0);
    return is_on ? telnet_put_command(out, TELNET_BRK) : 0;
}

/* A request that is malformed or impossible is ignored; the peer is named in
 * the log once, however many it sends. */
static void complain(struct comport_peer *e,
                     const struct comport_request *request, struct slice body)
{
    int command = body.len > 0 ? body.data[0] : -1;

    if (e->has_complained)
        return;
    e->has_complained = true;
    log_limited(
        LOG_INFO, request->peer, console_id(request->console).text,
        LOG_COMPORT_IGNORED " console=%s peer=%s command=%d name=%s bytes=%zu",
        LOG_ANY(console_name(request->console).text), request->peer, command,
        comport_command_name(command >= 0 ? (uint8_t)command : 255), body.len);
}

static void log_line_set(const struct comport_peer *e,
                         const struct comport_request *request)
{
    enum line_side side = (enum line_side)e->side;

    if (!log_has(LOG_DEBUG))
        return;
    log_limited(LOG_DEBUG, request->peer, console_id(request->console).text,
                LOG_COMPORT_LINE
                " console=%s peer=%s line=%s flow=%u inbound-flow=%u lines=%s",
                LOG_ANY(console_name(request->console).text), request->peer,
                line_format(request->line, side).text,
                line_get(request->line, side, LINE_FLOW),
                line_get(request->line, side, LINE_INBOUND_FLOW),
                line_format_lines(*request->driven).text);
}

/* A value of 0 asks, and so does any value of a peer that may not set. Returns
 * what holds afterwards, which is the answer. */
static uint32_t set(const struct comport_peer *e,
                    const struct comport_request *request,
                    enum line_setting what, uint32_t value)
{
    enum line_side side = (enum line_side)e->side;
    uint32_t before = line_get(request->line, side, what);

    if (request->may_set && value != 0 &&
        line_set(request->line, side, what, value) && value != before)
        log_line_set(e, request);
    return line_get(request->line, side, what);
}

/* The three values of a line are state, on and off, one behind the other: 7, 8,
 * 9 for DTR and 10, 11, 12 for RTS. */
static uint32_t set_driven(const struct comport_peer *e,
                           const struct comport_request *request, uint8_t line,
                           uint32_t value, enum comport_control state,
                           enum comport_wish *wish)
{
    uint8_t before = *request->driven;
    uint32_t on = state + 1;

    if (!request->may_set)
        return before & line ? on : on + 1;
    if (value == on)
        *request->driven |= line;
    else if (value != state)
        *request->driven &= (uint8_t)~line;
    if (*request->driven != before) {
        *wish = COMPORT_WISH_LINES;
        log_line_set(e, request);
    }
    return *request->driven & line ? on : on + 1;
}

/* ON is a wish also while the break is on. OFF is one only if it ends a
 * break. */
static uint32_t set_break(struct comport_peer *e,
                          const struct comport_request *request, uint32_t value,
                          enum comport_wish *wish)
{
    if (value == COMPORT_BREAK_ON && !request->may_break) {
        *wish = COMPORT_WISH_NO_BREAK;
        value = COMPORT_BREAK_STATE;
    }
    if (value == COMPORT_BREAK_ON ||
        (value == COMPORT_BREAK_OFF && e->is_break))
        *wish = COMPORT_WISH_BREAK;
    if (value != COMPORT_BREAK_STATE)
        e->is_break = value == COMPORT_BREAK_ON;
    return e->is_break ? COMPORT_BREAK_ON : COMPORT_BREAK_OFF;
}

static bool is_inbound_flow(uint32_t value)
{
    return (value >= COMPORT_INBOUND_FLOW_STATE &&
            value <= COMPORT_INBOUND_FLOW_HARDWARE) ||
           value == COMPORT_INBOUND_FLOW_DTR;
}

/* Returns the state that is the answer; 0: there is no such control. */
static uint32_t control(struct comport_peer *e,
                        const struct comport_request *request, uint32_t value,
                        enum comport_wish *wish)
{
    if (value >= COMPORT_BREAK_STATE && value <= COMPORT_BREAK_OFF)
        return set_break(e, request, value, wish);
    if (value >= COMPORT_DTR_STATE && value <= COMPORT_DTR_OFF)
        return set_driven(e, request, LINE_DTR, value, COMPORT_DTR_STATE, wish);
    if (value >= COMPORT_RTS_STATE && value <= COMPORT_RTS_OFF)
        return set_driven(e, request, LINE_RTS, value, COMPORT_RTS_STATE, wish);
    if (is_inbound_flow(value))
        return set(e, request, LINE_INBOUND_FLOW,
                   value == COMPORT_INBOUND_FLOW_STATE ? 0 : value);
    if (value <= COMPORT_FLOW_DSR)
        return set(e, request, LINE_FLOW, value);
    return 0;
}

/* What the peer calls itself is logged once. */
static int answer_signature(struct comport_peer *e,
                            const struct comport_request *request,
                            struct slice text, struct buf *out)
{
    const struct comport_message ours = {
        .command = COMPORT_SIGNATURE,
        .text = slice_of_text("vspcd " VSPCD_VERSION),
    };
    char theirs[TEXT_ID_MAX + 1];

    if (text.len > 0) {
        text_clean(theirs, sizeof theirs, text);
        log_limited(e->has_signed ? LOG_DEBUG : LOG_INFO, request->peer,
                    console_id(request->console).text,
                    LOG_COMPORT_SIGNATURE " console=%s peer=%s text=%s",
                    LOG_ANY(console_name(request->console).text), request->peer,
                    LOG_TEXT(theirs));
        e->has_signed = true;
    }
    return comport_put(out, COMPORT_SERVER, &ours);
}

static int suspend(struct comport_peer *e, bool is_suspended,
                   enum comport_wish *wish)
{
    e->is_suspended = is_suspended;
    *wish = COMPORT_WISH_SUSPEND;
    return 0;
}

/* RFC 2217 names directions as the server of a device does: data "received"
 * from the line goes to the peer. */
static enum comport_wish purge_wish(uint32_t value)
{
    switch (value) {
    case COMPORT_PURGE_FROM_LINE:
        return COMPORT_WISH_PURGE_TO;
    case COMPORT_PURGE_TO_LINE:
        return COMPORT_WISH_PURGE_FROM;
    case COMPORT_PURGE_BOTH:
        return COMPORT_WISH_PURGE_BOTH;
    default:
        return COMPORT_WISH_NOTHING;
    }
}

int comport_peer_handle(struct comport_peer *e,
                        const struct comport_request *request,
                        struct slice body, struct buf *out,
                        enum comport_wish *ret_wish)
{
    struct comport_message m;
    uint32_t answer = 0;

    *ret_wish = COMPORT_WISH_NOTHING;
    if (comport_parse(COMPORT_SERVER, body, &m) != COMPORT_OK) {
        complain(e, request, body);
        return 0;
    }
    switch (m.command) {
    case COMPORT_SIGNATURE:
        return answer_signature(e, request, m.text, out);
    case COMPORT_SET_BAUDRATE:
        answer = set(e, request, LINE_BAUD, m.value);
        break;
    case COMPORT_SET_DATASIZE:
        answer = set(e, request, LINE_DATA_BITS, m.value);
        break;
    case COMPORT_SET_PARITY:
        answer = set(e, request, LINE_PARITY, m.value);
        break;
    case COMPORT_SET_STOPSIZE:
        answer = set(e, request, LINE_STOP_BITS, m.value);
        break;
    case COMPORT_SET_CONTROL:
        answer = control(e, request, m.value, ret_wish);
        if (answer == 0) {
            complain(e, request, body);
            return 0;
        }
        break;
    case COMPORT_NOTIFY_LINESTATE:
        answer = e->sees_break ? COMPORT_LINE_BREAK : 0;
        break;
    case COMPORT_NOTIFY_MODEMSTATE:
        e->modem_told = modem_state(request->seen);
        answer = e->modem_told;
        break;
    case COMPORT_FLOWCONTROL_SUSPEND:
    case COMPORT_FLOWCONTROL_RESUME:
        return suspend(e, m.command == COMPORT_FLOWCONTROL_SUSPEND, ret_wish);
    case COMPORT_SET_LINESTATE_MASK:
        answer = e->line_mask = (uint8_t)m.value;
        break;
    case COMPORT_SET_MODEMSTATE_MASK:
        answer = e->modem_mask = (uint8_t)m.value;
        break;
    case COMPORT_PURGE_DATA:
        *ret_wish = purge_wish(m.value);
        answer = m.value;
        break;
    case COMPORT_COMMAND_COUNT:
        break;
    }
    return put(out, m.command, answer);
}
