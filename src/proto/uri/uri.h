/*
 * uri.h - parses a service URI or a proxy URI (RFC 3986; VMware's
 * VirtualSerialPortURIBackingInfo). docs/uris.md shows every form.
 *
 * Pure: no allocation, no look-up of names, no access rules. A struct uri holds
 * its values decoded, except two slices into the text that was parsed (label,
 * certificate), which are valid as long as that text is.
 *
 * Refused rather than guessed: parameters that are unknown, repeated or empty
 * (a misspelt "thumbprint" must not switch checking off); parameters without
 * TLS; path and query of an address; user and password; port names; an IPv6
 * zone that RFC 6874 does not allow; numeric hosts that are no IPv4 address in
 * four parts, because getaddrinfo accepts 0x7f.1.
 */
#ifndef PROTO_URI_URI_H
#define PROTO_URI_URI_H

#include "base/text.h"
#include "proto/uri/uri_host.h"
#include "proto/uri/uri_parameters.h"
#include "proto/uri/uri_problem.h"

/* Where a URI is used, which decides what is allowed in it. */
enum uri_place {
    URI_SERVER, /* service URI, direction 'S': a name, or where to listen */
    URI_CLIENT, /* service URI, direction 'C': what to connect to */
    URI_PROXY,  /* proxy URI: the concentrator, as a VM's host reaches it */
};

enum uri_kind {
    URI_LABEL,   /* URI_SERVER: a name for the serial port */
    URI_ADDRESS, /* host and port: where to listen or connect */
    URI_CONSOLE, /* URI_CLIENT: vspc://, another VM's console */
};

/* The address family that the scheme asks for, whatever the host is. */
enum uri_family {
    URI_ANY_FAMILY,
    URI_IPV4,
    URI_IPV6,
};

enum uri_tls {
    URI_TLS_NEVER,   /* tcp, tcp4, tcp6, host:port */
    URI_TLS_OFFERED, /* telnet: by option AUTHENTICATION, if both sides can */
    /* telnet with parameters: TLS by option AUTHENTICATION, or no connection */
    URI_TLS_REQUIRED,
    URI_TLS_FIRST, /* ssl, its synonyms and telnets: from the first byte */
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

/*
 * own_port: the concentrator's port for VMs, or 0. With URI_SERVER, an address
 * with this port is a label as a whole, because users of vSPC.py write
 * telnet://vSPC.py:13370.
 *
 * If not URI_OK: *ret is untouched, and *ret_at is the problem's place in text
 * (a byte's offset; text.len: at its end).
 *
 * - Schemes are known in any case. Text without "://" is host:port, as
 *   tcp://host:port; with URI_SERVER, anything but host:port is a label. A
 *   label stays as it is, not decoded; in "text?port=LABEL" it is the value.
 * - telnet and telnets have default ports 23 and 992 (RFC 4248; the guide's own
 *   example has no port); all others need a port.
 * - A VM's key has been taken off (uri_key.h). What still looks like one is a
 *   problem, so that it becomes no label, which everybody sees.
 * - With URI_SERVER, the host may be missing if there are a scheme and a port.
 */
enum uri_problem uri_parse(struct slice text, enum uri_place place,
                           uint16_t own_port, struct uri *ret, size_t *ret_at);

/* The scheme of a URI_ADDRESS in its canonical form. */
const char *uri_scheme(const struct uri *uri);

#endif
