#include "session/service.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/directory.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/stream_tls.h"
#include "session/client_session.h"
#include "session/null_modem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { DIAL_TIMEOUT_MS = 10 * 1000 };

/* One of listener, dial, client and modem at a time; none: it waits. */
struct service {
    struct session_context *ctx;
    struct console *console;
    char *text; /* of the URI; uri's slices are in it */
    struct uri uri;
    char direction;
    struct listener *listener;
    struct dial *dial;
    struct client *client;
    struct null_modem *modem;
    struct tls_context *tls; /* for what we connect to */
    struct client_role role; /* of client, or of who comes to the listener */
    struct backoff backoff;
    struct deadline tick;
    unsigned ticks_left; /* before the next try */
    uint64_t since_us;   /* it is connected */
};

static struct service *service_of(const struct console *c)
{
    return c->uri_service;
}

/* ---- what is allowed -------------------------------------------------- */

static bool is_ruled_in(const struct uri_rule *rules, size_t count,
                        const struct uri *uri)
{
    for (size_t i = 0; i < count; i++) {
        if (uri_rule_allows(&rules[i], uri))
            return true;
    }
    return false;
}

static bool is_listener_possible(const struct session_context *ctx,
                                 const struct uri *uri, struct err *why)
{
    bool has_tls = ctx->client_tls != NULL;

    if (uri->host_kind == URI_HOST_NAME) {
        err_set(why, "a listener needs an address to listen at, not a name; "
                     "leave the host out for every address");
        return false;
    }
    if (uri->tls >= URI_TLS_REQUIRED && !has_tls) {
        err_set(why, "the service URI asks for TLS, and there is no "
                     "certificate; see --cert and --show-tls");
        return false;
    }
    if (uri_is_verifying(&uri->parameters) ||
        uri->parameters.ciphers[0] != '\0') {
        err_set(why, "authentication parameters are for connections that are "
                     "made, not for a listener; see --client-certs and "
                     "--tls-ciphers");
        return false;
    }
    return true;
}

bool service_is_allowed(const struct session_context *ctx,
                        const struct uri *uri, char direction, struct err *why)
{
    const struct session_settings *s = &ctx->settings;

    if (direction == 'C') {
        if (is_ruled_in(s->connect_rules, s->connect_rule_count, uri))
            return true;
        err_set(why, "direction 'C' (client): no rule lets this concentrator "
                     "connect there; see --service-connect, or set the port's "
                     "direction to server");
        return false;
    }
    if (!is_ruled_in(s->listen_rules, s->listen_rule_count, uri)) {
        err_set(why, "the service URI asks for a listener at an address of its "
                     "own, and no rule allows it; see --service-listen, or use "
                     "a name such as s0");
        return false;
    }
    return is_listener_possible(ctx, uri, why);
}

/* ---- the log ---------------------------------------------------------- */

static struct service_text describe(const struct service *s)
{
    struct uri bare = s->uri;
    struct service_text t = { "" };

    /* A certificate is long, and nobody's business here. */
    bare.parameters = (struct uri_parameters){ 0 };
    if (bare.tls == URI_TLS_REQUIRED)
        bare.tls = URI_TLS_OFFERED;
    uri_format(&bare, t.text, sizeof t.text);
    return t;
}

static void log_trouble(const struct service *s, const char *what,
                        const char *why)
{
    log_warning("%s console=%s uri=%s reason=%s", what,
                LOG_TEXT(console_name(s->console).text),
                LOG_TEXT(describe(s).text), LOG_TEXT(why));
}

/* ---- listening -------------------------------------------------------- */

static void on_accepted(void *owner, struct stream *stream)
{
    struct service *s = owner;

    if (s->uri.tls == URI_TLS_FIRST)
        stream = stream_tls_new(&s->ctx->tls, s->ctx->client_tls, stream,
                                slice_of(NULL, 0), NULL);
    client_session_start(s->ctx, stream, s->console,
                         s->uri.is_telnet ? client_port_role(s->role.policy)
                                          : client_raw_role());
}

static bool address_of_uri(const struct uri *uri, struct address *ret,
                           struct err *err)
{
    const char *host = uri->host;

    if (uri->host_kind == URI_HOST_ALL)
        host = uri->family == URI_IPV4 ? "0.0.0.0" : "::";
    return address_parse(host, uri->port, ret, err) == 0;
}

