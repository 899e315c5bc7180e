/*
 * uri_rule.h - which addresses a VM's service URI may name: an administrator's
 * rules for listening and connecting. Pure text matching; nothing is looked up.
 *
 *   HOST:PORT        one port
 *   HOST:PORT-PORT   a range
 *   HOST:*           every port
 *   any:PORTS        for listening alone: every address, of every network
 *   vspc://NAME      another VM's console, by its name or UUID as in the URI;
 *                    "vspc://" and "*": every console
 *
 * HOST is a name or an address as in the URI (IPv6 in brackets), "*.NAME" for
 * all names that end so, or "*" for every host and for none. A rule for a name
 * does not cover the addresses that the name resolves to.
 *
 * An address of the concentrator itself (loopback, link-local, one of its
 * interfaces) must be named by a rule about connecting, even if another rule
 * allows the URI: uri_rule_names. What "*" is for a listener,
 * session/service/service_address.c decides.
 */
#ifndef PROTO_URI_URI_RULE_H
#define PROTO_URI_URI_RULE_H

#include "base/network.h"
#include "proto/uri/uri.h"

struct uri_rule {
    struct ip ip;                /* is_address */
    char host[URI_HOST_MAX + 1]; /* lower case; of a console: as written */
    uint16_t first_port, last_port;
    bool is_console;
    bool is_address; /* host is ip */
    bool is_any;     /* "any"; host is "*" */
};

/* place: URI_SERVER for a rule about listening, URI_CLIENT for one about
 * connecting. 0, or -EINVAL with err filled. */
int uri_rule_parse(const char *text, enum uri_place place, struct uri_rule *ret,
                   struct err *err);

/* uri: an address or a console. A label needs no rule. */
bool uri_rule_allows(const struct uri_rule *rule, const struct uri *uri);

/* Whether the rule is for this very address and the port; "localhost" is for
 * all loopback addresses. */
bool uri_rule_names(const struct uri_rule *rule, struct ip ip, uint16_t port);

/* Whether its host is "*" and not "any". */
bool uri_rule_is_star(const struct uri_rule *rule);

#endif
