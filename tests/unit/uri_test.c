#include "proto/uri/uri_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OWN_PORT = 13370, CANONICAL_MAX = 32 * 1024 };

#define KEY_TEXT "0123456789abcdef0123456789abcdef"
#define SHA1_TEXT "0123456789abcdef0123456789abcdef01234567"
#define SHA1_COLONS                                                            \
    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67"
#define SHA256_TEXT                                                            \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA256_COLONS                                                          \
    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:" \
    "01:23:45:67:89:AB:CD:EF"
#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define X256 X64 X64 X64 X64
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

static struct uri parse_at(const char *text, enum uri_place place)
{
    struct uri uri;
    size_t at;

    assert_string_equal(uri_problem_text(uri_parse(slice_of_text(text), place,
                                                   OWN_PORT, &uri, &at)),
                        uri_problem_text(URI_OK));
    return uri;
}

static struct uri parse(const char *text)
{
    return parse_at(text, URI_CLIENT);
}

static void check_slice(struct slice got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.data, expected, got.len);
}

static void check_same(const struct uri *a, const struct uri *b)
{
    char pem[2][URI_PEM_MAX + 1];

    assert_int_equal(a->kind, b->kind);
    assert_true(slice_is_equal(a->label, b->label));
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->is_telnet, b->is_telnet);
    assert_int_equal(a->tls, b->tls);
    assert_int_equal(a->host_kind, b->host_kind);
    assert_string_equal(a->host, b->host);
    assert_int_equal(a->port, b->port);
    assert_string_equal(a->console, b->console);
    assert_string_equal(a->console_label, b->console_label);
    assert_int_equal(a->parameters.thumbprint_len,
                     b->parameters.thumbprint_len);
    assert_memory_equal(a->parameters.thumbprint, b->parameters.thumbprint,
                        URI_SHA256_LEN);
    assert_string_equal(a->parameters.peer_name, b->parameters.peer_name);
    assert_string_equal(a->parameters.ciphers, b->parameters.ciphers);
    assert_int_equal(a->parameters.has_verify, b->parameters.has_verify);
    uri_get_certificate(&a->parameters, pem[0]);
    uri_get_certificate(&b->parameters, pem[1]);
    assert_string_equal(pem[0], pem[1]);
}

/* The canonical form means the same, and is its own canonical form. */
static void check_canonical(const struct uri *uri, enum uri_place place,
                            const char *canonical)
{
    static char text[CANONICAL_MAX], again_text[CANONICAL_MAX];
    struct uri again;
    size_t len = uri_format(uri, text, sizeof text);

    assert_int_equal(len, strlen(text));
    if (canonical != NULL)
        assert_string_equal(text, canonical);
    again = parse_at(text, place);
    check_same(uri, &again);
    uri_format(&again, again_text, sizeof again_text);
    assert_string_equal(again_text, text);
}

