#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const uint8_t replacement[3] = { 0xef, 0xbf, 0xbd }; /* U+FFFD */

size_t text_character(struct slice s, uint32_t *ret_code)
{
    uint8_t first = s.len > 0 ? s.data[0] : 0xff;
    size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint32_t code = first;

    if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
        return 0;
    if (len > s.len)
        return 0;
    if (len > 1)
        code = first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s.data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s.data[i] & 0x3fu);
    }
    if (code < smallest[len] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code = code;
    return len;
}

bool text_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
           code == 0x2029;
}

size_t text_clean(char *to, size_t size, struct slice bytes)
{
    size_t at = 0;

    while (bytes.len > 0) {
        uint32_t code = 0;
        size_t len = text_character(bytes, &code);
        const uint8_t *from = len > 0 ? bytes.data : replacement;
        size_t put = len > 0 ? len : sizeof replacement;

        bytes = slice_after(bytes, len > 0 ? len : 1);
        if (len > 0 && text_is_control(code))
            continue;
        if (at + put >= size)
            break;
        memcpy(to + at, from, put);
        at += put;
    }
    to[at] = '\0';
    return at;
}

/* Accepts 32 hex digits and separators only; writes them in canonical form. */
static bool canonical_uuid(char to[TEXT_UUID_LEN + 1], struct slice bytes)
{
    size_t digits = 0;
    size_t at = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        int c = bytes.data[i];

        if (isxdigit(c)) {
            if (digits == 32)
                return false;
            if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
                to[at++] = '-';
            to[at++] = (char)tolower(c);
            digits++;
        } else if (isalnum(c)) {
            return false;
        }
    }
    to[at] = '\0';
    return digits == 32;
}

bool text_uuid(char to[TEXT_ID_MAX + 1], struct slice bytes)
{
    char canonical[TEXT_UUID_LEN + 1];

    if (canonical_uuid(canonical, bytes)) {
        memcpy(to, canonical, sizeof canonical);
        return true;
    }
    return text_clean(to, TEXT_ID_MAX + 1, bytes) > 0;
}

bool text_number(const char *text, unsigned long max, unsigned long *ret)
{
    char *end = NULL;
    unsigned long value;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || value > max)
        return false;
    *ret = value;
    return true;
}

size_t text_distance(const char *a, const char *b)
{
    size_t row[TEXT_DISTANCE_MAX + 1];
    size_t len = strlen(b);

    if (len > TEXT_DISTANCE_MAX || strlen(a) > TEXT_DISTANCE_MAX)
        return TEXT_DISTANCE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            row[j + 1] = best;
        }
    }
    return row[len];
}
