/*
 * menu_terminal.h - whether a client's terminal has a screen that a menu can be
 * drawn on, by the name that it gives (TERMINAL-TYPE, RFC 1091).
 *
 * A name that is not known may be that of a terminal without a screen: it gets
 * lines, which work everywhere.
 */
#ifndef SESSION_MENU_MENU_TERMINAL_H
#define SESSION_MENU_MENU_TERMINAL_H

#include "base/slice.h"

#include <stdbool.h>

/* body: of the subnegotiation, with its IS. */
bool menu_terminal_has_screen(struct slice body);

#endif
