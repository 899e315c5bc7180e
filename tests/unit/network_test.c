/* Networks: what is in them, how they are written, what is refused. */
#include "base/network.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct ip ip_of(const char *text)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET, text, bytes) == 1)
        return ip_from_ipv4(bytes);
    assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
    return ip_from_ipv6(bytes);
}

static struct network network_of(const char *text)
{
    struct network n;
    struct err err = { "" };
    int r = network_parse(text, &n, &err);

    if (r != 0)
        fail_msg("%s: %s", text, err.text);
    return n;
}

static void some_addresses_mean_this_host_or_link(void **state)
{
    static const struct {
        const char *ip;
        enum ip_range range;
    } rows[] = {
        { "0.0.0.0", IP_UNSPECIFIED },
        { "0.255.255.255", IP_UNSPECIFIED },
        { "1.0.0.0", IP_ANY_HOST },
        { "126.255.255.255", IP_ANY_HOST },
        { "127.0.0.0", IP_LOOPBACK },
        { "127.255.255.255", IP_LOOPBACK },
        { "128.0.0.0", IP_ANY_HOST },
        { "169.253.255.255", IP_ANY_HOST },
        { "169.254.0.0", IP_LINK_LOCAL },
        { "169.254.169.254", IP_LINK_LOCAL },
        { "169.255.0.0", IP_ANY_HOST },
        { "10.0.0.1", IP_ANY_HOST },
        { "::", IP_UNSPECIFIED },
        { "::1", IP_LOOPBACK },
        { "::2", IP_ANY_HOST },
        { "::ffff:127.0.0.1", IP_LOOPBACK },
        { "::ffff:0.0.0.0", IP_UNSPECIFIED },
        { "fe7f:ffff::", IP_ANY_HOST },
        { "fe80::", IP_LINK_LOCAL },
        { "fe80::1%eth0", IP_LINK_LOCAL },
        { "febf:ffff::1", IP_LINK_LOCAL },
        { "fec0::", IP_ANY_HOST },
        { "2001:db8::1", IP_ANY_HOST },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ip ip;

        assert_true(ip_parse(rows[i].ip, &ip));
        if (ip_range(ip) != rows[i].range)
            fail_msg("%s: %d", rows[i].ip, ip_range(ip));
    }
}

static void an_address_alone_is_parsed(void **state)
{
    struct ip ip;

    (void)state;
    assert_false(ip_parse("", &ip));
    assert_false(ip_parse("name", &ip));
    assert_false(ip_parse("127.1", &ip));
    assert_false(ip_parse("[::1]", &ip));
    assert_false(ip_parse("127.0.0.1/8", &ip));
}

static void an_address_is_formatted_as_it_is_parsed(void **state)
{
    static const char *const texts[] = { "192.0.2.1", "0.0.0.0", "2001:db8::1",
                                         "::1", "fe80::1:2:3:4" };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ip ip;

        assert_true(ip_parse(texts[i], &ip));
        assert_string_equal(ip_format(ip).text, texts[i]);
    }
}

static void each_network_and_address(void **state)
{
    static const struct {
        const char *network;
        const char *ip;
        bool is_in;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.0", true },
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.0/24", "192.0.1.255", false },
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "192.0.2.1/32", "192.0.2.1", true },
        { "0.0.0.0/0", "255.255.255.255", true },
        { "2001:db8::/32", "2001:db8:ffff::1", true },
        { "2001:db8::/32", "2001:db9::", false },
        { "2001:db8::1", "2001:db8::1", true },
        { "2001:db8::1", "2001:db8::2", false },
        /* IPv4 as a socket of IPv6 has it. */
        { "192.0.2.0/24", "::ffff:192.0.2.7", true },
        { "192.0.2.0/24", "::ffff:192.0.3.7", false },
        { "::ffff:192.0.2.0/120", "192.0.2.7", true },
        /* The families are apart. */
        { "0.0.0.0/0", "::1", false },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "192.0.2.1", false },
        { "::/0", "::ffff:192.0.2.1", false },
        { "::/64", "192.0.2.1", false },
        { "::/64", "::1", true },
        /* 192.0.2.1 in its low bits, and not mapped. */
        { "192.0.2.1", "::192.0.2.1", false },
        { "192.0.2.1", "2001:db8::ffff:c000:201", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct network n = network_of(rows[i].network);

        if (network_contains(&n, ip_of(rows[i].ip)) != rows[i].is_in)
            fail_msg("%s in %s", rows[i].ip, rows[i].network);
    }
}

