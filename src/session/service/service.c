/*
 * The life of a service, whatever its kind: when it is opened, when it is tried
 * again, what the log is told of that. The kinds are operations
 * (service_private.h).
 *
 * A service belongs to the console and outlives the VM's connection; each new
 * connection of the VM settles it again (service_settle). Two things must not
 * follow the VM's or the remote system's rhythm, because either may come and go
 * without end: tries (backoff, and PAUSE_US between two that nothing has
 * delayed), and lines in the log (TELL_AGAIN_US for each reason).
 */
#include "session/service/service_private.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/console.h"
#include "log/log_words.h"
#include "proto/uri/uri_format.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    US_PER_S = 1000 * 1000,
    TICK_US = 500 * 1000, /* pauses are made of these */
    TICK_MS = TICK_US / 1000,
    /* Between two tries, also for a VM that comes and goes all the time. */
    PAUSE_US = BACKOFF_FIRST_MS * 1000,
    /* Another console's cable is looked at again after so many ticks. */
    LOOK_AGAIN_TICKS = 10,
};

/* One reason is logged once in this time. */
#define TELL_AGAIN_US (600 * (uint64_t)US_PER_S)

/* ---- the log ---------------------------------------------------------- */

struct service_text service_text_of(const struct service *s)
{
    struct uri bare = s->uri;
    struct service_text t = { "" };

    /* Without parameters: a certificate is long, and not for the log. */
    bare.parameters = (struct uri_parameters){ 0 };
    if (bare.tls == URI_TLS_REQUIRED)
        bare.tls = URI_TLS_OFFERED;
    uri_format(&bare, t.text, sizeof t.text);
    return t;
}

/* FNV-1a. Tells reasons apart; nothing is gained by a collision but a missing
 * line. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

const char *service_peer(const struct service *s)
{
    return s->console->link != NULL ? s->console->link->peer : "";
}

/* Once for each reason, and again after TELL_AGAIN_US, however often it is
 * tried meanwhile. tries counts what was left out. */
static void tell_trouble(struct service *s, const char *why)
{
    struct console_name name = console_name(s->console);
    struct service_text uri = service_text_of(s);
    uint64_t now_us = clock_now_us();
    uint32_t hash = hash_of(why);
    enum log_level level = LOG_WARNING;

    if (s->told_us != 0 && s->told_hash == hash &&
        now_us - s->told_us < TELL_AGAIN_US)
        level = LOG_DEBUG;
    s->untold++;
    if (s->ops == &service_listen_ops)
        log_limited(
            level, service_peer(s), console_id(s->console).text,
            LOG_SERVICE_LISTENER_FAILED " console=%s uri=%s tries=%u reason=%s",
            LOG_TEXT(name.text), LOG_TEXT(uri.text), s->untold, LOG_TEXT(why));
    else
        log_limited(level, service_peer(s), console_id(s->console).text,
                    LOG_SERVICE_FAILED " console=%s uri=%s tries=%u reason=%s",
                    LOG_TEXT(name.text), LOG_TEXT(uri.text), s->untold,
                    LOG_TEXT(why));
    if (level == LOG_DEBUG)
        return;
    s->told_us = now_us;
    s->told_hash = hash;
    s->untold = 0;
}

enum log_level service_is_open(struct service *s)
{
    uint64_t now_us = clock_now_us();

    s->since_us = now_us;
    if (s->is_brief && now_us - s->told_open_us < TELL_AGAIN_US)
        return LOG_DEBUG;
    s->told_open_us = now_us;
    return LOG_INFO;
}

void service_forget_trouble(struct service *s)
{
    s->told_us = 0;
}

/* ---- another try ------------------------------------------------------ */

static void wait_ticks(struct service *s, unsigned ticks)
{
    s->ticks_left = ticks;
    deadline_start(&s->ctx->services->ticks, &s->tick, clock_now_us());
}

