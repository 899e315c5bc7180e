/*
 * json_check.h - whether a line is one JSON object of plain members (RFC 8259),
 * in UTF-8, and what they are: enough for the log's lines, with a reader that
 * shares nothing with what writes them.
 */
#ifndef TESTS_UNIT_JSON_CHECK_H
#define TESTS_UNIT_JSON_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of a character that may stand in a string as it is; 0: none may. */
static inline size_t json_plain(const unsigned char *s)
{
    size_t more = s[0] < 0x80                    ? 0
                  : s[0] >= 0xc2 && s[0] <= 0xdf ? 1
                  : s[0] >= 0xe0 && s[0] <= 0xef ? 2
                  : s[0] >= 0xf0 && s[0] <= 0xf4 ? 3
                                                 : 9;

    if (s[0] < 0x20 || s[0] == '"' || s[0] == '\\' || more == 9)
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    /* Overlong, surrogates, above U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return more + 1;
}

/* Behind the string that begins here, or NULL; decoded into to (with room for
 * all of it). We write no other escapes than these two. */
static inline const char *json_string(const char *at, char *to)
{
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        size_t len = 1;

        if (*at == '\\') {
            at++;
            if (*at != '"' && *at != '\\')
                return NULL;
        } else {
            len = json_plain((const unsigned char *)at);
        }
        if (len == 0)
            return NULL;
        memcpy(to, at, len);
        to += len;
        at += len;
    }
    *to = '\0';
    return at + 1;
}

static inline const char *json_word(const char *at)
{
    static const char *const words[] = { "null", "true", "false" };
    const char *digits = at;

    for (size_t i = 0; i < 3; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    }
    while (isdigit((unsigned char)*at))
        at++;
    if (at == digits || (at > digits + 1 && *digits == '0'))
        return NULL;
    if (*at != '.')
        return at;
    digits = ++at;
    while (isdigit((unsigned char)*at))
        at++;
    return at > digits ? at : NULL;
}

/*
 * Whether all of text is one object. The value of the member key goes into to,
 * as text; *ret_is_string: it was one. key NULL: of none.
 */
static inline bool json_check(const char *text, const char *key, char *to,
                              bool *ret_is_string)
{
    static char name[16384];
    static char value[16384];

    if (*text++ != '{')
        return false;
    for (;;) {
        const char *begin = text = json_string(text, name);

        if (text == NULL || *text++ != ':')
            return false;
        begin = text;
        text = *begin == '"' ? json_string(begin, value) : json_word(begin);
        if (text == NULL)
            return false;
        if (*begin != '"') {
            memcpy(value, begin, (size_t)(text - begin));
            value[text - begin] = '\0';
        }
        if (key != NULL && strcmp(name, key) == 0) {
            strcpy(to, value);
            *ret_is_string = *begin == '"';
        }
        if (*text != ',')
            break;
        text++;
    }
    return text[0] == '}' && text[1] == '\0';
}

#endif
