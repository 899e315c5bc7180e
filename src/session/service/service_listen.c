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

/* The stricter one of what the service URI and --client-tls ask for. */
static enum tls_policy policy_of(const struct service *s)
{
    const struct session_context *ctx = s->ctx;

    return s->role.policy > ctx->settings.client_policy
               ? s->role.policy
               : ctx->settings.client_policy;
}

/* Closed and not served in the clear where TLS is required. */
static void refuse(const struct service *s, struct stream *stream)
{
    struct console_name name = console_name(s->console);
    struct address_text peer = address_format(&stream->peer);

    log_audit(LOG_INFO, peer.text, console_id(s->console).text,
              LOG_CLIENT_REFUSED " console=%s id=%s peer=%s reason=%s",
              LOG_TEXT(name.text), LOG_TEXT(console_id(s->console).text),
              peer.text,
              LOG_TEXT("the service URI requires TLS, and vspcd no longer has "
                       "a certificate"));
    stream_close(stream);
}

static void service_listen_on_accepted(void *owner, struct stream *stream)
{
    struct service *s = owner;
    struct session_context *ctx = s->ctx;
    enum tls_policy policy = policy_of(s);
    bool begins_in_tls = s->uri.tls == URI_TLS_FIRST;

    if ((begins_in_tls || policy == TLS_REQUIRED) && ctx->client_tls == NULL) {
        refuse(s, stream);
        return;
    }
    if (begins_in_tls)
        stream = stream_tls_new(&ctx->tls, ctx->client_tls, stream,
                                slice_of(NULL, 0), NULL);
    if (begins_in_tls || ctx->client_tls == NULL)
        policy = TLS_OFF; /* the stream is TLS, or there is none */
    client_session_start(ctx, stream, s->console,
                         s->uri.is_telnet ? client_listener_role(policy)
                                          : client_raw_role());
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
        s->uri.family == URI_IPV6 ||
        !IN6_IS_ADDR_UNSPECIFIED(&s->at.v6.sin6_addr))
        return r;
    /* A host without IPv6: every address is every one of IPv4. */
    (void)address_parse("0.0.0.0", s->uri.port, address, &err);
    return listener_open(ctx->loop, address, way_of(s), &ctx->gate.of_clients,
                         service_listen_on_accepted, s, &s->listener);
}

/* The zone behind an IPv6 address is an interface's name or number, and may be
 * there later. */
static bool find_zone(const struct uri *uri, struct address *address,
                      struct err *why)
{
    const char *zone = strchr(uri->host, '%');
    unsigned number;

    if (zone == NULL)
        return true;
    number = if_nametoindex(zone + 1);
    if (number == 0)
        number = (unsigned)strtoul(zone + 1, NULL, 10);
    if (number == 0) {
        err_set(why, "this system has no interface %s", zone + 1);
        return false;
    }
    address->v6.sin6_scope_id = number;
    return true;
}

static void service_listen_open(struct service *s)
{
    struct console_name name = console_name(s->console);
    struct address address;
    struct err why;
    int r;

    if (!service_find_listener(&s->ctx->settings, &s->uri, &s->at, &why)) {
        service_try_later(s, why.text);
        return;
    }
    address = s->at;
    if (!find_zone(&s->uri, &address, &why)) {
        service_try_later(s, why.text);
        return;
    }
    r = open_listener(s, &address);
    if (r < 0) {
        service_try_later(s, strerror(-r));
        return;
    }
    service_forget_trouble(s);
    log_limited(LOG_INFO, service_peer(s), console_id(s->console).text,
                LOG_SERVICE_LISTENER_OPENED " console=%s uri=%s address=%s",
                LOG_TEXT(name.text), LOG_TEXT(service_text_of(s).text),
                address_format(&address).text);
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

bool service_listen_has_moved(const struct service *s)
{
    struct address now;
    struct err err;

    return s->listener != NULL &&
           service_find_listener(&s->ctx->settings, &s->uri, &now, &err) &&
           strcmp(address_format(&s->at).text, address_format(&now).text) != 0;
}

const struct service_ops service_listen_ops = {
    .open = service_listen_open,
    .pause = service_listen_pause,
    .close = service_listen_close,
    .state = service_listen_state,
};