static void labels(void **state)
{
    static const struct {
        const char *text, *label, *canonical;
    } rows[] = {
        /* A name is a label. */
        { "s0", "s0", "s0" },
        { "vSPC.py", "vSPC.py", "vSPC.py" },
        { "a label of words", "a label of words", "a label of words" },
        { "50%", "50%", "50%" },
        { "a@b", "a@b", "a@b" },
        { "s0#1", "s0#1", "s0#1" },
        /* So is the value of the query key "port". */
        { "vspcd?port=com1", "com1", "com1" },
        { "vspcd?x=y&port=com2&z#f", "com2", "com2" },
        { "vspcd?port=&port=com1", "com1", "com1" },
        { "vspcd?port=com%31", "com%31", "com%31" },
        { "x?port=h:1", "h:1", "?port=h:1" },
        { "x?port=tcp://h:1", "tcp://h:1", "?port=tcp://h:1" },
        { "x?port=a?port=b", "a?port=b", "?port=a?port=b" },
        { "vspcd?sport=com1", "vspcd?sport=com1", "vspcd?sport=com1" },
        { "vspcd#?port=com1", "vspcd#?port=com1", "vspcd#?port=com1" },
        { "vspcd?port=", "vspcd?port=", "vspcd?port=" },
        /* What is no host and port, and has no scheme, is a name. */
        { "host:0", "host:0", "host:0" },
        { "host:65536", "host:65536", "host:65536" },
        { "host:", "host:", "host:" },
        { "host:12a", "host:12a", "host:12a" },
        { ":123", ":123", ":123" },
        { "a:b:1", "a:b:1", "a:b:1" },
        { "[::1:2000", "[::1:2000", "[::1:2000" },
        { "telnet:host:23", "telnet:host:23", "telnet:host:23" },
        /* An address with our own port is one, whatever else is in it. */
        { "telnet://vSPC.py:13370", "telnet://vSPC.py:13370",
          "telnet://vSPC.py:13370" },
        { "telnet://vspc:13370/s0?x#y", "telnet://vspc:13370/s0?x",
          "telnet://vspc:13370/s0?x" },
        { "vspc:13370", "vspc:13370", "vspc:13370" },
        { "tcp://:13370", "tcp://:13370", "tcp://:13370" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct uri uri = parse_at(rows[i].text, URI_SERVER);

        assert_int_equal(uri.kind, URI_LABEL);
        check_slice(uri.label, rows[i].label);
        check_canonical(&uri, URI_SERVER, rows[i].canonical);
    }
}

static void own_port_counts_for_direction_server_only(void **state)
{
    (void)state;
    assert_int_equal(parse("telnet://vSPC.py:13370").kind, URI_ADDRESS);
    assert_int_equal(parse_at("telnet://h:13370", URI_PROXY).kind, URI_ADDRESS);
}

static void schemes(void **state)
{
    static const struct {
        const char *text, *canonical;
        enum uri_family family;
        bool is_telnet;
        enum uri_tls tls;
    } rows[] = {
        { "h:2", "tcp://h:2", URI_ANY_FAMILY, false, URI_TLS_NEVER },
        { "tcp://h:2", "tcp://h:2", URI_ANY_FAMILY, false, URI_TLS_NEVER },
        { "tcp4://h:2", "tcp4://h:2", URI_IPV4, false, URI_TLS_NEVER },
        { "tcp6://h:2", "tcp6://h:2", URI_IPV6, false, URI_TLS_NEVER },
        { "ssl://h:2", "tcp+ssl://h:2", URI_ANY_FAMILY, false, URI_TLS_FIRST },
        { "tcp+ssl://h:2", "tcp+ssl://h:2", URI_ANY_FAMILY, false,
          URI_TLS_FIRST },
        { "tcp4+ssl://h:2", "tcp4+ssl://h:2", URI_IPV4, false, URI_TLS_FIRST },
        { "tcp6+ssl://h:2", "tcp6+ssl://h:2", URI_IPV6, false, URI_TLS_FIRST },
        { "telnet://h:2", "telnet://h:2", URI_ANY_FAMILY, true,
          URI_TLS_OFFERED },
        { "telnet://h:2#verify", "telnet://h:2#verify", URI_ANY_FAMILY, true,
          URI_TLS_REQUIRED },
        { "telnets://h:2", "telnets://h:2", URI_ANY_FAMILY, true,
          URI_TLS_FIRST },
        { "TCP4+SSL://h:2", "tcp4+ssl://h:2", URI_IPV4, false, URI_TLS_FIRST },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int place = URI_SERVER; place <= URI_CLIENT; place++) {
            struct uri uri = parse_at(rows[i].text, (enum uri_place)place);

            assert_int_equal(uri.kind, URI_ADDRESS);
            assert_int_equal(uri.family, rows[i].family);
            assert_int_equal(uri.is_telnet, rows[i].is_telnet);
            assert_int_equal(uri.tls, rows[i].tls);
            check_canonical(&uri, (enum uri_place)place, rows[i].canonical);
        }
    }
}

