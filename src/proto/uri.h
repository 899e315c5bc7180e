/*
 * uri.h - what a service URI or a proxy URI means (RFC 3986; VMware's
 * VirtualSerialPortURIBackingInfo). docs/uris.md shows every form.
 *
 * Pure: no allocation, no look-up of names, no access rules. A struct uri holds
 * its values decoded, but for two slices into the text that was parsed
 * (label, certificate), which are good as long as that text is.
 *
 * What we refuse rather than guess at: parameters that we do not know, that
 * are repeated or empty (a misspelt "thumbprint" must not switch checking
 * off); parameters where there is no TLS; path and query of an address; user
 * and password; port names; an IPv6 zone that is not written as RFC 6874 says;
 * numeric hosts that are no IPv4 address in four parts, because getaddrinfo
 * takes 0x7f.1 for one.
 */
#ifndef PROTO_URI_H
#define PROTO_URI_H

#include "base/err.h"
#include "base/slice.h"
#include "base/text.h"

/* Where a URI stands, which decides what it may say. */
enum uri_place {
    URI_SERVER, /* service URI, direction 'S': a name, or where to listen */
    URI_CLIENT, /* service URI, direction 'C': what to connect to */
    URI_PROXY,  /* proxy URI: the concentrator, as a VM's host reaches it */
};

enum uri_kind {
    URI_LABEL,   /* URI_SERVER: only a name for the serial port */
    URI_ADDRESS, /* host and port: somewhere to listen or connect */
    URI_CONSOLE, /* URI_CLIENT: vspc://, another VM's console */
};

/* What the scheme asks for, whatever the host. */
enum uri_family {
    URI_ANY_FAMILY,
    URI_IPV4,
    URI_IPV6,
};

enum uri_tls {
    URI_TLS_NEVER,    /* tcp, tcp4, tcp6, host:port */
    URI_TLS_OFFERED,  /* telnet: by option AUTHENTICATION, if both sides can */
    URI_TLS_REQUIRED, /* telnet with parameters: the same, or no connection */
    URI_TLS_FIRST,    /* ssl and its like, telnets: from the first byte */
};

enum uri_host {
    URI_HOST_ALL,  /* none given; URI_SERVER: every address of this host */
    URI_HOST_NAME, /* letters, digits and "-._"; may still be no host */
    URI_HOST_IPV4,
    URI_HOST_IPV6, /* without brackets; "%zone" behind it if one is given */
};

enum {
    URI_HOST_MAX = 255,
    URI_PEER_NAME_MAX = 255,
    URI_CIPHERS_MAX = 1023,
    /* base64 of a certificate: six times what a large one takes, and a
     * suboption of telnet has no room for more than twice this. */
    URI_BASE64_MAX = 8 * 1024,
    URI_PEM_MAX = URI_BASE64_MAX + URI_BASE64_MAX / 64 + 64,
    URI_SHA1_LEN = 20,
    URI_SHA256_LEN = 32,
    URI_THUMBPRINT_MAX = 3 * URI_SHA256_LEN - 1, /* as text */
};

/* The authentication parameters; what was not given is empty. */
struct uri_parameters {
    struct slice certificate; /* as written; see uri_get_certificate */
    uint8_t thumbprint[URI_SHA256_LEN];
    size_t thumbprint_len; /* 0, URI_SHA1_LEN or URI_SHA256_LEN */
    char peer_name[URI_PEER_NAME_MAX + 1]; /* printable UTF-8 */
    char ciphers[URI_CIPHERS_MAX + 1];     /* ':' between them */
    bool has_verify;                       /* verify itself was given */
};

struct uri {
    enum uri_kind kind;

    /* URI_LABEL */
    struct slice label;      /* never empty */
    bool is_label_from_port; /* it is the value of the query key "port" */

    /* URI_ADDRESS */
    enum uri_family family;
    bool is_telnet;
    enum uri_tls tls;
    enum uri_host host_kind;
    char host[URI_HOST_MAX + 1]; /* lower case */
    uint16_t port;               /* never 0 */
    struct uri_parameters parameters;

