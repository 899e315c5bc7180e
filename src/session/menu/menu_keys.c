#include "session/menu/menu_keys.h"

#include "base/text.h"

enum {
    CTRL_A = 1,
    CTRL_B = 2,
    CTRL_C = 3,
    CTRL_D = 4,
    CTRL_E = 5,
    CTRL_F = 6,
    BACKSPACE = 8,
    TAB = 9,
    LF = 10,
    CTRL_L = 12,
    CR = 13,
    CTRL_N = 14,
    CTRL_P = 16,
    CTRL_U = 21,
    ESC = 27,
    DEL = 127,
};

enum keys_place {
    KEYS_PLAIN,
    KEYS_ESCAPE,  /* behind ESC */
    KEYS_CONTROL, /* behind ESC [ */
    KEYS_MORE,    /* behind its first parameter */
    KEYS_SINGLE,  /* behind ESC O */
};

const char *menu_key_name(enum menu_key key)
{
    static const char *const names[MENU_KEY_COUNT] = {
        [MENU_KEY_NONE] = "none",       [MENU_KEY_TEXT] = "text",
        [MENU_KEY_UP] = "up",           [MENU_KEY_DOWN] = "down",
        [MENU_KEY_PAGE_UP] = "page-up", [MENU_KEY_PAGE_DOWN] = "page-down",
        [MENU_KEY_HOME] = "home",       [MENU_KEY_END] = "end",
        [MENU_KEY_ENTER] = "enter",     [MENU_KEY_TAB] = "tab",
        [MENU_KEY_ERASE] = "erase",     [MENU_KEY_CLEAR] = "clear",
        [MENU_KEY_REDRAW] = "redraw",   [MENU_KEY_LEAVE] = "leave",
    };

    return (unsigned)key < MENU_KEY_COUNT ? names[key] : "?";
}

void menu_keys_init(struct menu_keys *k)
{
    *k = (struct menu_keys){ 0 };
}

/* The keys with Ctrl are for terminals, and people, without the others. */
static enum menu_key control_key(uint8_t byte)
{
    static const uint8_t keys[32] = {
        [CTRL_A] = MENU_KEY_HOME,     [CTRL_B] = MENU_KEY_PAGE_UP,
        [CTRL_C] = MENU_KEY_LEAVE,    [CTRL_D] = MENU_KEY_LEAVE,
        [CTRL_E] = MENU_KEY_END,      [CTRL_F] = MENU_KEY_PAGE_DOWN,
        [BACKSPACE] = MENU_KEY_ERASE, [TAB] = MENU_KEY_TAB,
        [LF] = MENU_KEY_ENTER,        [CTRL_L] = MENU_KEY_REDRAW,
        [CR] = MENU_KEY_ENTER,        [CTRL_N] = MENU_KEY_DOWN,
        [CTRL_P] = MENU_KEY_UP,       [CTRL_U] = MENU_KEY_CLEAR,
    };

    if (byte == DEL)
        return MENU_KEY_ERASE;
    return byte < sizeof keys ? (enum menu_key)keys[byte] : MENU_KEY_NONE;
}

/* The end of ESC [ or ESC O. Home and End have three ways each: xterm's
 * letters, VT220's numbers, rxvt's. ESC O M is Enter of the number block. */
static enum menu_key sequence_key(uint8_t last, uint8_t number)
{
    static const uint8_t numbers[] = {
        [1] = MENU_KEY_HOME,      [4] = MENU_KEY_END,  [5] = MENU_KEY_PAGE_UP,
        [6] = MENU_KEY_PAGE_DOWN, [7] = MENU_KEY_HOME, [8] = MENU_KEY_END,
    };

    switch (last) {
    case 'A':
        return MENU_KEY_UP;
    case 'B':
        return MENU_KEY_DOWN;
    case 'H':
        return MENU_KEY_HOME;
    case 'F':
        return MENU_KEY_END;
    case 'M':
        return MENU_KEY_ENTER;
    case '~':
        return number < sizeof numbers ? (enum menu_key)numbers[number]
                                       : MENU_KEY_NONE;
    default:
        return MENU_KEY_NONE;
    }
}

/* A character of several bytes, perhaps cut. Bytes that begin none are no key:
 * they are dropped one by one. */
