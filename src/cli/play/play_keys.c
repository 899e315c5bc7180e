#include "cli/play/play_keys.h"

static enum play_key plain_key(uint8_t byte)
{
    switch (byte) {
    case 'q':
    case 'Q':
    case 'D' - '@':
        return PLAY_KEY_LEAVE;
    case 'C' - '@':
        return PLAY_KEY_INTERRUPT;
    case 'Z' - '@':
        return PLAY_KEY_SUSPEND;
    case ' ':
        return PLAY_KEY_PAUSE;
    case '.':
        return PLAY_KEY_STEP;
    case ']':
        return PLAY_KEY_MARKER;
    case '+':
    case '=': /* the same key, without Shift */
        return PLAY_KEY_FASTER;
    case '-':
        return PLAY_KEY_SLOWER;
    case '0':
        return PLAY_KEY_HOME;
    default:
        return PLAY_KEY_NONE;
    }
}

static enum play_key final_key(uint8_t byte)
{
    switch (byte) {
    case 'A':
        return PLAY_KEY_FASTER;
    case 'B':
        return PLAY_KEY_SLOWER;
    case 'C':
        return PLAY_KEY_FORWARD;
    case 'D':
        return PLAY_KEY_BACK;
    case 'H':
        return PLAY_KEY_HOME;
    default:
        return PLAY_KEY_NONE;
    }
}

enum play_key play_keys_next(struct play_keys *k, struct slice *in)
{
    while (in->len > 0) {
        uint8_t byte = in->data[0];

        *in = slice_after(*in, 1);
        if (byte == 0x1b) {
            k->state = PLAY_KEYS_ESCAPE;
            continue;
        }
        if (k->state == PLAY_KEYS_ESCAPE && (byte == '[' || byte == 'O')) {
            k->state = PLAY_KEYS_SEQUENCE;
            continue;
        }
        if (k->state != PLAY_KEYS_SEQUENCE) {
            k->state = PLAY_KEYS_PLAIN;
            return plain_key(byte);
        }
        if (byte >= 0x40 || byte < 0x20) {
            k->state = PLAY_KEYS_PLAIN;
            return final_key(byte);
        }
    }
    return PLAY_KEY_NONE;
}
