#include "daemon/daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/directory.h"
#include "core/ports.h"
#include "daemon/daemon_facts.h"
#include "daemon/daemon_limits.h"
#include "daemon/daemon_private.h"
#include "daemon/parts/daemon_ports.h"
#include "daemon/process/messages.h"
#include "net/descriptors.h"
#include "session/client/client_session.h"
#include "session/service/service.h"
#include "session/vm/vm_session.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
    SHUTDOWN_US = 3 * US_PER_S,
};

static void daemon_vm_accepted(void *owner, struct stream *stream)
{
    struct proxy *p = owner;

    vm_session_start(&p->daemon->sessions, stream, p->policy);
}

static void daemon_console_expired(struct deadline *deadline, void *owner)
{
    daemon_facts_expire(owner, CONTAINER_OF(deadline, struct console, expiry));
}

static void daemon_hold_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_hold_due(CONTAINER_OF(deadline, struct console, hold),
                     clock_now_us());
}

static void daemon_short_hold_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_short_hold_due(CONTAINER_OF(deadline, struct console, hold),
                           clock_now_us());
}

static void daemon_move_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    move_due(CONTAINER_OF(deadline, struct move, deadline), clock_now_us());
}

static void daemon_leave_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_leave_due(CONTAINER_OF(deadline, struct console, leave),
                      clock_now_us());
}

static void daemon_shutdown_due(struct deadline *deadline, void *owner)
{
    struct daemon *d = owner;

    (void)deadline;
    if (!session_is_quiet(&d->sessions))
        log_warning("not all clients took what was theirs in time clients=%u",
                    d->directory.client_count);
    loop_stop(d->loop);
}

/* However many have come in this turn: each of them costs milliseconds. */
static void act_on_signals(struct daemon *d)
{
    if (d->wants_reload && !d->is_ending) {
        systemd_reloading(&d->systemd);
        daemon_reload(d);
        systemd_ready(&d->systemd);
    }
    if (d->wants_listing)
        listing_begin(d);
    d->wants_reload = false;
    d->wants_listing = false;
}

/* Facts end sessions (a VM is gone, and with it what was connected for it), and
 * sessions that end leave facts. */
static void come_to_rest(struct daemon *d)
{
    do
        daemon_facts_take(d);
    while (session_end_marked(&d->sessions) ||
           !fact_queue_is_empty(&d->directory.facts));
    session_free_ended(&d->sessions);
}

static void daemon_turn_end(void *owner)
{
    struct daemon *d = owner;

    come_to_rest(d);
    if (d->wants_reload || d->wants_listing) {
        act_on_signals(d);
        come_to_rest(d);
    }
    if (d->is_ending && session_is_quiet(&d->sessions) &&
        hooks_have_ended(d->hooks.hooks))
        loop_stop(d->loop);
    listing_go_on(&d->listing);
    if (messages_flush(d->messages))
        listing_next_turn(&d->listing);
}

static void close_proxies(struct daemon *d)
{
    for (int i = 0; i < d->proxy_count; i++)
        listener_close(d->proxies[i].listener);
    d->proxy_count = 0;
}

static void end_services(struct daemon *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(&d->directory, &cursor)) != NULL)
        service_end(c);
}

/* What clients are told, and the log with each of them. */
static const char *farewell(const struct daemon *d)
{
    return daemon_state_is_kept(d)
               ? "shutting down; this console has the same port when vspcd is "
                 "back"
               : "shutting down; this console may have another port when "
                 "vspcd is back";
}

static void daemon_end_signal(void *owner, int number)
{
    const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
    struct daemon *d = owner;

    if (d->is_ending) {
        log_warning("ending at once signal=%s", name);
        daemon_hooks_end(d, true);
        loop_stop(d->loop);
        return;
    }
    log_info("shutting down signal=%s consoles=%u", name,
             d->directory.console_count);
    d->is_ending = true;
    systemd_stopping(&d->systemd);
    close_proxies(d);
    daemon_ports_close_all(d);
    daemon_hooks_end(d, false);
    session_shut_down(&d->sessions, farewell(d));
    deadline_start(&d->shutdowns, &d->shutdown, clock_now_us());
}

static void daemon_list_signal(void *owner, int number)
{
    struct daemon *d = owner;

    (void)number;
    d->wants_listing = true;
}

static void daemon_reload_signal(void *owner, int number)
{
    struct daemon *d = owner;

    (void)number;
    d->wants_reload = true;
}

struct directory_settings daemon_directory_settings(const struct settings *s)
{
    return (struct directory_settings){
        .expire_us = s->vm_expire_s * US_PER_S,
        .hold_us = s->hold_ms * US_PER_MS,
        .move_timeout_us = s->move_timeout_s * US_PER_S,
        .held_input_max = (uint32_t)s->held_input_size,
        .ring_max = (uint32_t)s->history_size,
        .history_total = s->history_total,
        .client_limit = (uint32_t)s->client_limit,
        .console_limit = (uint32_t)s->console_limit,
        .is_multi_console = s->is_multi_console,
        .is_dcd_always_on = s->is_dcd_always_on,
    };
}

