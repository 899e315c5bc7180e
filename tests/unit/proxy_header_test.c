/*
 * The PROXY protocol's headers: what they say, in every cut, and what is none.
 * None of the bytes behind a header is taken.
 */
#include "proto/first/proxy_header.h"

#include "state_names.h"

#include <string.h>

#define BYTES(text)                                                            \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }
#define V2 "\r\n\r\n\0\r\nQUIT\n"
/* 192.0.2.1:40112 to 198.51.100.1:13370 */
#define INET "\300\0\2\1\306\63\144\1\x9c\xb0\x34\x3a"
#define IP6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0"
#define INET6 IP6 "\1" IP6 "\2\x9c\xb0\x34\x3a"
#define UNIX_PATH                                                              \
    "/run/haproxy.sock\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define TLV "\3\0\4\1\2\3\4"

static const struct {
    struct slice bytes;
    enum proxy_header_state state;
    const char *peer;
    uint16_t port;
} headers[] = {
    { BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 40112 13370\r\n"),
      PROXY_HEADER_PEER, "192.0.2.1", 40112 },
    { BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
      PROXY_HEADER_PEER, "255.255.255.255", 65535 },
    { BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 40112 0\r\n"),
      PROXY_HEADER_PEER, "2001:db8::1", 40112 },
    { BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
      PROXY_HEADER_PEER, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
    { BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"), PROXY_HEADER_PEER,
      "192.0.2.1", 1 },
    { BYTES("PROXY UNKNOWN\r\n"), PROXY_HEADER_OWN, NULL, 0 },
    { BYTES("PROXY UNKNOWN ffff:f... 65535 \r\n"), PROXY_HEADER_OWN, NULL, 0 },
    { BYTES(V2 "\x21\x11\0\x0c" INET), PROXY_HEADER_PEER, "192.0.2.1", 40112 },
    { BYTES(V2 "\x21\x11\0\x13" INET TLV), PROXY_HEADER_PEER, "192.0.2.1",
      40112 },
    { BYTES(V2 "\x21\x21\0\x24" INET6), PROXY_HEADER_PEER, "2001:db8::1",
      40112 },
    { BYTES(V2 "\x21\x21\0\x2b" INET6 TLV), PROXY_HEADER_PEER, "2001:db8::1",
      40112 },
    { BYTES(V2 "\x21\x31\0\x6c" UNIX_PATH), PROXY_HEADER_NO_PEER, NULL, 0 },
    { BYTES(V2 "\x21\0\0\0"), PROXY_HEADER_NO_PEER, NULL, 0 },
    { BYTES(V2 "\x21\0\0\7" TLV), PROXY_HEADER_NO_PEER, NULL, 0 },
    { BYTES(V2 "\x20\0\0\0"), PROXY_HEADER_OWN, NULL, 0 },
    { BYTES(V2 "\x20\x11\0\x0c" INET), PROXY_HEADER_OWN, NULL, 0 },
};

static const struct slice wrong[] = {
    BYTES("x"),
    BYTES("\xff\xfb\1"),
    BYTES("\x16\3\1"),
    BYTES("PROXY\r\n"),
    BYTES("proxy TCP4 "),
    BYTES("PROXY \r\n"),
    BYTES("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4\r\n"),
    BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 100000\r\n"),
    BYTES("PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4 192.0.2.1/8 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4 ::1 ::2 1 2\r\n"),
    BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n"),
    BYTES("PROXY TCP4 192.0.2.1\0x 192.0.2.2 1 2\r\n"),
    BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"),
    BYTES("PROXY TCP4 192.0.2.1 \r192.0.2.2 1 2\r\n"),
    BYTES("PROXY UNKNOWN \xff\r\n"),
    BYTES(V2 "\x11\x11\0\x0c"),   /* version 1 */
    BYTES(V2 "\x22\x11\0\x0c"),   /* command 2 */
    BYTES(V2 "\x21\x11\0\x0b"),   /* too short for its addresses */
    BYTES(V2 "\x21\x12\0\x0c"),   /* datagrams */
    BYTES(V2 "\x21\x41\0\x0c"),   /* a family that does not exist */
    BYTES(V2 "\x21\x11\x08\x01"), /* 2,049 bytes */
    BYTES(V2 "\x20\0\xff\xff"),   /* 65,535 bytes */
    BYTES("\r\n\r\n\0\r\nQUIT\r\n\x21\x11"),
};

/* Gives the header in two pieces, and what comes behind it in the second. */
static size_t give(struct proxy_header *h, struct slice header, size_t cut)
{
    uint8_t bytes[4096];
    size_t taken;

    assert_true(header.len + 3 <= sizeof bytes);
    memcpy(bytes, header.data, header.len);
    memcpy(bytes + header.len, "\xff\xfb\1", 3);
    *h = (struct proxy_header){ 0 };
    taken = proxy_header_take(h, slice_of(bytes, cut));
    return taken +
           proxy_header_take(h, slice_of(bytes + cut, header.len + 3 - cut));
}

static void check_peer(const struct proxy_header *h, const char *expected,
                       uint16_t port)
{
    struct ip ip;

    assert_true(ip_parse(expected, &ip));
    assert_int_equal(h->peer.high, ip.high);
    assert_int_equal(h->peer.low, ip.low);
    assert_int_equal(h->port, port);
}

static void a_header_is_read_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        for (size_t cut = 0; cut <= headers[i].bytes.len; cut++) {
            struct proxy_header h;

            assert_int_equal(give(&h, headers[i].bytes, cut),
                             headers[i].bytes.len);
            assert_int_equal(h.state, headers[i].state);
            if (headers[i].peer != NULL)
                check_peer(&h, headers[i].peer, headers[i].port);
        }
    }
}

