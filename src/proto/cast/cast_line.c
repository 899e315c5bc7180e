#include "proto/cast/cast_line.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

enum { US_PER_S = 1000 * 1000 };

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static size_t put_bytes(uint8_t *to, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    return bytes.len;
}

static size_t put_escaped(uint8_t *to, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";

    to[0] = '\\';
    to[1] = 'u';
    to[2] = '0';
    to[3] = '0';
    to[4] = (uint8_t)hex[byte >> 4];
    to[5] = (uint8_t)hex[byte & 15];
    return CAST_LINE_BYTE_MAX;
}

/* CR and LF end each line of a console, so they are kept short. */
static size_t put_special(uint8_t *to, uint8_t byte)
{
    if (byte == '\r' || byte == '\n' || byte == '"' || byte == '\\') {
        to[0] = '\\';
        to[1] = byte == '\r' ? 'r' : byte == '\n' ? 'n' : byte;
        return 2;
    }
    return put_escaped(to, byte);
}

/* The character at the front, which is not plain and is taken. */
static size_t put_character(uint8_t *to, struct slice *text)
{
    uint8_t byte = text->data[0];
    struct slice character;
    uint32_t code;

    if (byte < 0x80) {
        *text = slice_after(*text, 1);
        return put_special(to, byte);
    }
    character = slice_of(text->data, text_character(*text, &code));
    *text = slice_after(*text, character.len > 0 ? character.len : 1);
    if (character.len == 0)
        character = slice_of_text("\xef\xbf\xbd"); /* U+FFFD */
    return put_bytes(to, character);
}

/* Output is plain text mostly, and copied in runs. */
size_t cast_line_put_text(uint8_t *to, struct slice text)
{
    size_t len = 0;

    while (text.len > 0) {
        size_t run = 0;

        while (run < text.len && is_plain(text.data[run]))
            run++;
        len += put_bytes(to + len, slice_of(text.data, run));
        text = slice_after(text, run);
        if (text.len > 0)
            len += put_character(to + len, &text);
    }
    return len;
}

size_t cast_line_put_time(uint8_t *to, uint64_t us)
{
    return (size_t)snprintf((char *)to, CAST_LINE_AROUND,
                            "%" PRIu64 ".%06" PRIu64, us / US_PER_S,
                            us % US_PER_S);
}

size_t cast_line_put(uint8_t *to, char code, uint64_t time_us,
                     struct slice text)
{
    size_t len = 0;

    to[len++] = '[';
    len += cast_line_put_time(to + len, time_us);
    len += put_bytes(to + len, slice_of_text(",\""));
    to[len++] = (uint8_t)code;
    len += put_bytes(to + len, slice_of_text("\",\""));
    len += cast_line_put_text(to + len, text);
    return len + put_bytes(to + len, slice_of_text("\"]\n"));
}

size_t cast_line_whole(struct slice bytes)
{
    for (size_t n = 1; n <= 3 && n <= bytes.len; n++) {
        uint8_t byte = bytes.data[bytes.len - n];
        struct text_check check = { 0 };

        if (byte < 0x80)
            break;
        if (byte >= 0xc0)
            return text_check(&check, slice_after(bytes, bytes.len - n)) &&
                           check.left > 0
                       ? bytes.len - n
                       : bytes.len;
    }
    return bytes.len;
}
