#include "cli/play/screen_filter.h"

#include <stdlib.h>
#include <string.h>

enum { BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b, DEL = 0x7f };

const char *screen_filter_state_name(enum screen_filter_state state)
{
    static const char *const names[] = {
        [SCREEN_TEXT] = "text",
        [SCREEN_ESCAPE] = "escape",
        [SCREEN_CONTROL] = "control",
        [SCREEN_STRING] = "string",
        [SCREEN_STRING_END] = "string-end",
        [SCREEN_C1] = "c1",
    };

    return state <= SCREEN_C1 ? names[state] : "?";
}

void screen_filter_init(struct screen_filter *f)
{
    *f = (struct screen_filter){ .state = SCREEN_TEXT };
}

/* ---- what is let through ---------------------------------------------- */

/* BEL, BS, TAB, LF, VT, FF, CR, SO, SI. */
static bool is_control_allowed(uint8_t byte)
{
    return byte >= BEL && byte <= 0x0f;
}

/* ESC and these: cursor kept and back, lines, tabs, keypad, all as new; sets of
 * characters; a screen full of E. */
static bool is_escape_allowed(const char *sequence, uint8_t len)
{
    if (len == 1)
        return strchr("78DEHMc=>", sequence[0]) != NULL;
    if (len != 2)
        return false;
    if (sequence[0] == '#')
        return sequence[1] == '8';
    return strchr("()*+", sequence[0]) != NULL &&
           strchr("AB0", sequence[1]) != NULL;
}

static bool is_mode_allowed(unsigned long mode, bool is_private)
{
    static const unsigned short private_modes[] = {
        1,    /* cursor keys: of no use here, and harmless */
        5,    /* reverse */
        6,    /* origin */
        7,    /* wrap */
        12,   /* blinking cursor */
        25,   /* cursor */
        45,   /* reverse wrap */
        47,   /* the other screen */
        66,   /* keypad */
        1047, /* the other screen */
        1048, /* cursor kept */
        1049, /* both */
        2026, /* drawn at once */
    };

    if (!is_private)
        return mode == 4 || mode == 20; /* insert, line feed */
    for (size_t i = 0; i < sizeof private_modes / sizeof *private_modes; i++) {
        if (private_modes[i] == mode)
            return true;
    }
    return false;
}

/* text: "25;7h". All of the modes must be allowed. */
static bool are_modes_allowed(const char *text, bool is_private)
{
    for (;;) {
        char *end;
        unsigned long mode = strtoul(text, &end, 10);

        if (end == text || !is_mode_allowed(mode, is_private))
            return false;
        if (*end != ';')
            return end[1] == '\0';
        text = end + 1;
    }
}

static bool has_only(const char *text, size_t len, const char *allowed)
{
    return strspn(text, allowed) >= len;
}

/* sequence: "[" to its final byte, terminated. */
static bool is_control_sequence_allowed(const char *sequence, size_t len)
{
    char final = sequence[len - 1];
    const char *text = sequence + 1;
    size_t text_len = len - 2;

    if (final == 'h' || final == 'l')
        return are_modes_allowed(text + (*text == '?'), *text == '?');
    if (final == 'q') /* the cursor's look */
        return text_len >= 1 && text[text_len - 1] == ' ' &&
               has_only(text, text_len - 1, "0123456789");
    if (final == 'p') /* a soft reset */
        return text_len == 1 && text[0] == '!';
    if (final == 'm') /* not > and ?: how keys are sent */
        return has_only(text, text_len, "0123456789;:");
    if (final == 'T') /* with more numbers, it is about the mouse */
        return has_only(text, text_len, "0123456789");
    if (final == 'J' || final == 'K')
        return has_only(text + (*text == '?'), text_len - (*text == '?'),
                        "0123456789");
    return strchr("@ABCDEFGHILMPSXZ`abdefgrsu", final) != NULL &&
           has_only(text, text_len, "0123456789;");
}

/* ---- bytes ------------------------------------------------------------ */

static bool put_sequence(struct screen_filter *f, struct buf *to)
{
    bool is_put = buf_append(to, slice_of("\033", 1)) == 0 &&
                  buf_append(to, slice_of(f->sequence, f->len)) == 0;

    f->len = 0;
    return is_put;
}

