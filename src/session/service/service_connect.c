/*
 * A connection to the remote system that the service URI names: a client of the
 * console, with a role of its own. What the VM says before the system is
 * reached, and between two connections, is kept by the ring: the role's
 * output_at is where the next connection continues.
 */
#include "core/console.h"
#include "log/log_words.h"
#include "net/dial/dial.h"
#include "session/service/service_private.h"

enum { DIAL_TIMEOUT_MS = 10 * 1000 };

static void service_connect_on_open(void *owner, const char *tls)
{
    struct service *s = owner;
    struct console_name name = console_name(s->console);

    log_audit(service_is_open(s), service_peer(s), console_id(s->console).text,
              LOG_SERVICE_CONNECTED " console=%s id=%s uri=%s peer=%s tls=%s",
              LOG_TEXT(name.text), LOG_TEXT(console_id(s->console).text),
              LOG_TEXT(service_text_of(s).text),
              address_format(&s->reached).text, LOG_TEXT(tls));
}

/*
 * Called at the end of the turn, when the session has left its console.
 *
 * Whether to try again is the VM's presence. A client that was leaving gave its
 * VM's last output away; if the VM is back by now, its connection is not late,
 * and is made at once.
 */
static void service_connect_on_end(void *owner, const char *reason)
{
    struct service *s = owner;
    bool was_leaving = s->is_leaving;

    /* What the VM says until the next connection is for that one. */
    if (s->client != NULL)
        s->role.output_at = s->client->reader.at;
    s->client = NULL;
    s->is_leaving = false;
    if (!console_has_vm(s->console))
        return;
    if (was_leaving)
        service_try_soon(s);
    else
        service_try_later(s, reason);
}

/* Asked for each address right before it is tried; the last one is the one that
 * is reached. */
static bool service_connect_allows(void *owner, const struct address *to,
                                   bool is_own, struct err *why)
{
    struct service *s = owner;

    s->reached = *to;
    s->reaches_own = is_own;
    return service_reaches_allowed(s, why);
}

/* client_session_start never returns NULL: a session that cannot go on ends
 * later, by on_end. */
static void service_connect_on_dialed(void *owner, struct stream *stream,
                                      const struct err *err)
{
    struct service *s = owner;

    s->dial = NULL;
    if (stream == NULL) {
        service_try_later(s, err->text);
        return;
    }
    if (s->uri.tls == URI_TLS_FIRST)
        stream = stream_tls_new(&s->ctx->tls, s->role.tls, stream,
                                slice_of(NULL, 0), s->uri.host);
    s->client = client_session_start(s->ctx, stream, s->console, &s->role);
}

/* True: the context that TLS needs is there. Taken for each try, because the
 * settings may have changed; the former one is released after that, so that a
 * try makes no context unless they have. */
static bool has_tls(struct service *s)
{
    struct service_tls *tls;
    struct err why;

    if (s->uri.tls == URI_TLS_NEVER)
        return true;
    if (!service_tls_is_affordable(&s->ctx->services->tls, &s->uri.parameters,
                                   s->ctx->settings.tls_minimum)) {
        service_look_again(s);
        return false;
    }
    tls = service_tls_take(&s->ctx->services->tls, &s->uri.parameters,
                           s->ctx->settings.tls_minimum, &why);
    if (tls == NULL) {
        service_try_later(s, why.text);
        return false;
    }
    service_tls_release(s->tls);
    s->tls = tls;
    s->role.tls = service_tls_context(tls);
    return true;
}

static void service_connect_open(struct service *s)
{
    enum dial_family family = s->uri.family == URI_IPV4   ? DIAL_IPV4
                              : s->uri.family == URI_IPV6 ? DIAL_IPV6
                                                          : DIAL_ANY_FAMILY;

    const struct dial_target target = {
        .host = s->uri.host,
        .port = s->uri.port,
        .family = family,
        .timeout_ms = DIAL_TIMEOUT_MS,
        .allows = service_connect_allows,
        .is_slow = &s->is_slow,
    };

    s->role.on_open = service_connect_on_open;
    s->role.on_end = service_connect_on_end;
    if (!has_tls(s))
        return;
    s->dial = dial_tcp(s->ctx->loop, &target, service_connect_on_dialed, s);
}

static void stop_dialing(struct service *s)
{
    if (s->dial != NULL)
        dial_cancel(s->dial);
    s->dial = NULL;
}

/* What the VM has said last still goes to the remote system. */
static void service_connect_pause(struct service *s)
{
    stop_dialing(s);
    s->is_leaving = s->client != NULL;
    if (s->client != NULL)
        client_session_shut_down(s->client, "the VM is gone");
}

/* client_session_end and no shut_down: the owner is about to go, and the
 * session must not call it. */
static void service_connect_close(struct service *s, const char *reason)
{
    stop_dialing(s);
    if (s->client != NULL)
        client_session_end(s->client, reason);
    s->is_leaving = false;
    s->client = NULL;
}

static enum service_state service_connect_state(const struct service *s)
{
    if (s->client != NULL && s->since_us != 0)
        return SERVICE_CONNECTED;
    return s->dial != NULL || s->client != NULL ? SERVICE_CONNECTING
                                                : SERVICE_IDLE;
}

const struct service_ops service_connect_ops = {
    .open = service_connect_open,
    .pause = service_connect_pause,
    .close = service_connect_close,
    .state = service_connect_state,
};
