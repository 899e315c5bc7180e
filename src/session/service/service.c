#include "session/service/service.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "log/log.h"
#include "net/dial.h"
#include "net/listener.h"
#include "proto/uri/uri_format.h"
#include "session/client/client_session.h"
#include "session/service/null_modem.h"
#include "session/service/service_tls.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum {
    DIAL_TIMEOUT_MS = 10 * 1000,
    US_PER_S = 1000 * 1000,
    TICK_US = 500 * 1000, /* pauses are made of these */
    TICK_MS = TICK_US / 1000,
    /* A VM that comes and goes all the time has us try no more often. */
    PAUSE_US = BACKOFF_FIRST_MS * 1000,
    /* Whose cable it is may change. */
    LOOK_AGAIN_TICKS = 10,
};

/* The same trouble is told once in this time. */
#define TELL_AGAIN_US (600 * (uint64_t)US_PER_S)

/* One of listener, dial, client and modem at a time; none: it waits. */
struct service {
    struct session_context *ctx;
    struct console *console;
    char *text; /* of the URI; uri's slices are in it */
    struct uri uri;
    char direction;
    bool is_leaving; /* client takes what its VM has said last */
    bool is_brief;   /* the last connection was */
    struct listener *listener;
    struct dial *dial;
    struct client *client;
    struct null_modem *modem;
    struct service_tls *tls; /* for what we connect to; NULL: none yet */
    struct client_role role; /* of client */
    struct backoff backoff;
    struct deadline tick;
    unsigned ticks_left;   /* before the next try */
    uint64_t tried_us;     /* last; 0: never */
    uint64_t since_us;     /* it is connected; 0: it is not */
    uint64_t told_us;      /* trouble; 0: none, or it is over */
    uint64_t told_open_us; /* that it is connected */
    uint32_t told_hash;    /* of the reason */
    unsigned untold;       /* failures since */
};

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

/* FNV-1a: tells reasons apart, in which nobody has an interest to lie. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

/* Once for each reason, and again after a good while, however often it is
 * tried meanwhile. */
static void tell_trouble(struct service *s, const char *what, const char *why)
{
    uint64_t now_us = clock_now_us();
    uint32_t hash = hash_of(why);
    enum log_level level = LOG_WARNING;

    if (s->told_us != 0 && s->told_hash == hash &&
        now_us - s->told_us < TELL_AGAIN_US)
        level = LOG_DEBUG;
    s->untold++;
    log_line(level, "%s console=%s uri=%s tries=%u reason=%s", what,
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(describe(s).text), s->untold, LOG_TEXT(why));
    if (level == LOG_DEBUG)
        return;
    s->told_us = now_us;
    s->told_hash = hash;
    s->untold = 0;
}

/* One that never lasts is told of as rarely as its trouble. */
static enum log_level open_level(struct service *s)
{
    uint64_t now_us = clock_now_us();

    if (s->is_brief && now_us - s->told_open_us < TELL_AGAIN_US)
        return LOG_DEBUG;
    s->told_open_us = now_us;
    return LOG_INFO;
}

/* ---- another try ------------------------------------------------------ */

static void wait_ticks(struct service *s, unsigned ticks)
{
    s->ticks_left = ticks;
    deadline_start(&s->ctx->services->ticks, &s->tick, clock_now_us());
}

static void try_later(struct service *s, const char *what, const char *why)
{
    uint64_t held_us = s->since_us != 0 ? clock_now_us() - s->since_us : 0;
    uint32_t random = 0;

    if (held_us > 0)
        s->is_brief = held_us < BACKOFF_GOOD_US;
    if (held_us >= BACKOFF_GOOD_US)
        s->told_us = 0;
    s->since_us = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0;
    tell_trouble(s, what, why);
    wait_ticks(s, backoff_next_ms(&s->backoff, held_us, random) / TICK_MS + 1);
}

static const char not_connected[] = "not connected for a VM, it is tried again";

/* ---- listening -------------------------------------------------------- */

/* What the URI asks for may have gone with the certificate (SIGHUP). */
static bool needs_tls(const struct service *s)
{
    return s->uri.tls == URI_TLS_FIRST || s->uri.tls == URI_TLS_REQUIRED;
}

static void on_accepted(void *owner, struct stream *stream)
{
    struct service *s = owner;
    struct session_context *ctx = s->ctx;
    enum tls_policy policy = TLS_OFF;

    if (needs_tls(s) && ctx->client_tls == NULL) {
        log_info("client refused console=%s peer=%s reason=%s",
                 LOG_TEXT(console_name(s->console).text),
                 address_format(&stream->peer).text,
                 LOG_TEXT("the service URI asks for TLS, and there is no "
                          "certificate any more"));
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
            err_set(err, "there is no interface %s here", zone);
            return false;
        }
    }
    if (address_parse(host, uri->port, ret, err) < 0)
        return false;
    if (zone != NULL)
        ret->v6.sin6_scope_id = number;
    return true;
}

