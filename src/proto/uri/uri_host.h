/*
 * uri_host.h - the host of a URI: RFC 3986, section 3.2.2, RFC 6874 for zones.
 *
 * Pure: no name is looked up. Refuses text that does not look like an address
 * but that getaddrinfo would take for one (uri.h).
 */
#ifndef PROTO_URI_URI_HOST_H
#define PROTO_URI_URI_HOST_H

#include "base/slice.h"
#include "proto/uri/uri_problem.h"

#include <stdbool.h>

enum { URI_HOST_MAX = 255 };

enum uri_host {
    URI_HOST_ALL,  /* none given; URI_SERVER: every address of this host */
    URI_HOST_NAME, /* letters, digits and "-._"; such a host may not exist */
    URI_HOST_IPV4,
    URI_HOST_IPV6, /* without brackets; followed by "%zone" if one is given */
};

/*
 * raw: the host's text, not empty. is_bracketed: brackets surrounded it, which
 * are not in raw. host: lower case, terminated. After a problem, *ret_at points
 * to its place in raw; host and *ret_kind are undefined.
 */
enum uri_problem uri_host_read(struct slice raw, bool is_bracketed,
                               char host[URI_HOST_MAX + 1],
                               enum uri_host *ret_kind, const uint8_t **ret_at);

#endif