static void hosts_and_ports(void **state)
{
    static const struct {
        const char *text, *canonical;
        enum uri_host kind;
        const char *host;
        uint16_t port;
        enum uri_place place;
    } rows[] = {
        { "tcp://vSPC.py:7000", "tcp://vspc.py:7000", URI_HOST_NAME, "vspc.py",
          7000, URI_CLIENT },
        { "tcp://my_host-1.:1", "tcp://my_host-1.:1", URI_HOST_NAME,
          "my_host-1.", 1, URI_CLIENT },
        { "tcp://%68%4Fst:1", "tcp://host:1", URI_HOST_NAME, "host", 1,
          URI_CLIENT },
        { "tcp://1st.de:1", "tcp://1st.de:1", URI_HOST_NAME, "1st.de", 1,
          URI_CLIENT },
        { "10.0.0.1:1", "tcp://10.0.0.1:1", URI_HOST_IPV4, "10.0.0.1", 1,
          URI_CLIENT },
        { "tcp4://255.255.255.255:65535", "tcp4://255.255.255.255:65535",
          URI_HOST_IPV4, "255.255.255.255", 65535, URI_CLIENT },
        { "tcp6://[::1]:2000", "tcp6://[::1]:2000", URI_HOST_IPV6, "::1", 2000,
          URI_CLIENT },
        { "[FE80::1]:2000", "tcp://[fe80::1]:2000", URI_HOST_IPV6, "fe80::1",
          2000, URI_CLIENT },
        { "tcp://[::]:1", "tcp://[::]:1", URI_HOST_IPV6, "::", 1, URI_SERVER },
        { "tcp://[1:2:3:4:5:6:7:8]:1", "tcp://[1:2:3:4:5:6:7:8]:1",
          URI_HOST_IPV6, "1:2:3:4:5:6:7:8", 1, URI_CLIENT },
        { "tcp://[1:2:3:4:5:6:7::]:1", "tcp://[1:2:3:4:5:6:7::]:1",
          URI_HOST_IPV6, "1:2:3:4:5:6:7::", 1, URI_CLIENT },
        { "tcp://[::ffff:192.0.2.1]:1", "tcp://[::ffff:192.0.2.1]:1",
          URI_HOST_IPV6, "::ffff:192.0.2.1", 1, URI_CLIENT },
        { "tcp://[fe80::1%25eth0.7]:1", "tcp://[fe80::1%25eth0.7]:1",
          URI_HOST_IPV6, "fe80::1%eth0.7", 1, URI_CLIENT },
        { "tcp://[fe80::1%25%45th]:1", "tcp://[fe80::1%25Eth]:1", URI_HOST_IPV6,
          "fe80::1%Eth", 1, URI_CLIENT },
        { "tcp://h:00080", "tcp://h:80", URI_HOST_NAME, "h", 80, URI_CLIENT },
        { "tcp://h:80/", "tcp://h:80", URI_HOST_NAME, "h", 80, URI_CLIENT },
        { "tcp://h:80#", "tcp://h:80", URI_HOST_NAME, "h", 80, URI_CLIENT },
        /* Only telnet has ports of its own. */
        { "telnet://h", "telnet://h:23", URI_HOST_NAME, "h", 23, URI_CLIENT },
        { "telnets://h:", "telnets://h:992", URI_HOST_NAME, "h", 992,
          URI_PROXY },
        /* A server may listen on all addresses. */
        { "tcp://:7000", "tcp://:7000", URI_HOST_ALL, "", 7000, URI_SERVER },
        { "telnets://:7000", "telnets://:7000", URI_HOST_ALL, "", 7000,
          URI_SERVER },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct uri uri = parse_at(rows[i].text, rows[i].place);

        assert_int_equal(uri.kind, URI_ADDRESS);
        assert_int_equal(uri.host_kind, rows[i].kind);
        assert_string_equal(uri.host, rows[i].host);
        assert_int_equal(uri.port, rows[i].port);
        check_canonical(&uri, rows[i].place, rows[i].canonical);
    }
}

