/*
 * http_context.h - what all HTTP connections share: settings, counts, time
 * limits, and the work of long answers, which is made in slices.
 *
 * Opened by web.c, outlives every connection. A connection is in one of the
 * lists idle, arriving and busy; http_session.c keeps them. Work is
 * http_answer.c's.
 */
#ifndef WEB_HTTP_CONTEXT_H
#define WEB_HTTP_CONTEXT_H

#include "base/deadline.h"
#include "base/limits.h"
#include "base/network.h"
#include "core/census/census.h"
#include "web/http_origin.h"

#include <assert.h>

enum {
    WEB_SLICE_US = 1000,
    WEB_CONNECTIONS_MAX = 4096,
    WEB_OF_SOCKET = 64,  /* of them, for the Unix socket alone */
    WEB_OF_KEEPERS = 16, /* of these, for root and vspcd's own user */
    /* Of all requests together, whose senders have proven no name; and of all
     * others. */
    WEB_BODIES_MAX = 32 * 1024 * KIB,
    WEB_HEAD_US = 10 * 1000 * 1000, /* from the first byte to the whole head */
    WEB_BODY_US = 30 * 1000 * 1000,
    WEB_IDLE_US = 60 * 1000 * 1000,  /* between requests */
    WEB_WRITE_US = 60 * 1000 * 1000, /* without progress */
};

struct api;
struct groups;

struct web_settings {
    /* Whose word about people is believed, and in which fields it is; NULL:
     * nobody's. Borrowed, as the rest. */
    struct network_list proxies;
    bool trusts_socket; /* peers of the Unix socket are such proxies, too, if
                         * they are keepers */
    const char *user_field;
    const char *groups_field;
    /* Account whose peers of the Unix socket may say for whom they speak (the
     * field HTTP_FIELD_PERSON). NULL: none. */
    const char *ssh_login;
    /* "https://host[:port]": pages of these may use the API, besides those that
     * come from where the request goes. */
    const char *const *origin;
    size_t origin_count;
};

struct web_counts {
    uint64_t connections; /* now */
    /* Since the start; [0] of the status 1xx, which are WebSockets, to [4] of
     * 5xx. */
    uint64_t requests[CENSUS_API_DOORS][CENSUS_API_CLASSES];
};

struct session_context;

struct http_context {
    struct session_context *ctx;
    struct api *api;
    struct groups *groups; /* NULL: peers of the Unix socket are known by
                            * number alone */
    struct web_settings settings;
    struct web_counts counts;
    struct list idle;     /* struct http_session.node, longest first */
    struct list arriving; /* their requests are */
    struct list busy;
    uint64_t body_bytes[2]; /* that are kept, by whether a name is proven */
    struct list work;       /* struct http_session.work */
    struct deadline working;
    struct deadline_queue turns; /* working: the next turn */
    struct list event_work;      /* struct event_socket.work, and its turns */
    struct deadline event_working;
    struct deadline_queue event_turns;
    struct deadline_queue heads, bodies, idles, writes;
};

/* A request was answered. */
static inline void http_context_count(struct http_context *http, bool is_socket,
                                      unsigned status)
{
    int door = is_socket ? CENSUS_API_SOCKET : CENSUS_API_WEB;

    assert(status >= 100 && status < 600);
    http->counts.requests[door][status / 100 - 1]++;
}

static inline struct http_origins http_context_origins(
    const struct http_context *http)
{
    return (struct http_origins){ http->settings.origin,
                                  http->settings.origin_count };
}

#endif
