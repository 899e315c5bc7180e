/*
 * screen_filter.h - what of a recording a person's terminal is given.
 *
 * A recording has whatever a VM has printed, and may come from somebody else.
 * What draws goes through: characters, colours, the cursor, erasing, scrolling,
 * the other screen, sets of characters. What makes a terminal do anything else
 * is left out: answer (where the cursor is, what it is), set its title, its
 * clipboard or its size, print, report the mouse, take keys in another way,
 * show pictures, follow links. What is not known is left out.
 *
 * Pure. Texts are UTF-8, in any pieces; what goes through is the same. A string
 * (a title, a picture) ends at the end of its line at the latest, so that one
 * that was cut off does not swallow the rest.
 */
#ifndef CLI_PLAY_SCREEN_FILTER_H
#define CLI_PLAY_SCREEN_FILTER_H

#include "base/buf.h"

enum {
    SCREEN_FILTER_SEQUENCE = 64, /* bytes of one that goes through */
};

enum screen_filter_state {
    SCREEN_TEXT,
    SCREEN_ESCAPE,     /* ESC, and intermediate bytes */
    SCREEN_CONTROL,    /* CSI, up to its final byte */
    SCREEN_STRING,     /* OSC, DCS and others, up to ST or BEL */
    SCREEN_STRING_END, /* ESC in one */
    SCREEN_C1,         /* the first byte of what may be one in UTF-8 */
};

const char *screen_filter_state_name(enum screen_filter_state state);

struct screen_filter {
    enum screen_filter_state state;
    uint8_t len; /* of sequence; SCREEN_FILTER_SEQUENCE: it was longer */
    char sequence[SCREEN_FILTER_SEQUENCE]; /* without its ESC */
};

void screen_filter_init(struct screen_filter *f);

/* Appends what goes through of text, no more than 2 bytes for each of its bytes
 * and SCREEN_FILTER_SEQUENCE. False: there is no room, or no memory. */
bool screen_filter_put(struct screen_filter *f, struct slice text,
                       struct buf *to);

/* What a terminal is given behind a recording, whatever that did: as it was, as
 * far as one can tell. */
#define SCREEN_FILTER_RESET                                                    \
    "\033[?1049l\033[0m\033[r\033[?25h\033[?7h\033[?6l\033[4l\033[?1l\033>"    \
    "\033(B\017"

#endif
