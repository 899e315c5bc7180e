/*
 * assembly.h - the parts of the program together. Only the code that joins them
 * includes this: opening and closing (daemon.c), the end of a turn and of the
 * program (daemon_serving.c), SIGHUP (daemon_reload.c), the
 * facts (daemon_facts.c), the doors (daemon_doors.c) and what the API needs
 * (daemon_means.c). A part is given what it needs of others.
 */
#ifndef DAEMON_ASSEMBLY_H
#define DAEMON_ASSEMBLY_H

#include "api/events/event_hub.h"
#include "core/directory.h"
#include "core/told/past_moves.h"
#include "daemon/access/daemon_access.h"
#include "daemon/access/daemon_logins.h"
#include "daemon/access/daemon_tokens.h"
#include "daemon/access/daemon_web_sessions.h"
#include "daemon/alerts/daemon_alerts.h"
#include "daemon/alerts/daemon_matcher.h"
#include "daemon/daemon_limits.h"
#include "daemon/daemon_settings.h"
#include "daemon/inventory/daemon_inventory.h"
#include "daemon/parts/daemon_audit.h"
#include "daemon/parts/daemon_census.h"
#include "daemon/parts/daemon_hooks.h"
#include "daemon/parts/daemon_logs.h"
#include "daemon/parts/daemon_ports.h"
#include "daemon/parts/daemon_proxies.h"
#include "daemon/parts/daemon_state.h"
#include "daemon/parts/daemon_tls.h"
#include "daemon/parts/daemon_web.h"
#include "daemon/parts/listing.h"
#include "daemon/process/systemd.h"
#include "daemon/records/daemon_records.h"
#include "session/kinds/sessions.h"

/* In the order of opening: a member may use those above it all its life. */
struct daemon {
    struct settings *settings; /* borrowed; a reload changes its content */
    struct messages *messages; /* borrowed */
    uint64_t open_files;       /* limit of open files; 0: not known */
    size_t opened;             /* number of open parts (daemon.c) */
    struct loop *loop;
    struct directory directory;
    struct census_walks walks; /* over the directory's consoles */
    struct past_moves moves;   /* of the directory's consoles */
    struct deadline_queue shutdowns;
    struct deadline shutdown;
    struct daemon_audit audit;
    struct systemd systemd;
    struct daemon_inventory inventory;
    struct daemon_rules rules;
    struct daemon_tls tls;
    int pam_control; /* of our own vspcd-pam; -1: none; borrowed */
    struct deadline_queue tls_looks;
    struct deadline tls_look;
    struct daemon_access access;
    struct daemon_tokens tokens;
    struct daemon_logins logins;
    struct daemon_web_sessions web_sessions;
    struct session_context sessions;
    struct event_hub *events;
    struct daemon_hooks hooks;
    struct daemon_alerts alerts;
    struct daemon_logs logs;
    struct daemon_matcher matcher;
    struct daemon_records records;
    struct daemon_ports ports;
    struct daemon_state state;
    struct daemon_proxies proxies;
    struct daemon_census census;
    struct listing listing;
    struct daemon_web web;
    struct list reloads; /* struct api_reload.node: who wants to know */
    bool is_ending;
    bool wants_reload;  /* SIGHUP has come in this turn */
    bool wants_listing; /* SIGUSR1 has come in this turn */
};

/* The sessions' settings, from the settings and the other parts at this moment.
 * The gate's seed is not set. */
static inline struct session_settings daemon_session_settings(
    const struct daemon *d)
{
    const struct daemon_found found = {
        .open_files = d->open_files,
        .has_client_tls = d->tls.clients != NULL,
        .proxy_port = address_port(&d->proxies.item[0].address),
        .rules = &d->rules,
    };

    return daemon_settings_of_sessions(d->settings, &found);
}

static inline void daemon_check_limits(const struct daemon *d)
{
    const struct limits_known known = {
        .open_files = d->open_files,
        .consoles = d->directory.console_count,
        .log_files = daemon_logs_open_max(&d->logs) +
                     daemon_records_open_max(&d->records),
    };

    daemon_limits_check(d->settings, &known);
}

#endif
