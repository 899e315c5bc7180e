#include "proto/uri/uri_key.h"

#include "proto/uri/uri_text.h"

#include <ctype.h>

static const char key_name[] = "key=";

enum {
    KEY_NAME_LEN = sizeof key_name - 1,
    KEY_LEN = 32, /* hex digits */
};

/* From the '?' on, up to the parameters; empty if there is no '?'. */
static struct slice query_of(struct slice text)
{
    text.len = uri_text_span_until(text, "#");
    return slice_after(text, uri_text_span_until(text, "?"));
}

/* Takes the next part of the query, with the '?' or '&' in front of it. */
static struct slice take_part(struct slice *query)
{
    struct slice part = *query;

    part.len = 1 + uri_text_span_until(slice_after(*query, 1), "&");
    *query = slice_after(*query, part.len);
    return part;
}

static bool is_key(struct slice part)
{
    return part.len > KEY_NAME_LEN &&
           uri_text_is(slice_of(part.data + 1, KEY_NAME_LEN), key_name);
}

struct slice uri_find_key(struct slice text)
{
    struct slice query = query_of(text);

    while (query.len > 0) {
        struct slice part = take_part(&query);

        if (is_key(part))
            return slice_after(part, 1 + KEY_NAME_LEN);
    }
    return slice_of(NULL, 0);
}

static size_t put(uint8_t *to, size_t len, struct slice bytes)
{
    if (bytes.len > 0)
        memmove(to + len, bytes.data, bytes.len);
    return len + bytes.len;
}

size_t uri_remove_keys(struct slice text, uint8_t *to)
{
    struct slice query = query_of(text);
    size_t query_at = query.len > 0 ? (size_t)(query.data - text.data) : 0;
    struct slice behind = slice_after(text, query_at + query.len);
    size_t len;

    if (query.len == 0)
        return put(to, 0, text);
    len = put(to, 0, slice_of(text.data, query_at));
    while (query.len > 0) {
        struct slice part = take_part(&query);

        if (is_key(part))
            continue;
        to[len] = len == query_at ? '?' : '&';
        len = put(to, len + 1, slice_after(part, 1));
    }
    return put(to, len, behind);
}

static bool take_name(struct slice *rest)
{
    for (size_t i = 0; i < KEY_NAME_LEN; i++) {
        if (rest->len == 0 || tolower(uri_text_take_char(rest)) != key_name[i])
            return false;
    }
    return true;
}

static bool begins_with_digits(struct slice rest)
{
    for (size_t i = 0; i < KEY_LEN; i++) {
        if (rest.len == 0 || !isxdigit(uri_text_take_char(&rest)))
            return false;
    }
    return true;
}

const uint8_t *uri_find_stray_key(struct slice text)
{
    for (; text.len > 0; text = slice_after(text, 1)) {
        struct slice rest = text;

        if (take_name(&rest) && begins_with_digits(rest))
            return rest.data;
    }
    return NULL;
}
