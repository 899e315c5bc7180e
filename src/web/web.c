#include "web/web.h"

#include "base/mem.h"
#include "net/listener.h"
#include "net/stream_fd.h"
#include "web/event_socket.h"
#include "web/http_session.h"
#include "web/socket/console_socket.h"
#include "web/socket/websocket_link.h"

#include <errno.h>
#include <stdlib.h>

enum { WEB_DOORS_MAX = 8 };

struct web_door {
    struct web *web;
    struct listener *listener;
    bool is_tls;
};

struct web {
    struct http_context http;
    struct web_door door[WEB_DOORS_MAX];
    size_t door_count;
    struct listener *socket; /* NULL: none */
};

/* ---- doors ----------------------------------------------------------------
 */

static void web_socket_on_connected(void *owner,
                                    const struct listener_connection *c)
{
    struct web *web = owner;
    struct stream *stream;

    if (stream_fd_open(web->http.ctx->loop, c->fd, NULL, &stream) < 0)
        return;
    http_session_start(&web->http, stream, true, c->credentials.uid);
}

static void web_port_on_accepted(void *owner, struct stream *stream)
{
    struct web_door *door = owner;
    struct session_context *ctx = door->web->http.ctx;

    if (door->is_tls && ctx->client_tls == NULL) {
        stream_close(stream); /* a reload has taken the certificate away */
        return;
    }
    if (door->is_tls)
        stream = stream_tls_new(&ctx->tls, ctx->client_tls, stream,
                                slice_of(NULL, 0), NULL);
    http_session_start(&door->web->http, stream, false, 0);
}

int web_open_socket(struct web *web, const struct unix_socket_place *place)
{
    return listener_open_unix(web->http.ctx->loop, place, LISTENER_WAIT, NULL,
                              web_socket_on_connected, web, &web->socket);
}

int web_open_port(struct web *web, const struct address *address, bool tls)
{
    struct web_door *door = &web->door[web->door_count];
    int r;

    if (web->door_count == WEB_DOORS_MAX)
        return -ENOSPC;
    *door = (struct web_door){ .web = web, .is_tls = tls };
    r = listener_open(web->http.ctx->loop, address, LISTENER_WAIT,
                      &web->http.ctx->gate.of_clients, web_port_on_accepted,
                      door, &door->listener);
    if (r == 0)
        web->door_count++;
    return r;
}

bool web_port(const struct web *web, size_t i, struct address *ret_address,
              bool *ret_is_tls)
{
    if (i >= web->door_count)
        return false;
    *ret_address = listener_address(web->door[i].listener);
    *ret_is_tls = web->door[i].is_tls;
    return true;
}

void web_close_doors(struct web *web)
{
    for (size_t i = 0; i < web->door_count; i++)
        listener_close(web->door[i].listener);
    web->door_count = 0;
    listener_close(web->socket);
    web->socket = NULL;
}

/* ---- all of it ------------------------------------------------------------
 */

static void open_queue(struct http_context *http, struct deadline_queue *queue,
                       uint64_t length_us, deadline_due_fn *on_due)
{
    deadline_queue_open(queue, length_us, on_due, http);
    if (http->ctx->loop != NULL)
        loop_watch(http->ctx->loop, queue);
}

/* Whoever came by the Unix socket has no address. */
static bool web_trusts_proxy(void *owner, const struct principal *who)
{
    const struct web_settings *settings = &((struct web *)owner)->http.settings;

    if (settings->user_field == NULL)
        return false;
    return ip_is_none(who->ip) ? settings->trusts_socket
                               : network_list_has(&settings->proxies, who->ip);
}

struct web *web_new(struct session_context *ctx, struct api *api,
                    struct groups *groups, const struct web_settings *settings)
{
    struct web *web = xcalloc(1, sizeof *web);
    struct http_context *http = &web->http;

    http->ctx = ctx;
    ctx->trusts_proxy = web_trusts_proxy;
    ctx->trusts_owner = web;
    http->api = api;
    http->groups = groups;
    http->settings = *settings;
    list_init(&http->idle);
    list_init(&http->arriving);
    list_init(&http->busy);
    list_init(&http->work);
    deadline_init(&http->working);
    list_init(&http->event_work);
    deadline_init(&http->event_working);
    open_queue(http, &http->turns, 0, http_answer_work_due);
    open_queue(http, &http->event_turns, 0, event_socket_work_due);
    open_queue(http, &http->heads, WEB_HEAD_US, http_session_due);
    open_queue(http, &http->bodies, WEB_BODY_US, http_session_due);
    open_queue(http, &http->idles, WEB_IDLE_US, http_session_due);
    open_queue(http, &http->writes, WEB_WRITE_US, http_session_due);
    websocket_link_open_all(ctx);
    console_socket_open_all(ctx);
    return web;
}

void web_free(struct web *web)
{
    if (web == NULL)
        return;
    web_close_doors(web);
    web->http.ctx->trusts_proxy = NULL;
    console_socket_close_all(web->http.ctx);
    websocket_link_close_all(web->http.ctx);
    deadline_stop(&web->http.working);
    deadline_stop(&web->http.event_working);
    deadline_queue_close(&web->http.turns);
    deadline_queue_close(&web->http.event_turns);
    deadline_queue_close(&web->http.heads);
    deadline_queue_close(&web->http.bodies);
    deadline_queue_close(&web->http.idles);
    deadline_queue_close(&web->http.writes);
    free(web);
}

void web_set(struct web *web, const struct web_settings *settings)
{
    web->http.settings = *settings;
}

struct web_counts web_counts(const struct web *web)
{
    return web->http.counts;
}

struct http_context *web_http(struct web *web)
{
    return &web->http;
}
