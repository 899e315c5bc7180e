/*
 * menu_text.h - texts of other people in the columns of a screen.
 *
 * A name may have any character that is printable. Terminals agree about the
 * width of most, and about that of some they do not; a table whose columns
 * depend on such a character is broken on somebody's screen. So those are shown
 * as '?'.
 */
#ifndef SESSION_MENU_MENU_TEXT_H
#define SESSION_MENU_MENU_TEXT_H

#include "base/buf.h"

/* Columns of a character: 1 or 2; 0: terminals do not agree. */
unsigned menu_text_columns(uint32_t code);

/* Columns of a text, as menu_text_put shows it. */
unsigned menu_text_width(const char *text);

/*
 * Appends text in so many columns: cut where it is longer ('+' shows that),
 * filled with blanks where it is shorter. Bytes that are no UTF-8, and control
 * characters, become '?'. Fails as buf_append does.
 */
int menu_text_put(struct buf *out, const char *text, unsigned columns);

#endif