static void a_part_of_a_header_is_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        for (size_t len = 0; len < headers[i].bytes.len; len++) {
            struct proxy_header h = { 0 };

            for (size_t at = 0; at < len; at++)
                assert_int_equal(
                    proxy_header_take(&h,
                                      slice_of(headers[i].bytes.data + at, 1)),
                    1);
            assert_int_equal(h.state, PROXY_HEADER_OPEN);
        }
    }
}

static void what_is_none_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (size_t cut = 0; cut <= wrong[i].len; cut++) {
            struct proxy_header h;

            (void)give(&h, wrong[i], cut);
            if (h.state != PROXY_HEADER_WRONG)
                fail_msg("wrong[%zu], cut at %zu: %s", i, cut,
                         proxy_header_state_name(h.state));
            assert_string_not_equal(h.problem, "");
            /* It stays so. */
            assert_int_equal(proxy_header_take(&h, wrong[i]), 0);
        }
    }
}

static void a_line_without_an_end_is_not_awaited(void **state)
{
    uint8_t line[PROXY_HEADER_TEXT_MAX + 1];
    struct proxy_header h = { 0 };

    (void)state;
    memset(line, ' ', sizeof line);
    memcpy(line, "PROXY UNKNOWN", 13);
    assert_int_equal(
        proxy_header_take(&h, slice_of(line, PROXY_HEADER_TEXT_MAX - 1)),
        PROXY_HEADER_TEXT_MAX - 1);
    assert_int_equal(h.state, PROXY_HEADER_OPEN);
    (void)proxy_header_take(&h, slice_of(line, 1));
    assert_int_equal(h.state, PROXY_HEADER_WRONG);
    /* With its end there it is as long as one can be. */
    h = (struct proxy_header){ 0 };
    memcpy(line + PROXY_HEADER_TEXT_MAX - 2, "\r\n", 2);
    assert_int_equal(proxy_header_take(&h, slice_of(line, sizeof line)),
                     PROXY_HEADER_TEXT_MAX);
    assert_int_equal(h.state, PROXY_HEADER_OWN);
}

static void values_behind_the_addresses_are_skipped(void **state)
{
    static const struct slice fixed = BYTES(V2 "\x21\x11\x08\0" INET);
    static const uint8_t zeros[PROXY_HEADER_MAX];
    size_t rest = PROXY_HEADER_MAX - fixed.len;
    struct proxy_header h = { 0 };

    (void)state;
    assert_int_equal(proxy_header_take(&h, fixed), fixed.len);
    assert_int_equal(proxy_header_take(&h, slice_of(zeros, rest - 1)),
                     rest - 1);
    assert_int_equal(h.state, PROXY_HEADER_OPEN);
    assert_int_equal(proxy_header_take(&h, slice_of(zeros, 2)), 1);
    assert_int_equal(h.state, PROXY_HEADER_PEER);
    check_peer(&h, "192.0.2.1", 40112);
}

static void states_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(proxy_header_state_name, enum proxy_header_state,
                      PROXY_HEADER_STATE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_in_every_cut),
        cmocka_unit_test(a_part_of_a_header_is_open),
        cmocka_unit_test(what_is_none_is_wrong),
        cmocka_unit_test(a_line_without_an_end_is_not_awaited),
        cmocka_unit_test(values_behind_the_addresses_are_skipped),
        cmocka_unit_test(states_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