static void consoles(void **state)
{
    static const struct {
        const char *text, *canonical, *console, *label;
    } rows[] = {
        { "vspc://vm-0001", "vspc://vm-0001", "vm-0001", "" },
        { "VSPC://vm/", "vspc://vm", "vm", "" },
        { "vspc://vm/com1", "vspc://vm/com1", "vm", "com1" },
        { "vspc://my vm/a b", "vspc://my%20vm/a%20b", "my vm", "a b" },
        { "vspc://a%2Fb%25", "vspc://a%2Fb%25", "a/b%", "" },
        { "vspc://b\xc3\xbcro", "vspc://b%C3%BCro", "b\xc3\xbcro", "" },
        { "vspc://a:b@c", "vspc://a:b@c", "a:b@c", "" },
        { "vspc://vm/telnet://vspc:13370", "vspc://vm/telnet://vspc:13370",
          "vm", "telnet://vspc:13370" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct uri uri = parse(rows[i].text);

        assert_int_equal(uri.kind, URI_CONSOLE);
        assert_string_equal(uri.console, rows[i].console);
        assert_string_equal(uri.console_label, rows[i].label);
        check_canonical(&uri, URI_CLIENT, rows[i].canonical);
    }
}

static void thumbprints(void **state)
{
    static const struct {
        const char *value, *canonical;
        size_t len;
    } rows[] = {
        { SHA1_TEXT, SHA1_COLONS, URI_SHA1_LEN },
        { SHA1_COLONS, SHA1_COLONS, URI_SHA1_LEN },
        { SHA256_TEXT, SHA256_COLONS, URI_SHA256_LEN },
        { SHA256_COLONS, SHA256_COLONS, URI_SHA256_LEN },
        { "01%3a23:45%3A6789abcdef0123456789abcdef01234567", SHA1_COLONS,
          URI_SHA1_LEN },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200], canonical[200], got[URI_THUMBPRINT_MAX + 1];
        struct uri uri;

        snprintf(text, sizeof text, "ssl://h:1#thumbprint=%s", rows[i].value);
        snprintf(canonical, sizeof canonical, "tcp+ssl://h:1#thumbprint=%s",
                 rows[i].canonical);
        uri = parse(text);
        assert_int_equal(uri.parameters.thumbprint_len, rows[i].len);
        uri_get_thumbprint(&uri.parameters, got);
        assert_string_equal(got, rows[i].canonical);
        assert_memory_equal(uri.parameters.thumbprint,
                            "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
        check_canonical(&uri, URI_CLIENT, canonical);
    }
}

static void other_parameters(void **state)
{
    static const struct {
        const char *fragment, *canonical, *peer_name, *ciphers;
        bool has_verify, is_verifying;
    } rows[] = {
        { "verify", "verify", "", "", true, true },
        { "%56erify", "verify", "", "", true, true },
        { "peerName=vm.example", "peerName=vm.example", "vm.example", "", false,
          true },
        { "PEERNAME=a%20b%26c=d", "peerName=a%20b%26c=d", "a b&c=d", "", false,
          true },
        { "peerName=b\xc3\xbcro", "peerName=b%C3%BCro", "b\xc3\xbcro", "",
          false, true },
        { "cipherList=HIGH:!aNULL", "cipherList=HIGH:!aNULL", "", "HIGH:!aNULL",
          false, false },
        { "cipherList=AES128-SHA,%20AES256-SHA RC4%2BSHA",
          "cipherList=AES128-SHA:AES256-SHA:RC4+SHA", "",
          "AES128-SHA:AES256-SHA:RC4+SHA", false, false },
        { "cipherList=DEFAULT:@STRENGTH&verify&peerName=x",
          "peerName=x&verify&cipherList=DEFAULT:@STRENGTH", "x",
          "DEFAULT:@STRENGTH", true, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200], canonical[200];
        struct uri uri;

        snprintf(text, sizeof text, "telnets://h:1#%s", rows[i].fragment);
        snprintf(canonical, sizeof canonical, "telnets://h:1#%s",
                 rows[i].canonical);
        uri = parse_at(text, URI_PROXY);
        assert_string_equal(uri.parameters.peer_name, rows[i].peer_name);
        assert_string_equal(uri.parameters.ciphers, rows[i].ciphers);
        assert_int_equal(uri.parameters.has_verify, rows[i].has_verify);
        assert_int_equal(uri_is_verifying(&uri.parameters),
                         rows[i].is_verifying);
        check_canonical(&uri, URI_PROXY, canonical);
    }
}

static void certificate_comes_out_as_pem(void **state)
{
    static const char pem[] = PEM_BEGIN "\n" X64 "\nxy+/xx==\n" PEM_END "\n";
    static const char *const values[] = {
        /* as a file, and percent-encoded as it ought to be */
        pem,
        "-----BEGIN%20CERTIFICATE-----%0A" X64
        "%0D%0Axy%2B%2fxx%3d%3D%0a-----END%20CERTIFICATE-----",
        /* without line ends; broken elsewhere */
        PEM_BEGIN X64 "xy+/xx==" PEM_END,
        "-----BEGINCERTIFICATE----- " X8 " " X8 X8 X8 X8 X8 X8 X8
        "xy\t+/xx==" PEM_END,
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[400];
        char got[URI_PEM_MAX + 1];
        struct uri uri;

        snprintf(text, sizeof text, "ssl://h:1#certificate=%s&verify",
                 values[i]);
        uri = parse(text);
        assert_int_equal(uri_get_certificate(&uri.parameters, got),
                         strlen(pem));
        assert_string_equal(got, pem);
        assert_true(uri_is_verifying(&uri.parameters));
        check_canonical(&uri, URI_CLIENT,
                        "tcp+ssl://h:1#certificate=-----BEGIN%20CERTIFICATE---"
                        "--%0A" X64 "%0Axy+/xx==%0A-----END%20CERTIFICATE-----"
                        "%0A&verify");
    }
}

static void largest_certificate_has_room(void **state)
{
    static char text[3 * URI_BASE64_MAX];
    char pem[URI_PEM_MAX + 1];
    char *end = stpcpy(text, "ssl://h:1#certificate=" PEM_BEGIN);
    struct uri uri;
    size_t at;

    (void)state;
    memset(end, 'x', URI_BASE64_MAX);
    strcpy(end + URI_BASE64_MAX, PEM_END);
    uri = parse(text);
    assert_true(uri_get_certificate(&uri.parameters, pem) <= URI_PEM_MAX);
    check_canonical(&uri, URI_CLIENT, NULL);
    strcpy(end + URI_BASE64_MAX, "xxxx" PEM_END);
    assert_int_equal(uri_parse(slice_of_text(text), URI_CLIENT, 0, &uri, &at),
                     URI_BAD_CERTIFICATE);
}

static const struct bad {
    const char *text;
    enum uri_place place;
    enum uri_problem problem;
    size_t at;
} bad[] = {
    { "", URI_SERVER, URI_EMPTY, 0 },
    { "", URI_PROXY, URI_EMPTY, 0 },
    { "\1\2", URI_SERVER, URI_NO_NAME, 0 },
    { "x?port=\x1b", URI_SERVER, URI_NO_NAME, 7 },
    { "s0&key=" KEY_TEXT, URI_SERVER, URI_MISPLACED_KEY, 7 },
    { "s0#key=" KEY_TEXT, URI_SERVER, URI_MISPLACED_KEY, 7 },
    { "vspcd?port=key=" KEY_TEXT, URI_SERVER, URI_MISPLACED_KEY, 15 },
    { "ssl://h:1#key=" KEY_TEXT, URI_CLIENT, URI_MISPLACED_KEY, 14 },
    { "http://h:2", URI_SERVER, URI_UNKNOWN_SCHEME, 0 },
    { "teln://h:2", URI_CLIENT, URI_UNKNOWN_SCHEME, 0 },
    { "://h:2", URI_SERVER, URI_UNKNOWN_SCHEME, 0 },
    { "http://h:13370", URI_SERVER, URI_UNKNOWN_SCHEME, 0 },
    { "telnet:h:23", URI_CLIENT, URI_NO_SLASHES, 7 },
    { "tcp:h", URI_CLIENT, URI_NO_SLASHES, 4 },
    { "vspc:vm", URI_CLIENT, URI_NO_SLASHES, 5 },
    { "s0", URI_CLIENT, URI_NO_TARGET, 0 },
    { "a label of words", URI_CLIENT, URI_NO_TARGET, 0 },
    { "vspcd?port=com1", URI_CLIENT, URI_NO_TARGET, 0 },
    { "h:1", URI_PROXY, URI_NOT_FOR_PROXY, 0 },
    { "tcp://h:1", URI_PROXY, URI_NOT_FOR_PROXY, 0 },
    { "vspc://vm", URI_PROXY, URI_NOT_FOR_PROXY, 0 },
    { "vspc://vm", URI_SERVER, URI_NOT_FOR_SERVER, 0 },
    { "telnet://user:pw@h:1", URI_CLIENT, URI_HAS_USERINFO, 9 },
    { "telnet://u@h:13370", URI_SERVER, URI_HAS_USERINFO, 9 },
    { "tcp://a@b@h:1", URI_SERVER, URI_HAS_USERINFO, 6 },
    { "user@h:1", URI_SERVER, URI_HAS_USERINFO, 0 },
    { "tcp://:7000", URI_CLIENT, URI_NO_HOST, 6 },
    { ":7000", URI_CLIENT, URI_NO_HOST, 0 },
    { "telnet://", URI_SERVER, URI_NO_HOST, 9 },
    { "telnet:///path", URI_SERVER, URI_NO_HOST, 9 },
    { "tcp6://::1:2000", URI_SERVER, URI_BARE_IPV6, 7 },
    { "::1", URI_CLIENT, URI_BARE_IPV6, 0 },
    { "tcp6://[::1:2000", URI_SERVER, URI_OPEN_BRACKET, 7 },
    { "tcp6://[::1]2000", URI_SERVER, URI_BEHIND_BRACKET, 12 },
    { "tcp6://[]:2000", URI_SERVER, URI_BAD_IPV6, 7 },
    { "[h]:1", URI_SERVER, URI_BAD_IPV6, 1 },
    { "tcp://[1:2:3:4:5:6:7]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[1:2:3:4:5:6:7:8:9]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[1:2:3:4:5:6:7:8::]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[1::2::3]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[1:::2]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[:1::2]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[1::2:]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[::12345]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[::1.2.3.4:1]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[::1.2.3.256]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[v1.x]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[%3A:1]:1", URI_CLIENT, URI_BAD_IPV6, 7 },
    { "tcp://[fe80::1%eth0]:1", URI_CLIENT, URI_BAD_ZONE, 14 },
    { "tcp://[fe80::1%25]:1", URI_CLIENT, URI_BAD_ZONE, 14 },
    { "tcp://[fe80::1%25a%2Fb]:1", URI_CLIENT, URI_BAD_ZONE, 14 },
    { "tcp://10.0.0.256:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "10.0.1:1", URI_CLIENT, URI_BAD_IPV4, 0 },
    { "tcp://010.0.0.1:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "tcp://10.0.0.1.:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "tcp://2130706433:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "tcp://0X7f.0x1:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "tcp://%30x7f000001:1", URI_CLIENT, URI_BAD_IPV4, 6 },
    { "tcp://a b:1", URI_SERVER, URI_BAD_HOST, 7 },
    { "tcp://a\x1b:1", URI_SERVER, URI_BAD_HOST, 7 },
    { "tcp://b\xc3\xbcro:13370", URI_SERVER, URI_BAD_HOST, 7 },
    { "tcp://b%C3%BCro:1", URI_CLIENT, URI_BAD_HOST, 7 },
    { "tcp://a*:1", URI_CLIENT, URI_BAD_HOST, 7 },
    { "tcp://a%3A7:1", URI_CLIENT, URI_BAD_HOST, 7 },
    { "tcp://" X256 ":1", URI_CLIENT, URI_LONG_HOST, 6 },
    { "tcp://[fe80::1%25" X256 "]:1", URI_CLIENT, URI_LONG_HOST, 14 },
    { "tcp4://[::1]:1", URI_CLIENT, URI_WRONG_FAMILY, 8 },
    { "tcp6+ssl://10.0.0.1:1", URI_CLIENT, URI_WRONG_FAMILY, 11 },
    { "tcp://example.com", URI_SERVER, URI_NO_PORT, 17 },
    { "ssl://example.com:", URI_SERVER, URI_NO_PORT, 18 },
    { "h:", URI_CLIENT, URI_NO_PORT, 2 },
    { "tcp://h:x", URI_SERVER, URI_BAD_PORT, 8 },
    { "tcp://h:-1", URI_SERVER, URI_BAD_PORT, 8 },
    { "telnet://h:ssh", URI_CLIENT, URI_BAD_PORT, 11 },
    { "h:12a", URI_CLIENT, URI_BAD_PORT, 4 },
    { "tcp://h:0", URI_SERVER, URI_WRONG_PORT, 8 },
    { "tcp://h:65536", URI_SERVER, URI_WRONG_PORT, 8 },
    { "tcp://h:99999999999999999999", URI_SERVER, URI_WRONG_PORT, 8 },
    { "telnet://h:1/path@x:9?query", URI_SERVER, URI_HAS_PATH, 12 },
    { "telnets://h:1?verify", URI_PROXY, URI_HAS_PATH, 13 },
    { "telnets://h:1/?verify", URI_PROXY, URI_HAS_PATH, 13 },
    { "tcp://a%:1", URI_CLIENT, URI_BAD_ESCAPE, 7 },
    { "tcp://[fe80::1%25%zz]:1", URI_CLIENT, URI_BAD_ESCAPE, 17 },
    { "ssl://h:1#peerName=100%", URI_CLIENT, URI_BAD_ESCAPE, 22 },
    { "ssl://h:1#peerName=%4", URI_CLIENT, URI_BAD_ESCAPE, 19 },
    { "vspc://50%", URI_CLIENT, URI_BAD_ESCAPE, 9 },
    { "ssl://h:1#verify#x", URI_CLIENT, URI_SECOND_HASH, 16 },
    { "tcp://h:1#verify", URI_CLIENT, URI_NO_TLS, 10 },
    { "tcp6://[::1]:2000#verify&peerName=x", URI_SERVER, URI_NO_TLS, 18 },
    { "h:1#verify", URI_SERVER, URI_NO_TLS, 4 },
    { "ssl://h:1#&verify", URI_CLIENT, URI_EMPTY_PARAMETER, 10 },
    { "ssl://h:1#verify&&peerName=x", URI_CLIENT, URI_EMPTY_PARAMETER, 17 },
    { "ssl://h:1#verify&", URI_CLIENT, URI_EMPTY_PARAMETER, 17 },
    { "ssl://h:1#thumprint=" SHA1_TEXT, URI_CLIENT, URI_UNKNOWN_PARAMETER, 10 },
    { "ssl://h:1#=x", URI_CLIENT, URI_UNKNOWN_PARAMETER, 10 },
    { "ssl://h:1#verify &x", URI_CLIENT, URI_UNKNOWN_PARAMETER, 10 },
    { "ssl://h:1#veri%00fy", URI_CLIENT, URI_UNKNOWN_PARAMETER, 10 },
    { "ssl://h:1#verify&verify", URI_CLIENT, URI_REPEATED_PARAMETER, 17 },
    { "ssl://h:1#peerName=a&PeerName=b", URI_CLIENT, URI_REPEATED_PARAMETER,
      21 },
    { "ssl://h:1#thumbprint=", URI_CLIENT, URI_NO_VALUE, 20 },
    { "ssl://h:1#thumbprint", URI_CLIENT, URI_NO_VALUE, 20 },
    { "ssl://h:1#cipherList=&verify", URI_CLIENT, URI_NO_VALUE, 20 },
    { "ssl://h:1#verify=no", URI_CLIENT, URI_VERIFY_VALUE, 16 },
    { "ssl://h:1#verify=", URI_CLIENT, URI_VERIFY_VALUE, 16 },
    { "ssl://h:1#certificate=x", URI_CLIENT, URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=/etc/ssl/x.pem", URI_CLIENT, URI_BAD_CERTIFICATE,
      22 },
    { "ssl://h:1#certificate=" PEM_BEGIN PEM_END, URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "xxx" PEM_END, URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "x=xx" PEM_END, URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "x===" PEM_END, URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "xx*x" PEM_END, URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "xxxx" PEM_END PEM_BEGIN
      "xxxx" PEM_END,
      URI_CLIENT, URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#certificate=" PEM_BEGIN "xxxx", URI_CLIENT,
      URI_BAD_CERTIFICATE, 22 },
    { "ssl://h:1#thumbprint=0", URI_CLIENT, URI_BAD_THUMBPRINT, 21 },
    { "ssl://h:1#thumbprint=" SHA1_TEXT "0", URI_CLIENT, URI_BAD_THUMBPRINT,
      21 },
    { "ssl://h:1#thumbprint=" SHA1_TEXT ":", URI_CLIENT, URI_BAD_THUMBPRINT,
      21 },
    { "ssl://h:1#thumbprint=:" SHA1_TEXT, URI_CLIENT, URI_BAD_THUMBPRINT, 21 },
    { "ssl://h:1#thumbprint=01::" SHA1_TEXT, URI_CLIENT, URI_BAD_THUMBPRINT,
      21 },
    { "ssl://h:1#thumbprint=0:12" SHA1_TEXT, URI_CLIENT, URI_BAD_THUMBPRINT,
      21 },
    { "ssl://h:1#thumbprint=" SHA256_TEXT "00", URI_CLIENT, URI_BAD_THUMBPRINT,
      21 },
    { "ssl://h:1#thumbprint=x" SHA1_TEXT, URI_CLIENT, URI_BAD_THUMBPRINT, 21 },
    { "ssl://h:1#peerName=a%00b", URI_CLIENT, URI_BAD_PEER_NAME, 19 },
    { "ssl://h:1#peerName=a%0Ab", URI_CLIENT, URI_BAD_PEER_NAME, 19 },
    { "ssl://h:1#peerName=%FF", URI_CLIENT, URI_BAD_PEER_NAME, 19 },
    { "ssl://h:1#peerName=" X256, URI_CLIENT, URI_BAD_PEER_NAME, 19 },
    { "ssl://h:1#cipherList=:, ", URI_CLIENT, URI_BAD_CIPHERS, 21 },
    { "ssl://h:1#cipherList=A;B", URI_CLIENT, URI_BAD_CIPHERS, 21 },
    { "ssl://h:1#cipherList=HIGH:@SECLEVEL=0", URI_CLIENT, URI_SECURITY_LEVEL,
      21 },
    { "telnets://h:1#cipherList=AES%40seclevel%3d2", URI_PROXY,
      URI_SECURITY_LEVEL, 25 },
    { "ssl://h:1#cipherList=A%00B", URI_CLIENT, URI_BAD_CIPHERS, 21 },
    { "ssl://h:1#cipherList=" X256 X256 X256 X256, URI_CLIENT, URI_BAD_CIPHERS,
      21 },
    { "vspc://", URI_CLIENT, URI_NO_CONSOLE, 7 },
    { "vspc:///com1", URI_CLIENT, URI_NO_CONSOLE, 7 },
    { "vspc://a%1b", URI_CLIENT, URI_BAD_CONSOLE, 7 },
    { "vspc://vm/\xff", URI_CLIENT, URI_BAD_CONSOLE, 10 },
    { "vspc://" X64 X64 "x", URI_CLIENT, URI_BAD_CONSOLE, 7 },
    { "vspc://vm?port=x", URI_CLIENT, URI_CONSOLE_EXTRA, 9 },
    { "vspc://vm/l#verify", URI_CLIENT, URI_CONSOLE_EXTRA, 11 },
};

enum { BAD_COUNT = sizeof bad / sizeof bad[0] };

static void problems_are_found_where_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < BAD_COUNT; i++) {
        const struct bad *row = &bad[i];
        struct uri uri = { .port = 4711 };
        size_t at = 4711;
        enum uri_problem problem = uri_parse(slice_of_text(row->text),
                                             row->place, OWN_PORT, &uri, &at);

        if (problem != row->problem || at != row->at)
            fail_msg("%s: %s (at %zu)", row->text, uri_problem_text(problem),
                     at);
        assert_int_equal(uri.port, 4711); /* untouched */
    }
}

static void every_problem_can_happen(void **state)
{
    bool is_seen[URI_PROBLEM_COUNT] = { [URI_OK] = true };

    (void)state;
    for (size_t i = 0; i < BAD_COUNT; i++)
        is_seen[bad[i].problem] = true;
    for (int i = 0; i < URI_PROBLEM_COUNT; i++)
        assert_true(is_seen[i]);
}

/* The page says of each form what is said when it is refused. */
static void every_sentence_is_in_the_documentation(void **state)
{
    static char page[64 * 1024];
    char path[512];
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/docs/uris.md", getenv("SOURCE_ROOT"));
    file = fopen(path, "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (int i = URI_OK + 1; i < URI_PROBLEM_COUNT; i++) {
        const char *sentence = uri_problem_text((enum uri_problem)i);

        if (strstr(page, sentence) == NULL)
            fail_msg("not in docs/uris.md: %s", sentence);
    }
}

static void problem_is_described_with_its_place(void **state)
{
    struct err err;

    (void)state;
    uri_describe_problem(URI_NO_PORT, 17, &err);
    assert_string_equal(err.text, "no port: expected HOST:PORT (at byte 18)");
    for (int i = 0; i < URI_PROBLEM_COUNT; i++) {
        uri_describe_problem((enum uri_problem)i, 16383, &err);
        /* None is cut. */
        assert_non_null(strstr(err.text, " (at byte 16384)"));
    }
}

static void text_without_bytes_is_empty(void **state)
{
    struct uri uri;
    size_t at;

    (void)state;
    assert_int_equal(uri_parse(slice_of(NULL, 0), URI_SERVER, 0, &uri, &at),
                     URI_EMPTY);
}

static void nul_is_no_end(void **state)
{
    struct uri uri;
    size_t at;

    (void)state;
    assert_int_equal(
        uri_parse(slice_of("tcp://a\0b:1", 11), URI_SERVER, 0, &uri, &at),
        URI_BAD_HOST);
    assert_int_equal(
        uri_parse(slice_of("ssl://h:1#verify\0", 17), URI_SERVER, 0, &uri, &at),
        URI_UNKNOWN_PARAMETER);
}

static void format_cuts_like_snprintf(void **state)
{
    struct uri uri = parse("tcp://host:7000");
    char small[8];

    (void)state;
    assert_int_equal(uri_format(&uri, small, sizeof small), 15);
    assert_string_equal(small, "tcp://h");
    assert_int_equal(uri_format(&uri, NULL, 0), 15);
}

/* ---- what everybody may see -------------------------------------------- */

static void secrets_are_not_shown(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        /* User and password, whatever characters they have. */
        { "telnet://admin:hunter2@h:23", "telnet://***@h:23" },
        { "telnet://admin@h", "telnet://***@h" },
        { "http://u:a/b?c#d@h:1", "http://***@h:1" },
        { "tcp://u:a@b@h:1", "tcp://***@h:1" },
        { "u:secret@h:23", "***@h:23" },
        { "secret@", "***@" },
        { "ssl://u:p@h:1#peerName=x", "ssl://***@h:1#***" },
        /* What is behind an address. */
        { "telnets://h:1#password=x", "telnets://h:1#***" },
        { "telnets://h:1#thumbprint=AB&verify", "telnets://h:1#***" },
        { "telnets://h:1?password=x", "telnets://h:1?***" },
        { "https://h/services/T0/B0/token", "https://h/***" },
        { "tcp://[::1]:7000#verify#x", "tcp://[::1]:7000#***" },
        { "h:1#password=x", "h:1#***" },
        { "s0?key=secret", "s0?key=***" },
        { "s0?key=secret&a://b", "s0?key=***" },
        { "tcp://u:p?key=x@h:1", "tcp://***@h:1" },
        { "s0?port=a&Key=secret&x", "s0?port=a&Key=***" },
        { "tcp://h:1?key=secret", "tcp://h:1?***" },
        { "s0&key=" KEY_TEXT "#x", "s0&key=***" },
        { "s0%3Fkey%3d" KEY_TEXT, "s0%3Fkey%3d***" },
        { "a=key=" KEY_TEXT "?key=x", "a=key=***" },
        { "telnet://vspc:13370#x=secret", "telnet://vspc:13370#***" },
        /* What there is no secret in. */
        { "", "" },
        { "tcp://h:1/", "tcp://h:1/" },
        { "tcp://h:1#", "tcp://h:1#" },
        { "192.0.2.1:7000", "192.0.2.1:7000" },
        { "tcp6://[fe80::1%25eth0]:1", "tcp6://[fe80::1%25eth0]:1" },
        { "s0", "s0" },
        { "com1/a?port=b", "com1/a?port=b" },
        { "VSPC://web@home/com1", "VSPC://web@home/com1" },
        { "vspc://web#xy", "vspc://web#***" },
        /* It is clean. */
        { "tcp://a\x1b[2Jb:1", "tcp://a[2Jb:1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(uri_show(slice_of_text(cases[i].text)).text,
                            cases[i].shown);
}

static void what_is_shown_is_cut(void **state)
{
    char text[4 * TEXT_ID_MAX];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(strlen(uri_show(slice_of(text, sizeof text)).text),
                     TEXT_ID_MAX);
    text[sizeof text - 2] = '@';
    assert_string_equal(uri_show(slice_of(text, sizeof text)).text, "***@a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels),
        cmocka_unit_test(own_port_counts_for_direction_server_only),
        cmocka_unit_test(schemes),
        cmocka_unit_test(hosts_and_ports),
        cmocka_unit_test(consoles),
        cmocka_unit_test(thumbprints),
        cmocka_unit_test(other_parameters),
        cmocka_unit_test(certificate_comes_out_as_pem),
        cmocka_unit_test(largest_certificate_has_room),
        cmocka_unit_test(problems_are_found_where_they_are),
        cmocka_unit_test(every_problem_can_happen),
        cmocka_unit_test(every_sentence_is_in_the_documentation),
        cmocka_unit_test(problem_is_described_with_its_place),
        cmocka_unit_test(text_without_bytes_is_empty),
        cmocka_unit_test(nul_is_no_end),
        cmocka_unit_test(format_cuts_like_snprintf),
        cmocka_unit_test(secrets_are_not_shown),
        cmocka_unit_test(what_is_shown_is_cut),
    };

    return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
