/*
 * play_keys.h - the keys of the player, as a terminal sends them. Pure.
 */
#ifndef CLI_PLAY_PLAY_KEYS_H
#define CLI_PLAY_PLAY_KEYS_H

#include "base/slice.h"

enum play_key {
    PLAY_KEY_NONE,      /* all was used, or one that means nothing */
    PLAY_KEY_LEAVE,     /* q, ^D */
    PLAY_KEY_INTERRUPT, /* ^C */
    PLAY_KEY_SUSPEND,   /* ^Z */
    PLAY_KEY_PAUSE,     /* space */
    PLAY_KEY_STEP,      /* . */
    PLAY_KEY_MARKER,    /* ]: to the next one */
    PLAY_KEY_BACK,      /* left */
    PLAY_KEY_FORWARD,   /* right */
    PLAY_KEY_FASTER,    /* up, + */
    PLAY_KEY_SLOWER,    /* down, - */
    PLAY_KEY_HOME,      /* Home, 0: to the beginning */
};

/* All zeros at first. A key may come in pieces. */
struct play_keys {
    enum { PLAY_KEYS_PLAIN, PLAY_KEYS_ESCAPE, PLAY_KEYS_SEQUENCE } state;
};

/* Takes bytes off the front of *in, which is not empty, up to the end of a
 * key. */
enum play_key play_keys_next(struct play_keys *k, struct slice *in);

#endif
