/*
 * network.h - IP addresses as numbers, and networks (RFC 4632, RFC 4291 2.3)
 * that contain an address or do not. Resolves nothing, knows no sockets.
 *
 * IPv4 is kept as IPv6 maps it, ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that an
 * IPv4 peer has one value, whichever kind of socket it connected to. The
 * families stay apart: ::/0 is every IPv6 address and no IPv4 address.
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 128 bits; high has the first 64. */
struct ip {
    uint64_t high;
    uint64_t low;
};

struct network {
    struct ip address; /* bits behind the mask are 0 */
    struct ip mask;
    bool is_ipv4;
};

/* item is borrowed. */
struct network_list {
    const struct network *item;
    size_t count;
};

/* ::ffff:0:0/96 */
static inline bool ip_is_ipv4(struct ip ip)
{
    return ip.high == 0 && ip.low >> 32 == 0xffff;
}

static inline bool ip_is_equal(struct ip a, struct ip b)
{
    return a.high == b.high && a.low == b.low;
}

/* All zeros: what has no address, and "::". */
static inline bool ip_is_none(struct ip ip)
{
    return (ip.high | ip.low) == 0;
}

/* Bytes in network byte order, as in socket addresses. */
struct ip ip_from_ipv4(const uint8_t bytes[4]);
struct ip ip_from_ipv6(const uint8_t bytes[16]);
/* Reads an address alone, without brackets; a zone behind '%' is not looked at.
 * False: it is none. */
bool ip_parse(const char *text, struct ip *ret);

/* Addresses that mean this host, or the link, wherever they are used. */
enum ip_range {
    IP_ANY_HOST,    /* none of the others */
    IP_UNSPECIFIED, /* 0.0.0.0/8, ::; connecting there leads to this host */
    IP_LOOPBACK,    /* 127.0.0.0/8, ::1 */
    IP_LINK_LOCAL,  /* 169.254.0.0/16, fe80::/10 */
};
enum { IP_RANGE_COUNT = IP_LINK_LOCAL + 1 };
enum ip_range ip_range(struct ip ip);

/*
 * The address that limits count: an IPv4 address, or the /64 of an IPv6
 * address, because a host may have any number of addresses in its /64 (RFC
 * 4291, 2.5.4; RFC 8981).
 */
struct ip ip_site(struct ip ip);

/*
 * Reads "192.0.2.0/24", "2001:db8::/32", or an address alone. 0, or -EINVAL
 * with err filled. Bits that are set behind the prefix are also an error,
 * because they are mostly a slip; err then names the network that was probably
 * meant.
 */
int network_parse(const char *text, struct network *ret, struct err *err);

static inline bool network_contains(const struct network *n, struct ip ip)
{
    return (((ip.high ^ n->address.high) & n->mask.high) |
            ((ip.low ^ n->address.low) & n->mask.low)) == 0 &&
           ip_is_ipv4(ip) == n->is_ipv4;
}

/* Whether the network outer contains all of inner. */
static inline bool network_is_within(const struct network *inner,
                                     const struct network *outer)
{
    return (outer->mask.high & ~inner->mask.high) == 0 &&
           (outer->mask.low & ~inner->mask.low) == 0 &&
           network_contains(outer, inner->address) &&
           inner->is_ipv4 == outer->is_ipv4;
}

bool network_is_equal(const struct network *a, const struct network *b);

/* In the form that network_parse reads. */
enum { NETWORK_TEXT_MAX = 52 };
struct network_text {
    char text[NETWORK_TEXT_MAX];
};
struct network_text network_format(const struct network *n);

/* Of an address; ip_parse reads it. */
struct network_text ip_format(struct ip ip);

/* The same of an address that ip_site has returned: "192.0.2.1",
 * "2001:db8::/64". */
struct network_text ip_site_format(struct ip site);

/* True if one network contains ip; an empty list contains nobody. */
static inline bool network_list_has(const struct network_list *list,
                                    struct ip ip)
{
    for (size_t i = 0; i < list->count; i++) {
        if (network_contains(&list->item[i], ip))
            return true;
    }
    return false;
}

#endif
