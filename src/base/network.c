#include "base/network.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { IP_BITS = 128, IPV4_BITS = 32, WORD_BITS = 64 };

static uint64_t read_word(const uint8_t *bytes)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++)
        word = word << 8 | bytes[i];
    return word;
}

static void write_word(uint64_t word, uint8_t *to)
{
    for (int i = 7; i >= 0; i--) {
        to[i] = (uint8_t)word;
        word >>= 8;
    }
}

struct ip ip_from_ipv4(const uint8_t bytes[4])
{
    uint32_t v4 = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                  (uint32_t)bytes[2] << 8 | bytes[3];

    return (struct ip){ .low = UINT64_C(0xffff) << IPV4_BITS | v4 };
}

struct ip ip_from_ipv6(const uint8_t bytes[16])
{
    return (struct ip){ read_word(bytes), read_word(bytes + 8) };
}

static bool parse_ip(const char *text, size_t len, struct ip *ret,
                     bool *ret_is_ipv4)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t bytes[16];

    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *ret_is_ipv4 = inet_pton(AF_INET, host, bytes) == 1;
    if (*ret_is_ipv4) {
        *ret = ip_from_ipv4(bytes);
        return true;
    }
    if (inet_pton(AF_INET6, host, bytes) != 1)
        return false;
    *ret = ip_from_ipv6(bytes);
    return true;
}

bool ip_parse(const char *text, struct ip *ret)
{
    bool is_ipv4;

    return parse_ip(text, strcspn(text, "%"), ret, &is_ipv4);
}

enum ip_range ip_range(struct ip ip)
{
    uint32_t v4 = (uint32_t)ip.low;

    if (ip_is_ipv4(ip)) {
        if (v4 >> 24 == 0)
            return IP_UNSPECIFIED;
        if (v4 >> 24 == 127)
            return IP_LOOPBACK;
        return v4 >> 16 == 0xa9fe ? IP_LINK_LOCAL : IP_ANY_HOST;
    }
    if (ip.high == 0 && ip.low <= 1)
        return ip.low == 0 ? IP_UNSPECIFIED : IP_LOOPBACK;
    return ip.high >> 54 == 0xfe80 >> 6 ? IP_LINK_LOCAL : IP_ANY_HOST;
}

struct ip ip_site(struct ip ip)
{
    return ip_is_ipv4(ip) ? ip : (struct ip){ .high = ip.high };
}

/* The first bits (0 to 64) of a word are set. */
static uint64_t first_bits(unsigned bits)
{
    return bits == 0 ? 0 : UINT64_MAX << (WORD_BITS - bits);
}

static struct ip mask_of(unsigned bits)
{
    if (bits <= WORD_BITS)
        return (struct ip){ .high = first_bits(bits) };
    return (struct ip){ UINT64_MAX, first_bits(bits - WORD_BITS) };
}

static struct ip cut(struct ip ip, struct ip mask)
{
    return (struct ip){ ip.high & mask.high, ip.low & mask.low };
}

static unsigned count_bits(uint64_t word)
{
    return (unsigned)__builtin_popcountll(word);
}

static unsigned prefix_of(const struct network *n)
{
    return count_bits(n->mask.high) + count_bits(n->mask.low);
}

int network_parse(const char *text, struct network *ret, struct err *err)
{
    size_t len = strcspn(text, "/");
    const char *prefix = text[len] == '/' ? text + len + 1 : NULL;
    struct network n;
    struct ip ip = { 0 };
    bool is_ipv4 = false;
    unsigned long bits;
    unsigned long most;
    unsigned mapped_bits;

    if (!parse_ip(text, len, &ip, &is_ipv4)) {
        err_set(err,
                "'%s' is no network: expected one such as 192.0.2.0/24 or "
                "2001:db8::/32, or an address; names are not looked up",
                text_show(text).text);
        return -EINVAL;
    }
    most = is_ipv4 ? IPV4_BITS : IP_BITS;
    bits = most;
    if (prefix != NULL && !text_number(prefix, most, &bits)) {
        err_set(err,
                "'%s' is not valid: expected a length from 0 to %lu behind "
                "the slash",
                text_show(text).text, most);
        return -EINVAL;
    }
    mapped_bits = (unsigned)(bits + IP_BITS - most);
    n.mask = mask_of(mapped_bits);
    n.address = cut(ip, n.mask);
    /* A shorter prefix contains more than the mapped addresses. */
    n.is_ipv4 = ip_is_ipv4(n.address) && mapped_bits >= IP_BITS - IPV4_BITS;
    if (!ip_is_equal(n.address, ip)) {
        err_set(err,
                "'%s' is an address in a network: expected the network, %s, "
                "or the address without /%lu",
                text_show(text).text, network_format(&n).text, bits);
        return -EINVAL;
    }
    *ret = n;
    return 0;
}

bool network_is_equal(const struct network *a, const struct network *b)
{
    return ip_is_equal(a->address, b->address) && ip_is_equal(a->mask, b->mask);
}

struct network_text network_format(const struct network *n)
{
    unsigned most = n->is_ipv4 ? IPV4_BITS : IP_BITS;
    unsigned bits = prefix_of(n) - (IP_BITS - most);
    char host[INET6_ADDRSTRLEN] = "";
    struct network_text t;
    uint8_t bytes[16];

    write_word(n->address.high, bytes);
    write_word(n->address.low, bytes + 8);
    inet_ntop(n->is_ipv4 ? AF_INET : AF_INET6, n->is_ipv4 ? bytes + 12 : bytes,
              host, sizeof host);
    if (bits == most)
        snprintf(t.text, sizeof t.text, "%s", host);
    else
        snprintf(t.text, sizeof t.text, "%s/%u", host, bits);
    return t;
}

struct network_text ip_format(struct ip ip)
{
    struct network n = {
        .address = ip,
        .mask = { UINT64_MAX, UINT64_MAX },
        .is_ipv4 = ip_is_ipv4(ip),
    };

    return network_format(&n);
}

struct network_text ip_site_format(struct ip site)
{
    struct network n = {
        .address = site,
        .mask = { UINT64_MAX, ip_is_ipv4(site) ? UINT64_MAX : 0 },
        .is_ipv4 = ip_is_ipv4(site),
    };

    return network_format(&n);
}
