#include "proto/uri.h"

#include <strings.h>

static const struct scheme {
    const char *name;
    uint16_t port; /* where none is given (RFC 4248); 0: one must be */
} schemes[] = {
    { "telnet", 23 }, { "telnets", 992 }, { "tcp", 0 },
    { "tcp4", 0 },    { "tcp6", 0 },      { "ssl", 0 },
    { "tcp+ssl", 0 }, { "tcp4+ssl", 0 },  { "tcp6+ssl", 0 },
};

static const struct scheme *find_scheme(struct slice name)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *known = schemes[i].name;

        if (strlen(known) == name.len &&
            strncasecmp(known, (const char *)name.data, name.len) == 0)
            return &schemes[i];
    }
    return NULL;
}

/* How far s goes before the first of these characters. */
static size_t span_until(struct slice s, const char *stops)
{
    size_t n = 0;

    while (n < s.len && (s.data[n] == 0 || !strchr(stops, s.data[n])))
        n++;
    return n;
}

/* RFC 3986 s. 3.1 */
static bool is_scheme_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Takes "scheme://" off the front, if it is there. */
static bool take_scheme(struct slice *text, struct slice *ret_scheme)
{
    size_t n = 0;

    while (n < text->len && is_scheme_char(text->data[n]))
        n++;
    if (text->len - n < 3 || memcmp(text->data + n, "://", 3) != 0)
        return false;
    *ret_scheme = slice_of(text->data, n);
    *text = slice_after(*text, n + 3);
    return true;
}

/* Takes "user:password@" off the front: all up to the last '@'. */
static bool take_userinfo(struct slice *authority)
{
    const uint8_t *at = authority->len > 0
                            ? memrchr(authority->data, '@', authority->len)
                            : NULL;

    if (at == NULL)
        return false;
    *authority = slice_after(*authority, (size_t)(at - authority->data) + 1);
    return true;
}

/* What is wrong with it, or NULL. Our caller may print it or resolve it. */
static const char *take_host(struct slice *authority, struct slice *ret_host)
{
    struct slice s = *authority;
    bool is_bracketed = s.len > 0 && s.data[0] == '[';
    size_t n;

    if (is_bracketed)
        s = slice_after(s, 1);
    n = span_until(s, is_bracketed ? "]" : ":");
    if (is_bracketed && n == s.len)
        return "no ']' behind the IPv6 address";
    if (n == 0)
        return "no host";
    for (size_t i = 0; i < n; i++)
        if (s.data[i] <= ' ' || s.data[i] >= 0x7f)
            return "a character in the host that cannot be";
    *ret_host = slice_of(s.data, n);
    *authority = slice_after(s, n + (is_bracketed ? 1 : 0));
    return NULL;
}

/* What is behind the host: nothing, or ':' and digits. */
static const char *parse_port(struct slice s, uint16_t otherwise,
                              uint16_t *ret_port)
{
    uint32_t port = 0;

    if (s.len > 0 && s.data[0] != ':')
        return "something between host and port";
    if (s.len <= 1) {
        if (otherwise == 0)
            return "no port";
        *ret_port = otherwise;
        return NULL;
    }
    for (size_t i = 1; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return "a port that is no number";
        port = port * 10 + (uint32_t)(s.data[i] - '0');
        if (port > UINT16_MAX)
            return "a port over 65535";
    }
    if (port == 0)
        return "port 0";
    *ret_port = (uint16_t)port;
    return NULL;
}

static const char *parse_address(struct slice text, uint16_t port,
                                 struct uri *ret)
{
    size_t hash = span_until(text, "#");
    struct slice authority = slice_of(text.data, span_until(text, "/?#"));
    const char *problem;

    if (hash < text.len)
        ret->fragment = slice_after(text, hash + 1);
    ret->has_userinfo = take_userinfo(&authority);
    problem = take_host(&authority, &ret->host);
    if (problem == NULL)
        problem = parse_port(authority, port, &ret->port);
    return problem;
}

/* The value of the query key "port"; empty if there is none. */
static struct slice query_port(struct slice text)
{
    struct slice query = slice_after(text, span_until(text, "?#"));

    query.len = span_until(query, "#");
    while (query.len > 0) {
        struct slice pair = slice_after(query, 1); /* behind '?' or '&' */

        pair.len = span_until(pair, "&");
        if (pair.len > 5 && memcmp(pair.data, "port=", 5) == 0)
            return slice_after(pair, 5);
        query = slice_after(query, 1 + pair.len);
    }
    return slice_of(NULL, 0);
}

/* What is wrong with it, or NULL; rest is behind "scheme://". */
static const char *parse_with_scheme(struct slice name, struct slice rest,
                                     struct uri *ret)
{
    const struct scheme *scheme = find_scheme(name);

    if (scheme == NULL)
        return "a scheme that is not known";
    ret->scheme = name;
    return parse_address(rest, scheme->port, ret);
}

void uri_parse(struct slice text, struct uri *ret)
{
    struct slice rest = text, name = { 0 };

    *ret = (struct uri){ .kind = URI_ADDRESS };
    if (text.len == 0) {
        *ret = (struct uri){ .kind = URI_INVALID, .problem = "empty" };
        return;
    }
    if (take_scheme(&rest, &name)) {
        const char *problem = parse_with_scheme(name, rest, ret);

        if (problem != NULL)
            *ret = (struct uri){ .kind = URI_INVALID, .problem = problem };
        return;
    }
    if (parse_address(rest, 0, ret) == NULL)
        return;
    *ret = (struct uri){ .kind = URI_LABEL, .label = query_port(text) };
    if (ret->label.len == 0)
        ret->label = text;
}