/* One that is too long is not kept, and never goes through. */
static void keep(struct screen_filter *f, uint8_t byte)
{
    if (f->len < SCREEN_FILTER_SEQUENCE)
        f->sequence[f->len++] = (char)byte;
}

static bool ends_whole(struct screen_filter *f)
{
    if (f->len == SCREEN_FILTER_SEQUENCE)
        return false;
    f->sequence[f->len] = '\0';
    return true;
}

static bool take_escape(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    if (byte >= DEL) {
        f->state = SCREEN_TEXT;
        return true;
    }
    keep(f, byte);
    if (byte < 0x30) /* more comes */
        return true;
    f->state = SCREEN_TEXT;
    if (f->len == 1 && byte == '[')
        f->state = SCREEN_CONTROL;
    else if (f->len == 1 && strchr("]PX^_k", byte) != NULL)
        f->state = SCREEN_STRING;
    else if (ends_whole(f) && is_escape_allowed(f->sequence, f->len))
        return put_sequence(f, to);
    return true;
}

static bool take_control(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    if (byte >= DEL) {
        f->state = SCREEN_TEXT;
        return true;
    }
    keep(f, byte);
    if (byte < 0x40)
        return true;
    f->state = SCREEN_TEXT;
    if (ends_whole(f) && is_control_sequence_allowed(f->sequence, f->len))
        return put_sequence(f, to);
    return true;
}

/* CAN and SUB end whatever is begun; so does a line's end, and another control,
 * which terminals obey in the middle of a sequence. */
static bool take_c0(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    if (byte == ESC) {
        f->state =
            f->state == SCREEN_STRING ? SCREEN_STRING_END : SCREEN_ESCAPE;
        f->len = 0;
        return true;
    }
    if (f->state == SCREEN_STRING && byte != '\n' && byte != CAN &&
        byte != SUB) {
        if (byte == BEL)
            f->state = SCREEN_TEXT;
        return true;
    }
    f->state = SCREEN_TEXT;
    return !is_control_allowed(byte) || buf_append(to, slice_of(&byte, 1)) == 0;
}

static bool take_text(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    if (byte == 0xc2)
        f->state = SCREEN_C1;
    else if (byte != DEL)
        return buf_append(to, slice_of(&byte, 1)) == 0;
    return true;
}

/* U+0080 to U+009F are C2 80 to C2 9F, and some terminals obey them. */
static bool take_c1(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    const uint8_t both[] = { 0xc2, byte };

    f->state = SCREEN_TEXT;
    if ((byte & 0xc0) != 0x80) /* no UTF-8: C2 is left out */
        return take_text(f, byte, to);
    return byte < 0xa0 || buf_append(to, slice_of(both, 2)) == 0;
}

static bool take_byte(struct screen_filter *f, uint8_t byte, struct buf *to)
{
    if (byte < 0x20)
        return take_c0(f, byte, to);
    switch (f->state) {
    case SCREEN_ESCAPE:
        return take_escape(f, byte, to);
    case SCREEN_CONTROL:
        return take_control(f, byte, to);
    case SCREEN_STRING:
        return true;
    case SCREEN_STRING_END: /* ST, or another sequence begins */
        f->state = byte == '\\' ? SCREEN_TEXT : SCREEN_ESCAPE;
        return byte == '\\' || take_escape(f, byte, to);
    case SCREEN_C1:
        return take_c1(f, byte, to);
    case SCREEN_TEXT:
        break;
    }
    return take_text(f, byte, to);
}

/* All of a run that draws at once. */
static size_t plain_len(const struct screen_filter *f, struct slice text)
{
    size_t len = 0;

    if (f->state != SCREEN_TEXT)
        return 0;
    while (len < text.len && text.data[len] >= ' ' && text.data[len] < DEL)
        len++;
    return len;
}

bool screen_filter_put(struct screen_filter *f, struct slice text,
                       struct buf *to)
{
    while (text.len > 0) {
        size_t len = plain_len(f, text);
        bool is_put = len > 0 ? buf_append(to, slice_of(text.data, len)) == 0
                              : take_byte(f, text.data[0], to);

        if (!is_put)
            return false;
        text = slice_after(text, len > 0 ? len : 1);
    }
    return true;
}
