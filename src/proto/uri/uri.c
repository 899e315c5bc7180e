/*
 * A URI's scheme, authority and kind. The host is in uri_host.c, parameters are
 * in uri_parameters.c; uri_format.c writes a URI as text.
 */
#include "proto/uri/uri.h"

#include "proto/uri/uri_key.h"
#include "proto/uri/uri_text.h"

#include <ctype.h>

static const struct scheme {
    const char *name;
    uint16_t port; /* if the URI has none (RFC 4248); 0: it must have one */
    enum uri_family family;
    bool is_telnet;
    enum uri_tls tls;
} schemes[] = {
    { "telnet", 23, URI_ANY_FAMILY, true, URI_TLS_OFFERED },
    { "telnets", 992, URI_ANY_FAMILY, true, URI_TLS_FIRST },
    { "tcp", 0, URI_ANY_FAMILY, false, URI_TLS_NEVER },
    { "tcp4", 0, URI_IPV4, false, URI_TLS_NEVER },
    { "tcp6", 0, URI_IPV6, false, URI_TLS_NEVER },
    /* Before ssl: the first of two synonyms is the canonical one. */
    { "tcp+ssl", 0, URI_ANY_FAMILY, false, URI_TLS_FIRST },
    { "tcp4+ssl", 0, URI_IPV4, false, URI_TLS_FIRST },
    { "tcp6+ssl", 0, URI_IPV6, false, URI_TLS_FIRST },
    { "ssl", 0, URI_ANY_FAMILY, false, URI_TLS_FIRST },
};

enum { SCHEME_COUNT = sizeof schemes / sizeof schemes[0] };

static const char console_scheme[] = "vspc";

struct parser {
    struct slice text;
    enum uri_place place;
    uint16_t own_port;
    const uint8_t *at; /* place of the problem, if there is one */
    struct uri uri;
};

/* An address in parts, before they are interpreted. */
struct parts {
    const struct scheme *scheme;
    bool has_scheme; /* written, not implied as in host:port */
    bool has_userinfo;
    bool is_bracketed;
    struct slice authority; /* text behind the scheme, up to / ? # */
    struct slice host;
    uint16_t port;
    struct slice behind; /* path and query */
    struct slice fragment;
};

static const struct scheme *find_scheme(struct slice name)
{
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        if (uri_text_is(name, schemes[i].name))
            return &schemes[i];
    }
    return NULL;
}

const char *uri_scheme(const struct uri *uri)
{
    for (size_t i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = &schemes[i];

        /* Parameters turn URI_TLS_OFFERED into URI_TLS_REQUIRED. */
        if (s->family == uri->family && s->is_telnet == uri->is_telnet &&
            (s->tls == uri->tls ||
             (s->tls == URI_TLS_OFFERED && uri->tls == URI_TLS_REQUIRED)))
            return s->name;
    }
    return "";
}

/* RFC 3986 s. 3.1 */
static bool is_scheme_char(uint8_t c)
{
    return (c < 0x80 && isalnum(c)) || c == '+' || c == '-' || c == '.';
}

/* Takes "scheme://" off the front, if there is one. */
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

/* Takes the host off the front; without brackets it may be empty. */
static enum uri_problem take_host(struct parser *p, struct parts *parts,
                                  struct slice *s)
{
    const uint8_t *start = s->data;
    size_t n;

    parts->is_bracketed = s->len > 0 && s->data[0] == '[';
    if (parts->is_bracketed)
        *s = slice_after(*s, 1);
    n = uri_text_span_until(*s, parts->is_bracketed ? "]" : ":");
    if (parts->is_bracketed && n == s->len)
        return uri_problem_at(&p->at, URI_OPEN_BRACKET, start);
    if (parts->is_bracketed && n == 0)
        return uri_problem_at(&p->at, URI_BAD_IPV6, start);
    for (size_t i = 0; i < n; i++) {
        /* Checked although all of it may be a label: no host contains a
         * blank. */
        if (s->data[i] <= ' ' || s->data[i] >= 0x7f)
            return uri_problem_at(&p->at, URI_BAD_HOST, s->data + i);
    }
    parts->host = slice_of(s->data, n);
    *s = slice_after(*s, n + (parts->is_bracketed ? 1 : 0));
    if (!parts->is_bracketed && s->len > 0 &&
        memchr(s->data + 1, ':', s->len - 1) != NULL)
        return uri_problem_at(&p->at, URI_BARE_IPV6, start);
    return URI_OK;
}

/* s: the text behind the host: nothing, or ':' and digits. */
static enum uri_problem read_port(struct parser *p, struct slice s,
                                  struct parts *parts)
{
    uint32_t port = 0;

