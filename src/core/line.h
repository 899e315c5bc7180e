/*
 * line.h - the serial line of a console: what its two sides have set.
 *
 * A null modem has no settings of its own: each side keeps what it has set, and
 * a side that has set nothing is told what the other side has set. Numbers are
 * those of RFC 2217, section 3. Nothing here changes the bytes.
 */
#ifndef CORE_LINE_H
#define CORE_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum line_side { LINE_VM, LINE_CLIENTS };

enum line_setting {
    LINE_BAUD,         /* any rate but 0 */
    LINE_DATA_BITS,    /* 5 to 8 */
    LINE_PARITY,       /* 1 none, 2 odd, 3 even, 4 mark, 5 space */
    LINE_STOP_BITS,    /* 1 one, 2 two, 3 one and a half */
    LINE_FLOW,         /* 1 none, 2 XON/XOFF, 3 hardware, 17 DCD, 19 DSR */
    LINE_INBOUND_FLOW, /* 14 none, 15 XON/XOFF, 16 hardware, 18 DTR */
    LINE_SETTING_COUNT,
};

/* What a side drives, and what a side sees of the other side. */
enum { LINE_DTR = 1, LINE_RTS = 2, LINE_BOTH = LINE_DTR | LINE_RTS };
enum { LINE_DSR = 1, LINE_CTS = 2, LINE_DCD = 4 };

struct line {
    struct line_settings {
        uint32_t baud;                          /* 0: not set */
        uint8_t others[LINE_SETTING_COUNT - 1]; /* 0: not set */
    } set[2];                                   /* by enum line_side */
    uint8_t vm_lines;                           /* what the VM drives */
};

void line_init(struct line *l);

/* False: the setting has no such value, and stays as it is. Flow control 1 to 3
 * is that of both directions. */
bool line_set(struct line *l, enum line_side side, enum line_setting what,
              uint32_t value);
uint32_t line_get(const struct line *l, enum line_side side,
                  enum line_setting what);

/* Copies to l what this side of from has set. */
void line_take(struct line *l, const struct line *from, enum line_side side);

/* "115200,8N1", and "DTR,RTS" or "none". */
enum { LINE_TEXT_MAX = 24 };
struct line_text {
    char text[LINE_TEXT_MAX];
};
struct line_text line_format(const struct line *l, enum line_side side);
struct line_text line_format_lines(uint8_t driven);

#endif
