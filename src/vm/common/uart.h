/*
 * uart.h - the VM's serial port: its settings and the lines that it drives.
 *
 * Values are those of RFC 2217 (proto/comport.h). Pure: if the settings are a
 * terminal's, the terminal's owner passes its struct termios.
 */
#ifndef VM_COMMON_UART_H
#define VM_COMMON_UART_H

#include <stdbool.h>
#include <stdint.h>

struct termios; /* declared only: <termios.h> defines very many names */

enum { UART_DTR = 1, UART_RTS = 2, UART_BOTH = UART_DTR | UART_RTS };

/* A break condition; a pulse has the usual length of a break. */
enum uart_break { UART_BREAK_OFF, UART_BREAK_ON, UART_BREAK_PULSE };

struct uart {
    uint32_t baud;     /* never 0 */
    uint8_t data_bits; /* 5 to 8 */
    uint8_t parity;    /* 1 none, 2 odd, 3 even, 4 mark, 5 space */
    uint8_t stop_bits; /* 1 one, 2 two */
    uint8_t flow;      /* enum comport_control: COMPORT_FLOW_* */
    uint8_t lines;     /* that it drives: UART_DTR, UART_RTS */
};

/* 8 data bits, no parity, 1 stop bit, no flow control. */
void uart_init(struct uart *u, uint32_t baud, uint8_t lines);

/*
 * Takes over a terminal's settings. Speed 0 is a port that was hung up: no line
 * is driven. If the speed has no known number, the former one stays.
 */
void uart_take_termios(struct uart *u, const struct termios *t);

#endif