/* Only people in the clear are told why they are turned away. */
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
                          on_accepted, s, &s->listener);
    struct err err;

    if (r != -EAFNOSUPPORT || s->uri.host_kind != URI_HOST_ALL ||
        s->uri.family == URI_IPV6)
        return r;
    /* A host without IPv6: every address is every one of IPv4. */
    (void)address_parse("0.0.0.0", s->uri.port, address, &err);
    return listener_open(ctx->loop, address, way_of(s), &ctx->gate.of_clients,
                         on_accepted, s, &s->listener);
}

static void listen_now(struct service *s)
{
    static const char trouble[] =
        "console has no listener of its own, it is tried again";
    struct address address;
    struct err why;
    int r;

    if (!address_of_uri(&s->uri, &address, &why)) {
        try_later(s, trouble, why.text);
        return;
    }
    r = open_listener(s, &address);
    if (r < 0) {
        try_later(s, trouble, strerror(-r));
        return;
    }
    s->told_us = 0;
    log_info("console listens console=%s uri=%s address=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(describe(s).text), address_format(&address).text);
}

/* ---- connecting ------------------------------------------------------- */

static void connect_soon(struct service *s);

static void on_client_open(void *owner, const char *tls)
{
    struct service *s = owner;

    s->since_us = clock_now_us();
    log_line(open_level(s), "connected for a VM console=%s uri=%s tls=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(describe(s).text), LOG_TEXT(tls));
}

static void on_client_end(void *owner, const char *reason)
{
    struct service *s = owner;
    bool was_leaving = s->is_leaving;

    /* What the VM says until the next one is for that. */
    if (s->client != NULL)
        s->role.output_at = s->client->reader.at;
    s->client = NULL;
    s->is_leaving = false;
    if (!console_has_vm(s->console))
        return;
    /* Back already. */
    if (was_leaving)
        connect_soon(s);
    else
        try_later(s, not_connected, reason);
}

static void on_dialed(void *owner, struct stream *stream, const struct err *err)
{
    struct service *s = owner;

    s->dial = NULL;
    if (stream == NULL) {
        try_later(s, not_connected, err->text);
        return;
    }
    if (s->uri.tls == URI_TLS_FIRST)
        stream = stream_tls_new(&s->ctx->tls, s->role.tls, stream,
                                slice_of(NULL, 0), s->uri.host);
    s->client = client_session_start(s->ctx, stream, s->console, &s->role);
}

/* True: what it needs for TLS is there. */
static bool has_tls(struct service *s)
{
    struct err why;

    if (s->uri.tls == URI_TLS_NEVER || s->tls != NULL)
        return true;
    s->tls = service_tls_take(&s->ctx->services->tls, &s->uri.parameters,
                              s->ctx->settings.tls_minimum, &why);
    if (s->tls == NULL) {
        try_later(s, not_connected, why.text);
        return false;
    }
    s->role.tls = service_tls_context(s->tls);
    return true;
}

static void dial_address(struct service *s)
{
    enum dial_family family = s->uri.family == URI_IPV4   ? DIAL_IPV4
                              : s->uri.family == URI_IPV6 ? DIAL_IPV6
                                                          : DIAL_ANY_FAMILY;

    if (!has_tls(s))
        return;
    s->dial = dial_tcp(s->ctx->loop, s->uri.host, s->uri.port, family,
                       DIAL_TIMEOUT_MS, on_dialed, s);
}

/* ---- to another VM ---------------------------------------------------- */

static bool is_meant(const struct service *s, const char *uuid,
                     const struct console *c)
{
    const struct uri *uri = &s->uri;

    if (c == s->console ||
        (strcmp(c->uuid, uuid) != 0 && strcmp(c->name, uri->console) != 0))
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
    char uuid[TEXT_ID_MAX + 1] = "";

    (void)text_uuid(uuid, slice_of_text(s->uri.console));
    *why = "there is no other console of that name or UUID";
    while ((c = directory_next(s->ctx->directory, &cursor)) != NULL) {
        if (!is_meant(s, uuid, c))
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

    s->modem = NULL;
    if (console_has_vm(s->console))
        try_later(s, not_connected, reason);
}

/* Both VMs may ask for the same cable; two would carry each byte twice. */
static bool is_plugged_in_by(const struct console *other,
                             const struct console *c)
{
    const struct service *s = other->service;

    return s != NULL && s->modem != NULL && null_modem_is_at(s->modem, c);
}

static void join(struct service *s)
{
    const char *why;
    struct console *other = find_console(s, &why);

    if (other == NULL) {
        try_later(s, not_connected, why);
        return;
    }
    if (is_plugged_in_by(other, s->console)) {
        wait_ticks(s, LOOK_AGAIN_TICKS);
        return;
    }
    s->modem = null_modem_connect(s->ctx, s->console, other, on_modem_end, s);
    if (s->modem == NULL) {
        try_later(s, not_connected,
                  "the limit of clients of one of the two is reached");
        return;
    }
    s->since_us = clock_now_us();
    log_line(open_level(s), "null modem console=%s other=%s",
             LOG_TEXT(console_name(s->console).text),
             LOG_TEXT(console_name(other).text));
}

static void try_now(struct service *s)
{
    s->tried_us = clock_now_us();
    if (s->direction != 'C')
        listen_now(s);
    else if (s->uri.kind == URI_CONSOLE)
        join(s);
    else
        dial_address(s);
}

static void connect_soon(struct service *s)
{
    if (s->tried_us != 0 && clock_now_us() - s->tried_us < PAUSE_US)
        wait_ticks(s, 1);
    else
        try_now(s);
}

static void service_tick_due(struct deadline *d, void *owner)
{
    struct service *s = CONTAINER_OF(d, struct service, tick);

    (void)owner;
    if (--s->ticks_left > 0)
        deadline_start(&s->ctx->services->ticks, &s->tick, clock_now_us());
    else
        try_now(s);
}

static bool is_busy(const struct service *s)
{
    return s->listener != NULL || s->dial != NULL || s->client != NULL ||
           s->modem != NULL || deadline_is_running(&s->tick);
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
    s->since_us = 0;
}

/* What the VM has said last still goes to the remote system. */
void service_pause(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL)
        return;
    stop_trying(s);
    s->is_leaving = s->client != NULL;
    if (s->client != NULL)
        client_session_shut_down(s->client, "the VM is gone");
}

void service_stop_listening(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL || s->direction == 'C')
        return;
    stop_trying(s);
    listener_close(s->listener);
    s->listener = NULL;
}

void service_end(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL)
        return;
    console->service = NULL;
    stop_trying(s);
    if (s->client != NULL)
        client_session_end(s->client, "the VM does not ask for it any more");
    listener_close(s->listener);
    service_tls_release(s->tls);
    free(s->text);
    free(s);
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
        .door = CLIENT_DOOR_REMOTE,
        .policy = policies[s->uri.tls],
        .host = s->uri.host,
        .on_open = on_client_open,
        .on_end = on_client_end,
        .owner = s,
    };
    return s;
}

