/* The administrator's rules for service URIs. */
#include "proto/uri/uri_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *rule;
    const char *uri;
    enum uri_place place;
    bool is_allowed;
} cases[] = {
    { "192.0.2.1:7000", "tcp://192.0.2.1:7000", URI_CLIENT, true },
    { "192.0.2.1:7000", "192.0.2.1:7000", URI_CLIENT, true },
    { "192.0.2.1:7000", "telnets://192.0.2.1:7000#verify", URI_CLIENT, true },
    { "192.0.2.1:7000", "tcp://192.0.2.1:7001", URI_CLIENT, false },
    { "192.0.2.1:7000", "tcp://192.0.2.10:7000", URI_CLIENT, false },
    { "192.0.2.1:7000-7002", "tcp://192.0.2.1:6999", URI_CLIENT, false },
    { "192.0.2.1:7000-7002", "tcp://192.0.2.1:7000", URI_CLIENT, true },
    { "192.0.2.1:7000-7002", "tcp://192.0.2.1:7002", URI_CLIENT, true },
    { "192.0.2.1:7000-7002", "tcp://192.0.2.1:7003", URI_CLIENT, false },
    { "192.0.2.1:7000-7000", "tcp://192.0.2.1:7000", URI_CLIENT, true },
    { "192.0.2.1:*", "tcp://192.0.2.1:1", URI_CLIENT, true },
    { "192.0.2.1:*", "tcp://192.0.2.1:65535", URI_CLIENT, true },
    /* Ports that a URI leaves out. */
    { "h:23", "telnet://h", URI_CLIENT, true },
    { "h:992", "telnets://h", URI_CLIENT, true },
    { "h:23", "telnets://h", URI_CLIENT, false },
    /* Names. */
    { "Host.Example.ORG:7000", "tcp://hOST.example.org:7000", URI_CLIENT,
      true },
    { "host.example.org:7000", "tcp://host.example.org.evil:7000", URI_CLIENT,
      false },
    { "*.example.org:7000", "tcp://a.example.org:7000", URI_CLIENT, true },
    { "*.example.org:7000", "tcp://a.b.Example.org:7000", URI_CLIENT, true },
    { "*.example.org:7000", "tcp://example.org:7000", URI_CLIENT, false },
    { "*.example.org:7000", "tcp://evilexample.org:7000", URI_CLIENT, false },
    { "*.example.org:7000", "tcp://.example.org:7000", URI_CLIENT, false },
    { "*.example.org:7000", "tcp://a.example.org.evil:7000", URI_CLIENT,
      false },
    { "a.example.org:7000", "tcp://a%2Eexample.org:7000", URI_CLIENT, true },
    /* A name is not the address behind it, nor one address another. */
    { "localhost:7000", "tcp://127.0.0.1:7000", URI_CLIENT, false },
    { "127.0.0.1:7000", "tcp://[::ffff:127.0.0.1]:7000", URI_CLIENT, false },
    /* IPv6. */
    { "[::1]:7000", "tcp://[::1]:7000", URI_CLIENT, true },
    { "[2001:DB8::1]:*", "tcp6://[2001:db8::1]:9", URI_CLIENT, true },
    { "[::1]:7000", "tcp://[::2]:7000", URI_CLIENT, false },
    { "[fe80::1%eth0]:7000", "tcp://[fe80::1%25eth0]:7000", URI_CLIENT, true },
    { "[fe80::1]:7000", "tcp://[fe80::1%25eth0]:7000", URI_CLIENT, false },
    /* Everything; and listeners without a host. */
    { "*:*", "tcp://192.0.2.1:1", URI_CLIENT, true },
    { "*:*", "tcp://:7000", URI_SERVER, true },
    { "*:7000", "tcp6://:7000", URI_SERVER, true },
    { "0.0.0.0:7000", "tcp://:7000", URI_SERVER, false },
    { "any:7000-7001", "tcp://:7000", URI_SERVER, true },
    { "ANY:*", "tcp://192.0.2.1:7000", URI_SERVER, true },
    { "any:7000", "tcp://:7001", URI_SERVER, false },
    { "any:*", "tcp://192.0.2.1:7000", URI_CLIENT, false },
    { "any:*", "tcp://any:7000", URI_CLIENT, true },
    { "*.example.org:7000", "tcp://:7000", URI_SERVER, false },
    /* Null modems. */
    { "vspc://web-01", "vspc://web-01", URI_CLIENT, true },
    { "vspc://web-01", "vspc://web-01/com1", URI_CLIENT, true },
    { "vspc://web-01", "vspc://web-02", URI_CLIENT, false },
    { "VSPC://*", "vspc://web-01", URI_CLIENT, true },
    { "vspc://a VM: [1]", "vspc://a%20VM:%20%5b1%5d", URI_CLIENT, true },
    { "vspc://web-01", "tcp://web-01:1", URI_CLIENT, false },
    { "*:*", "vspc://web-01", URI_CLIENT, false },
    { "vspc://*", "tcp://h:1", URI_CLIENT, false },
    /* A label is no business of rules. */
    { "*:*", "s0", URI_SERVER, false },
};