    /* URI_CONSOLE: printable UTF-8 */
    char console[TEXT_ID_MAX + 1];       /* a VM's name or UUID, as written */
    char console_label[TEXT_ID_MAX + 1]; /* "": none given */
};

/* What can be wrong; uri_problem_text has a sentence for each. */
enum uri_problem {
    URI_OK,
    URI_EMPTY,
    URI_NO_NAME,        /* a label without a character that can be shown */
    URI_UNKNOWN_SCHEME, /* before "://" */
    URI_NO_SLASHES,
    URI_NO_TARGET, /* URI_CLIENT: a label */
    URI_NOT_FOR_PROXY,
    URI_NOT_FOR_SERVER, /* vspc:// */
    URI_HAS_USERINFO,
    URI_NO_HOST,
    URI_BARE_IPV6,
    URI_OPEN_BRACKET,
    URI_BEHIND_BRACKET,
    URI_BAD_IPV6,
    URI_BAD_ZONE,
    URI_BAD_IPV4,
    URI_BAD_HOST,
    URI_LONG_HOST,
    URI_WRONG_FAMILY,
    URI_NO_PORT,
    URI_BAD_PORT,
    URI_WRONG_PORT,
    URI_HAS_PATH,
    URI_BAD_ESCAPE,
    URI_SECOND_HASH,
    URI_NO_TLS,
    URI_EMPTY_PARAMETER,
    URI_UNKNOWN_PARAMETER,
    URI_REPEATED_PARAMETER,
    URI_NO_VALUE,
    URI_VERIFY_VALUE,
    URI_BAD_CERTIFICATE,
    URI_BAD_THUMBPRINT,
    URI_BAD_PEER_NAME,
    URI_BAD_CIPHERS,
    URI_NO_CONSOLE,
    URI_BAD_CONSOLE,
    URI_CONSOLE_EXTRA,
    URI_PROBLEM_COUNT,
};

/*
 * own_port: the concentrator's port for VMs, or 0. With URI_SERVER an address
 * with this port is a label, all of it and whatever else is in it, because
 * vSPC.py's users write telnet://vSPC.py:13370 there.
 *
 * Not URI_OK: *ret is untouched, and *ret_at says where in text the problem
 * is (a byte's offset; text.len: at its end).
 *
 * - Schemes are known in any case. Without "://" it is host:port, the same as
 *   tcp://host:port; with URI_SERVER, what is no host:port is a label. A label
 *   is taken as it is, not decoded; in "text?port=LABEL" it is the value.
 * - telnet and telnets have ports 23 and 992 where none is given (RFC 4248;
 *   the guide's own example leaves it out); all others need one.
 * - With URI_SERVER the host may be left out, if a scheme and a port are given.
 */
enum uri_problem uri_parse(struct slice text, enum uri_place place,
                           uint16_t own_port, struct uri *ret, size_t *ret_at);

/* What is wrong and what to do, as part of a log line. */
const char *uri_problem_text(enum uri_problem problem);

/* The same with the place: "... (at byte 13)", counted from 1. */
void uri_describe_problem(enum uri_problem problem, size_t at, struct err *ret);

/* Verification is on: asked for, or by a parameter that says what to check. */
bool uri_is_verifying(const struct uri_parameters *parameters);

/*
 * The certificate as PEM, in lines of 64 however it was written. Returns the
 * length, 0 if there is none; to is terminated.
 */
size_t uri_get_certificate(const struct uri_parameters *parameters,
                           char to[URI_PEM_MAX + 1]);

/* The thumbprint in its canonical form, upper case with colons; "" if there is
 * none. */
void uri_get_thumbprint(const struct uri_parameters *parameters,
                        char to[URI_THUMBPRINT_MAX + 1]);

/*
 * The canonical form: parsed at the same place it means the same, and it is
 * its own canonical form. Scheme and port are always written, ssl as tcp+ssl,
 * parameters in the document's order. A label's is the label, or "?port=LABEL"
 * where that is needed to make it one. As snprintf: writes at most size bytes,
 * terminated, and returns the whole length.
 */
size_t uri_format(const struct uri *uri, char *to, size_t size);

/* The scheme of a URI_ADDRESS in its canonical form. */
const char *uri_scheme(const struct uri *uri);

#endif
