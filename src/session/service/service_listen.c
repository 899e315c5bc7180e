/*
 * A listener of the console's own, at the address of the service URI. It stays
 * while the VM is away, and through vMotion.
 *
 * What was allowed when the VM asked may be impossible when a client comes: a
 * SIGHUP may have taken the certificate away. So each client is looked at anew.
 */
#include "core/directory.h"
#include "log/log_words.h"
#include "net/listener.h"
#include "session/service/service_private.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The service URI asks for TLS from the first byte, or by AUTHENTICATION. */
static bool needs_tls(const struct service *s)
{
    return s->uri.tls == URI_TLS_FIRST || s->uri.tls == URI_TLS_REQUIRED;
}

/* Closed and not served in the clear: the service URI asks for TLS. */
static void service_listen_on_accepted(void *owner, struct stream *stream)
{
    struct service *s = owner;
    struct session_context *ctx = s->ctx;
    enum tls_policy policy = TLS_OFF;

    if (needs_tls(s) && ctx->client_tls == NULL) {
        log_info(LOG_CLIENT_REFUSED " console=%s peer=%s reason=%s",
                 LOG_TEXT(console_name(s->console).text),
                 address_format(&stream->peer).text,
                 LOG_TEXT("the service URI requires TLS, and vspcd no longer "
                          "has a certificate"));
        stream_close(stream);
        return;
    }
    if (s->uri.tls == URI_TLS_FIRST)
        stream = stream_tls_new(&ctx->tls, ctx->client_tls, stream,
                                slice_of(NULL, 0), NULL);
    else if (ctx->client_tls != NULL)
        policy = s->role.policy;
    client_session_start(ctx, stream, s->console,
                         s->uri.is_telnet ? client_listener_role(policy)
                                          : client_raw_role());
}

/* An IPv6 address may have the name or number of an interface behind it. */
static bool address_of_uri(const struct uri *uri, struct address *ret,
                           struct err *err)
{
    char host[URI_HOST_MAX + 1];
    char *zone;
    unsigned number = 0;

    memcpy(host, uri->host, sizeof host);
    if (uri->host_kind == URI_HOST_ALL)
        snprintf(host, sizeof host, uri->family == URI_IPV4 ? "0.0.0.0" : "::");
    zone = strchr(host, '%');
    if (zone != NULL) {
        *zone++ = '\0';
        number = if_nametoindex(zone);
        if (number == 0)
            number = (unsigned)strtoul(zone, NULL, 10);
        if (number == 0) {
            err_set(err, "this system has no interface %s", zone);
            return false;
        }
    }
    if (address_parse(host, uri->port, ret, err) < 0)
        return false;
    if (zone != NULL)
        ret->v6.sin6_scope_id = number;
    return true;
}

/* A client in the clear is told why it is turned away; in TLS or as a raw
 * connection it would take the line for garbage. */
static unsigned way_of(const struct service *s)
{
    bool is_clear = s->uri.is_telnet && s->uri.tls == URI_TLS_OFFERED;

    return (is_clear ? LISTENER_REFUSE : LISTENER_WAIT) |
           (s->uri.family == URI_IPV6 ? LISTENER_IPV6_ONLY : 0u);
}

/* 0, or -errno. */
static int open_listener(struct service *s, struct address *address)
{
    struct session_context *ctx = s->ctx;
    int r = listener_open(ctx->loop, address, way_of(s), &ctx->gate.of_clients,
                          service_listen_on_accepted, s, &s->listener);
    struct err err;

    if (r != -EAFNOSUPPORT || s->uri.host_kind != URI_HOST_ALL ||
        s->uri.family == URI_IPV6)
        return r;
    /* A host without IPv6: every address is every one of IPv4. */
    (void)address_parse("0.0.0.0", s->uri.port, address, &err);
    return listener_open(ctx->loop, address, way_of(s), &ctx->gate.of_clients,
                         service_listen_on_accepted, s, &s->listener);
}

static void service_listen_open(struct service *s)
{
    struct address address;
    struct err why;
    int r;

    if (!address_of_uri(&s->uri, &address, &why)) {
        service_try_later(s, LOG_SERVICE_LISTENER_FAILED, why.text);
        return;
    }
    r = open_listener(s, &address);
    if (r < 0) {
        service_try_later(s, LOG_SERVICE_LISTENER_FAILED, strerror(-r));
        return;
    }
    service_forget_trouble(s);
    log_info(LOG_SERVICE_LISTENER_OPENED " console=%s uri=%s address=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(service_text_of(s).text), address_format(&address).text);
}

/* Clients may come before the VM is back. */
static void service_listen_pause(struct service *s)
{
    (void)s;
}

static void service_listen_close(struct service *s, const char *reason)
{
    (void)reason; /* its clients stay */
    listener_close(s->listener);
    s->listener = NULL;
}

static enum service_state service_listen_state(const struct service *s)
{
    return s->listener != NULL ? SERVICE_LISTENING : SERVICE_IDLE;
}

const struct service_ops service_listen_ops = {
    .open = service_listen_open,
    .pause = service_listen_pause,
    .close = service_listen_close,
    .state = service_listen_state,
};