    if (s.len > 0 && s.data[0] != ':')
        return uri_problem_at(&p->at, URI_BEHIND_BRACKET, s.data);
    if (s.len <= 1) {
        if (parts->scheme->port == 0)
            return uri_problem_at(&p->at, URI_NO_PORT, s.data + s.len);
        if (parts->host.len == 0)
            return uri_problem_at(&p->at, URI_NO_HOST, s.data);
        parts->port = parts->scheme->port;
        return URI_OK;
    }
    for (size_t i = 1; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return uri_problem_at(&p->at, URI_BAD_PORT, s.data + i);
        port = port * 10 + (uint32_t)(s.data[i] - '0');
        if (port > UINT16_MAX)
            return uri_problem_at(&p->at, URI_WRONG_PORT, s.data + 1);
    }
    if (port == 0)
        return uri_problem_at(&p->at, URI_WRONG_PORT, s.data + 1);
    parts->port = (uint16_t)port;
    return URI_OK;
}

/* text: what follows the scheme. */
static enum uri_problem split(struct parser *p, struct slice text,
                              struct parts *parts)
{
    size_t hash = uri_text_span_until(text, "#");
    struct slice s = slice_of(text.data, uri_text_span_until(text, "/?#"));
    const uint8_t *at = s.len > 0 ? memrchr(s.data, '@', s.len) : NULL;
    enum uri_problem problem;

    parts->authority = s;
    parts->behind = slice_of(text.data + s.len, hash - s.len);
    if (hash < text.len)
        parts->fragment = slice_after(text, hash + 1);
    parts->has_userinfo = at != NULL;
    if (at != NULL)
        s = slice_after(s, (size_t)(at - s.data) + 1);
    problem = take_host(p, parts, &s);
    if (problem == URI_OK)
        problem = read_port(p, s, parts);
    if (problem == URI_OK && parts->host.len == 0 &&
        (p->place != URI_SERVER || !parts->has_scheme))
        problem = uri_problem_at(&p->at, URI_NO_HOST, s.data);
    return problem;
}

static enum uri_problem finish_label(struct parser *p, struct slice label)
{
    char shown[TEXT_ID_MAX + 1];

    if (text_clean(shown, sizeof shown, label) == 0)
        return uri_problem_at(&p->at, URI_NO_NAME, label.data);
    p->uri.kind = URI_LABEL;
    p->uri.label = label;
    return URI_OK;
}

static enum uri_problem finish_host(struct parser *p, const struct parts *parts)
{
    enum uri_problem problem = URI_OK;

    if (parts->host.len > 0)
        problem = uri_host_read(parts->host, parts->is_bracketed, p->uri.host,
                                &p->uri.host_kind, &p->at);
    if (problem != URI_OK)
        return problem;
    if ((p->uri.family == URI_IPV4 && p->uri.host_kind == URI_HOST_IPV6) ||
        (p->uri.family == URI_IPV6 && p->uri.host_kind == URI_HOST_IPV4))
        return uri_problem_at(&p->at, URI_WRONG_FAMILY, parts->host.data);
    return URI_OK;
}

static enum uri_problem finish_address(struct parser *p,
                                       const struct parts *parts)
{
    const struct scheme *scheme = parts->scheme;
    enum uri_problem problem;

    if (parts->has_userinfo)
        return uri_problem_at(&p->at, URI_HAS_USERINFO, parts->authority.data);
    /* Labels are shown everywhere, and parameters are not for everybody. */
    if (p->place == URI_SERVER && parts->port == p->own_port)
        return finish_label(
            p, slice_of(p->text.data, uri_text_span_until(p->text, "#")));
    p->uri.kind = URI_ADDRESS;
    p->uri.family = scheme->family;
    p->uri.is_telnet = scheme->is_telnet;
    p->uri.tls = scheme->tls;
    p->uri.port = parts->port;
    problem = finish_host(p, parts);
    if (problem != URI_OK)
        return problem;
    /* Ignoring it could ignore text that was meant as parameters. */
    if (parts->behind.len > 1 ||
        (parts->behind.len == 1 && parts->behind.data[0] != '/'))
        return uri_problem_at(&p->at, URI_HAS_PATH, parts->behind.data);
    if (parts->fragment.len == 0)
        return URI_OK;
    if (scheme->tls == URI_TLS_NEVER)
        return uri_problem_at(&p->at, URI_NO_TLS, parts->fragment.data);
    if (scheme->tls == URI_TLS_OFFERED)
        p->uri.tls = URI_TLS_REQUIRED;
    return uri_parameters_read(parts->fragment, &p->uri.parameters, &p->at);
}

/* The value of the query key "port"; empty if there is none. */
static struct slice query_port(struct slice text)
{
    struct slice query = slice_after(text, uri_text_span_until(text, "?#"));