/* A connection that has lasted (BACKOFF_GOOD_US) ends the trouble: what comes
 * next is new, and is told. One that was brief does not, or a remote system
 * that accepts and closes would be a line each time. */
void service_try_later(struct service *s, const char *why)
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
    tell_trouble(s, why);
    wait_ticks(s, backoff_next_ms(&s->backoff, held_us, random) / TICK_MS + 1);
}

void service_look_again(struct service *s)
{
    wait_ticks(s, LOOK_AGAIN_TICKS);
}

/* Between tries nothing may start a service whose VM is gone. */
static void stop_trying(struct service *s)
{
    deadline_stop(&s->tick);
    s->since_us = 0;
}

static const char not_allowed[] = "the rules no longer allow it";

static bool is_permitted(const struct service *s, struct err *why)
{
    return service_is_permitted(s->ctx, &s->uri, s->direction, why);
}

/* Everything of it ends at once, undelivered output too: the rules do not allow
 * another byte. The service stays, for rules that allow it again. */
static void refuse(struct service *s, const struct err *why)
{
    struct console_name name = console_name(s->console);

    stop_trying(s);
    s->ops->close(s, not_allowed);
    s->is_refused = true;
    log_audit(LOG_INFO, service_peer(s), console_id(s->console).text,
              LOG_SERVICE_REFUSED " console=%s id=%s uri=%s reason=%s",
              LOG_TEXT(name.text), LOG_TEXT(console_id(s->console).text),
              LOG_TEXT(service_text_of(s).text), LOG_TEXT(why->text));
}

/*
 * The rules are asked again, because they may have changed since the VM
 * requested the service: it is attached later than that.
 *
 * The time of the try is noted first: open may fail at once and call
 * service_try_later.
 */
static void try_now(struct service *s)
{
    struct err why;

    if (!is_permitted(s, &why)) {
        refuse(s, &why);
        return;
    }
    s->is_refused = false;
    s->tried_us = clock_now_us();
    s->ops->open(s);
}

void service_try_soon(struct service *s)
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

/* ---- its life --------------------------------------------------------- */

static enum service_state state_of(const struct service *s)
{
    enum service_state state = s->ops->state(s);

    if (state != SERVICE_IDLE)
        return state;
    if (s->is_refused)
        return SERVICE_REFUSED;
    return deadline_is_running(&s->tick) ? SERVICE_WAITING : SERVICE_IDLE;
}

void service_pause(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL)
        return;
    stop_trying(s);
    s->ops->pause(s);
}

void service_stop_listening(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL || s->ops != &service_listen_ops)
        return;
    stop_trying(s);
    s->ops->close(s, "shutting down");
}

/* Clients that have come by a listener which must not be there have come by a
 * way that must not be there. */
static uint32_t shut_down_clients(const struct console *console)
{
    uint32_t count = 0;

    LIST_EACH (node, after, &console->clients) {
        struct client *client = client_at(node);

        if (client->door != CLIENT_DOOR_LISTENER)
            continue;
        client_session_shut_down(client, "this port is no longer allowed");
        count++;
    }
    return count;
}

/* A listener is there without its VM, a connection is not. */
static bool needs_no_vm(const struct service *s)
{
    return s->ops == &service_listen_ops;
}

/* A name that the rules allow has led to an address that they do not allow any
 * more; where it leads is asked anew. */
static bool leave_address(struct service *s)
{
    struct err why;

    if ((s->client == NULL && s->dial == NULL) ||
        service_reaches_allowed(s, &why))
        return false;
    s->ops->close(s, not_allowed);
    service_try_later(s, why.text);
    return true;
}

