/*
 * comport.h - COM-PORT-OPTION, option 44 (RFC 2217): the settings and lines of
 * a serial port, sent over telnet.
 *
 * Translates between subnegotiation bodies and struct comport_message, for both
 * ends: the client, which asks, and the server, which has the port. No state
 * and no I/O. comport.c opens with the layout.
 */
#ifndef PROTO_COMPORT_H
#define PROTO_COMPORT_H

#include "base/buf.h"
#include "base/slice.h"

/* The client's codes; a server's code is 100 higher. */
enum comport_command {
    COMPORT_SIGNATURE = 0,
    COMPORT_SET_BAUDRATE = 1,
    COMPORT_SET_DATASIZE = 2,
    COMPORT_SET_PARITY = 3,
    COMPORT_SET_STOPSIZE = 4,
    COMPORT_SET_CONTROL = 5,
    COMPORT_NOTIFY_LINESTATE = 6,
    COMPORT_NOTIFY_MODEMSTATE = 7,
    COMPORT_FLOWCONTROL_SUSPEND = 8,
    COMPORT_FLOWCONTROL_RESUME = 9,
    COMPORT_SET_LINESTATE_MASK = 10,
    COMPORT_SET_MODEMSTATE_MASK = 11,
    COMPORT_PURGE_DATA = 12,
    COMPORT_COMMAND_COUNT,
};

/* Values of SET-CONTROL. A value that ends in _STATE asks for a state; the
 * answer is the value below it that holds. */
enum comport_control {
    COMPORT_FLOW_STATE = 0, /* both directions, or towards the line */
    COMPORT_FLOW_NONE = 1,
    COMPORT_FLOW_XON_XOFF = 2,
    COMPORT_FLOW_HARDWARE = 3,
    COMPORT_FLOW_DCD = 17,
    COMPORT_FLOW_DSR = 19,
    COMPORT_BREAK_STATE = 4,
    COMPORT_BREAK_ON = 5,
    COMPORT_BREAK_OFF = 6,
    COMPORT_DTR_STATE = 7,
    COMPORT_DTR_ON = 8,
    COMPORT_DTR_OFF = 9,
    COMPORT_RTS_STATE = 10,
    COMPORT_RTS_ON = 11,
    COMPORT_RTS_OFF = 12,
    COMPORT_INBOUND_FLOW_STATE = 13, /* from the line */
    COMPORT_INBOUND_FLOW_NONE = 14,
    COMPORT_INBOUND_FLOW_XON_XOFF = 15,
    COMPORT_INBOUND_FLOW_HARDWARE = 16,
    COMPORT_INBOUND_FLOW_DTR = 18,
};

/* Bits of NOTIFY-LINESTATE, NOTIFY-MODEMSTATE, and their masks. */
enum {
    COMPORT_LINE_BREAK = 16,

    COMPORT_MODEM_DCD = 128,
    COMPORT_MODEM_RI = 64,
    COMPORT_MODEM_DSR = 32,
    COMPORT_MODEM_CTS = 16,
    /* Set for lines that have changed since the last notification. */
    COMPORT_MODEM_DCD_CHANGED = 8,
    COMPORT_MODEM_RI_ENDED = 4,
    COMPORT_MODEM_DSR_CHANGED = 2,
    COMPORT_MODEM_CTS_CHANGED = 1,

    COMPORT_LINESTATE_MASK_DEFAULT = 0,
    COMPORT_MODEMSTATE_MASK_DEFAULT = 255,
};

/* Values of PURGE-DATA, named from the server's side. */
enum comport_purge {
    COMPORT_PURGE_FROM_LINE = 1, /* the receive buffer */
    COMPORT_PURGE_TO_LINE = 2,   /* the transmit buffer */
    COMPORT_PURGE_BOTH = 3,
};

enum comport_end { COMPORT_CLIENT, COMPORT_SERVER };

struct comport_message {
    enum comport_command command;
    /* one byte; for the baud rate four. 0 asks for the setting */
    uint32_t value;
    struct slice text; /* SIGNATURE: borrowed, any bytes; empty asks for it */
};

enum comport_result {
    COMPORT_OK = 0,
    COMPORT_UNKNOWN,   /* no command of RFC 2217 for this end: ignore it */
    COMPORT_MALFORMED, /* a known command of the wrong length: ignore it */
};

/* Reads a subnegotiation's body that this end has received. */
enum comport_result comport_parse(enum comport_end receiver, struct slice body,
                                  struct comport_message *ret);

/* Appends IAC SB 44 ... IAC SE; fails as buf_append does. */
int comport_put(struct buf *out, enum comport_end sender,
                const struct comport_message *message);

/* "SET-BAUDRATE", ...; "?" for a command that RFC 2217 does not have. */
const char *comport_command_name(unsigned command);

#endif
