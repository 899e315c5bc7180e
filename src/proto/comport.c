/*
 * Option 44 on the wire (RFC 2217, section 3). A message is one subnegotiation,
 *
 *     IAC SB 44 command value IAC SE
 *
 * with 255 doubled. The client's commands are 0 to 12, the server's 100 to 112.
 * Values are one byte, except
 *
 *     SIGNATURE                 text, to the end; an empty one asks for it
 *     SET-BAUDRATE              four bytes, the most significant first
 *     FLOWCONTROL-*             none
 *     NOTIFY-* from the client  none: so pyserial asks for the state
 */
#include "proto/comport.h"

#include "proto/telnet_encode.h"

enum { SERVER_OFFSET = 100, ANY_LEN = -1 };

/* clang-format off */
static const struct row {
    const char *name;
    int len[2]; /* of the value, from enum comport_end */
} rows[COMPORT_COMMAND_COUNT] = {
    [COMPORT_SIGNATURE] =           { "SIGNATURE",           { ANY_LEN, ANY_LEN } },
    [COMPORT_SET_BAUDRATE] =        { "SET-BAUDRATE",        { 4, 4 } },
    [COMPORT_SET_DATASIZE] =        { "SET-DATASIZE",        { 1, 1 } },
    [COMPORT_SET_PARITY] =          { "SET-PARITY",          { 1, 1 } },
    [COMPORT_SET_STOPSIZE] =        { "SET-STOPSIZE",        { 1, 1 } },
    [COMPORT_SET_CONTROL] =         { "SET-CONTROL",         { 1, 1 } },
    [COMPORT_NOTIFY_LINESTATE] =    { "NOTIFY-LINESTATE",    { 0, 1 } },
    [COMPORT_NOTIFY_MODEMSTATE] =   { "NOTIFY-MODEMSTATE",   { 0, 1 } },
    [COMPORT_FLOWCONTROL_SUSPEND] = { "FLOWCONTROL-SUSPEND", { 0, 0 } },
    [COMPORT_FLOWCONTROL_RESUME] =  { "FLOWCONTROL-RESUME",  { 0, 0 } },
    [COMPORT_SET_LINESTATE_MASK] =  { "SET-LINESTATE-MASK",  { 1, 1 } },
    [COMPORT_SET_MODEMSTATE_MASK] = { "SET-MODEMSTATE-MASK", { 1, 1 } },
    [COMPORT_PURGE_DATA] =          { "PURGE-DATA",          { 1, 1 } },
};
/* clang-format on */

static enum comport_end other(enum comport_end end)
{
    return end == COMPORT_CLIENT ? COMPORT_SERVER : COMPORT_CLIENT;
}

static uint32_t read_value(struct slice bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

enum comport_result comport_parse(enum comport_end receiver, struct slice body,
                                  struct comport_message *ret)
{
    unsigned offset = receiver == COMPORT_SERVER ? 0 : SERVER_OFFSET;
    struct slice value;
    unsigned command;
    int len;

    *ret = (struct comport_message){ 0 };
    if (body.len == 0)
        return COMPORT_MALFORMED;
    command = body.data[0] - offset;
    if (command >= COMPORT_COMMAND_COUNT)
        return COMPORT_UNKNOWN;
    value = slice_after(body, 1);
    len = rows[command].len[other(receiver)];
    ret->command = (enum comport_command)command;
    if (len == ANY_LEN) {
        ret->text = value;
        return COMPORT_OK;
    }
    /* A NOTIFY with a state in it asks for the state too. */
    if (len == 0)
        return COMPORT_OK;
    if (value.len != (size_t)len)
        return COMPORT_MALFORMED;
    ret->value = read_value(value);
    return COMPORT_OK;
}

int comport_put(struct buf *out, enum comport_end sender,
                const struct comport_message *message)
{
    const struct row *row = &rows[message->command];
    uint8_t command = (uint8_t)(message->command +
                                (sender == COMPORT_SERVER ? SERVER_OFFSET : 0));
    const uint8_t value[4] = {
        (uint8_t)(message->value >> 24),
        (uint8_t)(message->value >> 16),
        (uint8_t)(message->value >> 8),
        (uint8_t)message->value,
    };
    struct slice pieces[2] = { slice_of(&command, 1), message->text };
    int len = row->len[sender];

    if (len != ANY_LEN)
        pieces[1] = slice_of(value + sizeof value - len, (size_t)len);
    return telnet_put_suboption_pieces(out, TELNET_OPTION_COM_PORT, pieces, 2);
}

const char *comport_command_name(unsigned command)
{
    return command < COMPORT_COMMAND_COUNT ? rows[command].name : "?";
}
