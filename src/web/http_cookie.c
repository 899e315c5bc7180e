#include "web/http_cookie.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = slice_after(text, 1);
    while (text.len > 0 &&
           (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Cuts the text up to the mark, or to its end, off the front of *rest. */
static struct slice cut(struct slice *rest, char mark)
{
    const uint8_t *end =
        rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct slice part = slice_of(rest->data, len);

    *rest = end != NULL ? slice_after(*rest, len + 1) : slice_of(NULL, 0);
    return part;
}

char *http_cookie_copy(struct slice field, const char *name)
{
    struct slice found = { 0 };
    unsigned count = 0;

    while (field.len > 0) {
        struct slice pair = cut(&field, ';');
        struct slice its_name = trim(cut(&pair, '='));

        if (!slice_is_equal(its_name, slice_of_text(name)))
            continue;
        found = trim(pair);
        count++;
    }
    if (count == 0)
        return NULL;
    if (count > 1 || found.len == 0)
        return xstrdup("");
    return xstrndup((const char *)found.data, found.len);
}

void http_cookie_format(const char *value, char ret[HTTP_COOKIE_FIELD_MAX])
{
    snprintf(ret, HTTP_COOKIE_FIELD_MAX,
             HTTP_COOKIE_NAME
             "=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
             value, *value == '\0' ? "; Max-Age=0" : "");
}