static enum menu_key take_character(struct menu_keys *k, uint8_t byte,
                                    struct slice *ret_text)
{
    uint32_t code;
    size_t len;

    if (k->kept_len > 0 && (byte & 0xc0) != 0x80)
        k->kept_len = 0;
    k->kept[k->kept_len++] = byte;
    len = text_character(slice_of(k->kept, k->kept_len), &code);
    if (len == 0) {
        bool may_become = k->kept[0] >= 0xc2 && k->kept[0] <= 0xf4;

        if (!may_become || k->kept_len == sizeof k->kept)
            k->kept_len = 0;
        return MENU_KEY_NONE;
    }
    k->kept_len = 0;
    if (text_is_invisible(code))
        return MENU_KEY_NONE;
    *ret_text = slice_of(k->kept, len);
    return MENU_KEY_TEXT;
}

/* Enter is CR, LF, CR LF or CR NUL, by telnet's rules and by a script's. */
static enum menu_key take_plain(struct menu_keys *k, uint8_t byte,
                                struct slice *ret_text)
{
    bool is_behind_cr = k->is_behind_cr;

    k->is_behind_cr = byte == CR;
    if (byte == ESC) {
        k->kept_len = 0;
        k->state = KEYS_ESCAPE;
        return MENU_KEY_NONE;
    }
    if (byte == LF && is_behind_cr)
        return MENU_KEY_NONE;
    if (byte >= ' ' && byte != DEL)
        return take_character(k, byte, ret_text);
    k->kept_len = 0;
    return control_key(byte);
}

/* Behind ESC: a sequence, another ESC, or a letter that was typed with Alt,
 * which is no key. */
static enum menu_key take_escaped(struct menu_keys *k, uint8_t byte)
{
    if (byte == ESC)
        return MENU_KEY_CLEAR;
    k->number = 0;
    k->state = byte == '['   ? KEYS_CONTROL
               : byte == 'O' ? KEYS_SINGLE
                             : KEYS_PLAIN;
    return MENU_KEY_NONE;
}

/* ECMA-48, 5.4: parameters, and then one byte from '@' on. Only the first
 * number counts; a control character ends what is none. */
static enum menu_key take_control(struct menu_keys *k, uint8_t byte)
{
    bool is_digit = byte >= '0' && byte <= '9';

    if (is_digit && k->state == KEYS_CONTROL && k->number < 25) {
        k->number = (uint8_t)(k->number * 10 + (byte - '0'));
        return MENU_KEY_NONE;
    }
    if (byte >= ' ' && byte < '@') {
        k->state = is_digit ? k->state : KEYS_MORE;
        return MENU_KEY_NONE;
    }
    k->state = byte == ESC ? KEYS_ESCAPE : KEYS_PLAIN;
    return sequence_key(byte, k->number);
}

static enum menu_key take(struct menu_keys *k, uint8_t byte,
                          struct slice *ret_text)
{
    switch ((enum keys_place)k->state) {
    case KEYS_PLAIN:
        return take_plain(k, byte, ret_text);
    case KEYS_ESCAPE:
        return take_escaped(k, byte);
    case KEYS_CONTROL:
    case KEYS_MORE:
        return take_control(k, byte);
    case KEYS_SINGLE:
        k->state = byte == ESC ? KEYS_ESCAPE : KEYS_PLAIN;
        return sequence_key(byte, 0);
    }
    return MENU_KEY_NONE;
}

enum menu_key menu_keys_next(struct menu_keys *k, struct slice *in,
                             struct slice *ret_text)
{
    enum menu_key key = MENU_KEY_NONE;

    while (key == MENU_KEY_NONE && in->len > 0) {
        key = take(k, in->data[0], ret_text);
        *in = slice_after(*in, 1);
    }
    return key;
}

bool menu_keys_is_waiting(const struct menu_keys *k)
{
    return k->state != KEYS_PLAIN;
}

enum menu_key menu_keys_time_out(struct menu_keys *k)
{
    bool is_alone = k->state == KEYS_ESCAPE;

    k->state = KEYS_PLAIN;
    return is_alone ? MENU_KEY_CLEAR : MENU_KEY_NONE;
}
