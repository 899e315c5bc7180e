/*
 * right.h - what somebody may do with a console. Each right includes those
 * before it.
 */
#ifndef ACCESS_RIGHT_H
#define ACCESS_RIGHT_H

#include <stdbool.h>

enum right {
    RIGHT_NONE,
    RIGHT_READ,    /* the console is listed; its output, history and logs */
    RIGHT_WRITE,   /* type, set the serial line, purge */
    RIGHT_BREAK,   /* breaks, and with them Magic SysRq */
    RIGHT_CONTROL, /* take the keyboard over, disconnect clients, send messages,
                    * see who typed */
    RIGHT_ADMIN,   /* everything on it; tokens, reload */
};
enum { RIGHT_COUNT = RIGHT_ADMIN + 1 };

/* "none", "read", "write", "break", "control", "admin"; "?" for any other. */
const char *right_name(enum right right);

/* The right with this name; "none" is one. False: there is none. */
bool right_parse(const char *name, enum right *ret);

#endif
