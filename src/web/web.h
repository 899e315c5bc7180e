/*
 * web.h - the doors of the API: a Unix socket, and TCP ports for HTTP.
 *
 * Every connection is a session (session/session.h), and ends with the others.
 * What a request does is api/'s; who may do it, the rules'.
 *
 * Long answers are made in slices (WEB_SLICE_US of a turn for all of them
 * together), so that a list of 100,000 consoles is in nobody's way.
 *
 * At most WEB_CONNECTIONS_MAX connections, and a quarter of the open files;
 * some of them for the Unix socket alone, and some of these for root and
 * vspcd's own user. For one more, the connection that has been idle for longest
 * is closed, or else the one whose request has been coming for longest; if all
 * are at work, the new one is refused.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "net/address.h"
#include "net/unix_socket.h"
#include "web/http_context.h"

struct api;
struct groups;
struct web;

/* groups may be NULL: peers of the Unix socket are known by number alone. */
struct web *web_new(struct session_context *ctx, struct api *api,
                    struct groups *groups, const struct web_settings *settings);

/* All sessions must have ended. Takes NULL. */
void web_free(struct web *web);

void web_set(struct web *web, const struct web_settings *settings);
struct web_counts web_counts(const struct web *web);

/* For tests, which start connections of their own. */
struct http_context *web_http(struct web *web);

/* 0, or a failure of unix_socket_listen, listener_open. tls: TLS is required
 * there, else the port has none. */
int web_open_socket(struct web *web, const struct unix_socket_place *place);
int web_open_port(struct web *web, const struct address *address, bool tls);

/* The address that a port has, and whether TLS is required there. False: there
 * are no more. */
bool web_port(const struct web *web, size_t i, struct address *ret_address,
              bool *ret_is_tls);

/* No connection comes any more; those that are there stay. */
void web_close_doors(struct web *web);

#endif