static bool has_bit(const uint8_t *bytes, unsigned bit)
{
    return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Of every length: the first and last address are in it, those that differ in
 * the last bit of the prefix are not, and the text is read again. */
static void check_length(int family, const uint8_t *any, unsigned bits)
{
    unsigned most = family == AF_INET ? 32 : 128;
    uint8_t first[16] = { 0 }, last[16], beyond[16];
    char host[INET6_ADDRSTRLEN];
    char text[NETWORK_TEXT_MAX + 8];
    struct network n, again;
    struct ip (*ip_from)(const uint8_t *) =
        family == AF_INET ? ip_from_ipv4 : ip_from_ipv6;

    memset(last, 0xff, sizeof last);
    for (unsigned i = 0; i < bits; i++) {
        uint8_t bit = (uint8_t)(1u << (7 - i % 8));

        if (has_bit(any, i))
            first[i / 8] |= bit;
        else
            last[i / 8] &= (uint8_t)~bit;
    }
    inet_ntop(family, first, host, sizeof host);
    snprintf(text, sizeof text, "%s/%u", host, bits);
    n = network_of(text);
    again = network_of(network_format(&n).text);
    assert_true(network_is_equal(&n, &again));
    if (bits < most)
        assert_string_equal(network_format(&n).text, text);
    else
        assert_string_equal(network_format(&n).text, host);
    assert_true(network_contains(&n, ip_from(first)));
    assert_true(network_contains(&n, ip_from(last)));
    assert_true(network_contains(&n, ip_from(any)));
    if (bits == 0)
        return;
    memcpy(beyond, any, sizeof beyond);
    beyond[(bits - 1) / 8] ^= (uint8_t)(1u << (7 - (bits - 1) % 8));
    assert_false(network_contains(&n, ip_from(beyond)));
}

static void every_length(void **state)
{
    static const uint8_t any[16] = { 0xa5, 0x5a, 0xc3, 0x3c, 0x96, 0x69,
                                     0x0f, 0xf0, 0x55, 0xaa, 0x81, 0x7e,
                                     0xe7, 0x18, 0x01, 0xfe };

    (void)state;
    for (unsigned bits = 0; bits <= 32; bits++)
        check_length(AF_INET, any, bits);
    for (unsigned bits = 0; bits <= 128; bits++)
        check_length(AF_INET6, any, bits);
}

static void what_is_no_network(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        { "", "is no network" },
        { "/24", "is no network" },
        { "localhost", "names are not looked up" },
        { "192.0.2", "is no network" },
        { "192.0.2.256", "is no network" },
        { "192.0.2.1:80", "is no network" },
        { "[::1]", "is no network" },
        { "fe80::1%eth0", "is no network" },
        { " 192.0.2.1", "is no network" },
        { "192.0.2.1,192.0.2.2", "is no network" },
        { "192.0.2.0/", "a length from 0 to 32" },
        { "192.0.2.0/33", "a length from 0 to 32" },
        { "192.0.2.0/-1", "a length from 0 to 32" },
        { "192.0.2.0/24 ", "a length from 0 to 32" },
        { "192.0.2.0/255.255.255.0", "a length from 0 to 32" },
        { "192.0.2.0/24/24", "a length from 0 to 32" },
        { "2001:db8::/129", "a length from 0 to 128" },
        { "192.0.2.1/24", "expected the network, 192.0.2.0/24, or the address "
                          "without /24" },
        { "2001:db8::1/32", "the network, 2001:db8::/32, or" },
        { "1.0.0.0/0", "the network, 0.0.0.0/0, or" },
        { "::ffff:192.0.2.1/96", "the network, 0.0.0.0/0, or" },
    };
    char long_text[1000];
    struct network n;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        err.text[0] = '\0';
        assert_true(network_parse(rows[i].text, &n, &err) < 0);
        if (strstr(err.text, rows[i].message) == NULL)
            fail_msg("%s: %s", rows[i].text, err.text);
    }
    memset(long_text, '1', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_true(network_parse(long_text, &n, &err) < 0);
    assert_true(network_parse("1\x1b[2J", &n, &err) < 0);
    assert_null(strchr(err.text, '\x1b'));
}

static bool is_same_site(const char *a, const char *b)
{
    struct ip one = ip_site(ip_of(a));
    struct ip other = ip_site(ip_of(b));

    return one.high == other.high && one.low == other.low;
}

static void who_counts_as_one(void **state)
{
    (void)state;
    assert_true(is_same_site("2001:db8::1", "2001:db8::ffff:1:2:3"));
    assert_false(is_same_site("2001:db8::1", "2001:db8:0:1::1"));
    assert_true(is_same_site("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(is_same_site("192.0.2.1", "192.0.2.2"));
    assert_false(is_same_site("192.0.2.1", "::1"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_network_and_address),
        cmocka_unit_test(some_addresses_mean_this_host_or_link),
        cmocka_unit_test(an_address_alone_is_parsed),
        cmocka_unit_test(an_address_is_formatted_as_it_is_parsed),
        cmocka_unit_test(every_length),
        cmocka_unit_test(what_is_no_network),
        cmocka_unit_test(who_counts_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
