/*
 * Where a listener is: at the address that the URI names, as far as a rule
 * allows it.
 *
 * A rule for "*" covers the addresses of --interface: a console must not be
 * open to a network from which --interface keeps the consoles' ports, because a
 * VM's owner asked for it. "any" covers every address, and a rule that names
 * the address covers it.
 */
#include "session/service/service_private.h"

#include <string.h>

/* ---- what the rules cover --------------------------------------------- */

enum reach { REACH_NONE, REACH_INTERFACE, REACH_ALL };

/* The widest of the rules that allow the URI decides. */
static enum reach find_reach(const struct session_settings *settings,
                             const struct uri *uri)
{
    enum reach reach = REACH_NONE;

    for (size_t i = 0; i < settings->listen_rule_count; i++) {
        const struct uri_rule *rule = &settings->listen_rules[i];

        if (!uri_rule_allows(rule, uri))
            continue;
        if (!uri_rule_is_star(rule))
            return REACH_ALL;
        reach = REACH_INTERFACE;
    }
    return reach;
}

/* 0.0.0.0 or "::". */
static bool is_every_address(const struct address *a)
{
    return a->any.sa_family == AF_INET
               ? a->v4.sin_addr.s_addr == htonl(INADDR_ANY)
               : IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
}

static bool is_of_interface(const struct address *interface,
                            const struct address *a)
{
    struct ip one, other;

    if (is_every_address(interface))
        return interface->any.sa_family == AF_INET6 ||
               a->any.sa_family == AF_INET;
    return address_ip(interface, &one) && address_ip(a, &other) &&
           ip_is_equal(one, other);
}

/* ---- addresses -------------------------------------------------------- */

static struct address address_of(const char *host, uint16_t port)
{
    struct address a = { 0 };
    struct err err;

    (void)address_parse(host, port, &a, &err);
    return a;
}

/* An IPv6 address may have a zone behind it. */
static struct address address_of_uri(const struct uri *uri)
{
    char host[URI_HOST_MAX + 1];

    memcpy(host, uri->host, sizeof host);
    host[strcspn(host, "%")] = '\0';
    return address_of(host, uri->port);
}

/* A URI without a host names what the rules cover. False: of the version of IP
 * that it asks for, they cover none. */
static bool choose_address(const struct session_settings *settings,
                           const struct uri *uri, enum reach reach,
                           struct address *ret)
{
    const struct address *interface = &settings->interface;
    bool is_ipv4 = interface->any.sa_family == AF_INET;

    *ret = address_of(uri->family == URI_IPV4 ? "0.0.0.0" : "::", uri->port);
    if (reach == REACH_ALL || (!is_ipv4 && is_every_address(interface)))
        return true;
    *ret = *interface;
    address_set_port(ret, uri->port);
    return uri->family != (is_ipv4 ? URI_IPV6 : URI_IPV4);
}

bool service_find_listener(const struct session_settings *settings,
                           const struct uri *uri, struct address *ret,
                           struct err *why)
{
    enum reach reach = find_reach(settings, uri);
    struct address at;
    bool is_covered;

    if (reach == REACH_NONE) {
        err_set(why,
                "the service URI requests a listener of its own, and no rule "
                "allows it; see --service-listen, or use a name such as s0");
        return false;
    }
    if (uri->host_kind == URI_HOST_ALL) {
        is_covered = choose_address(settings, uri, reach, &at);
    } else {
        at = address_of_uri(uri);
        is_covered =
            reach == REACH_ALL || is_of_interface(&settings->interface, &at);
    }
    if (!is_covered) {
        err_set(why,
                "a rule with * allows listeners at the address of --interface, "
                "and this is another; see any: in --service-listen");
        return false;
    }
    *ret = at;
    return true;
}
