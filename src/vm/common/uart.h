/*
 * uart.h - the VM's serial port: its settings and the lines it drives.
 *
 * Numbers are those of RFC 2217 (proto/comport.h). Pure: where the settings
 * are those of a terminal, whoever has it hands over its struct termios.
 */
#ifndef VM_COMMON_UART_H
#define VM_COMMON_UART_H

#include <stdbool.h>
#include <stdint.h>

struct termios; /* <termios.h> has a name for nearly everything */

enum { UART_DTR = 1, UART_RTS = 2, UART_BOTH = UART_DTR | UART_RTS };

/* A break condition; a pulse is as long as such a one usually is. */
enum uart_break { UART_BREAK_OFF, UART_BREAK_ON, UART_BREAK_PULSE };

struct uart {
    uint32_t baud;     /* never 0 */
    uint8_t data_bits; /* 5 to 8 */
    uint8_t parity;    /* 1 none, 2 odd, 3 even, 4 mark, 5 space */
    uint8_t stop_bits; /* 1 one, 2 two */
    uint8_t flow;      /* enum comport_control: COMPORT_FLOW_* */
    uint8_t lines;     /* what it drives: UART_DTR, UART_RTS */
};

/* 8 data bits, no parity, 1 stop bit, no flow control. */
void uart_init(struct uart *u, uint32_t baud, uint8_t lines);

/*
 * The settings become those of a terminal. Its speed 0 is a port that was hung
 * up: then no line is driven. A speed that has no number stays as it was.
 */
void uart_take_termios(struct uart *u, const struct termios *t);

#endif
