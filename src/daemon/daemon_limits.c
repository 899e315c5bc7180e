#include "daemon/daemon_limits.h"

#include "log/log.h"
#include "log/log_words.h"

/* For listeners, signals, the store, and TLS files while they are read. */
enum { OWN_FILES = 64 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* limit 0 means no limit of its own, but the bound always applies. */
static uint32_t bounded(uint64_t limit, uint64_t bound)
{
    bound = most(least(bound, UINT32_MAX), 1);
    return (uint32_t)(limit == 0 ? bound : least(limit, bound));
}

/* 0: the limit of open files is not known, so there is no bound. */
static uint64_t bound_of(uint64_t open_files)
{
    return open_files != 0 ? open_files : UINT64_MAX;
}

static struct network_list list_of(const struct settings_networks *networks)
{
    return (struct network_list){ networks->item, networks->count };
}

struct gate_settings daemon_limits_gate(const struct settings *s,
                                        uint64_t open_files)
{
    uint64_t half = bound_of(open_files) / 2;
    struct gate_settings g = { 0 };
    struct admission_rules *rules = g.admission.rules;

    g.newcomers[ADMISSION_VM].all = bounded(s->unidentified_limit, half);
    g.newcomers[ADMISSION_VM].of_site =
        bounded(s->unidentified_per_address, g.newcomers[ADMISSION_VM].all / 2);
    g.newcomers[ADMISSION_CLIENT].all = bounded(s->client_total, half);
    rules[ADMISSION_VM] = (struct admission_rules){
        .allowed = list_of(&s->vm_allow),
        .rate = rate_per_second((uint32_t)s->vm_rate, (uint32_t)s->vm_burst),
    };
    g.admission.new_consoles = rate_per_second((uint32_t)s->new_console_rate,
                                               (uint32_t)s->new_console_burst);
    rules[ADMISSION_CLIENT] = (struct admission_rules){
        .allowed = list_of(&s->client_allow),
        .rate = rate_per_second((uint32_t)s->client_rate,
                                (uint32_t)s->client_burst),
        .limit = bounded(s->client_total, half),
    };
    return g;
}

/* Default limits are bounds, not expectations, so they are not counted; of
 * consoles, the known ones are. */
void daemon_limits_check(const struct settings *s,
                         const struct limits_known *known)
{
    uint64_t consoles = known->consoles;
    uint64_t clients =
        options_is_given(s, "client-total") ? s->client_total : 0;
    uint64_t unidentified =
        options_is_given(s, "unidentified-limit") ? s->unidentified_limit : 0;
    uint64_t range = s->port_range_end - s->port_range_start + 1;
    uint64_t logs = known->log_files;
    uint64_t needed;

    if (options_is_given(s, "console-limit") && s->console_limit != 0)
        consoles = s->console_limit;
    needed = OWN_FILES + least(logs, consoles) + consoles + clients +
             (s->no_vm_ports ? 0 : least(consoles, range));
    needed = most(needed, most(clients, unidentified) * 2);
    if (needed > bound_of(known->open_files))
        log_warning(
            LOG_FILES_TOO_FEW
            " open-files=%llu needed=%llu consoles=%llu clients=%llu "
            "unidentified=%llu console-logs=%llu reason=%s",
            (unsigned long long)known->open_files, (unsigned long long)needed,
            (unsigned long long)consoles, (unsigned long long)clients,
            (unsigned long long)unidentified, (unsigned long long)logs,
            LOG_TEXT("connections will wait or be refused before the limits "
                     "are reached; raise the hard limit of open files to the "
                     "needed number (LimitNOFILE= in the unit, ulimit -Hn)"));
}
