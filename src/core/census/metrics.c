#include "core/census/metrics.h"

#include <string.h>

#define AT(member) offsetof(struct census, member)

static const struct metric rows[] = {
    { "vspcd_consoles", "Consoles that are known, with a VM or without.",
      "consoles", METRIC_GAUGE, AT(consoles) },
    { "vspcd_consoles_limit", "Limit of consoles; 0 is no limit.", "consoles",
      METRIC_GAUGE, AT(consoles_limit) },
    { "vspcd_consoles_refused_total",
      "Consoles that were refused by the limit of consoles.", "consoles",
      METRIC_COUNTER, AT(consoles_refused) },
    { "vspcd_consoles_new",
      "Consoles that no VM and no client has used for long enough to be kept.",
      "consoles", METRIC_GAUGE, AT(consoles_new) },
    { "vspcd_consoles_evicted_total",
      "Unused consoles that expired early to make room for others.", "consoles",
      METRIC_COUNTER, AT(consoles_evicted) },
    { "vspcd_console_addresses",
      "Addresses that the VMs of known consoles have come from.", "addresses",
      METRIC_GAUGE, AT(addresses) },
    { "vspcd_vms", "Consoles whose VM is connected.", "consoles", METRIC_GAUGE,
      AT(vms) },
    { "vspcd_vms_unrestricted",
      "1 while every address may connect as a VM, because --vm-allow is not "
      "set, else 0.",
      "settings", METRIC_GAUGE, AT(vms_unrestricted) },
    { "vspcd_vms_refused_by_address_total",
      "Connections of VMs refused because --vm-allow has no such address.",
      "connections", METRIC_COUNTER, AT(vms_refused_address) },
    { "vspcd_vms_refused_by_rate_total",
      "Connections of VMs refused because their address connects too often.",
      "connections", METRIC_COUNTER, AT(vms_refused_rate) },
    { "vspcd_vms_refused_by_new_consoles_total",
      "Connections of VMs refused because their address brings too many VMs "
      "that are not known.",
      "connections", METRIC_COUNTER, AT(vms_refused_new) },
    { "vspcd_unidentified",
      "Connections that have not identified their VM yet.", "connections",
      METRIC_GAUGE, AT(unidentified) },
    { "vspcd_unidentified_limit",
      "Limit of connections that have not identified their VM; 0 is no limit.",
      "connections", METRIC_GAUGE, AT(unidentified_limit) },
    { "vspcd_unidentified_closed_total",
      "Connections closed for newer ones before they identified their VM.",
      "connections", METRIC_COUNTER, AT(unidentified_closed) },
    { "vspcd_unserved",
      "Connections to consoles that are not served yet, and no clients.",
      "connections", METRIC_GAUGE, AT(unserved) },
    { "vspcd_unserved_limit",
      "Limit of connections to consoles that are not served yet; 0 is no "
      "limit.",
      "connections", METRIC_GAUGE, AT(unserved_limit) },
    { "vspcd_unserved_closed_total",
      "Connections to consoles closed for newer ones before they were served.",
      "connections", METRIC_COUNTER, AT(unserved_closed) },
    { "vspcd_clients", "Clients at consoles, and at the menu.", "clients",
      METRIC_GAUGE, AT(clients) },
    { "vspcd_clients_limit", "Limit of all clients; 0 is no limit.", "clients",
      METRIC_GAUGE, AT(clients_limit) },
    { "vspcd_clients_refused_by_address_total",
      "Clients refused because --client-allow has no such address.", "clients",
      METRIC_COUNTER, AT(clients_refused_address) },
    { "vspcd_clients_refused_by_rate_total",
      "Clients refused because their address connects too often.", "clients",
      METRIC_COUNTER, AT(clients_refused_rate) },
    { "vspcd_clients_refused_by_limit_total",
      "Clients refused by the limit of all clients.", "clients", METRIC_COUNTER,
      AT(clients_refused_total) },
    { "vspcd_clients_refused_by_site_total",
      "Clients refused by the limit of clients of one address.", "clients",
      METRIC_COUNTER, AT(clients_refused_site) },
    { "vspcd_clients_refused_by_audit_total",
      "Clients refused because the audit log could not be written.", "clients",
      METRIC_COUNTER, AT(clients_refused_closed) },
    { "vspcd_clients_refused_by_console_total",
      "Clients refused by the limit of clients of one console.", "clients",
      METRIC_COUNTER, AT(clients_refused_console) },
    { "vspcd_moves", "vMotions that are under way.", "moves", METRIC_GAUGE,
      AT(moves) },
    { "vspcd_moves_begun_total", "vMotions that have begun.", "moves",
      METRIC_COUNTER, AT(moves_begun) },
    { "vspcd_moves_completed_total", "vMotions that have completed.", "moves",
      METRIC_COUNTER, AT(moves_completed) },
    { "vspcd_moves_failed_total", "vMotions that ended otherwise.", "moves",
      METRIC_COUNTER, AT(moves_failed) },
    { "vspcd_moves_refused_total",
      "Requests to begin or to join a vMotion that were refused.", "requests",
      METRIC_COUNTER, AT(moves_refused) },
    { "vspcd_history_bytes", "Memory of the output that consoles keep.",
      "bytes", METRIC_GAUGE, AT(history_bytes) },
    { "vspcd_history_limit_bytes",
      "Limit of the memory of output that consoles keep.", "bytes",
      METRIC_GAUGE, AT(history_limit_bytes) },
    { "vspcd_open_files_limit",
      "Files and connections that may be open at once; 0 is not known.",
      "files", METRIC_GAUGE, AT(open_files_limit) },
    { "vspcd_accepts_starved_total",
      "Connections that could not be accepted for want of open files.",
      "connections", METRIC_COUNTER, AT(accepts_starved) },
    { "vspcd_console_log_bytes_total", "Output taken to be logged.", "bytes",
      METRIC_COUNTER, AT(log_bytes) },
    { "vspcd_console_log_missing_bytes_total",
      "Output that is missing in console logs because the disk was too slow "
      "or failed.",
      "bytes", METRIC_COUNTER, AT(log_missing_bytes) },
    { "vspcd_console_log_held_bytes",
      "Memory of what waits to be written to console logs.", "bytes",
      METRIC_GAUGE, AT(log_held_bytes) },
    { "vspcd_hooks_running", "Programs of hooks that are running.", "programs",
      METRIC_GAUGE, AT(hooks_running) },
    { "vspcd_hook_events_waiting", "Events that wait for their hook.", "events",
      METRIC_GAUGE, AT(hooks_waiting) },
    { "vspcd_hooks_run_total", "Programs of hooks that ended with status 0.",
      "programs", METRIC_COUNTER, AT(hooks_run) },
    { "vspcd_hooks_failed_total",
      "Programs of hooks that failed, took too long or could not be started.",
      "programs", METRIC_COUNTER, AT(hooks_failed) },
    { "vspcd_hook_events_dropped_total",
      "Events dropped because too many waited for their hook.", "events",
      METRIC_COUNTER, AT(hooks_dropped) },
    { "vspcd_state_failing",
      "1 while the state file cannot be written, else 0.", "failures",
      METRIC_GAUGE, AT(state_failing) },
    { "vspcd_state_changes_dropped_total",
      "Changes for the state file that there was no room to keep.", "changes",
      METRIC_COUNTER, AT(state_dropped) },
    { "vspcd_audit_events_total", "Events written to the audit log.", "events",
      METRIC_COUNTER, AT(audit_written) },
    { "vspcd_audit_events_lost_total",
      "Events of the audit log that there was no room to keep.", "events",
      METRIC_COUNTER, AT(audit_lost) },
    { "vspcd_audit_failing", "1 while the audit log cannot be written, else 0.",
      "failures", METRIC_GAUGE, AT(audit_failing) },
};

const char *metric_kind_name(enum metric_kind kind)
{
    return kind == METRIC_COUNTER ? "counter" : "gauge";
}

const struct metric *metrics_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

uint64_t metric_read(const struct metric *metric, const struct census *census)
{
    uint64_t value;

    memcpy(&value, (const char *)census + metric->at, sizeof value);
    return value;
}
