#include "proto/uri/uri_text.h"

#include "base/text.h"

#include <ctype.h>
#include <strings.h>

size_t uri_text_span_until(struct slice s, const char *stops)
{
    size_t n = 0;

    while (n < s.len && (s.data[n] == 0 || !strchr(stops, s.data[n])))
        n++;
    return n;
}

bool uri_text_is(struct slice s, const char *text)
{
    return strlen(text) == s.len &&
           strncasecmp(text, (const char *)s.data, s.len) == 0;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (!isxdigit(c))
        return -1;
    return tolower(c) - 'a' + 10;
}

int uri_text_take_char(struct slice *s)
{
    int c = s->data[0];
    int high, low;

    if (c != '%') {
        *s = slice_after(*s, 1);
        return c;
    }
    if (s->len < 3)
        return -1;
    high = hex_value(s->data[1]);
    low = hex_value(s->data[2]);
    if (high < 0 || low < 0)
        return -1;
    *s = slice_after(*s, 3);
    return high * 16 + low;
}

const uint8_t *uri_text_find_bad_escape(struct slice s)
{
    while (s.len > 0) {
        if (uri_text_take_char(&s) < 0)
            return s.data;
    }
    return NULL;
}

bool uri_text_decode(char *to, size_t size, struct slice raw)
{
    char clean[1024];
    size_t len = 0;

    while (raw.len > 0) {
        if (len + 1 == size)
            return false;
        to[len++] = (char)uri_text_take_char(&raw);
    }
    to[len] = '\0';
    return text_clean(clean, sizeof clean, slice_of(to, len)) == len &&
           memcmp(clean, to, len) == 0;
}
