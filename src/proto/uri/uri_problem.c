/*
 * Sentences for the problems of a URI. docs/uris.md has the sentences beside
 * their subjects; uri_test compares the two.
 */
#include "proto/uri/uri_problem.h"

static const char *const texts[URI_PROBLEM_COUNT] = {
    [URI_OK] = "nothing is wrong",
    [URI_EMPTY] = "empty: expected a name such as s0, or an address such as "
                  "telnet://HOST:PORT",
    [URI_NO_NAME] = "no name in it that can be shown: use one such as s0",
    [URI_MISPLACED_KEY] = "a key where none is looked for: expected it in the "
                          "query, such as s0?key=KEY",
    [URI_UNKNOWN_SCHEME] =
        "a scheme that is not known: expected telnet, telnets, tcp, tcp4, "
        "tcp6, ssl, tcp+ssl, tcp4+ssl, tcp6+ssl or vspc",
    [URI_NO_SLASHES] = "no // behind the scheme: expected SCHEME://HOST:PORT",
    [URI_NO_TARGET] = "only a name: with direction client expected where to "
                      "connect to, such as telnet://HOST:PORT",
    [URI_NOT_FOR_PROXY] = "not how a concentrator is reached: expected "
                          "telnet://HOST:PORT or telnets://HOST:PORT",
    [URI_NOT_FOR_SERVER] = "vspc:// leads to another VM's console: set the "
                           "port's direction to client",
    [URI_HAS_USERINFO] = "a user or password in front of '@': a URI must not "
                         "have one here",
    [URI_NO_HOST] = "no host: expected HOST:PORT",
    [URI_BARE_IPV6] = "more than one ':': an IPv6 address is written in "
                      "brackets, such as [::1]:7000",
    [URI_OPEN_BRACKET] = "no ']' behind the IPv6 address",
    [URI_BEHIND_BRACKET] = "something between ']' and the port: expected "
                           "[ADDRESS]:PORT",
    [URI_BAD_IPV6] = "no IPv6 address in the brackets",
    [URI_BAD_ZONE] = "a zone that cannot be: it is written %25 and an "
                     "interface's name, such as [fe80::1%25eth0]",
    [URI_BAD_IPV4] = "a number that is no IPv4 address: expected four numbers "
                     "from 0 to 255, such as 192.0.2.1",
    [URI_BAD_HOST] = "a character in the host that cannot be: expected "
                     "letters, digits, '-', '.' and '_' (for other letters "
                     "its xn-- form)",
    [URI_LONG_HOST] = "a host of more than 255 characters",
    [URI_WRONG_FAMILY] = "the scheme wants the other version of IP than the "
                         "address is of",
    [URI_NO_PORT] = "no port: expected HOST:PORT",
    [URI_BAD_PORT] = "a port that is no number: names are not looked up",
    [URI_WRONG_PORT] = "a port that cannot be: expected 1 to 65535",
    [URI_HAS_PATH] = "a path or query behind the port: nothing goes there; "
                     "parameters are written behind '#'",
    [URI_BAD_ESCAPE] = "a '%' without two hex digits behind it: write '%' "
                       "itself as %25",
    [URI_SECOND_HASH] = "a second '#': write it as %23",
    [URI_NO_TLS] = "parameters, but no TLS that they could be for: use "
                   "telnets, telnet, ssl, tcp+ssl, tcp4+ssl or tcp6+ssl",
    [URI_EMPTY_PARAMETER] = "an empty parameter: expected one in front of and "
                            "behind each '&'",
    [URI_UNKNOWN_PARAMETER] =
        "a parameter that is not known: expected certificate, thumbprint, "
        "peerName, verify or cipherList",
    [URI_REPEATED_PARAMETER] = "a parameter that was there before: which one "
                               "is meant?",
    [URI_NO_VALUE] = "a parameter without a value: expected KEY=VALUE",
    [URI_VERIFY_VALUE] = "a value behind verify: it takes none, and is on if "
                         "it is there",
    [URI_BAD_CERTIFICATE] =
        "no certificate: expected one in PEM format, from -----BEGIN "
        "CERTIFICATE----- to -----END CERTIFICATE-----, with at most 8192 "
        "characters of base64",
    [URI_BAD_THUMBPRINT] =
        "no thumbprint: expected 40 (SHA-1) or 64 (SHA-256) hex digits, with "
        "':' between each two or without",
    [URI_BAD_PEER_NAME] = "no name of a peer: expected 1 to 255 bytes of "
                          "printable text",
    [URI_BAD_CIPHERS] =
        "no list of ciphers: expected up to 1023 bytes of names as OpenSSL "
        "has them, with ':', ',' or spaces between",
    [URI_SECURITY_LEVEL] = "a security level among the ciphers: @SECLEVEL "
                           "cannot be set here; leave it out",
    [URI_NO_CONSOLE] = "no VM: expected vspc://NAME-OR-UUID or "
                       "vspc://NAME-OR-UUID/LABEL",
    [URI_BAD_CONSOLE] = "a name that no VM or label has: expected at most 128 "
                        "bytes of printable text",
    [URI_CONSOLE_EXTRA] = "vspc:// takes no query and no parameters: in a "
                          "name write '?' as %3F and '#' as %23",
};

const char *uri_problem_text(enum uri_problem problem)
{
    return texts[problem];
}

void uri_describe_problem(enum uri_problem problem, size_t at, struct err *ret)
{
    err_set(ret, "%s (at byte %zu)", texts[problem], at + 1);
}
