#include "net/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct address_text address_format(const struct address *a)
{
    struct address_text t = { "local" };
    char host[INET6_ADDRSTRLEN];

    if (a->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof host);
        snprintf(t.text, sizeof t.text, "%s:%u", host, address_port(a));
    } else if (a->any.sa_family == AF_INET6) {
        bool mapped = IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr);

        /* A dual-stack listener's IPv4 peer is shown in its IPv4 form. */
        if (mapped)
            inet_ntop(AF_INET, &a->v6.sin6_addr.s6_addr[12], host, sizeof host);
        else
            inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof host);
        snprintf(t.text, sizeof t.text, mapped ? "%s:%u" : "[%s]:%u", host,
                 address_port(a));
    }
    return t;
}

bool address_ip(const struct address *a, struct ip *ret)
{
    uint8_t bytes[4];

    if (a->any.sa_family == AF_INET6) {
        *ret = ip_from_ipv6(a->v6.sin6_addr.s6_addr);
        return true;
    }
    if (a->any.sa_family != AF_INET)
        return false;
    memcpy(bytes, &a->v4.sin_addr, sizeof bytes);
    *ret = ip_from_ipv4(bytes);
    return true;
}

struct address address_of_ip(struct ip ip, uint16_t port)
{
    struct address a = { 0 };

    if (ip_is_ipv4(ip)) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_addr.s_addr = htonl((uint32_t)ip.low);
    } else {
        uint64_t words[2] = { htobe64(ip.high), htobe64(ip.low) };

        a.v6.sin6_family = AF_INET6;
        memcpy(&a.v6.sin6_addr, words, sizeof words);
    }
    address_set_port(&a, port);
    return a;
}

socklen_t address_len(const struct address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

uint16_t address_port(const struct address *a)
{
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port
                                              : a->v4.sin_port);
}

void address_set_port(struct address *a, uint16_t port)
{
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons(port);
    else
        a->v4.sin_port = htons(port);
}

int address_parse(const char *host, uint16_t port, struct address *ret,
                  struct err *err)
{
    struct address a = { 0 };
    char bare[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len < sizeof bare) {
        memcpy(bare, host, len);
        bare[len] = '\0';
        if (inet_pton(AF_INET, bare, &a.v4.sin_addr) == 1)
            a.any.sa_family = AF_INET;
        else if (inet_pton(AF_INET6, bare, &a.v6.sin6_addr) == 1)
            a.any.sa_family = AF_INET6;
    }
    if (a.any.sa_family == AF_UNSPEC) {
        err_set(err,
                "'%.100s' is no IP address: expected one such as 127.0.0.1, "
                "0.0.0.0, ::1 or ::",
                host);
        return -EINVAL;
    }
    address_set_port(&a, port);
    *ret = a;
    return 0;
}

static int split_port(const char *text, uint16_t *ret_port, struct err *err)
{
    unsigned long port;

    if (!text_number(text, UINT16_MAX, &port)) {
        err_set(err, "'%.100s' is no port: expected 0 to 65535", text);
        return -EINVAL;
    }
    *ret_port = (uint16_t)port;
    return 0;
}

/* With or without a zone: fe80::1%eth0. */
static bool is_ipv6(const char *text)
{
    char bare[INET6_ADDRSTRLEN];
    size_t len = strcspn(text, "%");
    struct in6_addr a;

    if (len >= sizeof bare)
        return false;
    memcpy(bare, text, len);
    bare[len] = '\0';
    return inet_pton(AF_INET6, bare, &a) == 1;
}

int address_split(const char *text, uint16_t default_port,
                  char ret_host[ADDRESS_HOST_MAX + 1], uint16_t *ret_port,
                  struct err *err)
{
    const char *host = text;
    const char *host_end;
    const char *port = NULL;
    uint16_t number = default_port;

    if (text[0] == '[') {
        host = text + 1;
        host_end = strchr(text, ']');
        if (host_end == NULL || (host_end[1] != '\0' && host_end[1] != ':')) {
            err_set(err, "'%.100s': expected [IPv6 address]:PORT", text);
            return -EINVAL;
        }
        if (host_end[1] == ':')
            port = host_end + 2;
    } else {
        const char *first = strchr(text, ':');

        host_end = text + strlen(text);
        /* More than one colon and no brackets: an IPv6 address without a
         * port. */
        if (first != NULL && strchr(first + 1, ':') == NULL) {
            host_end = first;
            port = first + 1;
        } else if (first != NULL && !is_ipv6(text)) {
            err_set(err, "'%.100s' is no IPv6 address", text);
            return -EINVAL;
        }
    }
    if (host_end == host || host_end - host > ADDRESS_HOST_MAX) {
        err_set(err, "'%.100s': expected HOST:PORT", text);
        return -EINVAL;
    }
    if (port != NULL && split_port(port, &number, err) < 0)
        return -EINVAL;
    memcpy(ret_host, host, (size_t)(host_end - host));
    ret_host[host_end - host] = '\0';
    *ret_port = number;
    return 0;
}
