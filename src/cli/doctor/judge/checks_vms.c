/* D6..: VMs and clients that are refused, that never print, that come again and
 * again. */
#include "cli/doctor/judge/checks.h"
#include "cli/doctor/judge/remedies.h"
#include "cli/output/value.h"
#include "log/log_words.h"

#include <stdio.h>
#include <string.h>

/* ---- D601, D602: refusals -------------------------------------------------
 */

/* Whose refusal it is: hosts', or clients' and people's. */
static bool is_of_vm(const json_t *item)
{
    const char *message = checks_text(item, "message");
    const char *door = checks_text(item, "door");

    static const char *const of_vms[] = {
        LOG_VM_UNKNOWN_REFUSED, LOG_CONSOLE_REFUSED,      LOG_SERVICE_REFUSED,
        LOG_CONSOLE_NO_PORT,    LOG_PROXY_HEADER_REFUSED, LOG_CONNECTION_CLOSED,
    };

    if (strcmp(message, LOG_CONNECTION_REFUSED) == 0 ||
        strcmp(message, LOG_UNIDENTIFIED_CLOSED) == 0)
        return strcmp(door, "vm") == 0;
    for (size_t i = 0; i < sizeof of_vms / sizeof *of_vms; i++) {
        if (strcmp(message, of_vms[i]) == 0)
            return true;
    }
    return strncmp(message, "VM ", 3) == 0;
}

/* A host that hangs up, and says nothing, says nothing to us either. Once or
 * twice that is a look at the port, such as the doctor's own. */
enum { LOOKS_AT_PORT = 3 };

static bool is_nothing(const json_t *item)
{
    const char *reason = checks_text(item, "reason");

    return strcmp(reason, "closed by the host") == 0 ||
           strcmp(reason, "shutting down") == 0 ||
           strncmp(reason, "the connection was reset", 24) == 0;
}

static bool is_of_server(const json_t *facts, const json_t *item)
{
    const json_t *own = value_at(facts, "vm_listeners.addresses");
    const char *address = checks_text(item, "address");

    if (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0)
        return true;
    for (size_t i = 0; i < json_array_size(own); i++) {
        const char *text = json_string_value(json_array_get(own, i));

        if (text != NULL && strcmp(text, address) == 0)
            return true;
    }
    return false;
}

/* A rehearsal on the server itself, where no ESXi host is, has itself refused
 * on purpose. */
static bool is_rehearsed(const json_t *facts, const json_t *item)
{
    static const char *const reasons[] = {
        "TLS: the peer refuses our certificate",
        "a scheme that is not known",
        "no current move has this sequence and secret",
    };
    const char *reason = checks_text(item, "reason");

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strncmp(reason, reasons[i], strlen(reasons[i])) == 0)
            return is_of_server(facts, item);
    }
    return false;
}

/* What was refused long ago may have been mended since, and the server still
 * tells of it. */
enum { OLD_MS = 3600 * 1000 };

static bool is_old(const json_t *facts, const json_t *item)
{
    double now_ms = checks_number(facts, "here.time_ms", 0);
    int64_t last_ms;

    return value_time_ms(checks_text(item, "last"), &last_ms) &&
           (double)last_ms + OLD_MS < now_ms;
}

static void advise_remedy(const char *message, const char *reason,
                          struct findings *to)
{
    char text[1024];
    const struct remedy *remedy;
    size_t at = 0;

    snprintf(text, sizeof text, "%s", reason);
    remedy = remedies_next(text, &at);
    if (remedy == NULL) {
        at = 0;
        remedy = remedies_next(message, &at);
    }
    if (remedy == NULL)
        return;
    findings_advise(to, "%s", remedy->cause);
    for (size_t i = 0; i < REMEDY_STEPS && remedy->steps[i] != NULL; i++) {
        if (remedy->steps[i][0] == '$')
            findings_command(to, "%s", remedy->steps[i] + 2);
        else
            findings_advise(to, "%s", remedy->steps[i]);
    }
}

