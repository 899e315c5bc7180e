#include "proto/cast/cast_writer.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

enum { US_PER_S = 1000 * 1000, CHUNK = 256 };

void cast_writer_init(struct cast_writer *w, unsigned version)
{
    *w = (struct cast_writer){ .has_intervals = version == 3 };
}

static size_t put_escape(uint8_t *to, char letter)
{
    to[0] = '\\';
    to[1] = (uint8_t)letter;
    return 2;
}

static size_t put_control(uint8_t *to, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";

    if (byte == '\n')
        return put_escape(to, 'n');
    if (byte == '\r')
        return put_escape(to, 'r');
    (void)put_escape(to, 'u');
    to[2] = '0';
    to[3] = '0';
    to[4] = (uint8_t)digits[byte >> 4];
    to[5] = (uint8_t)digits[byte & 0xf];
    return 6;
}

/* The character at the front, which is taken; at most 6 bytes. */
static size_t put_character(uint8_t *to, struct slice *text)
{
    uint8_t byte = text->data[0];
    uint32_t code;
    size_t len = byte < 0x80 ? 1 : text_character(*text, &code);
    struct slice character = slice_of(text->data, len);

    *text = slice_after(*text, len > 0 ? len : 1);
    if (len == 0)
        character = slice_of("\xef\xbf\xbd", 3);
    else if (byte < ' ' || byte == 0x7f)
        return put_control(to, byte);
    else if (byte == '"' || byte == '\\')
        return put_escape(to, (char)byte);
    memcpy(to, character.data, character.len);
    return character.len;
}

bool cast_writer_put_text(struct buf *to, struct slice text)
{
    uint32_t before = to->len;
    uint8_t chunk[CHUNK];
    size_t len = 0;

    while (text.len > 0) {
        len += put_character(chunk + len, &text);
        if (text.len > 0 && len + CAST_WRITER_BYTE_MAX <= sizeof chunk)
            continue;
        if (buf_append(to, slice_of(chunk, len)) < 0) {
            buf_cut(to, before);
            return false;
        }
        len = 0;
    }
    return true;
}

bool cast_writer_put(struct cast_writer *w, struct buf *to, char code,
                     uint64_t time_us, struct slice text)
{
    uint64_t now_us = time_us > w->time_us ? time_us : w->time_us;
    uint64_t shown_us = w->has_intervals ? now_us - w->time_us : now_us;
    uint32_t before = to->len;
    char begin[CAST_WRITER_AROUND];

    snprintf(begin, sizeof begin, "[%" PRIu64 ".%06u,\"%c\",\"",
             shown_us / US_PER_S, (unsigned)(shown_us % US_PER_S), code);
    if (buf_append(to, slice_of_text(begin)) < 0 ||
        !cast_writer_put_text(to, text) ||
        buf_append(to, slice_of_text("\"]\n")) < 0) {
        buf_cut(to, before);
        return false;
    }
    w->time_us = now_us;
    return true;
}
