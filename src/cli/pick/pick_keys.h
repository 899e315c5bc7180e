/*
 * pick_keys.h - keys as a terminal sends them: characters, arrows, Enter. Pure.
 */
#ifndef CLI_PICK_PICK_KEYS_H
#define CLI_PICK_PICK_KEYS_H

#include "base/slice.h"

enum pick_key {
    PICK_KEY_NONE, /* all was used, or one that means nothing */
    PICK_KEY_TEXT, /* a character: its bytes */
    PICK_KEY_ENTER,
    PICK_KEY_ERASE,
    PICK_KEY_CLEAR,  /* ^U */
    PICK_KEY_ESCAPE, /* alone: nothing comes behind it at once */
    PICK_KEY_LEAVE,  /* ^C, ^D */
    PICK_KEY_SUSPEND,
    PICK_KEY_REDRAW,
    PICK_KEY_UP,
    PICK_KEY_DOWN,
    PICK_KEY_PAGE_UP,
    PICK_KEY_PAGE_DOWN,
    PICK_KEY_HOME,
    PICK_KEY_END,
};

/* Takes one off the front of *in, which is not empty. */
enum pick_key pick_keys_next(struct slice *in, struct slice *ret_text);

#endif
