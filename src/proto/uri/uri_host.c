/* Without inet_pton: proto/ does not use the system's network headers. */
#include "proto/uri/uri_host.h"

#include "proto/uri/uri_text.h"

#include <ctype.h>

/* RFC 3986's IPv4address: four numbers up to 255 without leading zeros. */
static bool is_ipv4(struct slice s)
{
    unsigned numbers = 0;

    for (;;) {
        unsigned value = 0;
        size_t n = 0;

        for (; n < s.len && isdigit(s.data[n]) && n < 4; n++)
            value = value * 10 + (unsigned)(s.data[n] - '0');
        if (n == 0 || value > 255 || (n > 1 && s.data[0] == '0'))
            return false;
        s = slice_after(s, n);
        if (++numbers == 4)
            return s.len == 0;
        if (s.len == 0 || s.data[0] != '.')
            return false;
        s = slice_after(s, 1);
    }
}

/* RFC 3986's IPv6address: RFC 4291 s. 2.2. */
static bool is_ipv6(struct slice s)
{
    unsigned groups = 0;
    bool has_gap = s.len >= 2 && s.data[0] == ':' && s.data[1] == ':';

    if (has_gap)
        s = slice_after(s, 2);
    while (s.len > 0) {
        size_t n = 0;

        while (n < s.len && isxdigit(s.data[n]))
            n++;
        if (n < s.len && s.data[n] == '.') {
            groups += 2;
            if (!is_ipv4(s))
                return false;
            break;
        }
        groups++;
        if (n == 0 || n > 4)
            return false;
        s = slice_after(s, n);
        if (s.len == 0)
            break;
        /* One colon that is not the last character, or once "::". */
        if (s.data[0] != ':' || s.len == 1)
            return false;
        s = slice_after(s, 1);
        if (s.data[0] == ':') {
            if (has_gap)
                return false;
            has_gap = true;
            s = slice_after(s, 1);
        }
    }
    return has_gap ? groups <= 7 : groups == 8;
}

static bool is_name_char(int c)
{
    return (c < 0x80 && isalnum(c)) || c == '-' || c == '.' || c == '_';
}

/*
 * getaddrinfo takes 127.1, 2130706433 and 0x7f.0.0.1 for addresses. No host's
 * name ends in such a part, because top-level domains are no numbers.
 */
static bool ends_in_number(struct slice s)
{
    size_t start, i;

    if (s.len > 0 && s.data[s.len - 1] == '.')
        s.len--;
    for (start = s.len; start > 0 && s.data[start - 1] != '.';)
        start--;
    s = slice_after(s, start);
    if (s.len >= 2 && s.data[0] == '0' && tolower(s.data[1]) == 'x') {
        for (i = 2; i < s.len && isxdigit(s.data[i]);)
            i++;
        return i == s.len;
    }
    for (i = 0; i < s.len && isdigit(s.data[i]);)
        i++;
    return i == s.len && s.len > 0;
}

/* raw: "%25" and the zone: an interface's name or number. */
static enum uri_problem read_zone(struct slice raw, char *host, size_t len,
                                  const uint8_t **ret_at)
{
    const uint8_t *where = raw.data;

    if (raw.len <= 3 || memcmp(raw.data, "%25", 3) != 0)
        return uri_problem_at(ret_at, URI_BAD_ZONE, where);
    host[len++] = '%';
    raw = slice_after(raw, 3);
    while (raw.len > 0) {
        int c = uri_text_take_char(&raw);

        if (c < 0)
            return uri_problem_at(ret_at, URI_BAD_ESCAPE, raw.data);
        if (!is_name_char(c) && c != '~')
            return uri_problem_at(ret_at, URI_BAD_ZONE, where);
        if (len == URI_HOST_MAX)
            return uri_problem_at(ret_at, URI_LONG_HOST, where);
        host[len++] = (char)c; /* upper case must stay */
    }
    host[len] = '\0';
    return URI_OK;
}

static enum uri_problem read_ipv6(struct slice raw, char *host,
                                  const uint8_t **ret_at)
{
    struct slice bare = slice_of(raw.data, uri_text_span_until(raw, "%"));

    if (!is_ipv6(bare))
        return uri_problem_at(ret_at, URI_BAD_IPV6, raw.data);
    for (size_t i = 0; i < bare.len; i++)
        host[i] = (char)tolower(bare.data[i]);
    if (bare.len == raw.len) {
        host[bare.len] = '\0';
        return URI_OK;
    }
    return read_zone(slice_after(raw, bare.len), host, bare.len, ret_at);
}

enum uri_problem uri_host_read(struct slice raw, bool is_bracketed,
                               char host[URI_HOST_MAX + 1],
                               enum uri_host *ret_kind, const uint8_t **ret_at)
{
    struct slice s = raw;
    size_t len = 0;

    *ret_kind = URI_HOST_IPV6;
    if (is_bracketed)
        return read_ipv6(raw, host, ret_at);
    while (s.len > 0) {
        const uint8_t *where = s.data;
        int c = uri_text_take_char(&s);

        if (c < 0)
            return uri_problem_at(ret_at, URI_BAD_ESCAPE, where);
        if (!is_name_char(c))
            return uri_problem_at(ret_at, URI_BAD_HOST, where);
        if (len == URI_HOST_MAX)
            return uri_problem_at(ret_at, URI_LONG_HOST, raw.data);
        host[len++] = (char)tolower(c);
    }
    host[len] = '\0';
    s = slice_of(host, len);
    *ret_kind = is_ipv4(s) ? URI_HOST_IPV4 : URI_HOST_NAME;
    if (*ret_kind == URI_HOST_NAME && ends_in_number(s))
        return uri_problem_at(ret_at, URI_BAD_IPV4, raw.data);
    return URI_OK;
}
