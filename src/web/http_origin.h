/*
 * http_origin.h - whether a request may be a page's of another site, in the
 * browser of somebody who is let in (pure).
 *
 * A browser sends what any page asks it to, with the certificate of the person,
 * or from the machine of the person. So a request that changes something, and a
 * WebSocket, must come from a page of vspcd's own (Origin is where the request
 * goes), of an origin that the settings allow, or from no page at all. And who
 * has proven nothing but an address must have meant this host: a name that
 * somebody else's DNS has made mean this host (rebinding) is refused.
 *
 * A cookie is also what a browser sends by itself. What it is to prove, unless
 * it only shows something, and a login, must come from a page of vspcd's own
 * for certain: without an Origin they are refused, too.
 */
#ifndef WEB_HTTP_ORIGIN_H
#define WEB_HTTP_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

struct http_origins {
    const char *const *item; /* "https://host[:port]" */
    size_t count;
};

/* origin NULL: it has none. host: the field Host; NULL: none. */
bool http_origin_is_allowed(const char *origin, const char *host, bool is_tls,
                            const struct http_origins *allowed);

/*
 * Whether a request is one of a page of vspcd's own: for what only such pages
 * do. Unlike a program, a page's browser says where the page is from; site is
 * its field Sec-Fetch-Site (W3C Fetch Metadata), NULL: it has none, as older
 * browsers, which send Origin. "none" is no page.
 */
bool http_origin_is_own_page(const char *origin, const char *site,
                             const char *host, bool is_tls,
                             const struct http_origins *allowed);

/* Whether Host is an address, "localhost", or the host of an allowed origin;
 * NULL is (no browser leaves it out). */
bool http_origin_is_own_host(const char *host,
                             const struct http_origins *allowed);

#endif
