/*
 * menu_screen.h - draws a menu on a terminal that knows the cursor sequences of
 * the VT100: go to a place, erase to the end of the line, reverse.
 *
 * Only lines that look different from what was drawn last are sent, so a list
 * in which nothing has changed costs its person no byte. The size is the
 * menu's; no line reaches the last column, where terminals differ.
 *
 * Pure. Functions append to out; they fail as buf_append does.
 */
#ifndef SESSION_MENU_MENU_SCREEN_H
#define SESSION_MENU_MENU_SCREEN_H

#include "base/buf.h"
#include "session/menu/menu.h"

/* Draws what has changed; all of it, on a cleared screen, after
 * menu_forget_screen. now_s: as console->last_output_s. */
int menu_screen_draw(struct menu *m, uint32_t now_s, struct buf *out);

/* Clears the screen, and undoes what a VM's program may have left behind:
 * colours, a scrolling region, another character set, a hidden cursor. */
int menu_screen_clear(struct buf *out);

/* ---- words that menu_lines.c has too ------------------------------------ */

/* Since the last output: "now", "12s", "5m", "3h", "2d"; "-": none. */
struct menu_age {
    char text[16];
};
struct menu_age menu_age_of(const struct console *c, uint32_t now_s);

/* "connected", "moving", "away". */
const char *menu_state_of(const struct console *c);

/* What the list is: "41-60 of 137 consoles with "web", by name". */
int menu_put_title(const struct menu *m, struct buf *out);

#endif