struct session_settings daemon_session_settings(const struct daemon *d)
{
    const struct settings *s = d->settings;

    return (struct session_settings){
        .identity_timeout_us = s->identity_timeout_s * US_PER_S,
        .proxy_port = address_port(&d->proxies[0].address),
        .listen_rules = d->rules.listen,
        .listen_rule_count = s->service_listen.count,
        .connect_rules = d->rules.connect,
        .connect_rule_count = s->service_connect.count,
        .tls_minimum = s->tls_min,
        .gate = daemon_limits_gate(d),
        .history = { .lines = (uint32_t)s->attach_lines,
                     .bytes = (uint32_t)s->attach_bytes },
        .client_policy =
            d->tls.clients != NULL ? (enum tls_policy)s->client_tls : TLS_OFF,
    };
}

enum tls_policy daemon_vm_policy(const struct daemon *d, uint64_t policy)
{
    /* A default that cannot be; whoever has asked for TLS has it by now. */
    return d->tls.vms != NULL ? (enum tls_policy)policy : TLS_OFF;
}

static void make_seed(uint64_t seed[2])
{
    ssize_t got = getrandom(seed, 2 * sizeof seed[0], 0);

    /* Of so few bytes getrandom(2) gives all or fails for our mistakes. */
    assert(got == 2 * sizeof seed[0]);
    (void)got;
}

static void open_directory(struct daemon *d)
{
    struct directory_settings settings = daemon_directory_settings(d->settings);

    make_seed(settings.seed);
    directory_init(&d->directory, &settings);
    loop_watch_deadlines(d->loop, &d->watches[0], &d->directory.expiries,
                         daemon_console_expired, d);
    loop_watch_deadlines(d->loop, &d->watches[1], &d->directory.holds,
                         daemon_hold_due, d);
    loop_watch_deadlines(d->loop, &d->watches[2], &d->directory.short_holds,
                         daemon_short_hold_due, d);
    loop_watch_deadlines(d->loop, &d->watches[3], &d->directory.move_timeouts,
                         daemon_move_due, d);
    deadline_queue_init(&d->shutdowns, SHUTDOWN_US);
    deadline_init(&d->shutdown);
    loop_watch_deadlines(d->loop, &d->watches[4], &d->directory.leaves,
                         daemon_leave_due, d);
    loop_watch_deadlines(d->loop, &d->watches[5], &d->shutdowns,
                         daemon_shutdown_due, d);
}

/* option: its name, and of a list which one. */
static int open_proxy(struct daemon *d, const char *option, uint64_t index,
                      const char *address, uint64_t policy, struct err *err)
{
    uint16_t port = (uint16_t)d->settings->proxy_port;
    struct proxy *p = &d->proxies[d->proxy_count];
    char host[ADDRESS_HOST_MAX + 1];
    struct err why;
    int r = address_split(address, port, host, &port, &why);

    *p = (struct proxy){ .daemon = d, .policy = daemon_vm_policy(d, policy) };
    if (r == 0)
        r = address_parse(host, port, &p->address, &why);
    if (r < 0) {
        err_set(err, "%.120s: %.120s",
                options_where(d->settings, option, index).text, why.text);
        return r;
    }
    r = listener_open(d->loop, &p->address, LISTENER_WAIT,
                      &d->sessions.gate.of_vms, daemon_vm_accepted, p,
                      &p->listener);
    if (r < 0) {
        err_set(err,
                "cannot listen for VMs on %s: %s; choose another address or "
                "port with --%s%s",
                address_format(&p->address).text, strerror(-r), option,
                d->proxy_count == 0 ? " and --proxy-port" : "");
        return r;
    }
    p->address = listener_address(p->listener);
    d->proxy_count++;
    return 0;
}

static int parse_interface(struct daemon *d, struct err *err)
{
    struct err why;
    int r = address_parse(d->settings->interface, 0, &d->interface, &why);

    if (r < 0)
        err_set(err, "%.120s: %.120s",
                options_where(d->settings, "interface", 0).text, why.text);
    return r;
}

static int open_proxies(struct daemon *d, struct err *err)
{
    const struct settings *s = d->settings;
    int r = open_proxy(d, "proxy-iface", 0, s->proxy_iface, s->tls, err);

    for (uint64_t i = 0; i < s->proxy_count && r == 0; i++)
        r = open_proxy(d, "proxy-listen", i, s->proxies[i].address,
                       s->proxies[i].tls, err);
    return r;
}

static int parse_rules(const struct settings *s, const char *option,
                       const struct settings_rules *texts,
                       struct uri_rule *rules, struct err *err)
{
    for (uint64_t i = 0; i < texts->count; i++) {
        struct err why;
        int r = uri_rule_parse(texts->text[i], &rules[i], &why);

        if (r < 0) {
            err_set(err, "%.120s: %.120s", options_where(s, option, i).text,
                    why.text);
            return r;
        }
    }
    return 0;
}

