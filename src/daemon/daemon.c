#include "daemon/daemon.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/directory.h"
#include "core/ports.h"
#include "daemon/daemon_private.h"
#include "daemon/facts.h"
#include "session/client_session.h"
#include "session/vm_session.h"

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

static void on_vm_accepted(void *owner, struct stream *stream)
{
    struct daemon *d = owner;

    vm_session_start(&d->sessions, stream);
}

static void on_expired(struct deadline *deadline, void *owner)
{
    daemon_expire_console(owner,
                          CONTAINER_OF(deadline, struct console, expiry));
}

static void on_hold_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_hold_due(CONTAINER_OF(deadline, struct console, hold),
                     clock_now_us());
}

static void on_short_hold_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_short_hold_due(CONTAINER_OF(deadline, struct console, hold),
                           clock_now_us());
}

static void on_move_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    move_due(CONTAINER_OF(deadline, struct move, deadline), clock_now_us());
}

static void on_leave_due(struct deadline *deadline, void *owner)
{
    (void)owner;
    console_leave_due(CONTAINER_OF(deadline, struct console, leave),
                      clock_now_us());
}

static void on_shutdown_due(struct deadline *deadline, void *owner)
{
    struct daemon *d = owner;

    (void)deadline;
    log_warning("not all clients took what was theirs in time");
    loop_stop(d->loop);
}

static void on_turn_end(void *owner)
{
    struct daemon *d = owner;

    daemon_take_facts(d);
    session_bury_dead(&d->sessions);
    if (d->is_ending && session_is_quiet(&d->sessions))
        loop_stop(d->loop);
    log_flush();
}

static void on_end_signal(void *owner, int number)
{
    struct daemon *d = owner;

    if (d->is_ending) {
        log_warning("ending at once signal=%s", strsignal(number));
        loop_stop(d->loop);
        return;
    }
    log_info("shutting down signal=%s consoles=%u", LOG_TEXT(strsignal(number)),
             d->directory.console_count);
    d->is_ending = true;
    listener_close(d->proxy);
    d->proxy = NULL;
    daemon_close_ports(d);
    session_shut_down(&d->sessions);
    deadline_start(&d->shutdowns, &d->shutdown, clock_now_us());
}

static void on_list_signal(void *owner, int number)
{
    (void)number;
    daemon_log_consoles(owner);
}

/* Without a handler it would end us, and all consoles with us. */
static void on_reload_signal(void *owner, int number)
{
    (void)owner;
    (void)number;
    log_info("SIGHUP: there is nothing to reload; options change by a restart");
}

static void open_directory(struct daemon *d)
{
    const struct settings *s = d->settings;
    struct directory_settings settings = {
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
    ssize_t got = getrandom(settings.seed, sizeof settings.seed, 0);

    /* Of so few bytes getrandom(2) gives all or fails for our mistakes. */
    assert(got == sizeof settings.seed);
    (void)got;
    directory_init(&d->directory, &settings);
    loop_watch_deadlines(d->loop, &d->watches[0], &d->directory.expiries,
                         on_expired, d);
    loop_watch_deadlines(d->loop, &d->watches[1], &d->directory.holds,
                         on_hold_due, d);
    loop_watch_deadlines(d->loop, &d->watches[2], &d->directory.short_holds,
                         on_short_hold_due, d);
    loop_watch_deadlines(d->loop, &d->watches[3], &d->directory.move_timeouts,
                         on_move_due, d);
    deadline_queue_init(&d->shutdowns, SHUTDOWN_US);
    deadline_init(&d->shutdown);
    loop_watch_deadlines(d->loop, &d->watches[4], &d->directory.leaves,
                         on_leave_due, d);
    loop_watch_deadlines(d->loop, &d->watches[5], &d->shutdowns,
                         on_shutdown_due, d);
}

static int open_proxy(struct daemon *d, struct err *err)
{
    const struct settings *s = d->settings;
    char host[ADDRESS_HOST_MAX + 1];
    uint16_t port = 0;
    struct err why;
    int r = address_parse(s->interface, 0, &d->interface, &why);

    if (r < 0) {
        err_set(err, "--interface: %.200s", why.text);
        return r;
    }
    r = address_split(s->proxy_iface, (uint16_t)s->proxy_port, host, &port,
                      &why);
    if (r == 0)
        r = address_parse(host, port, &d->proxy_address, &why);
    if (r < 0) {
        err_set(err, "--proxy-iface: %.200s", why.text);
        return r;
    }
    r = listener_open(d->loop, &d->proxy_address, LISTENER_WAIT, on_vm_accepted,
                      d, &d->proxy);
    if (r < 0) {
        err_set(err,
                "cannot listen for VMs on %s: %s; choose another address or "
                "port with --proxy-iface and --proxy-port",
                address_format(&d->proxy_address).text, strerror(-r));
        return r;
    }
    d->proxy_address = listener_address(d->proxy);
    return 0;
}

static int open_signals(struct daemon *d, struct err *err)
{
    static const struct {
        int number;
        void (*handler)(void *owner, int number);
    } signals[] = {
        { SIGTERM, on_end_signal },
        { SIGINT, on_end_signal },
        { SIGHUP, on_reload_signal },
        { SIGUSR1, on_list_signal },
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

static void log_ready(const struct daemon *d, uint64_t files)
{
    const struct settings *s = d->settings;
    char ports[48] = "none";

    if (!s->no_vm_ports)
        snprintf(ports, sizeof ports, "%llu-%llu",
                 (unsigned long long)s->port_range_start,
                 (unsigned long long)s->port_range_end);
    log_info("vspcd %s ready proxy=%s interface=%s ports=%s open-files=%llu",
             VSPCD_VERSION, address_format(&d->proxy_address).text,
             s->interface, ports, (unsigned long long)files);
    log_flush();
}

int daemon_open(struct daemon **ret_daemon, const struct settings *settings,
                struct err *err)
{
    struct daemon *d = xcalloc(1, sizeof *d);
    uint64_t files = loop_raise_file_limit();
    struct session_settings session_settings = {
        .identity_timeout_us = settings->identity_timeout_s * US_PER_S,
    };
    int r;

    d->settings = settings;
    r = loop_open(&d->loop);
    if (r < 0) {
        err_set(err, "cannot make an event loop: %s", strerror(-r));
        free(d);
        return r;
    }
    open_directory(d);
    ports_init(&d->ports, (uint16_t)settings->port_range_start,
               (uint16_t)settings->port_range_end);
    r = open_proxy(d, err);
    if (r == 0)
        r = open_signals(d, err);
    session_settings.proxy_port = address_port(&d->proxy_address);
    session_context_init(&d->sessions, d->loop, &d->directory,
                         &session_settings);
    if (r < 0) {
        daemon_close(d);
        return r;
    }
    loop_on_turn_end(d->loop, on_turn_end, d);
    log_ready(d, files);
    *ret_daemon = d;
    return 0;
}

void daemon_run(struct daemon *d)
{
    loop_run(d->loop);
}

void daemon_close(struct daemon *d)
{
    /* Whoever is still here after an end at once. */
    session_shut_down(&d->sessions);
    client_session_close_all(&d->sessions);
    daemon_take_facts(d);
    listener_close(d->proxy);
    daemon_close_ports(d);
    session_context_done(&d->sessions);
    directory_done(&d->directory);
    ports_done(&d->ports);
    loop_close(d->loop);
    log_flush();
    free(d);
}