static void listen_at(struct service *s)
{
    struct address address;
    struct err why;
    int r;

    if (!address_of_uri(&s->uri, &address, &why)) {
        log_trouble(s, "console has no listener of its own", why.text);
        return;
    }
    r = listener_open(s->ctx->loop, &address, LISTENER_REFUSE, on_accepted, s,
                      &s->listener);
    if (r < 0)
        log_trouble(s, "console has no listener of its own", strerror(-r));
    else
        log_info("console listens console=%s uri=%s address=%s",
                 LOG_TEXT(console_name(s->console).text),
                 LOG_TEXT(describe(s).text), address_format(&address).text);
}

/* ---- connecting ------------------------------------------------------- */

static void connect_now(struct service *s);

static void try_later(struct service *s, const char *why)
{
    uint64_t now_us = clock_now_us();
    uint64_t held_us = s->since_us != 0 ? now_us - s->since_us : 0;
    uint32_t random = 0;
    unsigned wait_ms;

    s->since_us = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0;
    wait_ms = backoff_next_ms(&s->backoff, held_us, random);
    s->ticks_left = wait_ms / (SERVICE_TICK_US / 1000) + 1;
    log_trouble(s, "not connected for a VM; it is tried again", why);
    deadline_start(&s->ctx->services, &s->tick, now_us);
}

void service_due(struct deadline *d, void *owner)
{
    struct service *s = CONTAINER_OF(d, struct service, tick);

    (void)owner;
    if (--s->ticks_left > 0)
        deadline_start(&s->ctx->services, &s->tick, clock_now_us());
    else
        connect_now(s);
}

static void on_client_end(void *owner, const char *reason)
{
    struct service *s = owner;

    s->client = NULL;
    if (console_has_vm(s->console))
        try_later(s, reason);
}

