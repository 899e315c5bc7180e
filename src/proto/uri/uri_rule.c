#include "proto/uri/uri_rule.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const char console_scheme[] = "vspc://";

/* Reads "4000", "4000-4999" or "*". */
static bool parse_ports(const char *text, struct uri_rule *rule)
{
    const char *dash = strchr(text, '-');
    unsigned long first = 1, last = 65535;
    char digits[8];

    if (strcmp(text, "*") != 0) {
        size_t len = dash != NULL ? (size_t)(dash - text) : strlen(text);

        if (len >= sizeof digits)
            return false;
        memcpy(digits, text, len);
        digits[len] = '\0';
        if (!text_number(digits, 65535, &first))
            return false;
        last = first;
        if (dash != NULL && !text_number(dash + 1, 65535, &last))
            return false;
    }
    if (first == 0 || first > last)
        return false;
    rule->first_port = (uint16_t)first;
    rule->last_port = (uint16_t)last;
    return true;
}

/* A rule that could never match is a mistake: "*" must be a whole host or stand
 * before a dot, IPv6 needs its brackets, and other characters must be those of
 * host names. Letters of other alphabets have their xn-- form. */
static bool is_host(const char *host, size_t len, bool is_ipv6)
{
    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        bool is_star = i == 0 && (len == 1 || (len > 2 && host[1] == '.'));

        if (isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_')
            continue;
        if (is_ipv6 ? c != ':' && c != '%' : c != '*' || !is_star)
            return false;
    }
    return true;
}

static bool copy_host(struct uri_rule *rule, const char *host, size_t len)
{
    bool is_ipv6 = len >= 2 && host[0] == '[' && host[len - 1] == ']';

    if (is_ipv6 && !rule->is_console) {
        host++;
        len -= 2;
    }
    if (len == 0 || len > URI_HOST_MAX)
        return false;
    memcpy(rule->host, host, len);
    rule->host[len] = '\0';
    if (rule->is_console)
        return true;
    for (size_t i = 0; i < len; i++)
        rule->host[i] = (char)tolower((unsigned char)host[i]);
    rule->is_address = ip_parse(rule->host, &rule->ip);
    return is_host(host, len, is_ipv6);
}

/* A name that is "any" cannot be listened at, and can be connected to. */
static void take_any(struct uri_rule *rule, enum uri_place place)
{
    rule->is_any = place == URI_SERVER && strcmp(rule->host, "any") == 0;
    if (rule->is_any)
        memcpy(rule->host, "*", 2);
}

int uri_rule_parse(const char *text, enum uri_place place, struct uri_rule *ret,
                   struct err *err)
{
    const char *colon = strrchr(text, ':');
    size_t scheme = sizeof console_scheme - 1;
    struct uri_rule rule = { 0 };
    bool is_good;

    rule.is_console = strncasecmp(text, console_scheme, scheme) == 0;
    if (rule.is_console)
        is_good = copy_host(&rule, text + scheme, strlen(text + scheme));
    else
        is_good = colon != NULL && parse_ports(colon + 1, &rule) &&
                  copy_host(&rule, text, (size_t)(colon - text));
    if (!is_good) {
        err_set(err,
                "'%.80s' is not valid: expected HOST:PORT, HOST:PORT-PORT or "
                "vspc://NAME, where * stands for any",
                text);
        return -EINVAL;
    }
    if (!rule.is_console)
        take_any(&rule, place);
    *ret = rule;
    return 0;
}

/* host: as parsed, in lower case. */
static bool matches_host(const char *pattern, const char *host)
{
    size_t pattern_len = strlen(pattern);
    size_t len = strlen(host);

    if (strcmp(pattern, "*") == 0)
        return true;
    if (strncmp(pattern, "*.", 2) != 0)
        return strcmp(pattern, host) == 0;
    return len > pattern_len - 1 &&
           strcmp(host + len - (pattern_len - 1), pattern + 1) == 0;
}

static bool has_port(const struct uri_rule *rule, uint16_t port)
{
    return port >= rule->first_port && port <= rule->last_port;
}

bool uri_rule_is_star(const struct uri_rule *rule)
{
    return !rule->is_console && !rule->is_any && strcmp(rule->host, "*") == 0;
}

bool uri_rule_allows(const struct uri_rule *rule, const struct uri *uri)
{
    if (rule->is_console != (uri->kind == URI_CONSOLE))
        return false;
    if (rule->is_console)
        return strcmp(rule->host, "*") == 0 ||
               strcasecmp(rule->host, uri->console) == 0;
    return uri->kind == URI_ADDRESS && matches_host(rule->host, uri->host) &&
           has_port(rule, uri->port);
}

bool uri_rule_names(const struct uri_rule *rule, struct ip ip, uint16_t port)
{
    if (rule->is_console || !has_port(rule, port))
        return false;
    if (rule->is_address)
        return ip_is_equal(rule->ip, ip);
    return strcmp(rule->host, "localhost") == 0 && ip_range(ip) == IP_LOOPBACK;
}
