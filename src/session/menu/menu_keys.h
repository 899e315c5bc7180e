/*
 * menu_keys.h - what is typed at a menu, as keys: bytes, in whatever pieces
 * they come, become letters, arrows, Enter.
 *
 * Understands what terminals send since the VT100 for the keys that a menu has;
 * other sequences are taken to their end and are no key. An ESC alone is a key
 * too, but only time tells: the caller has the clock, and calls
 * menu_keys_time_out when nothing has come behind it.
 *
 * No I/O, no allocation, no clock.
 */
#ifndef SESSION_MENU_MENU_KEYS_H
#define SESSION_MENU_MENU_KEYS_H

#include "base/slice.h"

#include <stdbool.h>

enum menu_key {
    MENU_KEY_NONE, /* all bytes are used; there is no more */
    MENU_KEY_TEXT, /* a character: text */
    MENU_KEY_UP,
    MENU_KEY_DOWN,
    MENU_KEY_PAGE_UP,
    MENU_KEY_PAGE_DOWN,
    MENU_KEY_HOME,
    MENU_KEY_END,
    MENU_KEY_ENTER,
    MENU_KEY_TAB,
    MENU_KEY_ERASE,  /* the last character: Backspace, DEL */
    MENU_KEY_CLEAR,  /* all that was typed: Ctrl-U, ESC */
    MENU_KEY_REDRAW, /* Ctrl-L */
    MENU_KEY_LEAVE,  /* Ctrl-D, Ctrl-C */
};
enum { MENU_KEY_COUNT = MENU_KEY_LEAVE + 1 };

/* How long an ESC alone waits for the rest of a sequence. */
enum { MENU_KEYS_ESCAPE_US = 500 * 1000 };

/* "none", "text", "up", ... */
const char *menu_key_name(enum menu_key key);

struct menu_keys {
    uint8_t state;    /* enum keys_place, of menu_keys.c */
    uint8_t number;   /* the first one of a sequence */
    uint8_t kept[4];  /* of a character that is not whole */
    uint8_t kept_len; /* of kept */
    bool is_behind_cr;
};

void menu_keys_init(struct menu_keys *k);

/* Takes one key off the front of *in. TEXT: *ret_text is the character, a
 * printable one, valid until the next call. */
enum menu_key menu_keys_next(struct menu_keys *k, struct slice *in,
                             struct slice *ret_text);

/* Whether an ESC waits for the rest. */
bool menu_keys_is_waiting(const struct menu_keys *k);

/* Nothing has come behind the ESC: it was the key of this name. Returns it, or
 * NONE if nothing waits. */
enum menu_key menu_keys_time_out(struct menu_keys *k);

#endif