    query.len = uri_text_span_until(query, "#");
    while (query.len > 0) {
        struct slice pair = slice_after(query, 1); /* behind '?' or '&' */

        pair.len = uri_text_span_until(pair, "&");
        if (pair.len > 5 && memcmp(pair.data, "port=", 5) == 0)
            return slice_after(pair, 5);
        query = slice_after(query, 1 + pair.len);
    }
    return slice_of(NULL, 0);
}

static enum uri_problem parse_label(struct parser *p)
{
    struct slice port = query_port(p->text);

    p->uri.is_label_from_port = port.len > 0;
    return finish_label(p, port.len > 0 ? port : p->text);
}

/* Chooses the problem of a text without "://" that is no host:port: what was
 * probably meant? */
static enum uri_problem blame(struct parser *p, const struct parts *parts,
                              enum uri_problem problem)
{
    struct slice first = parts->authority;

    first.len = uri_text_span_until(first, ":");
    if (first.len == parts->authority.len)
        return uri_problem_at(&p->at, URI_NO_TARGET, p->text.data);
    if (find_scheme(first) != NULL || uri_text_is(first, console_scheme))
        return uri_problem_at(&p->at, URI_NO_SLASHES,
                              first.data + first.len + 1);
    return problem;
}

static enum uri_problem parse_bare(struct parser *p)
{
    struct parts parts = { .scheme = find_scheme(slice_of_text("tcp")) };
    enum uri_problem problem;

    if (p->place == URI_PROXY)
        return uri_problem_at(&p->at, URI_NOT_FOR_PROXY, p->text.data);
    problem = split(p, p->text, &parts);
    if (problem == URI_OK)
        return finish_address(p, &parts);
    if (p->place == URI_SERVER)
        return parse_label(p);
    return blame(p, &parts, problem);
}

/* Reads a console's name or its label. */
static enum uri_problem read_name(struct parser *p, struct slice raw,
                                  char to[TEXT_ID_MAX + 1])
{
    const uint8_t *bad = uri_text_find_bad_escape(raw);

    if (bad != NULL)
        return uri_problem_at(&p->at, URI_BAD_ESCAPE, bad);
    if (!uri_text_decode(to, TEXT_ID_MAX + 1, raw))
        return uri_problem_at(&p->at, URI_BAD_CONSOLE, raw.data);
    return URI_OK;
}

/* s: NAME[/LABEL]. A label may contain more '/': some labels are URIs. */
static enum uri_problem parse_console(struct parser *p, struct slice s)
{
    size_t extra = uri_text_span_until(s, "?#");
    size_t name_len = uri_text_span_until(s, "/");
    enum uri_problem problem;

    if (p->place == URI_SERVER)
        return uri_problem_at(&p->at, URI_NOT_FOR_SERVER, p->text.data);
    if (extra < s.len)
        return uri_problem_at(&p->at, URI_CONSOLE_EXTRA, s.data + extra);
    if (name_len == 0)
        return uri_problem_at(&p->at, URI_NO_CONSOLE, s.data);
    p->uri.kind = URI_CONSOLE;
    problem = read_name(p, slice_of(s.data, name_len), p->uri.console);
    if (problem == URI_OK && name_len < s.len)
        problem =
            read_name(p, slice_after(s, name_len + 1), p->uri.console_label);
    return problem;
}

static enum uri_problem parse_with_scheme(struct parser *p, struct slice name,
                                          struct slice rest)
{
    struct parts parts = { .scheme = find_scheme(name), .has_scheme = true };
    enum uri_problem problem;

    if (p->place == URI_PROXY &&
        (parts.scheme == NULL || !parts.scheme->is_telnet))
        return uri_problem_at(&p->at, URI_NOT_FOR_PROXY, name.data);
    if (uri_text_is(name, console_scheme))
        return parse_console(p, rest);
    if (parts.scheme == NULL)
        return uri_problem_at(&p->at, URI_UNKNOWN_SCHEME, name.data);
    problem = split(p, rest, &parts);
    return problem == URI_OK ? finish_address(p, &parts) : problem;
}

enum uri_problem uri_parse(struct slice text, enum uri_place place,
                           uint16_t own_port, struct uri *ret, size_t *ret_at)
{
    struct parser p = {
        .text = text, .place = place, .own_port = own_port, .at = text.data
    };
    struct slice rest = text, name = { 0 };
    enum uri_problem problem = URI_EMPTY;
    const uint8_t *key = place != URI_PROXY ? uri_find_stray_key(text) : NULL;

    if (key != NULL)
        problem = uri_problem_at(&p.at, URI_MISPLACED_KEY, key);
    else if (text.len > 0)
        problem = take_scheme(&rest, &name) ? parse_with_scheme(&p, name, rest)
                                            : parse_bare(&p);
    if (problem == URI_OK)
        *ret = p.uri;
    else
        *ret_at = (size_t)(p.at - text.data);
    return problem;
}
