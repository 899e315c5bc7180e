#include "daemon/daemon.h"

#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "daemon/assembly.h"
#include "daemon/daemon_facts.h"
#include "daemon/daemon_means.h"
#include "daemon/daemon_serving.h"
#include "daemon/parts/logs_settings.h"
#include "daemon/process/messages.h"
#include "daemon/process/secret_file.h"
#include "net/descriptors.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- the parts -------------------------------------------------------- */

static void make_seed(uint64_t seed[2])
{
    ssize_t got = getrandom(seed, 2 * sizeof seed[0], 0);

    /* For so few bytes, getrandom(2) can only fail by our own mistake. */
    assert(got == 2 * sizeof seed[0]);
    (void)got;
}

static int daemon_open_loop(struct daemon *d, struct err *err)
{
    int r = loop_open(&d->loop);

    if (r < 0)
        err_set(err, "cannot make an event loop: %s", strerror(-r));
    return r;
}

static void daemon_close_loop(struct daemon *d)
{
    loop_close(d->loop);
}

static void daemon_console_expired(struct deadline *deadline, void *owner)
{
    daemon_facts_expire(owner, CONTAINER_OF(deadline, struct console, expiry));
}

static int daemon_open_directory(struct daemon *d, struct err *err)
{
    struct directory_settings settings =
        daemon_settings_of_directory(d->settings);

    (void)err;
    make_seed(settings.seed);
    directory_init(&d->directory, &settings);
    census_walks_init(&d->walks);
    past_moves_init(&d->moves);
    d->directory.expiries.on_due = daemon_console_expired;
    d->directory.expiries.owner = d;
    d->directory.new_expiries.on_due = daemon_console_expired;
    d->directory.new_expiries.owner = d;
    loop_watch(d->loop, &d->directory.expiries);
    loop_watch(d->loop, &d->directory.new_expiries);
    loop_watch(d->loop, &d->directory.trials);
    loop_watch(d->loop, &d->directory.holds);
    loop_watch(d->loop, &d->directory.short_holds);
    loop_watch(d->loop, &d->directory.move_timeouts);
    loop_watch(d->loop, &d->directory.leaves);
    loop_watch(d->loop, &d->directory.renames);
    return 0;
}

static void daemon_close_directory(struct daemon *d)
{
    deadline_queue_close(&d->directory.renames);
    deadline_queue_close(&d->directory.leaves);
    deadline_queue_close(&d->directory.move_timeouts);
    deadline_queue_close(&d->directory.short_holds);
    deadline_queue_close(&d->directory.holds);
    deadline_queue_close(&d->directory.trials);
    deadline_queue_close(&d->directory.new_expiries);
    deadline_queue_close(&d->directory.expiries);
    past_moves_done(&d->moves);
    directory_done(&d->directory);
}

static int daemon_open_audit(struct daemon *d, struct err *err)
{
    return daemon_audit_open(&d->audit, d->settings, d->loop, err);
}

static void daemon_close_audit(struct daemon *d)
{
    daemon_audit_close(&d->audit);
}

static int daemon_open_process(struct daemon *d, struct err *err)
{
    uint64_t seed[2];

    (void)err;
    make_seed(seed);
    messages_watch(d->messages, d->loop, seed);
    systemd_open(&d->systemd, d->loop, &d->directory);
    return 0;
}

static void daemon_close_process(struct daemon *d)
{
    systemd_close(&d->systemd);
    messages_unwatch(d->messages);
}

static void daemon_inventory_judge(void *owner, struct console *c)
{
    struct daemon *d = owner;

    if (access_rules_use_inventory(d->access.rules))
        daemon_records_judge(&d->records, c);
    daemon_matcher_judge(&d->matcher, c);
}

static int daemon_open_inventory(struct daemon *d, struct err *err)
{
    const struct inventory_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .directory = &d->directory,
        .walks = &d->walks,
        .sessions = &d->sessions.all,
        .judge = daemon_inventory_judge,
        .owner = d,
    };

    return daemon_inventory_open(&d->inventory, &links, err);
}

static void daemon_close_inventory(struct daemon *d)
{
    daemon_inventory_close(&d->inventory);
}

static int daemon_open_rules(struct daemon *d, struct err *err)
{
    int r = daemon_settings_parse_rules(d->settings, &d->rules, err);

    if (r == 0)
        r = secret_file_read_vm_key(d->settings, d->rules.vm_site_key, err);
    return r;
}

