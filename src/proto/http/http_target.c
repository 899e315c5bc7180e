#include "proto/http/http_target.h"

#include "base/text.h"

#include <stdlib.h>

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place: the text becomes shorter. NULL, or what is wrong. */
static const char *decode(char *text, bool is_query)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++) {
        int high, low;

        if (*at != '%') {
            *to++ = is_query && *at == '+' ? ' ' : *at;
            continue;
        }
        high = digit_of(at[1]);
        low = high < 0 ? -1 : digit_of(at[2]);
        if (low < 0)
            return "a % in the target is without its two digits";
        if (high == 0 && low == 0)
            return "the target has a NUL";
        *to++ = (char)(high << 4 | low);
        at += 2;
    }
    *to = '\0';
    for (struct slice rest = slice_of_text(text); rest.len > 0;) {
        uint32_t code;
        size_t len = text_character(rest, &code);

        if (len == 0)
            return "the target is no UTF-8";
        rest = slice_after(rest, len);
    }
    return NULL;
}

static const char *parse_path(struct http_target *t, char *path)
{
    char *next;

    /* "/" alone has no segments; a last "/" begins none. */
    for (; path != NULL && *path != '\0'; path = next) {
        const char *problem;

        next = strchr(path, '/');
        if (next != NULL)
            *next++ = '\0';
        if (t->segment_count == HTTP_SEGMENTS_MAX)
            return "the target has too many segments";
        problem = decode(path, false);
        if (problem != NULL)
            return problem;
        if (strcmp(path, ".") == 0 || strcmp(path, "..") == 0)
            return "the target has a segment of dots";
        t->segment[t->segment_count++] = path;
    }
    return NULL;
}

static const char *parse_query(struct http_target *t, char *query)
{
    char *next;

    for (; query != NULL; query = next) {
        char *value;
        const char *problem;

        next = strchr(query, '&');
        if (next != NULL)
            *next++ = '\0';
        if (*query == '\0')
            continue;
        value = strchr(query, '=');
        if (value != NULL)
            *value++ = '\0';
        else
            value = query + strlen(query);
        if (t->pair_count == HTTP_PAIRS_MAX)
            return "the target has too many parameters";
        problem = decode(query, true);
        if (problem == NULL)
            problem = decode(value, true);
        if (problem != NULL)
            return problem;
        t->pair[t->pair_count++] =
            (struct http_pair){ .name = query, .value = value };
    }
    return NULL;
}

static const char *parse(struct http_target *t)
{
    char *query = strchr(t->text, '?');
    const char *problem;

    if (t->text[0] != '/')
        return "the target does not begin with /";
    if (strchr(t->text, '#') != NULL)
        return "the target has a fragment";
    if (query != NULL)
        *query++ = '\0';
    problem = parse_path(t, t->text + 1);
    return problem != NULL ? problem : parse_query(t, query);
}

const char *http_target_parse(struct http_target *t, struct slice target)
{
    const char *problem;

    *t = (struct http_target){ 0 };
    if (target.len > 0 && memchr(target.data, '\0', target.len) != NULL)
        return "the target has a NUL";
    t->text = malloc(target.len + 1);
    if (t->text == NULL)
        return "there is no memory";
    if (target.len > 0)
        memcpy(t->text, target.data, target.len);
    t->text[target.len] = '\0';
    problem = parse(t);
    if (problem != NULL)
        http_target_done(t);
    return problem;
}

void http_target_done(struct http_target *t)
{
    free(t->text);
    *t = (struct http_target){ 0 };
}

const char *http_target_value(const struct http_target *t, const char *name)
{
    for (size_t i = 0; i < t->pair_count; i++) {
        if (strcmp(t->pair[i].name, name) == 0)
            return t->pair[i].value;
    }
    return NULL;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c != '\0' && strchr("-._~", c) != NULL);
}

bool http_target_encode(char *to, size_t size, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = strlen(to);

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        size_t len = is_unreserved(c) ? 1 : 3;

        if (at + len >= size)
            return false;
        if (len == 1) {
            to[at++] = (char)c;
        } else {
            to[at++] = '%';
            to[at++] = digits[c >> 4];
            to[at++] = digits[c & 15];
        }
        to[at] = '\0';
    }
    return true;
}
