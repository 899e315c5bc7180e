#include "daemon/daemon_limits.h"

#include "base/log.h"
#include "daemon/daemon_private.h"
#include "net/descriptors.h"

#include <stdio.h>

/* Listeners, signals, the store, TLS files while they are read. */
enum { OWN_FILES = 64 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* limit 0 is none, but there always is one. */
static uint32_t bounded(uint64_t limit, uint64_t bound)
{
    bound = most(least(bound, UINT32_MAX), 1);
    return (uint32_t)(limit == 0 ? bound : least(limit, bound));
}

static uint64_t open_files(const struct daemon *d)
{
    return d->open_files != 0 ? d->open_files : UINT64_MAX;
}

static struct network_list list_of(const struct settings_networks *networks)
{
    return (struct network_list){ networks->item, networks->count };
}

struct gate_settings daemon_limits_gate(const struct daemon *d)
{
    const struct settings *s = d->settings;
    struct gate_settings g = {
        .newcomer_limit = bounded(s->unidentified_limit, open_files(d) / 2),
    };
    struct admission_rules *rules = g.admission.rules;

    g.newcomer_site_limit =
        bounded(s->unidentified_per_address, g.newcomer_limit / 2);
    rules[ADMISSION_VM] = (struct admission_rules){
        .allowed = list_of(&s->vm_allow),
        .rate = rate_per_second((uint32_t)s->vm_rate, (uint32_t)s->vm_burst),
    };
    rules[ADMISSION_CLIENT] = (struct admission_rules){
        .allowed = list_of(&s->client_allow),
        .rate = rate_per_second((uint32_t)s->client_rate,
                                (uint32_t)s->client_burst),
        .limit = bounded(s->client_total, open_files(d) / 2),
    };
    return g;
}

/* The defaults are bounds and no plans; of consoles, those that are known will
 * be back. */
void daemon_limits_check(const struct daemon *d)
{
    const struct settings *s = d->settings;
    uint64_t consoles = d->directory.console_count;
    uint64_t clients =
        options_is_given(s, "client-total") ? s->client_total : 0;
    uint64_t unidentified =
        options_is_given(s, "unidentified-limit") ? s->unidentified_limit : 0;
    uint64_t range = s->port_range_end - s->port_range_start + 1;
    uint64_t logs = daemon_logs_open_max(d);
    uint64_t needed;

    if (options_is_given(s, "console-limit") && s->console_limit != 0)
        consoles = s->console_limit;
    needed = OWN_FILES + least(logs, consoles) + consoles + clients +
             (s->no_vm_ports ? 0 : least(consoles, range));
    needed = most(needed, most(clients, unidentified) * 2);
    if (needed > open_files(d))
        log_warning("open files are too few for the limits that are set "
                    "open-files=%llu needed=%llu consoles=%llu clients=%llu "
                    "unidentified=%llu console-logs=%llu reason=%s",
                    (unsigned long long)d->open_files,
                    (unsigned long long)needed, (unsigned long long)consoles,
                    (unsigned long long)clients,
                    (unsigned long long)unidentified, (unsigned long long)logs,
                    LOG_TEXT("VMs and clients will be kept waiting or refused "
                             "before; raise the hard limit of open files to "
                             "what is needed (LimitNOFILE= in the unit, ulimit "
                             "-Hn)"));
}

/* "USED/LIMIT" */
struct share {
    char text[44];
};

static struct share share(uint64_t used, uint64_t limit)
{
    struct share t;

    if (limit == 0)
        snprintf(t.text, sizeof t.text, "%llu/none", (unsigned long long)used);
    else
        snprintf(t.text, sizeof t.text, "%llu/%llu", (unsigned long long)used,
                 (unsigned long long)limit);
    return t;
}

static unsigned long long count(const struct daemon *d,
                                enum admission_side side,
                                enum admission_verdict verdict)
{
    return d->sessions.gate.admission.counts[side][verdict];
}

void daemon_limits_log(const struct daemon *d)
{
    const struct directory *directory = &d->directory;
    const struct gate *g = &d->sessions.gate;

    log_info("limits open-files=%llu consoles=%s all-clients=%s "
             "unidentified=%s history=%s refused-vm-address=%llu "
             "refused-vm-rate=%llu closed-unidentified=%llu "
             "refused-console=%llu refused-client-address=%llu "
             "refused-client-rate=%llu refused-client-total=%llu "
             "refused-client-of-console=%llu out-of-files=%llu",
             (unsigned long long)d->open_files,
             share(directory->console_count, d->settings->console_limit).text,
             share(directory->client_count,
                   g->admission.settings.rules[ADMISSION_CLIENT].limit)
                 .text,
             share(g->newcomers.count, g->newcomers.limit).text,
             share(directory->history_used, d->settings->history_total).text,
             count(d, ADMISSION_VM, ADMISSION_NOT_ALLOWED),
             count(d, ADMISSION_VM, ADMISSION_TOO_OFTEN),
             (unsigned long long)g->newcomers.closed,
             (unsigned long long)directory->refused_consoles,
             count(d, ADMISSION_CLIENT, ADMISSION_NOT_ALLOWED),
             count(d, ADMISSION_CLIENT, ADMISSION_TOO_OFTEN),
             count(d, ADMISSION_CLIENT, ADMISSION_TOO_MANY),
             (unsigned long long)directory->refused_clients,
             (unsigned long long)descriptors_starved_count(d->loop));
}