static int daemon_open_access(struct daemon *d, struct err *err)
{
    return daemon_access_open(&d->access, d->settings, err);
}

static void daemon_close_access(struct daemon *d)
{
    daemon_access_close(&d->access);
}

/* Something that had proven names holds no more. */
static void judge_sessions(struct daemon *d)
{
    if (d->is_ending)
        return;
    (void)sessions_judge(&d->sessions);
    directory_settle(&d->directory);
}

static void daemon_tokens_gone(void *owner)
{
    struct daemon *d = owner;

    daemon_web_sessions_check(&d->web_sessions);
    judge_sessions(d);
}

static void daemon_web_sessions_gone(void *owner)
{
    judge_sessions(owner);
}

static int daemon_open_tokens(struct daemon *d, struct err *err)
{
    const struct tokens_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .on_gone = daemon_tokens_gone,
        .owner = d,
    };

    return daemon_tokens_open(&d->tokens, &links, err);
}

static void daemon_close_tokens(struct daemon *d)
{
    daemon_tokens_close(&d->tokens);
}

static void daemon_tls_look_due(struct deadline *deadline, void *owner)
{
    struct daemon *d = owner;

    daemon_tls_look(&d->tls);
    deadline_start(&d->tls_looks, deadline, clock_now_us());
}

static int daemon_open_tls(struct daemon *d, struct err *err)
{
    int r = daemon_tls_open(&d->tls, d->settings, err);

    if (r < 0)
        return r;
    deadline_init(&d->tls_look);
    deadline_queue_open(&d->tls_looks, DAEMON_TLS_LOOK_S * 1000000ull,
                        daemon_tls_look_due, d);
    loop_watch(d->loop, &d->tls_looks);
    deadline_start(&d->tls_looks, &d->tls_look, clock_now_us());
    return 0;
}

static void daemon_close_tls(struct daemon *d)
{
    deadline_stop(&d->tls_look);
    deadline_queue_close(&d->tls_looks);
    daemon_tls_close(&d->tls);
}

static int daemon_open_logins(struct daemon *d, struct err *err)
{
    struct logins_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .tokens = d->tokens.table,
        .pam_control = d->pam_control,
    };

    make_seed(links.seed);
    return daemon_logins_open(&d->logins, &links, err);
}

static void daemon_close_logins(struct daemon *d)
{
    daemon_logins_close(&d->logins);
}

static int daemon_open_web_sessions(struct daemon *d, struct err *err)
{
    const struct web_sessions_parts links = {
        .settings = d->settings,
        .loop = d->loop,
        .tokens = &d->tokens,
        .watch = &d->logins.watch,
        .pam = d->logins.pam,
        .on_gone = daemon_web_sessions_gone,
        .owner = d,
    };

    (void)err;
    daemon_web_sessions_open(&d->web_sessions, &links);
    return 0;
}

static void daemon_close_web_sessions(struct daemon *d)
{
    daemon_web_sessions_close(&d->web_sessions);
}

static int daemon_open_sessions(struct daemon *d, struct err *err)
{
    struct session_settings settings = daemon_session_settings(d);

    (void)err;
    make_seed(settings.gate.admission.seed);
    sessions_open(&d->sessions, d->loop, &d->directory, &settings);
    /* The first client asks after the logs are open. */
    d->sessions.past = (struct past_source){ .ask = daemon_logs_ask_past };
    d->sessions.walks = &d->walks;
    daemon_tls_use(&d->tls, &d->sessions);
    d->sessions.access = d->access.rules;
    d->sessions.tokens = d->tokens.table;
    d->sessions.ssh_keys_deleted = &d->tokens.deleted_keys;
    d->sessions.web_sessions = d->web_sessions.table;
    daemon_logins_use(&d->logins, &d->sessions);
    return 0;
}

static void daemon_close_sessions(struct daemon *d)
{
    sessions_close(&d->sessions);
}

static int daemon_open_events(struct daemon *d, struct err *err)
{
    (void)err;
    d->events = event_hub_open(&d->sessions);
    return 0;
}

static void daemon_close_events(struct daemon *d)
{
    event_hub_close(d->events);
}

static int daemon_open_hooks(struct daemon *d, struct err *err)
{
    return daemon_hooks_open(&d->hooks, d->settings, d->loop,
                             d->directory.settings.seed, err);
}