static void on_dialed(void *owner, struct stream *stream, const struct err *err)
{
    struct service *s = owner;
    bool is_first = s->uri.tls == URI_TLS_FIRST;

    s->dial = NULL;
    if (stream == NULL) {
        try_later(s, err->text);
        return;
    }
    if (!console_has_vm(s->console)) {
        stream_close(stream);
        return;
    }
    log_info("connected for a VM console=%s uri=%s peer=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(describe(s).text), address_format(&stream->peer).text);
    s->since_us = clock_now_us();
    if (is_first)
        stream = stream_tls_new(&s->ctx->tls, s->tls, stream, slice_of(NULL, 0),
                                s->uri.host);
    s->client = client_session_start(s->ctx, stream, s->console, &s->role);
}

static void dial_address(struct service *s)
{
    enum dial_family family = s->uri.family == URI_IPV4   ? DIAL_IPV4
                              : s->uri.family == URI_IPV6 ? DIAL_IPV6
                                                          : DIAL_ANY_FAMILY;

    s->dial = dial_tcp(s->ctx->loop, s->uri.host, s->uri.port, family,
                       DIAL_TIMEOUT_MS, on_dialed, s);
}

/* ---- to another VM ---------------------------------------------------- */

static bool is_meant(const struct service *s, const struct console *c)
{
    const struct uri *uri = &s->uri;

    if (c == s->console || (strcasecmp(c->uuid, uri->console) != 0 &&
                            strcmp(c->name, uri->console) != 0))
        return false;
    return uri->console_label[0] == '\0' ||
           strcmp(c->label, uri->console_label) == 0;
}

/* NULL: there is none, or more than one; why says which. */
static struct console *find_console(const struct service *s, const char **why)
{
    struct directory_cursor cursor = { 0 };
    struct console *found = NULL;
    struct console *c;

    *why = "there is no other console of that name or UUID";
    while ((c = directory_next(s->ctx->directory, &cursor)) != NULL) {
        if (!is_meant(s, c))
            continue;
        if (found != NULL) {
            *why = "several consoles have that name or UUID; use "
                   "vspc://UUID/LABEL";
            return NULL;
        }
        found = c;
    }
    return found;
}

static void on_modem_end(void *owner, const char *reason)
{
    struct service *s = owner;

    /* Of both ends: told once. */
    if (s->modem == NULL)
        return;
    null_modem_disconnect(s->modem);
    s->modem = NULL;
    if (console_has_vm(s->console))
        try_later(s, reason);
}

static void join(struct service *s)
{
    const char *why;
    struct console *other = find_console(s, &why);

    if (other == NULL) {
        try_later(s, why);
        return;
    }
    s->modem = null_modem_connect(s->console, other, on_modem_end, s);
    if (s->modem == NULL) {
        try_later(s, "the limit of clients of one of the two is reached");
        return;
    }
    s->since_us = clock_now_us();
    log_info("null modem console=%s other=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(console_name(other).text));
}

static void connect_now(struct service *s)
{
    if (s->uri.kind == URI_CONSOLE)
        join(s);
    else
        dial_address(s);
}

static bool is_busy(const struct service *s)
{
    return s->dial != NULL || s->client != NULL || s->modem != NULL ||
           deadline_is_running(&s->tick);
}

/* ---- its life --------------------------------------------------------- */

static void stop_trying(struct service *s)
{
    deadline_stop(&s->tick);
    if (s->dial != NULL)
        dial_cancel(s->dial);
    s->dial = NULL;
    null_modem_disconnect(s->modem);
    s->modem = NULL;
}

/* What the VM has said last still goes to the remote system. */
void service_pause(struct console *console)
{
    struct service *s = service_of(console);

    if (s == NULL || s->direction != 'C')
        return;
    stop_trying(s);
    if (s->client != NULL)
        s->client->ops->close(s->client, "the VM is gone");
}

void service_stop_listening(struct console *console)
{
    struct service *s = service_of(console);

    if (s == NULL)
        return;
    listener_close(s->listener);
    s->listener = NULL;
}

void service_end(struct console *console)
{
    struct service *s = service_of(console);

    if (s == NULL)
        return;
    console->uri_service = NULL;
    stop_trying(s);
    s->role.on_end = NULL;
    if (s->client != NULL)
        client_session_end(s->client, "the VM does not ask for it any more");
    listener_close(s->listener);
    tls_context_close(s->tls);
    free(s->text);
    free(s);
}

static bool open_tls(struct service *s, struct err *err)
{
    const struct uri_parameters *p = &s->uri.parameters;
    char pem[URI_PEM_MAX + 1];
    char thumbprint[2 * URI_SHA256_LEN + 1] = "";
    struct tls_client_settings settings = {
        .thumbprint = thumbprint,
        .peer_name = p->peer_name,
        .verify = p->has_verify,
        .ciphers = p->ciphers,
        .minimum = s->ctx->settings.tls_minimum,
    };

    if (s->uri.tls == URI_TLS_NEVER)
        return true;
    if (uri_get_certificate(p, pem) > 0)
        settings.certificate = pem;
    for (size_t i = 0; i < p->thumbprint_len; i++)
        snprintf(thumbprint + 2 * i, 3, "%02x", p->thumbprint[i]);
    return tls_context_open_client(&s->tls, &settings, err) == 0;
}

static struct service *new_service(struct session_context *ctx,
                                   struct console *console, const char *text,
                                   char direction)
{
    static const enum tls_policy policies[] = {
        [URI_TLS_NEVER] = TLS_OFF,
        [URI_TLS_OFFERED] = TLS_OFFERED,
        [URI_TLS_REQUIRED] = TLS_REQUIRED,
        [URI_TLS_FIRST] = TLS_OFF, /* the stream is TLS by then */
    };
    struct service *s = xcalloc(1, sizeof *s);
    size_t at;

    s->ctx = ctx;
    s->console = console;
    s->direction = direction;
    s->text = xstrdup(text);
    deadline_init(&s->tick);
    if (uri_parse(slice_of_text(s->text),
                  direction == 'C' ? URI_CLIENT : URI_SERVER,
                  ctx->settings.proxy_port, &s->uri, &at) != URI_OK) {
        free(s->text);
        free(s);
        return NULL;
    }
    s->role = (struct client_role){
        .way = s->uri.is_telnet ? CLIENT_REMOTE : CLIENT_RAW,
        .policy = policies[s->uri.tls],
        .host = s->uri.host,
        .on_end = on_client_end,
        .owner = s,
    };
    return s;
}

static void begin(struct service *s)
{
    struct err why;

    if (s->direction != 'C') {
        if (s->role.policy == TLS_OFFERED && s->ctx->client_tls == NULL)
            s->role.policy = TLS_OFF;
        listen_at(s);
        return;
    }
    if (s->uri.kind == URI_ADDRESS && !open_tls(s, &why)) {
        log_trouble(s, "not connected for a VM", why.text);
        return;
    }
    s->role.tls = s->tls;
    connect_now(s);
}

void service_settle(struct session_context *ctx, struct console *console,
                    const char *text, char direction)
{
    struct service *s = service_of(console);

    if (s != NULL && text != NULL && s->direction == direction &&
        strcmp(s->text, text) == 0) {
        if (direction == 'C' && !is_busy(s))
            connect_now(s);
        else if (direction != 'C' && s->listener == NULL)
            listen_at(s);
        return;
    }
    service_end(console);
    s = text != NULL ? new_service(ctx, console, text, direction) : NULL;
    console->uri_service = s;
    if (s != NULL)
        begin(s);
}

struct service_text service_describe(const struct console *console)
{
    if (console->uri_service == NULL)
        return (struct service_text){ "" };
    return describe(service_of(console));
}
