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

#include "base/text.h"
#include "proto/uri/uri_host.h"
#include "proto/uri/uri_parameters.h"
#include "proto/uri/uri_problem.h"

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

/* The scheme of a URI_ADDRESS in its canonical form. */
const char *uri_scheme(const struct uri *uri);

#endif
