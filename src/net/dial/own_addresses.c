#include "net/dial/own_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

static bool is_for_others(const struct address *a)
{
    struct ip ip;

    return address_ip(a, &ip) && ip_range(ip) == IP_ANY_HOST;
}

/* Each once. */
static void add(struct own_addresses *all, struct address address)
{
    struct ip ip, other;

    address_set_port(&address, 0);
    if (all->count == OWN_ADDRESSES_MAX || !is_for_others(&address) ||
        !address_ip(&address, &ip))
        return;
    for (size_t i = 0; i < all->count; i++)
        if (address_ip(&all->item[i], &other) && ip_is_equal(ip, other))
            return;
    all->item[all->count++] = address;
}

/* To connect a socket for datagrams sends nothing: it asks for the route. These
 * places are for documents (RFC 5737, RFC 3849), so only a default route leads
 * there. */
static void add_of_route(struct own_addresses *all, const char *place)
{
    struct address address;
    socklen_t len = sizeof address;
    struct err err;
    int fd;

    if (address_parse(place, 9, &address, &err) < 0)
        return;
    fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, &address.any, address_len(&address)) == 0 &&
        getsockname(fd, &address.any, &len) == 0)
        add(all, address);
    close(fd);
}

static void add_of_interfaces(struct own_addresses *all,
                              const struct ifaddrs *each, int family)
{
    for (; each != NULL; each = each->ifa_next) {
        struct address address = { 0 };

        if ((each->ifa_flags & IFF_UP) == 0 || each->ifa_addr == NULL ||
            each->ifa_addr->sa_family != family)
            continue;
        address.any.sa_family = each->ifa_addr->sa_family;
        memcpy(&address, each->ifa_addr, address_len(&address));
        add(all, address);
    }
}

void own_addresses_find(struct own_addresses *ret)
{
    struct ifaddrs *interfaces;

    *ret = (struct own_addresses){ 0 };
    add_of_route(ret, "192.0.2.1");
    add_of_route(ret, "2001:db8::1");
    if (getifaddrs(&interfaces) != 0)
        return;
    add_of_interfaces(ret, interfaces, AF_INET);
    add_of_interfaces(ret, interfaces, AF_INET6);
    freeifaddrs(interfaces);
}
