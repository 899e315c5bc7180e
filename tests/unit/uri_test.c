#include "proto/uri.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_slice(struct slice got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.data, expected, got.len);
}

static struct uri parse(const char *text)
{
    struct uri uri;

    uri_parse(slice_of_text(text), &uri);
    return uri;
}

static void check_label(const char *text, const char *label)
{
    struct uri uri = parse(text);

    assert_int_equal(uri.kind, URI_LABEL);
    check_slice(uri.label, label);
}

static struct uri check_address(const char *text, const char *scheme,
                                const char *host, uint16_t port)
{
    struct uri uri = parse(text);

    assert_int_equal(uri.kind, URI_ADDRESS);
    check_slice(uri.scheme, scheme);
    check_slice(uri.host, host);
    assert_int_equal(uri.port, port);
    return uri;
}

static void check_invalid(const char *text, const char *problem)
{
    struct uri uri = parse(text);

    assert_int_equal(uri.kind, URI_INVALID);
    assert_string_equal(uri.problem, problem);
}

static void test_name_is_a_label(void **state)
{
    (void)state;
    check_label("s0", "s0");
    check_label("vSPC.py", "vSPC.py");
    check_label("a label of words", "a label of words");
}

static void test_query_key_port_is_the_label(void **state)
{
    (void)state;
    check_label("vspcd?port=com1", "com1");
    check_label("vspcd?x=y&port=com2&z#f", "com2");
    check_label("vspcd?sport=com1", "vspcd?sport=com1");
    check_label("vspcd#?port=com1", "vspcd#?port=com1");
}

static void test_empty_port_key_is_no_label(void **state)
{
    (void)state;
    check_label("vspcd?port=", "vspcd?port=");
}

static void test_scheme_host_and_port_are_an_address(void **state)
{
    (void)state;
    check_address("telnet://vSPC.py:13370", "telnet", "vSPC.py", 13370);
    check_address("telnets://h:1", "telnets", "h", 1);
    check_address("tcp+ssl://h:65535", "tcp+ssl", "h", 65535);
}

static void test_schemes_of_vmware_are_known_in_any_case(void **state)
{
    const char *const texts[] = { "telnet://h:2",   "telnets://h:2",
                                  "tcp://h:2",      "tcp4://h:2",
                                  "tcp6://h:2",     "ssl://h:2",
                                  "tcp+ssl://h:2",  "tcp4+ssl://h:2",
                                  "tcp6+ssl://h:2", "TELNET://h:2" };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(parse(texts[i]).kind, URI_ADDRESS);
}

static void test_other_schemes_are_invalid(void **state)
{
    (void)state;
    check_invalid("http://h:2", "a scheme that is not known");
    check_invalid("teln://h:2", "a scheme that is not known");
    check_invalid("://h:2", "a scheme that is not known");
}

static void test_host_and_port_alone_are_an_address(void **state)
{
    (void)state;
    check_address("host:7000", "", "host", 7000);
    check_address("10.0.0.1:1", "", "10.0.0.1", 1);
}

static void test_bare_host_with_a_bad_port_is_a_label(void **state)
{
    (void)state;
    check_label("host:0", "host:0");
    check_label("host:65536", "host:65536");
    check_label("host:", "host:");
    check_label("host:12a", "host:12a");
    check_label(":123", ":123");
    check_label("a:b:1", "a:b:1");
}

static void test_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    check_address("tcp6://[::1]:2000", "tcp6", "::1", 2000);
    check_address("[fe80::1]:2000", "", "fe80::1", 2000);
    check_invalid("tcp6://[::1:2000", "no ']' behind the IPv6 address");
    check_invalid("tcp6://[]:2000", "no host");
    check_invalid("tcp6://[::1]2000", "something between host and port");
    check_invalid("tcp6://::1:2000", "no host");
}

