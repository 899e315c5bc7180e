#include "daemon/daemon_limits.h"

#include "log/log.h"
#include "log/log_words.h"

/* For listeners, signals, the store, and TLS files while they are read. */
enum { OWN_FILES = 64 };

/* Of the open files for clients, one in so many is for those that are not
 * served yet. */
enum { UNSERVED_PART = 16 };

/* Of the clients' places, so many are kept for those with a certificate. */
enum { RESERVED_PART = 16, RESERVED_MOST = 256 };

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

/* files: for clients, served or not. */
static uint64_t served_of(uint64_t files)
{
    return files - files / UNSERVED_PART;
}

/* all: the limit in force. Defaults are parts of it. Nobody can show a
 * certificate that is not asked for, so no place is kept then. */
static struct places_limits places_of(const struct settings *s, uint32_t all)
{
    struct places_limits places = {
        .all = all,
        .of_site = (uint32_t)least(s->clients_per_address, UINT32_MAX),
        .reserve = (uint32_t)least(s->client_reserve, UINT32_MAX),
    };

    if (!options_is_given(s, "clients-per-address"))
        places.of_site = (all + 1) / 2;
    if (!options_is_given(s, "client-reserve"))
        places.reserve = (uint32_t)least(all / RESERVED_PART, RESERVED_MOST);
    if (s->client_certs == SETTINGS_CERTS_OFF)
        places.reserve = 0;
    return places;
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
    g.places = places_of(s, bounded(s->client_total, served_of(half)));
    g.client_files = (uint32_t)least(half, UINT32_MAX);
    g.newcomers[ADMISSION_CLIENT] = (struct gate_newcomer_limits){
        .all = g.places.all,
        .of_site = (g.places.all + 1) / 2,
    };
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
    needed = most(needed, 2 * most(clients + clients / (UNSERVED_PART - 1),
                                   unidentified));
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
