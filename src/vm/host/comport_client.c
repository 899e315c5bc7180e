#include "vm/host/comport_client.h"

#include "proto/telnet_encode.h"

enum { REQUESTS = 7 };

enum {
    MODEM_STATES = COMPORT_MODEM_DCD | COMPORT_MODEM_RI | COMPORT_MODEM_DSR |
                   COMPORT_MODEM_CTS,
};

void comport_client_init(struct comport_client *c, const struct uart *uart,
                         const struct comport_told *told)
{
    *c = (struct comport_client){
        .uart = uart,
        .may_tell = told == NULL,
    };
    if (told != NULL)
        c->told = *told;
}

/* Lists the requests that describe a port. */
static void list_requests(const struct uart *u,
                          struct comport_message requests[REQUESTS])
{
    const struct comport_message all[REQUESTS] = {
        { .command = COMPORT_SET_BAUDRATE, .value = u->baud },
        { .command = COMPORT_SET_DATASIZE, .value = u->data_bits },
        { .command = COMPORT_SET_PARITY, .value = u->parity },
        { .command = COMPORT_SET_STOPSIZE, .value = u->stop_bits },
        { .command = COMPORT_SET_CONTROL, .value = u->flow },
        { .command = COMPORT_SET_CONTROL,
          .value = u->lines & UART_DTR ? COMPORT_DTR_ON : COMPORT_DTR_OFF },
        { .command = COMPORT_SET_CONTROL,
          .value = u->lines & UART_RTS ? COMPORT_RTS_ON : COMPORT_RTS_OFF },
    };

    memcpy(requests, all, sizeof all);
}

static int put(struct buf *out, enum comport_command command, uint32_t value)
{
    const struct comport_message m = { .command = command, .value = value };

    return comport_put(out, COMPORT_CLIENT, &m);
}

int comport_client_tell(struct comport_client *c, struct buf *out)
{
    struct comport_message now[REQUESTS];
    struct comport_message told[REQUESTS];
    int r = 0;

    if (!c->is_on || !c->may_tell)
        return 0;
    list_requests(c->uart, now);
    list_requests(&c->told.uart, told);
    for (int i = 0; i < REQUESTS && r == 0; i++)
        if (!c->told.is_known || now[i].value != told[i].value)
            r = comport_put(out, COMPORT_CLIENT, &now[i]);
    c->told = (struct comport_told){ *c->uart, true };
    return r;
}

/* Masks belong to the connection, so a move's destination sends them too. */
int comport_client_start(struct comport_client *c, struct buf *out)
{
    int r;

    c->is_on = true;
    r = comport_client_tell(c, out);
    if (r == 0)
        r = put(out, COMPORT_SET_LINESTATE_MASK, COMPORT_LINE_BREAK);
    if (r == 0)
        r = put(out, COMPORT_SET_MODEMSTATE_MASK,
                COMPORT_MODEMSTATE_MASK_DEFAULT);
    return r;
}

/* Forgets what was sent, because a peer that switches the option off and on has
 * forgotten it too. Not for a destination that may not send settings yet: what
 * its source has sent still holds. */
void comport_client_stop(struct comport_client *c)
{
    const struct comport_told told = c->told;

    comport_client_init(c, c->uart, c->may_tell ? NULL : &told);
}

int comport_client_put_break(const struct comport_client *c, struct buf *out)
{
    int r;

    if (!c->is_on)
        return telnet_put_command(out, TELNET_BRK);
    r = put(out, COMPORT_SET_CONTROL, COMPORT_BREAK_ON);
    return r < 0 ? r : put(out, COMPORT_SET_CONTROL, COMPORT_BREAK_OFF);
}

static enum comport_news see_lines(struct comport_client *c, uint32_t state)
{
    uint8_t seen = (uint8_t)(state & MODEM_STATES);

    if (c->has_seen && seen == c->seen)
        return COMPORT_NEWS_NONE;
    c->has_seen = true;
    c->seen = seen;
    return COMPORT_NEWS_LINES;
}