static void daemon_close_hooks(struct daemon *d)
{
    daemon_hooks_close(&d->hooks);
}

static void daemon_put_note(void *owner, const struct store_note *note)
{
    daemon_state_put_note(&((struct daemon *)owner)->state, note);
}

static void daemon_tell_hooks(void *owner, const struct alert_item *item,
                              const char *url)
{
    struct daemon *d = owner;
    const struct inventory_vm vm =
        inventory_find(d->directory.inventory, item->uuid);

    daemon_hooks_tell_alert(&d->hooks, item, &vm, url);
}

static bool daemon_find_rule(void *owner, size_t index,
                             struct alert_rule_state *ret)
{
    return alert_engine_rule(((struct daemon *)owner)->matcher.engine, index,
                             ret);
}

static int daemon_open_alerts(struct daemon *d, struct err *err)
{
    struct alerts_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .events = d->events,
        .directory = &d->directory,
        .tell_hooks = daemon_tell_hooks,
        .put_note = daemon_put_note,
        .rule = daemon_find_rule,
        .owner = d,
    };

    make_seed(links.seed);
    return daemon_alerts_open(&d->alerts, &links, err);
}

static void daemon_close_alerts(struct daemon *d)
{
    daemon_alerts_close(&d->alerts);
}

static int daemon_open_logs(struct daemon *d, struct err *err)
{
    return daemon_logs_open(&d->logs, d->settings, d->loop, &d->directory,
                            d->events, err);
}

static void daemon_close_logs(struct daemon *d)
{
    daemon_logs_close(&d->logs);
}

static void daemon_on_found(void *owner, const struct alert_found *found)
{
    daemon_alerts_found(&((struct daemon *)owner)->alerts, found);
}

static int daemon_open_matcher(struct daemon *d, struct err *err)
{
    const struct matcher_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .directory = &d->directory,
        .on_found = daemon_on_found,
        .owner = d,
    };

    return daemon_matcher_open(&d->matcher, &links, err);
}

static void daemon_close_matcher(struct daemon *d)
{
    daemon_matcher_close(&d->matcher);
}

static int daemon_open_records(struct daemon *d, struct err *err)
{
    const struct records_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .directory = &d->directory,
        .sessions = &d->sessions,
        .events = d->events,
        .log_files = logs_settings_open_max(),
    };

    return daemon_records_open(&d->records, &links, err);
}

static void daemon_close_records(struct daemon *d)
{
    daemon_records_close(&d->records);
}

static int daemon_open_ports(struct daemon *d, struct err *err)
{
    return daemon_ports_open(&d->ports, d->settings, d->loop, &d->sessions,
                             &d->directory, err);
}

static void daemon_close_ports(struct daemon *d)
{
    daemon_ports_close(&d->ports);
}

static int daemon_open_state(struct daemon *d, struct err *err)
{
    const struct state_links links = {
        .settings = d->settings,
        .loop = d->loop,
        .directory = &d->directory,
        .hooks = &d->hooks,
        .events = d->events,
        .alerts = &d->alerts,
        .logs = &d->logs,
        .ports = &d->ports,
    };

    return daemon_state_open(&d->state, &links, err);
}

static void daemon_close_state(struct daemon *d)
{
    daemon_state_close(&d->state);
}

static int daemon_open_proxies(struct daemon *d, struct err *err)
{
    struct session_settings settings;
    int r = daemon_proxies_open(&d->proxies, d->settings, &d->tls, d->loop,
                                &d->sessions, err);

    if (r < 0)
        return r;
    /* With port 0 the system has chosen the port, which sessions must know. */
    settings = daemon_session_settings(d);
    sessions_set(&d->sessions, &settings);
    return 0;
}

static void daemon_close_proxies(struct daemon *d)
{
    daemon_proxies_close(&d->proxies);
}

static int daemon_open_listing(struct daemon *d, struct err *err)
{
    struct census_source source = daemon_census_source(&d->census);

    (void)err;
    d->census = (struct daemon_census){
        .open_files = d->open_files,
        .started_us = (uint64_t)clock_utc_ms() * 1000,
        .directory = &d->directory,
        .sessions = &d->sessions,
        .loop = d->loop,
        .hooks = &d->hooks,
        .alerts = &d->alerts,
        .logs = &d->logs,
        .matcher = &d->matcher,
        .records = &d->records,
        .inventory = &d->inventory,
        .state = &d->state,
        .audit = &d->audit,
        .web = &d->web,
    };
    listing_open(&d->listing, d->loop, &source, &d->directory, &d->walks);
    return 0;
}