int service_rules_parse(struct service_rules *rules, const struct settings *s,
                        struct err *err)
{
    int r = parse_rules(s, "service-listen", &s->service_listen, rules->listen,
                        err);

    if (r == 0)
        r = parse_rules(s, "service-connect", &s->service_connect,
                        rules->connect, err);
    return r;
}

static int open_signals(struct daemon *d, struct err *err)
{
    static const struct {
        int number;
        void (*handler)(void *owner, int number);
    } signals[] = {
        { SIGTERM, daemon_end_signal },
        { SIGINT, daemon_end_signal },
        { SIGHUP, daemon_reload_signal },
        { SIGUSR1, daemon_list_signal },
    };

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        int r =
            loop_on_signal(d->loop, signals[i].number, signals[i].handler, d);

        if (r < 0) {
            err_set(err, "cannot catch signals: %s", strerror(-r));
            return r;
        }
    }
    return 0;
}

void daemon_say_ready(struct daemon *d)
{
    const struct settings *s = d->settings;
    char ports[48] = "none";

    if (!s->no_vm_ports)
        snprintf(ports, sizeof ports, "%llu-%llu",
                 (unsigned long long)s->port_range_start,
                 (unsigned long long)s->port_range_end);
    log_info("vspcd %s ready proxy=%s interface=%s ports=%s open-files=%llu",
             VSPCD_VERSION, address_format(&d->proxies[0].address).text,
             s->interface, ports, (unsigned long long)d->open_files);
    for (int i = 1; i < d->proxy_count; i++)
        log_info("VMs may connect here too proxy=%s",
                 address_format(&d->proxies[i].address).text);
    for (int i = 0; i < s->notice_count; i++)
        log_warning("%s", s->notices[i]);
    daemon_tls_log(&d->tls);
    daemon_state_log(d);
    daemon_logs_log(d);
    daemon_limits_check(d);
    (void)messages_flush(d->messages);
    systemd_ready(&d->systemd);
}

int daemon_open(struct daemon **ret_daemon, struct settings *settings,
                struct messages *messages, struct err *err)
{
    struct daemon *d = xcalloc(1, sizeof *d);
    struct session_settings session_settings;
    int r;

    d->settings = settings;
    d->messages = messages;
    d->open_files = descriptors_raise_limit();
    r = loop_open(&d->loop);
    if (r < 0) {
        err_set(err, "cannot make an event loop: %s", strerror(-r));
        free(d);
        return r;
    }
    open_directory(d);
    messages_watch(messages, d->loop);
    listing_open(&d->listing, d->loop);
    systemd_open(&d->systemd, d->loop, &d->directory);
    ports_init(&d->ports, (uint16_t)settings->port_range_start,
               (uint16_t)settings->port_range_end);
    r = service_rules_parse(&d->rules, settings, err);
    if (r == 0)
        r = daemon_tls_open(&d->tls, settings, err);
    if (r == 0)
        r = parse_interface(d, err);
    if (r == 0)
        r = daemon_hooks_open(d, err);
    if (r == 0)
        r = daemon_logs_open(d, err);
    /* Known consoles have their ports before a VM can ask for one. */
    if (r == 0)
        r = daemon_state_open(d, err);
    if (r == 0)
        r = open_proxies(d, err);
    if (r == 0)
        r = open_signals(d, err);
    session_settings = daemon_session_settings(d);
    make_seed(session_settings.gate.admission.seed);
    sessions_open(&d->sessions, d->loop, &d->directory,
                         &session_settings);
    d->sessions.past = (struct past_source){ daemon_logs_ask_past, d };
    daemon_tls_use(&d->tls, &d->sessions);
    if (r < 0) {
        daemon_close(d);
        return r;
    }
    loop_on_turn_end(d->loop, daemon_turn_end, d);
    *ret_daemon = d;
    return 0;
}

void daemon_run(struct daemon *d)
{
    loop_run(d->loop);
}

void daemon_close(struct daemon *d)
{
    /* Who leaves now does so because we end, and is expected again. */
    d->is_ending = true;
    /* Whoever is still here after an end at once. */
    session_shut_down(&d->sessions, farewell(d));
    session_close_all(&d->sessions, "shutting down");
    end_services(d);
    come_to_rest(d);
    daemon_hooks_close(d);
    daemon_logs_close(d);
    daemon_state_close(d);
    close_proxies(d);
    daemon_ports_close_all(d);
    sessions_close(&d->sessions);
    daemon_tls_close(&d->tls);
    directory_done(&d->directory);
    ports_done(&d->ports);
    listing_close(&d->listing);
    systemd_close(&d->systemd);
    loop_close(d->loop);
    free(d);
}