static enum comport_news see_break(struct comport_client *c, uint32_t state)
{
    bool is_on = (state & COMPORT_LINE_BREAK) != 0;

    if (is_on == c->sees_break)
        return COMPORT_NEWS_NONE;
    c->sees_break = is_on;
    return is_on ? COMPORT_NEWS_BREAK_ON : COMPORT_NEWS_BREAK_OFF;
}

/* Groups those values of SET-CONTROL that exclude each other. */
static int control_group(uint32_t value)
{
    if (value >= COMPORT_BREAK_STATE && value <= COMPORT_BREAK_OFF)
        return COMPORT_BREAK_STATE;
    if (value >= COMPORT_DTR_STATE && value <= COMPORT_DTR_OFF)
        return COMPORT_DTR_STATE;
    if (value >= COMPORT_RTS_STATE && value <= COMPORT_RTS_OFF)
        return COMPORT_RTS_STATE;
    if ((value >= COMPORT_INBOUND_FLOW_STATE &&
         value <= COMPORT_INBOUND_FLOW_HARDWARE) ||
        value == COMPORT_INBOUND_FLOW_DTR)
        return COMPORT_INBOUND_FLOW_STATE;
    return COMPORT_FLOW_STATE;
}

/* True if answer belongs to this request. */
static bool answers(const struct comport_message *answer,
                    const struct comport_message *request)
{
    return answer->command == request->command &&
           (answer->command != COMPORT_SET_CONTROL ||
            control_group(answer->value) == control_group(request->value));
}

static enum comport_news take_answer(struct comport_client *c,
                                     const struct comport_message *answer)
{
    struct comport_message told[REQUESTS];

    if (!c->told.is_known)
        return COMPORT_NEWS_NONE;
    list_requests(&c->told.uart, told);
    /* An answer with our own value only confirms; another value is news. */
    for (int i = 0; i < REQUESTS; i++) {
        if (!answers(answer, &told[i]) || answer->value == told[i].value)
            continue;
        c->answer = *answer;
        return COMPORT_NEWS_SETTING;
    }
    return COMPORT_NEWS_NONE;
}

/* Our name is only sent to a peer that asks without giving its own: two peers
 * that answered each other's names would never stop. */
static int answer_signature(struct slice theirs, struct buf *out)
{
    const struct comport_message ours = {
        .command = COMPORT_SIGNATURE,
        .text = slice_of_text("vspc-vm " VSPCD_VERSION),
    };

    return theirs.len > 0 ? 0 : comport_put(out, COMPORT_CLIENT, &ours);
}

int comport_client_handle(struct comport_client *c, struct slice body,
                          struct buf *out, enum comport_news *ret_news)
{
    struct comport_message m;

    *ret_news = COMPORT_NEWS_NONE;
    if (!c->is_on || comport_parse(COMPORT_CLIENT, body, &m) != COMPORT_OK)
        return 0;
    switch (m.command) {
    case COMPORT_SIGNATURE:
        return answer_signature(m.text, out);
    case COMPORT_NOTIFY_LINESTATE:
        *ret_news = see_break(c, m.value);
        break;
    case COMPORT_NOTIFY_MODEMSTATE:
        *ret_news = see_lines(c, m.value);
        break;
    case COMPORT_FLOWCONTROL_SUSPEND:
        c->is_suspended = true;
        break;
    case COMPORT_FLOWCONTROL_RESUME:
        if (c->is_suspended)
            *ret_news = COMPORT_NEWS_RESUMED;
        c->is_suspended = false;
        break;
    case COMPORT_SET_BAUDRATE:
    case COMPORT_SET_DATASIZE:
    case COMPORT_SET_PARITY:
    case COMPORT_SET_STOPSIZE:
    case COMPORT_SET_CONTROL:
        *ret_news = take_answer(c, &m);
        break;
    case COMPORT_SET_LINESTATE_MASK:
    case COMPORT_SET_MODEMSTATE_MASK:
    case COMPORT_PURGE_DATA:
    case COMPORT_COMMAND_COUNT:
        break;
    }
    return 0;
}