/* Addresses of the concentrator itself. */
static void a_rule_names_an_address(void **state)
{
    static const struct {
        const char *rule;
        const char *ip;
        bool is_named;
    } rows[] = {
        { "127.0.0.1:7000", "127.0.0.1", true },
        { "127.0.0.1:6999-7001", "127.0.0.1", true },
        { "127.0.0.1:7000", "::ffff:127.0.0.1", true },
        { "[::ffff:127.0.0.1]:*", "127.0.0.1", true },
        { "127.0.0.1:7001", "127.0.0.1", false },
        { "127.0.0.1:7000", "127.0.0.2", false },
        { "[::1]:7000", "::1", true },
        { "[0:0::1]:7000", "::1", true },
        { "[fe80::1%eth0]:7000", "fe80::1", true },
        { "192.0.2.1:7000", "192.0.2.1", true },
        { "localhost:7000", "127.0.0.1", true },
        { "LOCALHOST:7000", "127.8.8.8", true },
        { "localhost:*", "::1", true },
        { "localhost:7001", "::1", false },
        { "localhost:*", "192.0.2.1", false },
        { "localhost:*", "169.254.169.254", false },
        { "*:*", "127.0.0.1", false },
        { "*:7000", "::1", false },
        { "*.localhost:*", "127.0.0.1", false },
        { "host.example.org:7000", "127.0.0.1", false },
        { "vspc://localhost", "127.0.0.1", false },
        { "vspc://*", "127.0.0.1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct uri_rule rule;
        struct ip ip;

        assert_int_equal(uri_rule_parse(rows[i].rule, URI_CLIENT, &rule, NULL),
                         0);
        assert_true(ip_parse(rows[i].ip, &ip));
        if (uri_rule_names(&rule, ip, 7000) != rows[i].is_named)
            fail_msg("%s, %s", rows[i].rule, rows[i].ip);
    }
}

static void each_rule_and_uri(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uri_rule rule;
        struct uri uri;
        struct err err = { "" };
        size_t at;

        if (uri_rule_parse(cases[i].rule, cases[i].place, &rule, &err) < 0)
            fail_msg("%s: %s", cases[i].rule, err.text);
        if (uri_parse(slice_of_text(cases[i].uri), cases[i].place, 0, &uri,
                      &at) != URI_OK) {
            /* What is no URI at all needs no rule either. */
            if (cases[i].is_allowed)
                fail_msg("%s is no URI", cases[i].uri);
            continue;
        }
        if (uri_rule_allows(&rule, &uri) != cases[i].is_allowed)
            fail_msg("rule %s, %s", cases[i].rule, cases[i].uri);
    }
}

static const char *const wrong[] = {
    "",
    "*",
    "h",
    ":7000",
    "h:",
    "h:0",
    "h:65536",
    "h:ssh",
    "h:-1",
    "h:1-",
    "h:-",
    "h:2-1",
    "h:1-65536",
    "h:1-2-3",
    "h:0-5",
    "h: 1",
    "h:**",
    "[]:1",
    "::1:7000",
    "[::1:7000",
    "::1]:7000",
    "10.0.*:7000",
    "a*.example.org:1",
    "*example.org:1",
    "**:1",
    "*.:1",
    "tcp://h:1",
    "a b:1",
    "h/x:1",
    "user@h:1",
    "b\xc3\xbcro:1",
    "vspc://",
};

static void rules_that_could_never_hold_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct uri_rule rule = { .first_port = 77 };
        struct err err = { "" };

        if (uri_rule_parse(wrong[i], (enum uri_place)(i % 2), &rule, &err) == 0)
            fail_msg("'%s' was taken", wrong[i]);
        assert_non_null(strstr(err.text, "expected HOST:PORT"));
        assert_int_equal(rule.first_port, 77);
    }
}

static void hosts_that_are_too_long(void **state)
{
    char text[URI_HOST_MAX + 16];
    struct uri_rule rule;
    struct err err;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + URI_HOST_MAX, ":1", 3);
    assert_int_equal(uri_rule_parse(text, URI_CLIENT, &rule, &err), 0);
    memcpy(text + URI_HOST_MAX, "a:1", 4);
    assert_true(uri_rule_parse(text, URI_CLIENT, &rule, &err) < 0);
}

/* What --interface keeps away, a rule for "*" does not let in. */
static void any_is_more_than_a_star(void **state)
{
    static const struct {
        const char *rule;
        enum uri_place place;
        bool is_star;
    } stars[] = {
        { "*:1", URI_SERVER, true },          { "any:1", URI_SERVER, false },
        { "*:1", URI_CLIENT, true },          { "any:1", URI_CLIENT, false },
        { "192.0.2.1:1", URI_SERVER, false }, { "vspc://*", URI_CLIENT, false },
        { "*.org:1", URI_CLIENT, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof stars / sizeof stars[0]; i++) {
        struct uri_rule rule;
        struct err err;

        assert_int_equal(
            uri_rule_parse(stars[i].rule, stars[i].place, &rule, &err), 0);
        assert_int_equal(uri_rule_is_star(&rule), stars[i].is_star);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_and_uri),
        cmocka_unit_test(a_rule_names_an_address),
        cmocka_unit_test(rules_that_could_never_hold_are_refused),
        cmocka_unit_test(hosts_that_are_too_long),
        cmocka_unit_test(any_is_more_than_a_star),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