/* The same reason from many hosts is one finding. */
static bool was_told(const json_t *items, size_t i,
                     bool (*is_wanted)(const json_t *item))
{
    const char *reason = checks_text(json_array_get(items, i), "reason");
    const char *message = checks_text(json_array_get(items, i), "message");

    for (size_t j = 0; j < i; j++) {
        const json_t *other = json_array_get(items, j);

        if (is_wanted(other) &&
            strcmp(checks_text(other, "reason"), reason) == 0 &&
            strcmp(checks_text(other, "message"), message) == 0)
            return true;
    }
    return false;
}

static void judge_reason(const json_t *facts, const json_t *items, size_t i,
                         bool (*is_wanted)(const json_t *item),
                         struct findings *to)
{
    const json_t *item = json_array_get(items, i);
    const char *reason = checks_text(item, "reason");
    const char *message = checks_text(item, "message");
    struct checks_list who = { .count = 0 };
    bool is_on_purpose = true;
    bool are_old = true;
    double count = 0;

    for (size_t j = i; j < json_array_size(items); j++) {
        const json_t *other = json_array_get(items, j);
        const char *name = checks_text(other, "console");
        char text[160];

        if (!is_wanted(other) ||
            strcmp(checks_text(other, "reason"), reason) != 0 ||
            strcmp(checks_text(other, "message"), message) != 0)
            continue;
        count += checks_number(other, "count", 1);
        is_on_purpose = is_on_purpose && is_rehearsed(facts, other);
        are_old = are_old && is_old(facts, other);
        if (name[0] == '\0')
            name = checks_text(other, "vm");
        snprintf(text, sizeof text, "%s%s%s", name,
                 name[0] != '\0' ? " from " : "",
                 checks_text(other, "address"));
        if (text[0] != '\0' && strstr(who.text, text) == NULL)
            checks_list_add(&who, text);
    }
    if (is_nothing(item) && count < LOOKS_AT_PORT)
        return;
    findings_add(to,
                 is_nothing(item) || is_on_purpose || are_old ? FINDING_NOTE
                                                              : FINDING_WRONG,
                 checks_list_text(&who), "%s: %s%s (%s, last %s)", message,
                 strcmp(message, LOG_API_DENIED) == 0 ? "needs the right " : "",
                 reason[0] != '\0' ? reason : "no reason",
                 checks_times(count).text, checks_text(item, "last"));
    if (is_on_purpose)
        findings_advise(to, "It came from this server itself: vspc-vm rehearse "
                            "is refused so on purpose.");
    else
        advise_remedy(message, reason, to);
}

static void judge_refusals(const json_t *facts, struct findings *to,
                           bool (*is_wanted)(const json_t *item))
{
    const json_t *items = value_at(facts, "refusals.items");

    for (size_t i = 0; i < json_array_size(items); i++) {
        if (is_wanted(json_array_get(items, i)) &&
            !was_told(items, i, is_wanted))
            judge_reason(facts, items, i, is_wanted, to);
    }
}

static void judge_refused_vms(const json_t *facts, struct findings *to)
{
    judge_refusals(facts, to, is_of_vm);
}

static bool is_of_client(const json_t *item)
{
    return !is_of_vm(item);
}

/* What clients may not do is the rules' will: a note. */
static void judge_refused_clients(const json_t *facts, struct findings *to)
{
    judge_refusals(facts, to, is_of_client);
    for (size_t i = 0; i < json_array_size(to->items); i++) {
        json_t *finding = json_array_get(to->items, i);

        if (strcmp(checks_text(finding, "code"), to->code) == 0)
            (void)json_object_set_new(
                finding, "weight",
                json_string(finding_weight_name(FINDING_NOTE)));
    }
}

/* ---- D603 -----------------------------------------------------------------
 */