void service_settle(struct session_context *ctx, struct console *console,
                    const char *text, char direction)
{
    struct service *s = console->service;
    uint64_t tried_us;

    if (s != NULL && text != NULL && s->direction == direction &&
        strcmp(s->text, text) == 0) {
        s->backoff = (struct backoff){ 0 };
        if (s->client == NULL)
            s->role.output_at = console->output.head;
        if (!is_busy(s))
            connect_soon(s);
        return;
    }
    tried_us = s != NULL ? s->tried_us : 0;
    service_end(console);
    s = text != NULL ? new_service(ctx, console, text, direction) : NULL;
    console->service = s;
    if (s == NULL)
        return;
    s->tried_us = tried_us;
    s->role.output_at = console->output.head;
    connect_soon(s);
}

struct service_text service_describe(const struct console *console)
{
    if (console->service == NULL)
        return (struct service_text){ "" };
    return describe(console->service);
}

const char *service_state(const struct console *console)
{
    const struct service *s = console->service;

    if (s == NULL)
        return "none";
    if (s->listener != NULL)
        return "listening";
    if (s->modem != NULL || (s->client != NULL && s->since_us != 0))
        return "connected";
    if (s->dial != NULL || s->client != NULL)
        return "connecting";
    return deadline_is_running(&s->tick) ? "waiting" : "idle";
}

void service_open_all(struct session_context *ctx)
{
    ctx->services = xcalloc(1, sizeof *ctx->services);
    service_tls_pool_init(&ctx->services->tls);
    session_context_open_queue(ctx, &ctx->services->ticks, TICK_US,
                               service_tick_due);
}

void service_close_all(struct session_context *ctx)
{
    deadline_queue_close(&ctx->services->ticks);
    service_tls_pool_done(&ctx->services->tls);
    free(ctx->services);
    ctx->services = NULL;
}