void service_judge(struct console *console, struct session_judged *judged)
{
    struct service *s = console->service;
    struct err why;

    if (s == NULL)
        return;
    if (!is_permitted(s, &why)) {
        if (s->is_refused)
            return;
        refuse(s, &why);
        judged->services++;
        if (s->ops == &service_listen_ops)
            judged->clients += shut_down_clients(console);
    } else if (s->ops == &service_listen_ops && service_listen_has_moved(s)) {
        s->ops->close(s, "the rules want it elsewhere");
        judged->services++;
        judged->clients += shut_down_clients(console);
        service_try_soon(s);
    } else if (s->is_refused) {
        s->is_refused = false;
        s->role.output_at = console->output.head;
        if (needs_no_vm(s) || console_has_vm(console))
            service_try_soon(s);
    } else if (leave_address(s)) {
        judged->services++;
    }
}

/* console->service is NULL first: closing ends client sessions, whose owner
 * this is no more. */
void service_end(struct console *console)
{
    struct service *s = console->service;

    if (s == NULL)
        return;
    console->service = NULL;
    stop_trying(s);
    s->ops->close(s, "the VM no longer requests it");
    service_tls_release(s->tls);
    free(s->text);
    free(s);
}

static const struct service_ops *ops_of(char direction, const struct uri *uri)
{
    if (direction != 'C')
        return &service_listen_ops;
    return uri->kind == URI_CONSOLE ? &service_modem_ops : &service_connect_ops;
}

/* The text is parsed again: the slices of the URI have to point into the
 * service's own copy. NULL: it is no URI. */
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
    s->ops = ops_of(direction, &s->uri);
    s->role = (struct client_role){
        .way = s->uri.is_telnet ? CLIENT_REMOTE : CLIENT_RAW,
        .door = CLIENT_DOOR_REMOTE,
        .policy = policies[s->uri.tls],
        .host = s->uri.host,
        .is_outgoing = true,
        .owner = s,
    };
    return s;
}

/*
 * The same request once more changes nothing that is open: a VM that
 * reconnects, or moves, keeps its connection. Only the backoff is forgotten,
 * since the VM is new to it.
 *
 * output_at: a remote system gets what the VM says from here on, unless it
 * still has what came before to get (a client).
 *
 * tried_us and is_slow outlive a change of the URI: a VM that asks for
 * something else each time gains no more tries, and no better place among the
 * lookups.
 */
void service_settle(struct session_context *ctx, struct console *console,
                    const char *text, char direction)
{
    struct service *s = console->service;
    uint64_t tried_us;
    bool is_slow;

    if (s != NULL && text != NULL && s->direction == direction &&
        strcmp(s->text, text) == 0) {
        s->backoff = (struct backoff){ 0 };
        if (s->client == NULL)
            s->role.output_at = console->output.head;
        if (s->ops->state(s) == SERVICE_IDLE && !deadline_is_running(&s->tick))
            service_try_soon(s);
        return;
    }
    tried_us = s != NULL ? s->tried_us : 0;
    is_slow = s != NULL && s->is_slow;
    service_end(console);
    s = text != NULL ? new_service(ctx, console, text, direction) : NULL;
    console->service = s;
    if (s == NULL)
        return;
    s->tried_us = tried_us;
    s->is_slow = is_slow;
    s->role.output_at = console->output.head;
    service_try_soon(s);
}

struct service_text service_describe(const struct console *console)
{
    if (console->service == NULL)
        return (struct service_text){ "" };
    return service_text_of(console->service);
}

const char *service_state_name(enum service_state state)
{
    static const char *const names[SERVICE_STATE_COUNT] = {
        [SERVICE_NONE] = "none",           [SERVICE_LISTENING] = "listening",
        [SERVICE_CONNECTED] = "connected", [SERVICE_CONNECTING] = "connecting",
        [SERVICE_WAITING] = "waiting",     [SERVICE_IDLE] = "idle",
        [SERVICE_REFUSED] = "refused",
    };

    return (unsigned)state < SERVICE_STATE_COUNT ? names[state] : "?";
}

enum service_state service_state(const struct console *console)
{
    return console->service != NULL ? state_of(console->service) : SERVICE_NONE;
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
