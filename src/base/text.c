#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

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

/* RFC 3629, section 4: what the first byte says about those behind it. */
static bool check_first(struct text_check *check, uint8_t byte)
{
    *check = (struct text_check){ .low = 0x80, .high = 0xbf };
    if (byte < 0x80)
        return true;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    check->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte == 0xe0)
        check->low = 0xa0;
    if (byte == 0xed)
        check->high = 0x9f;
    if (byte == 0xf0)
        check->low = 0x90;
    if (byte == 0xf4)
        check->high = 0x8f;
    return true;
}

bool text_check(struct text_check *check, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];

        if (check->left == 0) {
            if (!check_first(check, byte))
                return false;
            continue;
        }
        if (byte < check->low || byte > check->high)
            return false;
        check->left--;
        check->low = 0x80;
        check->high = 0xbf;
    }
    return true;
}

bool text_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
           code == 0x2029;
}

/* Sorted by number. */
static const struct range {
    uint32_t first, last;
} invisible[] = {
    { 0x00, 0x1f },     { 0x7f, 0xa0 },       { 0xad, 0xad },
    { 0x034f, 0x034f }, { 0x061c, 0x061c },   { 0x115f, 0x1160 },
    { 0x1680, 0x1680 }, { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
    { 0x2000, 0x200f }, { 0x2028, 0x202f },   { 0x205f, 0x206f },
    { 0x3000, 0x3000 }, { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
    { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
    { 0xfffe, 0xffff }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

bool text_is_invisible(uint32_t code)
{
    for (size_t i = 0; i < sizeof invisible / sizeof invisible[0]; i++) {
        if (code >= invisible[i].first && code <= invisible[i].last)
            return true;
    }
    return false;
}

/* Of those that are invisible. */
static bool is_space(uint32_t code)
{
    return code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
           code == 0x205f || code == 0x3000;
}

/* One character of what is shown: an invalid byte becomes a mark, a space ' ',
 * and what is invisible nothing. */
static struct slice show_character(struct slice character, uint32_t code)
{
    if (character.len == 0)
        return slice_of(replacement, sizeof replacement);
    if (is_space(code))
        return slice_of(" ", 1);
    return text_is_invisible(code) ? slice_of(NULL, 0) : character;
}

size_t text_clean(char *to, size_t size, struct slice bytes)
{
    size_t at = 0;

    while (bytes.len > 0) {
        uint32_t code = 0;
        size_t len = text_character(bytes, &code);
        struct slice shown = show_character(slice_of(bytes.data, len), code);

        bytes = slice_after(bytes, len > 0 ? len : 1);
        if (shown.len == 0)
            continue;
        if (at + shown.len >= size)
            break;
        memcpy(to + at, shown.data, shown.len);
        at += shown.len;
    }
    to[at] = '\0';
    return at;
}

size_t text_keep_end(char *to, size_t size, size_t len, struct slice bytes)
{
    size_t stays = len;

    if (bytes.len > size)
        bytes = slice_after(bytes, bytes.len - size);
    if (stays > size - bytes.len)
        stays = size - bytes.len;
    memmove(to, to + len - stays, stays);
    if (bytes.len > 0)
        memcpy(to + stays, bytes.data, bytes.len);
    return stays + bytes.len;
}

struct slice text_last_line(struct slice text)
{
    size_t end = text.len;
    size_t begin;

    while (end > 0 &&
           (text.data[end - 1] == '\r' || text.data[end - 1] == '\n' ||
            text.data[end - 1] == '\0'))
        end--;
    begin = end;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    return slice_of(text.data + begin, end - begin);
}

struct text_shown text_show(const char *text)
{
    struct text_shown shown = { "" };

    text_clean(shown.text, sizeof shown.text, slice_of_text(text));
    return shown;
}

bool text_is_visible(const char *text)
{
    struct slice rest = slice_of_text(text);

    while (rest.len > 0) {
        uint32_t code;
        size_t len = text_character(rest, &code);

        if (len == 0 || text_is_invisible(code))
            return false;
        rest = slice_after(rest, len);
    }
    return true;
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

bool text_is_name_of(const char *name, const char *host)
{
    const char *dot = strchr(host, '.');

    return strcasecmp(name, host) == 0 ||
           (strncmp(name, "*.", 2) == 0 && dot != NULL && dot != host &&
            strcasecmp(name + 1, dot) == 0);
}

bool text_is_uuid(const char *text)
{
    static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

    if (strlen(text) != TEXT_UUID_LEN)
        return false;
    for (size_t i = 0; i < TEXT_UUID_LEN; i++) {
        if (form[i] == '-' ? text[i] != '-'
                           : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    }
    return true;
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

/* Digits at the front without leading zeros, and how many there are. */
static const char *digits_of(const char *text, size_t *ret_len)
{
    while (text[0] == '0' && isdigit((unsigned char)text[1]))
        text++;
    *ret_len = strspn(text, "0123456789");
    return text;
}

int text_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t a_len, b_len;
        int order;

        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a = digits_of(a, &a_len);
            b = digits_of(b, &b_len);
            order =
                a_len != b_len ? (a_len < b_len ? -1 : 1) : memcmp(a, b, a_len);
        } else {
            a_len = b_len = 1;
            order = tolower((unsigned char)*a) - tolower((unsigned char)*b);
        }
        if (order != 0)
            return order;
        a += a_len;
        b += b_len;
    }
    return (unsigned char)*a - (unsigned char)*b;
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