static void daemon_close_listing(struct daemon *d)
{
    listing_close(&d->listing);
}

static int daemon_open_web(struct daemon *d, struct err *err)
{
    const struct web_links links = {
        .settings = d->settings,
        .sessions = &d->sessions,
        .groups = d->logins.groups,
        .means = daemon_means(d),
    };

    list_init(&d->reloads);
    return daemon_web_open(&d->web, &links, err);
}

static void daemon_close_web(struct daemon *d)
{
    daemon_web_close(&d->web);
}

/*
 * Opened downwards, closed upwards. A part may use those above it from its
 * opening to its closing, so neither side checks whether they exist. A part
 * opens completely or not at all: if it fails, it is not closed.
 */
static const struct part {
    const char *name;
    int (*open)(struct daemon *d, struct err *err);
    void (*close)(struct daemon *d); /* NULL: nothing to close */
} parts[] = {
    { "loop", daemon_open_loop, daemon_close_loop },
    { "directory", daemon_open_directory, daemon_close_directory },
    /* The closing of the log's limits, below, tells it what they left out. */
    { "audit", daemon_open_audit, daemon_close_audit },
    { "process", daemon_open_process, daemon_close_process },
    /* What sessions are judged by, as the rules; and so is what follows. */
    { "inventory", daemon_open_inventory, daemon_close_inventory },
    { "rules", daemon_open_rules, NULL },
    /* Sessions borrow the rules, the tokens and the contexts, so no session may
     * be left at closing. */
    { "access", daemon_open_access, daemon_close_access },
    { "tls", daemon_open_tls, daemon_close_tls },
    /* Behind what can fail: a folder that is missing is one line then. */
    { "tokens", daemon_open_tokens, daemon_close_tokens },
    { "logins", daemon_open_logins, daemon_close_logins },
    { "web sessions", daemon_open_web_sessions, daemon_close_web_sessions },
    /* Includes the gate, which every listener below asks. */
    { "sessions", daemon_open_sessions, daemon_close_sessions },
    { "events", daemon_open_events, daemon_close_events },
    { "hooks", daemon_open_hooks, daemon_close_hooks },
    /* Before the state, which has what was kept of them. */
    { "alerts", daemon_open_alerts, daemon_close_alerts },
    { "logs", daemon_open_logs, daemon_close_logs },
    /* Looks at the consoles of the state, below. */
    { "matcher", daemon_open_matcher, daemon_close_matcher },
    { "records", daemon_open_records, daemon_close_records },
    { "ports", daemon_open_ports, daemon_close_ports },
    /* Restores the known consoles: they get their logs and ports, and hooks are
     * notified of those that have expired, as listeners for events are. All
     * have their ports before the first VM can ask for one, because the VMs'
     * ports are opened below. */
    { "state", daemon_open_state, daemon_close_state },
    { "proxies", daemon_open_proxies, daemon_close_proxies },
    { "listing", daemon_open_listing, daemon_close_listing },
    /* Behind all that its commands ask. */
    { "web", daemon_open_web, daemon_close_web },
    { "serving", daemon_serving_open, daemon_serving_close },
};

/* ---- life ------------------------------------------------------------- */

int daemon_open(struct daemon **ret_daemon, struct settings *settings,
                struct messages *messages, int pam_control, struct err *err)
{
    struct daemon *d = xcalloc(1, sizeof *d);

    d->settings = settings;
    d->messages = messages;
    d->pam_control = pam_control;
    d->open_files = descriptors_raise_limit();
    for (; d->opened < sizeof parts / sizeof parts[0]; d->opened++) {
        int r = parts[d->opened].open(d, err);

        if (r < 0) {
            daemon_close(d);
            return r;
        }
    }
    *ret_daemon = d;
    return 0;
}

void daemon_run(struct daemon *d)
{
    loop_run(d->loop);
}

void daemon_close(struct daemon *d)
{
    while (d->opened > 0) {
        const struct part *part = &parts[--d->opened];

        if (part->close != NULL)
            part->close(d);
    }
    explicit_bzero(d->rules.vm_site_key, sizeof d->rules.vm_site_key);
    explicit_bzero(d->sessions.settings.vm_site_key,
                   sizeof d->sessions.settings.vm_site_key);
    free(d);
}
