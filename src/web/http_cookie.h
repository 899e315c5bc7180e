/*
 * http_cookie.h - one cookie among those that a browser sends (RFC 6265,
 * section 4.2.1), and the fields that set and remove ours (pure).
 *
 * Ours is for this host and this port's scheme alone: a browser takes a name
 * with "__Host-" only from the host itself, over TLS or from this machine, and
 * so nobody else can set it. It is sent to no page of another site's asking
 * (SameSite=Strict), and no script reads it.
 */
#ifndef WEB_HTTP_COOKIE_H
#define WEB_HTTP_COOKIE_H

#include "base/slice.h"

#include <stddef.h>

#define HTTP_COOKIE_NAME "__Host-vspcd"

enum { HTTP_COOKIE_FIELD_MAX = 256 };

/* A copy of the value of the cookie with this name, which the caller wipes;
 * NULL: there is none. "" if it is there several times, or is empty: it proves
 * nothing then. Other cookies may be anything. */
char *http_cookie_copy(struct slice field, const char *name);

/* The value of Set-Cookie; "": the browser forgets the cookie. */
void http_cookie_format(const char *value, char ret[HTTP_COOKIE_FIELD_MAX]);

#endif