static void judge_silent(const json_t *facts, struct findings *to)
{
    const json_t *items = value_at(facts, "consoles.items");
    struct checks_list silent = { .count = 0 };
    unsigned connected = 0;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *c = json_array_get(items, i);

        if (strcmp(checks_text(c, "state"), "connected") != 0)
            continue;
        connected++;
        if (checks_text(c, "last_output")[0] == '\0')
            checks_list_add(&silent, checks_text(c, "name"));
    }
    if (connected == 0) {
        findings_add(to, FINDING_OK, NULL, "no VM is connected");
        return;
    }
    if (silent.count == 0) {
        findings_add(to, FINDING_OK, NULL, "all VMs (%u) have printed",
                     connected);
        return;
    }
    findings_add(to, FINDING_NOTE, NULL,
                 "%u of %u connected VMs have printed nothing since vspcd was "
                 "started: %s",
                 silent.count, connected, checks_list_text(&silent));
    findings_advise(to,
                    "Their guests do not use the serial port. For Linux, on "
                    "the kernel's command line: console=tty0 "
                    "console=ttyS0,115200, and in the guest:");
    findings_command(to, "systemctl enable --now serial-getty@ttyS0");
    findings_advise(to, "For Windows: bcdedit /emssettings EMSPORT:1, then "
                        "bcdedit /ems on.");
}

/* ---- D604 -----------------------------------------------------------------
 */

static void judge_returning(const json_t *facts, struct findings *to)
{
    enum { OFTEN_S = 600, LEAST = 5 };
    const json_t *items = value_at(facts, "diagnosis.arrivals");

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        double count = checks_number(item, "count", 0);
        int64_t first, last;
        double each_s;

        /* A rehearsal's VMs come again because they shall. */
        if (count < LEAST ||
            strncmp(checks_text(item, "console"), "rehearsal-", 10) == 0 ||
            !value_time_ms(checks_text(item, "first"), &first) ||
            !value_time_ms(checks_text(item, "last"), &last))
            continue;
        each_s = (double)(last - first) / 1000 / (count - 1);
        if (each_s > OFTEN_S)
            continue;
        findings_add(to, FINDING_WRONG, checks_text(item, "console"),
                     "its VM has connected %.0f times from %s, each %.0f s",
                     count, checks_text(item, "address"), each_s);
        findings_advise(to,
                        "A firewall or balancer that forgets idle "
                        "connections, a VM that reboots again and again, or "
                        "two serial ports with one port URI.");
        findings_command(to, "vspc events --match %s",
                         checks_word(checks_text(item, "console"), "CONSOLE"));
        findings_command(to, "journalctl -u vspcd -g 'VM disconnected'");
    }
}

/* ---- D605 -----------------------------------------------------------------
 */

/* What port URIs ask for beyond a name. */
static void judge_services(const json_t *facts, struct findings *to)
{
    const json_t *items = value_at(facts, "consoles.items");
    unsigned good = 0;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *c = json_array_get(items, i);
        const char *state = checks_text(c, "service.state");
        bool is_refused = strcmp(state, "refused") == 0;

        if (strcmp(checks_text(c, "state"), "connected") != 0 ||
            (!is_refused && strcmp(state, "waiting") != 0)) {
            good += state[0] != '\0';
            continue;
        }
        findings_add(to, FINDING_WRONG, checks_text(c, "name"), "%s: %s",
                     checks_text(c, "service.asks_for"),
                     is_refused ? "the rules do not allow it"
                                : "it has failed, and is tried again");
        findings_advise(to, "The log has the reason; service-listen and "
                            "service-connect are the rules (docs/uris.md).");
        findings_command(to, "journalctl -u vspcd -g '^service'");
    }
    if (to->count == 0 && good > 0)
        findings_add(to, FINDING_OK, NULL,
                     "%u listeners and connections of port URIs work", good);
    else if (to->count == 0)
        findings_add(to, FINDING_OK, NULL,
                     "no port URI asks for more than a name");
}

const struct check checks_of_vms[] = {
    { "D601", "no VM is refused", "refusals", judge_refused_vms },
    { "D602", "no client is refused", "refusals", judge_refused_clients },
    { "D603", "VMs print", "consoles", judge_silent },
    { "D604", "VMs stay connected", "diagnosis", judge_returning },
    { "D605", "listeners and connections of port URIs work", "consoles",
      judge_services },
    { .code = NULL },
};
