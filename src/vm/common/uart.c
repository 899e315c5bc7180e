#include "vm/common/uart.h"

#include "net/terminal.h"
#include "proto/comport.h"

#include <termios.h>

enum { PARITY_NONE = 1, PARITY_ODD, PARITY_EVEN, PARITY_MARK, PARITY_SPACE };

void uart_init(struct uart *u, uint32_t baud, uint8_t lines)
{
    *u = (struct uart){
        .baud = baud,
        .data_bits = 8,
        .parity = PARITY_NONE,
        .stop_bits = 1,
        .flow = COMPORT_FLOW_NONE,
        .lines = lines,
    };
}

static uint8_t data_bits_of(tcflag_t cflag)
{
    switch (cflag & CSIZE) {
    case CS5:
        return 5;
    case CS6:
        return 6;
    case CS7:
        return 7;
    default:
        return 8;
    }
}

static uint8_t parity_of(tcflag_t cflag)
{
    bool is_odd = (cflag & PARODD) != 0;

    if (!(cflag & PARENB))
        return PARITY_NONE;
    if (cflag & CMSPAR)
        return is_odd ? PARITY_MARK : PARITY_SPACE;
    return is_odd ? PARITY_ODD : PARITY_EVEN;
}

static uint8_t flow_of(const struct termios *t)
{
    if (t->c_cflag & CRTSCTS)
        return COMPORT_FLOW_HARDWARE;
    return t->c_iflag & IXON ? COMPORT_FLOW_XON_XOFF : COMPORT_FLOW_NONE;
}

void uart_take_termios(struct uart *u, const struct termios *t)
{
    unsigned baud;

    /* POSIX: speed 0 hangs up. The port keeps its former speed for its next
     * opening. */
    if (cfgetospeed(t) == B0)
        u->lines = 0;
    else if (terminal_find_baud(cfgetospeed(t), &baud))
        u->baud = baud;
    u->data_bits = data_bits_of(t->c_cflag);
    u->parity = parity_of(t->c_cflag);
    u->stop_bits = t->c_cflag & CSTOPB ? 2 : 1;
    u->flow = flow_of(t);
}
