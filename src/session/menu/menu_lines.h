/*
 * menu_lines.h - a menu for a client that has no screen, or has not said so: a
 * page as lines, and a line that is typed as the answer.
 *
 *     1 to 9999..   opens the console with this number
 *     text, /text   shows the consoles with this text; / alone: all
 *     Enter, -      the next page, the page before
 *     =             the next order
 *     ?  q          help; leaves
 *
 * Pure. Functions append to out; they fail as buf_append does.
 */
#ifndef SESSION_MENU_MENU_LINES_H
#define SESSION_MENU_MENU_LINES_H

#include "base/buf.h"
#include "session/menu/menu.h"

/* What a line asks for. */
enum menu_act menu_lines_answer(struct menu *m, const char *line);

/* The page or the help, and the prompt behind it, with the notice if there is
 * one. */
int menu_lines_draw(struct menu *m, uint32_t now_s, struct buf *out);

#endif