static void test_fragment_is_kept(void **state)
{
    struct uri uri;

    (void)state;
    uri = check_address("tcp6://[::1]:2000#verify&peerName=x", "tcp6", "::1",
                        2000);
    check_slice(uri.fragment, "verify&peerName=x");
    uri = check_address("host:1#verify", "", "host", 1);
    check_slice(uri.fragment, "verify");
    assert_int_equal(parse("telnet://h:1#").fragment.len, 0);
}

static void test_path_and_query_of_an_address_are_ignored(void **state)
{
    struct uri uri;

    (void)state;
    check_address("telnet://h:1/path@x:9?query", "telnet", "h", 1);
    uri = check_address("telnet://h:1?q#f", "telnet", "h", 1);
    check_slice(uri.fragment, "f");
}

static void test_user_and_password_are_noticed(void **state)
{
    (void)state;
    assert_true(
        check_address("telnet://user:pw@h:1", "telnet", "h", 1).has_userinfo);
    assert_true(check_address("tcp://a@b@h:1", "tcp", "h", 1).has_userinfo);
    assert_true(check_address("user@h:1", "", "h", 1).has_userinfo);
    assert_false(check_address("tcp://h:1#a@b", "tcp", "h", 1).has_userinfo);
}

static void test_port_must_be_a_number_up_to_65535(void **state)
{
    (void)state;
    check_invalid("tcp://h:0", "port 0");
    check_invalid("tcp://h:65536", "a port over 65535");
    check_invalid("tcp://h:99999999999999999999", "a port over 65535");
    check_invalid("tcp://h:x", "a port that is no number");
    check_invalid("tcp://h:-1", "a port that is no number");
    check_address("tcp://h:00080", "tcp", "h", 80);
}

static void test_port_may_be_left_out_for_telnet_only(void **state)
{
    (void)state;
    check_address("telnet://example.com", "telnet", "example.com", 23);
    check_address("telnets://example.com:", "telnets", "example.com", 992);
    check_invalid("tcp://example.com", "no port");
    check_invalid("tcp://example.com:", "no port");
}

static void test_host_must_be_there(void **state)
{
    (void)state;
    check_invalid("tcp://:7000", "no host");
    check_invalid("telnet://", "no host");
    check_invalid("telnet:///path", "no host");
}

static void test_host_has_no_blanks_or_control_characters(void **state)
{
    struct slice with_nul = slice_of("tcp://a\0b:1", 11);
    struct uri uri;

    (void)state;
    check_invalid("tcp://a b:1", "a character in the host that cannot be");
    check_invalid("tcp://a\x1b:1", "a character in the host that cannot be");
    uri_parse(with_nul, &uri);
    assert_int_equal(uri.kind, URI_INVALID);
}

static void test_empty_text_is_invalid(void **state)
{
    struct uri uri;

    (void)state;
    check_invalid("", "empty");
    uri_parse(slice_of(NULL, 0), &uri);
    assert_int_equal(uri.kind, URI_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_is_a_label),
        cmocka_unit_test(test_query_key_port_is_the_label),
        cmocka_unit_test(test_empty_port_key_is_no_label),
        cmocka_unit_test(test_scheme_host_and_port_are_an_address),
        cmocka_unit_test(test_schemes_of_vmware_are_known_in_any_case),
        cmocka_unit_test(test_other_schemes_are_invalid),
        cmocka_unit_test(test_host_and_port_alone_are_an_address),
        cmocka_unit_test(test_bare_host_with_a_bad_port_is_a_label),
        cmocka_unit_test(test_ipv6_address_stands_in_brackets),
        cmocka_unit_test(test_fragment_is_kept),
        cmocka_unit_test(test_path_and_query_of_an_address_are_ignored),
        cmocka_unit_test(test_user_and_password_are_noticed),
        cmocka_unit_test(test_port_must_be_a_number_up_to_65535),
        cmocka_unit_test(test_port_may_be_left_out_for_telnet_only),
        cmocka_unit_test(test_host_must_be_there),
        cmocka_unit_test(test_host_has_no_blanks_or_control_characters),
        cmocka_unit_test(test_empty_text_is_invalid),
    };

    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
