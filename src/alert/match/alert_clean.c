/*
 * A machine with a byte of state. Most bytes are text within text, and are
 * copied in runs; the others go through a step, which returns the byte that
 * they give, or none.
 */
#include "alert/match/alert_clean.h"

enum state {
    TEXT,
    ESCAPE,       /* ESC has come */
    CHARSET,      /* ESC and intermediate bytes: a final byte ends it */
    CSI,          /* ESC [: parameters, then a final byte */
    STRING,       /* ESC ], P, X, ^ or _: up to ST or BEL */
    STRING_ESCAPE /* ESC within a string: \ makes it ST */
};

enum { NOTHING = -1 };

enum { BEL = 7, TAB = 9, LF = 10, VT = 11, FF = 12, CR = 13 };
enum { CAN = 24, SUB = 26, ESC = 27, DEL = 127 };

void alert_clean_init(struct alert_clean *clean)
{
    *clean = (struct alert_clean){ .state = TEXT };
}

static bool is_text(uint8_t byte)
{
    return byte >= ' ' && byte != DEL;
}

static bool is_line_end(uint8_t byte)
{
    return byte >= LF && byte <= CR;
}

static int line_end(struct alert_clean *clean)
{
    if (!clean->is_within_line)
        return NOTHING;
    clean->is_within_line = false;
    return '\n';
}

static int text(struct alert_clean *clean, uint8_t byte)
{
    clean->is_within_line = true;
    return byte;
}

static int go_on(struct alert_clean *clean, enum state state)
{
    clean->state = (uint8_t)state;
    return NOTHING;
}

static int step_text(struct alert_clean *clean, uint8_t byte)
{
    if (is_text(byte))
        return text(clean, byte);
    if (is_line_end(byte))
        return line_end(clean);
    if (byte == TAB)
        return text(clean, ' ');
    clean->len = 0;
    return byte == ESC ? go_on(clean, ESCAPE) : NOTHING;
}

/* The final byte of ESC alone: IND, NEL, RI, "restore cursor" and "full reset"
 * leave the line. */
static int end_escape(struct alert_clean *clean, uint8_t byte)
{
    clean->state = TEXT;
    return strchr("DEM8c", byte) != NULL ? line_end(clean) : NOTHING;
}

static int step_escape(struct alert_clean *clean, uint8_t byte)
{
    if (byte == '[')
        return go_on(clean, CSI);
    if (strchr("]PX^_", byte) != NULL)
        return go_on(clean, STRING);
    if (byte < '0')
        return go_on(clean, CHARSET);
    return end_escape(clean, byte);
}

/* Cursor to another line, or what is on the screen goes or moves; cursor within
 * its line; anything else, such as colours. */
static int end_csi(struct alert_clean *clean, uint8_t byte)
{
    clean->state = TEXT;
    if (strchr("ABEFHJSTdefu", byte) != NULL)
        return line_end(clean);
    if (strchr("CGIa`", byte) != NULL && clean->is_within_line)
        return ' ';
    return NOTHING;
}

static int step_sequence(struct alert_clean *clean, uint8_t byte)
{
    switch (clean->state) {
    case ESCAPE:
        return step_escape(clean, byte);
    case CHARSET:
        if (byte >= '0')
            clean->state = TEXT;
        return NOTHING;
    case CSI:
        return byte >= '@' ? end_csi(clean, byte) : NOTHING;
    case STRING_ESCAPE:
        /* Without a \ the ESC has begun another sequence. */
        if (byte == '\\')
            return go_on(clean, TEXT);
        return step_escape(clean, byte);
    default:
        return NOTHING;
    }
}

/* A control character within a sequence. */
static int step_control(struct alert_clean *clean, uint8_t byte)
{
    if (byte == ESC)
        return go_on(clean, clean->state == STRING ? STRING_ESCAPE : ESCAPE);
    if (is_line_end(byte)) {
        clean->state = TEXT;
        return line_end(clean);
    }
    if (byte == CAN || byte == SUB || (byte == BEL && clean->state == STRING))
        clean->state = TEXT;
    return NOTHING;
}

static int step(struct alert_clean *clean, uint8_t byte)
{
    int out;

    if (clean->state == TEXT)
        return step_text(clean, byte);
    if (byte < ' ' || byte == DEL) {
        out = step_control(clean, byte);
    } else if (byte >= 0x80 && clean->state != STRING) {
        /* No sequence has such a byte. */
        clean->state = TEXT;
        return text(clean, byte);
    } else {
        out = step_sequence(clean, byte);
    }
    if (++clean->len >= ALERT_CLEAN_MAX)
        clean->state = TEXT;
    return out;
}

/* How many bytes of text are at the front of in. */
static size_t run_of(struct slice in)
{
    size_t len = 0;

    while (len < in.len && is_text(in.data[len]))
        len++;
    return len;
}

size_t alert_clean_feed(struct alert_clean *clean, struct slice *in,
                        uint8_t *to, size_t room)
{
    size_t written = 0;

    while (in->len > 0 && written < room) {
        size_t left = room - written;
        size_t run =
            clean->state != TEXT
                ? 0
                : run_of(slice_of(in->data, in->len < left ? in->len : left));
        int out;

        if (run > 0) {
            memcpy(to + written, in->data, run);
            written += run;
            *in = slice_after(*in, run);
            clean->is_within_line = true;
            continue;
        }
        out = step(clean, in->data[0]);
        *in = slice_after(*in, 1);
        if (out != NOTHING)
            to[written++] = (uint8_t)out;
    }
    return written;
}
