/*
 * keys.h - takes our own keys out of what is typed: the escape key and the one
 * behind it. Pure.
 *
 * An escape key that is a control character counts everywhere; typed twice, it
 * is itself, and a key behind it that means nothing is told to the person. One
 * that is printable ('#') counts at the beginning of a line alone, as that of
 * ssh, and is typed with the key behind it if that means nothing: it is a
 * letter that people need.
 */
#ifndef CLI_ATTACH_KEYS_H
#define CLI_ATTACH_KEYS_H

#include "base/slice.h"

enum { KEYS_ESCAPE = 0x1d /* ^], as with telnet */, KEYS_NO_ESCAPE = -1 };

enum keys_event {
    KEYS_NEED_MORE,  /* all was used */
    KEYS_TYPED,      /* bytes, for the VM */
    KEYS_LEAVE,      /* . */
    KEYS_HELP,       /* ? */
    KEYS_BREAK,      /* b */
    KEYS_ASK_SYSRQ,  /* B: the letter comes next */
    KEYS_SYSRQ,      /* letter */
    KEYS_SYSRQ_HELP, /* ? instead of a letter, which still comes */
    KEYS_SYSRQ_NOT,  /* another key instead of a letter: nothing is sent */
    KEYS_REPLAY,     /* r */
    KEYS_WHO,        /* w */
    KEYS_TAKE,       /* t */
    KEYS_SPY,        /* s */
    KEYS_LOG,        /* l */
    KEYS_SUSPEND,    /* ^Z, z */
    KEYS_UNKNOWN,    /* another one */
};

enum keys_state { KEYS_PLAIN, KEYS_AFTER_ESCAPE, KEYS_AFTER_SYSRQ };
const char *keys_state_name(enum keys_state state);

struct keys {
    int escape; /* a byte, or KEYS_NO_ESCAPE */
    enum keys_state state;
    bool is_in_line; /* something was typed since the last Enter */
    uint8_t again;   /* the escape key, to be typed as itself */
};

struct keys_item {
    struct slice
        bytes;   /* TYPED: in the input, or in keys; until the next call */
    char letter; /* SYSRQ */
};

void keys_init(struct keys *k, int escape);

/* Takes one event off the front of *in. */
enum keys_event keys_next(struct keys *k, struct slice *in,
                          struct keys_item *ret);

/* "^]", "^A", "#", "none". False: text is none of these. */
bool keys_parse_escape(const char *text, int *ret_escape);

struct keys_text {
    char text[8];
};
/* "^]"; "" for none. */
struct keys_text keys_format(int escape);

/* What a SysRq letter does, for Linux; NULL: it has none. */
const char *keys_sysrq_words(char letter);
/* The letters that have one. */
extern const char keys_sysrq_letters[];

#endif
