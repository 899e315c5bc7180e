#include "cli/pick/pick_keys.h"

#include "base/text.h"

#include <string.h>

enum { ESC = 0x1b, DEL = 0x7f };

static const struct {
    const char *bytes; /* behind ESC */
    enum pick_key key;
} sequences[] = {
    { "[A", PICK_KEY_UP },       { "[B", PICK_KEY_DOWN },
    { "OA", PICK_KEY_UP },       { "OB", PICK_KEY_DOWN },
    { "[5~", PICK_KEY_PAGE_UP }, { "[6~", PICK_KEY_PAGE_DOWN },
    { "[H", PICK_KEY_HOME },     { "[F", PICK_KEY_END },
    { "OH", PICK_KEY_HOME },     { "OF", PICK_KEY_END },
    { "[1~", PICK_KEY_HOME },    { "[4~", PICK_KEY_END },
};

/* The length of a sequence that we do not know: ESC [ ... letter, or ESC and
 * one. */
static size_t sequence_len(struct slice s)
{
    size_t len = 1;

    if (s.data[0] != '[' && s.data[0] != 'O')
        return 1;
    while (len < s.len && s.data[len] >= 0x20 && s.data[len] < 0x40)
        len++;
    return len < s.len ? len + 1 : len;
}

/* in: behind ESC. */
static enum pick_key take_sequence(struct slice *in)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        size_t len = strlen(sequences[i].bytes);

        if (in->len >= len && memcmp(in->data, sequences[i].bytes, len) == 0) {
            *in = slice_after(*in, len);
            return sequences[i].key;
        }
    }
    *in = slice_after(*in, sequence_len(*in));
    return PICK_KEY_NONE;
}

static enum pick_key control_key(uint8_t byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return PICK_KEY_ENTER;
    case '\b':
    case DEL:
        return PICK_KEY_ERASE;
    case 'U' - '@':
    case 'W' - '@':
        return PICK_KEY_CLEAR;
    case 'C' - '@':
    case 'D' - '@':
        return PICK_KEY_LEAVE;
    case 'Z' - '@':
        return PICK_KEY_SUSPEND;
    case 'L' - '@':
        return PICK_KEY_REDRAW;
    case 'P' - '@':
    case 'K' - '@':
        return PICK_KEY_UP;
    case 'N' - '@':
        return PICK_KEY_DOWN;
    case 'A' - '@':
        return PICK_KEY_HOME;
    case 'E' - '@':
        return PICK_KEY_END;
    default:
        return PICK_KEY_NONE;
    }
}

enum pick_key pick_keys_next(struct slice *in, struct slice *ret_text)
{
    uint8_t byte = in->data[0];
    uint32_t code;
    size_t len;

    if (byte == ESC) {
        *in = slice_after(*in, 1);
        return in->len == 0 ? PICK_KEY_ESCAPE : take_sequence(in);
    }
    if (byte < ' ' || byte == DEL) {
        *in = slice_after(*in, 1);
        return control_key(byte);
    }
    len = text_character(*in, &code);
    *ret_text = slice_of(in->data, len);
    *in = slice_after(*in, len > 0 ? len : 1);
    return len > 0 && !text_is_invisible(code) ? PICK_KEY_TEXT : PICK_KEY_NONE;
}
