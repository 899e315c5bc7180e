#include "daemon/parts/daemon_census.h"

#include "auth/authenticate.h"
#include "base/process_usage.h"
#include "core/directory.h"
#include "daemon/alerts/daemon_alerts.h"
#include "daemon/alerts/daemon_matcher.h"
#include "daemon/inventory/daemon_inventory.h"
#include "daemon/parts/daemon_audit.h"
#include "daemon/parts/daemon_hooks.h"
#include "daemon/parts/daemon_logs.h"
#include "daemon/parts/daemon_state.h"
#include "daemon/parts/daemon_web.h"
#include "daemon/records/daemon_records.h"
#include "net/loop.h"
#include "session/client/console_port.h"
#include "session/service/service.h"
#include "session/vm/vm_session.h"

#include <stdio.h>

static uint64_t refused(const struct gate *g, enum admission_side side,
                        enum admission_verdict verdict)
{
    return g->admission.counts[side][verdict];
}

static void read_gate(struct census *census, const struct gate *g)
{
    census->clients += g->at_no_console;
    census->clients_by_door[CLIENT_DOOR_MENU] += g->at_no_console;
    census->clients_limit = g->places.limits.all;
    census->unidentified = g->newcomers[ADMISSION_VM].count;
    census->unidentified_limit = g->newcomers[ADMISSION_VM].limit;
    census->unidentified_closed = g->newcomers[ADMISSION_VM].closed;
    census->unserved = g->newcomers[ADMISSION_CLIENT].count;
    census->unserved_limit = g->newcomers[ADMISSION_CLIENT].limit;
    census->unserved_closed = g->newcomers[ADMISSION_CLIENT].closed;
    census->vms_unrestricted =
        g->admission.settings.rules[ADMISSION_VM].allowed.count == 0;
    census->vms_refused_address =
        refused(g, ADMISSION_VM, ADMISSION_NOT_ALLOWED);
    census->vms_refused_new = g->admission.refused_consoles;
    census->vms_refused_rate = refused(g, ADMISSION_VM, ADMISSION_TOO_OFTEN);
    census->clients_refused_address =
        refused(g, ADMISSION_CLIENT, ADMISSION_NOT_ALLOWED);
    census->clients_refused_rate =
        refused(g, ADMISSION_CLIENT, ADMISSION_TOO_OFTEN);
    census->clients_refused_total =
        refused(g, ADMISSION_CLIENT, ADMISSION_TOO_MANY) +
        refused(g, ADMISSION_CLIENT, ADMISSION_RESERVED);
    census->clients_refused_closed =
        refused(g, ADMISSION_CLIENT, ADMISSION_CLOSED);
    census->clients_refused_right =
        refused(g, ADMISSION_CLIENT, ADMISSION_NO_RIGHT);
    census->clients_refused_site =
        refused(g, ADMISSION_CLIENT, ADMISSION_TOO_MANY_OF_SITE);
}

static void read_logins(struct census *census, const struct authenticate *all)
{
    struct authenticate_counts counts = authenticate_counts(all);

    census->logins = counts.under_way;
    census->logins_accepted = counts.ended[AUTHENTICATE_PROVEN];
    census->logins_denied = counts.ended[AUTHENTICATE_DENIED];
    census->logins_expired = counts.ended[AUTHENTICATE_EXPIRED];
    census->logins_too_soon = counts.ended[AUTHENTICATE_TOO_SOON];
    census->logins_busy = counts.ended[AUTHENTICATE_BUSY];
    census->logins_timed_out = counts.ended[AUTHENTICATE_TIMEOUT];
    census->logins_unavailable = counts.ended[AUTHENTICATE_UNAVAILABLE];
    census->logins_given_up = counts.given_up;
    census->logins_failed = census->logins_denied + census->logins_expired +
                            census->logins_too_soon + census->logins_busy +
                            census->logins_timed_out +
                            census->logins_unavailable +
                            census->logins_given_up;
}

static void read_process(struct census *census, const struct daemon_census *c)
{
    struct process_usage usage = process_read_usage();

    census->open_files_limit = c->open_files;
    census->open_files = usage.open_files;
    census->cpu_us = usage.cpu_us;
    census->resident_bytes = usage.resident_bytes;
    census->virtual_bytes = usage.virtual_bytes;
    census->started_us = c->started_us;
    census->turn_times = *loop_turn_times(c->loop);
    census->accepts_starved = loop_starved_count(c->loop);
}

/* Asks hooks and console logs under locks that their threads share; they are
 * held for some instructions, never for a disk. */
static void daemon_census_read(void *owner, struct census *ret)
{
    const struct daemon_census *c = owner;
    const struct vm_sessions *vms = c->sessions->vms;

    *ret = (struct census){
        .goahead_times = vms->answer_times[VM_ANSWER_GOAHEAD],
        .peer_ok_times = vms->answer_times[VM_ANSWER_PEER_OK],
    };
    read_process(ret, c);
    census_read_directory(ret, c->directory);
    read_gate(ret, &c->sessions->gate);
    if (c->sessions->authenticate != NULL)
        read_logins(ret, c->sessions->authenticate);
    daemon_hooks_count(c->hooks, ret);
    daemon_alerts_count(c->alerts, ret);
    daemon_logs_count(c->logs, ret);
    daemon_matcher_count(c->matcher, ret);
    daemon_records_count(c->records, ret);
    daemon_inventory_count(c->inventory, ret);
    daemon_state_count(c->state, ret);
    daemon_audit_count(c->audit, ret);
    daemon_web_count(c->web, ret);
    ret->connections =
        ret->vms + ret->clients + ret->unidentified + ret->unserved;
}

static void daemon_census_read_console(void *owner, const struct console *c,
                                       struct census_console *ret)
{
    (void)owner;
    census_read_console(ret, c);
    /* A port that is not on the disk was not announced, so it is not shown. */
    if (c->port != NULL && !c->is_port_new)
        ret->port = console_port_number(c->port);
    snprintf(ret->service, sizeof ret->service, "%s", service_describe(c).text);
    ret->service_state = service_state_name(service_state(c));
    daemon_logs_describe(c, ret);
}

static size_t daemon_census_read_addresses(
    void *owner, struct census_address ret_rows[CENSUS_ADDRESSES_MAX])
{
    const struct daemon_census *c = owner;
    const struct newcomers *vms = &c->sessions->gate.newcomers[ADMISSION_VM];
    size_t count = census_read_addresses(c->directory, ret_rows);

    for (size_t i = 0; i < count; i++)
        ret_rows[i].unidentified = newcomers_of_site(vms, ret_rows[i].ip);
    return count;
}

static const char *daemon_census_why_not_ready(void *owner)
{
    const struct daemon_census *c = owner;

    if (c->state->is_ending)
        return "vspcd is ending";
    if (c->state->is_failing)
        return "the state file cannot be written";
    if (daemon_audit_refuses_clients(c->audit))
        return "the audit log cannot be written, and is required";
    return NULL;
}

struct census_source daemon_census_source(struct daemon_census *c)
{
    return (struct census_source){
        .owner = c,
        .read = daemon_census_read,
        .read_console = daemon_census_read_console,
        .read_addresses = daemon_census_read_addresses,
        .why_not_ready = daemon_census_why_not_ready,
    };
}
