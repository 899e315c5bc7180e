#include "daemon/daemon_serving.h"

#include "base/clock.h"
#include "daemon/assembly.h"
#include "daemon/daemon_facts.h"
#include "daemon/daemon_reload.h"
#include "daemon/process/messages.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/service/service.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHUTDOWN_US = 3 * 1000 * 1000 };

/* ---- the end of a turn ------------------------------------------------ */

/* Once a turn, however many signals have come, because each action costs
 * milliseconds. */
static void act_on_signals(struct daemon *d)
{
    if (d->wants_reload && !d->is_ending) {
        systemd_reloading(&d->systemd);
        daemon_reload(d);
        systemd_ready(&d->systemd);
    }
    if (d->wants_listing)
        listing_begin(&d->listing);
    d->wants_reload = false;
    d->wants_listing = false;
}

/*
 * Facts end sessions (a VM is gone, and so are its service connections), and
 * sessions that end cause facts; so both alternate until none is left. Only
 * then sessions are freed: facts name consoles, and a handler of this turn may
 * still use a session. Consoles that make room go in between, when no fact
 * names them any more.
 */
static void come_to_rest(struct daemon *d)
{
    do {
        daemon_facts_take(d);
        daemon_facts_evict(d);
    } while (session_end_marked(&d->sessions.all) ||
             !fact_queue_is_empty(&d->directory.facts));
    session_free_ended(&d->sessions.all);
}

/*
 * Signals act on a program at rest, and what they cause (a reload may write to
 * VMs, which breaks sessions) comes to rest in the same turn. The log is
 * written last, so that it has this turn's lines before the loop waits.
 */
static void daemon_serving_turn_end(void *owner)
{
    struct daemon *d = owner;

    d->sessions.gate.is_closed_to_clients =
        daemon_audit_refuses_clients(&d->audit);
    come_to_rest(d);
    if (d->wants_reload || d->wants_listing) {
        act_on_signals(d);
        come_to_rest(d);
    }
    if (d->is_ending && session_is_quiet(&d->sessions.all) &&
        daemon_hooks_have_ended(&d->hooks))
        loop_stop(d->loop);
    listing_go_on(&d->listing);
    if (messages_flush(d->messages))
        listing_next_turn(&d->listing);
}

/* ---- signals ---------------------------------------------------------- */

/* The text for clients, which is also the log's reason. */
static const char *farewell(const struct daemon *d)
{
    return daemon_state_is_kept(&d->state)
               ? "shutting down; this console keeps its port"
               : "shutting down; this console may get another port";
}

/* From here on VMs and clients leave because of us, and are expected back: the
 * state keeps what it has of them, and hooks are not notified. So this must
 * come before any session is ended. May be called twice. */
static void begin_end(struct daemon *d)
{
    d->is_ending = true;
    daemon_state_end(&d->state);
    daemon_hooks_end(&d->hooks, false);
    daemon_alerts_end(&d->alerts);
    daemon_records_end(&d->records);
    daemon_inventory_end(&d->inventory);
}

static void daemon_serving_shutdown_due(struct deadline *deadline, void *owner)
{
    struct daemon *d = owner;

    (void)deadline;
    if (!session_is_quiet(&d->sessions.all))
        log_warning(LOG_CLIENTS_UNDELIVERED " clients=%u",
                    d->directory.client_count);
    loop_stop(d->loop);
}

/*
 * Listeners are closed before sessions are ended: a host or client that
 * reconnects at once must find the port closed until the next start.
 */
static void daemon_serving_end_signal(void *owner, int number)
{
    const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
    struct daemon *d = owner;

    if (d->is_ending) {
        log_audit(LOG_WARNING, NULL, NULL, LOG_STOPPING_AT_ONCE " signal=%s",
                  name);
        daemon_hooks_end(&d->hooks, true);
        loop_stop(d->loop);
        return;
    }
    log_audit(LOG_INFO, NULL, NULL, LOG_STOPPING " signal=%s consoles=%u", name,
              d->directory.console_count);
    begin_end(d);
    systemd_stopping(&d->systemd);
    daemon_proxies_close(&d->proxies);
    daemon_ports_stop(&d->ports);
    daemon_web_stop(&d->web);
    session_shut_down(&d->sessions.all, farewell(d));
    deadline_start(&d->shutdowns, &d->shutdown, clock_now_us());
}

static void daemon_serving_list_signal(void *owner, int number)
{
    struct daemon *d = owner;

    (void)number;
    d->wants_listing = true;
}

static void daemon_serving_reload_signal(void *owner, int number)
{
    struct daemon *d = owner;

    (void)number;
    d->wants_reload = true;
}

static int catch_signals(struct daemon *d, struct err *err)
{
    static const struct {
        int number;
        void (*handler)(void *owner, int number);
    } signals[] = {
        { SIGTERM, daemon_serving_end_signal },
        { SIGINT, daemon_serving_end_signal },
        { SIGHUP, daemon_serving_reload_signal },
        { SIGUSR1, daemon_serving_list_signal },
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

/* ---- the beginning --------------------------------------------------- */

void daemon_serving_say_ready(struct daemon *d)
{
    const struct settings *s = d->settings;
    char ports[48] = "none";

    if (!s->no_vm_ports)
        snprintf(ports, sizeof ports, "%llu-%llu",
                 (unsigned long long)s->port_range_start,
                 (unsigned long long)s->port_range_end);
    log_audit(LOG_INFO, NULL, NULL,
              LOG_READY
              " version=%s proxy=%s interface=%s ports=%s open-files=%llu "
              "file=%s",
              VSPCD_VERSION, address_format(&d->proxies.item[0].address).text,
              s->interface, ports, (unsigned long long)d->open_files,
              LOG_ANY(s->file != NULL ? s->file : ""));
    daemon_proxies_log_others(&d->proxies);
    daemon_ports_log(&d->ports);
    daemon_web_log(&d->web);
    if (geteuid() == 0)
        log_warning(LOG_RUNS_AS_ROOT " reason=%s",
                    LOG_TEXT("whoever takes vspcd over has the whole system; "
                             "see --user, or the systemd unit"));
    daemon_proxies_check_allowed(&d->proxies, s);
    daemon_access_log(&d->access, s);
    daemon_tokens_log(&d->tokens);
    daemon_tls_log(&d->tls);
    daemon_tls_check_kept(&d->tls, &d->directory);
    daemon_state_log(&d->state);
    daemon_alerts_log(&d->alerts);
    daemon_logs_log(&d->logs);
    daemon_check_limits(d);
    (void)messages_flush(d->messages);
    systemd_ready(&d->systemd);
}

/* ---- opening and closing ---------------------------------------------- */

int daemon_serving_open(struct daemon *d, struct err *err)
{
    int r = catch_signals(d, err);

    if (r < 0)
        return r;
    deadline_init(&d->shutdown);
    deadline_queue_open(&d->shutdowns, SHUTDOWN_US, daemon_serving_shutdown_due,
                        d);
    loop_watch(d->loop, &d->shutdowns);
    loop_on_turn_end(d->loop, daemon_serving_turn_end, d);
    return 0;
}

static void end_services(struct daemon *d)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(&d->directory, &cursor)) != NULL)
        service_end(c);
}

void daemon_serving_close(struct daemon *d)
{
    begin_end(d);
    session_shut_down(&d->sessions.all, farewell(d));
    session_close_all(&d->sessions.all, "shutting down");
    end_services(d);
    come_to_rest(d);
    deadline_queue_close(&d->shutdowns);
}
