/*
 * uri.h - what a VM's service URI means to us (RFC 3986; VMware's
 * VirtualSerialPortURIBackingInfo).
 *
 * Pure; slices point into the text that was parsed.
 */
#ifndef PROTO_URI_H
#define PROTO_URI_H

#include "base/slice.h"

#include <stdbool.h>

enum uri_kind {
    URI_LABEL,   /* no scheme and no port: only a name for the serial port */
    URI_ADDRESS, /* scheme, host and port: somewhere to listen or connect */
    URI_INVALID,
};

struct uri {
    enum uri_kind kind;
    struct slice label;    /* URI_LABEL: the value of the query key "port" if
                            * there is one, else all of the text */
    struct slice scheme;   /* URI_ADDRESS; empty for a bare host:port */
    struct slice host;     /* without the brackets of an IPv6 address */
    uint16_t port;         /* URI_ADDRESS: never 0 */
    struct slice fragment; /* without the '#'; may be empty */
    bool has_userinfo;     /* user or password given: we refuse those */
    const char *problem;   /* URI_INVALID: what is wrong, for a log line */
};

/*
 * Schemes that VMware lists are telnet, telnets, tcp, tcp4, tcp6, ssl,
 * tcp+ssl, tcp4+ssl, tcp6+ssl; any other scheme before "://" is invalid.
 * Empty text is invalid. host:port counts as an address only where port is
 * all digits and 1 to 65535; without a scheme it is a label otherwise. With
 * telnet:// and telnets:// the port may be left out (23 and 992, RFC 4248; the
 * guide's own example does so). A path or query of an address is ignored. The
 * host has only visible ASCII in it, but may still be no host.
 */
void uri_parse(struct slice text, struct uri *ret);

#endif
