/* D5..: whom the settings let in, and keep out; D7..: what works beside. */
#include "cli/doctor/judge/checks.h"
#include "cli/output/value.h"

#include <stdio.h>
#include <string.h>

static bool is_for_others(const char *address)
{
    return address[0] != '/' && strncmp(address, "127.", 4) != 0 &&
           strncmp(address, "[::1]", 5) != 0 && strncmp(address, "::1", 3) != 0;
}

/* A door that clients of other machines reach. */
static void list_open_doors(const json_t *facts, struct checks_list *list)
{
    const json_t *doors = value_at(facts, "status.doors");

    for (size_t i = 0; i < json_array_size(doors); i++) {
        const json_t *door = json_array_get(doors, i);
        const char *kind = checks_text(door, "for");
        const char *address = checks_text(door, "address");
        char text[160];

        if (strcmp(kind, "vms") == 0 || !is_for_others(address))
            continue;
        snprintf(text, sizeof text, "%s %s", kind, address);
        checks_list_add(list, text);
    }
}

static void judge_rules(const json_t *facts, struct findings *to)
{
    struct checks_list doors = { .count = 0 };

    if (checks_flag(facts, "diagnosis.access.is_everybody_writing")) {
        findings_add(to, FINDING_WRONG, NULL,
                     "everybody may type into every console");
        findings_advise(to,
                        "vSPCServer without an access section lets everybody "
                        "in. Say who may what (docs/access.md), such as: "
                        "access \"*\" { write = {\"unix:wheel\"} }");
        findings_command(to, "vspc config check && vspc reload");
        return;
    }
    if (checks_flag(facts, "diagnosis.access.has_rules"))
        return;
    list_open_doors(facts, &doors);
    if (doors.count == 0) {
        findings_add(to, FINDING_OK, NULL,
                     "no access section: this machine alone may use consoles, "
                     "and no door is open to others");
        return;
    }
    findings_add(to, FINDING_WRONG, NULL,
                 "no access section, so nobody from other machines may use a "
                 "console; yet these doors are open to them: %s",
                 checks_list_text(&doors));
    findings_advise(to, "Say in vspcd.conf who may what (docs/access.md), such "
                        "as: access \"*\" { write = {\"unix:wheel\"} }");
    findings_command(to, "vspc config check && vspc reload");
    findings_command(to, "vspc access explain NAME CONSOLE");
}

static void judge_shut_out(const json_t *facts, struct findings *to)
{
    double refused =
        checks_number(facts, "diagnosis.counts.clients_refused_right", 0);
    double failed = checks_number(facts, "diagnosis.access.logins_failed", 0);

    if (refused > 0) {
        findings_add(to, FINDING_NOTE, NULL,
                     "%.0f clients were refused, because the rules let them "
                     "read nothing",
                     refused);
        findings_advise(to, "Who they were: D602. What the rules say of one:");
        findings_command(to, "vspc access explain NAME CONSOLE");
    }
    if (failed > 0) {
        findings_add(to, FINDING_NOTE, NULL, "%.0f logins have failed", failed);
        findings_advise(to, "Mistyped, an account that is locked, or somebody "
                            "who guesses:");
        findings_command(to, "journalctl -u vspcd -g 'login failed'");
    }
}

static void judge_strangers(const json_t *facts, struct findings *to)
{
    if (!checks_flag(facts, "diagnosis.access.is_open_to_vms"))
        return;
    findings_add(to, FINDING_NOTE, NULL,
                 "every address may connect as a VM, and name any UUID");
    findings_advise(to, "Name the networks of the hosts in vm-allow, or write "
                        "vm-allow = {\"any\"} if that is meant; vm-keys proves "
                        "which VM it is (docs/vsphere.md).");
}

static void judge_settings(const json_t *facts, struct findings *to)
{
    static const struct {
        const char *key;
        enum finding_weight weight;
    } kinds[] = { { "problems", FINDING_WRONG }, { "warnings", FINDING_NOTE } };
    const json_t *changes = value_at(facts, "config.changes");
    struct checks_list unread = { .count = 0 };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const json_t *items =
            json_object_get(json_object_get(facts, "config"), kinds[k].key);

        for (size_t i = 0; i < json_array_size(items); i++) {
            findings_add(to, kinds[k].weight, NULL, "%s",
                         checks_text(json_array_get(items, i), "text"));
            if (kinds[k].weight == FINDING_WRONG)
                findings_advise(to,
                                "Correct the file; what was in force before "
                                "stays in force until then.");
            findings_command(to, "vspc config check");
        }
    }
    for (size_t i = 0; i < json_array_size(changes); i++)
        checks_list_add(&unread,
                        checks_text(json_array_get(changes, i), "name"));
    if (unread.count > 0) {
        findings_add(to, FINDING_NOTE, NULL,
                     "the file was changed and not loaded yet: %s",
                     checks_list_text(&unread));
        findings_command(to, "vspc reload");
    }
}

/* ---- D7.. -----------------------------------------------------------------
 */

static void judge_health(const json_t *facts, struct findings *to)
{
    json_t *health = value_at(facts, "status.health");
    const char *part;
    json_t *value;

    json_object_foreach (health, part, value) {
        const char *state = json_string_value(value);

        if (state == NULL || strcmp(state, "ok") == 0)
            continue;
        findings_add(to, FINDING_WRONG, part, "%s", state);
        findings_advise(to, "The log has the reason, and says when it works "
                            "again.");
        findings_command(to, "journalctl -u vspcd -p warning -n 30 --no-pager");
    }
}

/* What has gone wrong since the start, by the counts. */
static void judge_losses(const json_t *facts, struct findings *to)
{
    static const struct {
        const char *path;
        enum finding_weight weight;
        const char *words; /* behind the number */
        const char *advice;
    } losses[] = {
        { "diagnosis.counts.log_gaps", FINDING_NOTE, "gaps are in console logs",
          "The disk was full or slow; each gap is a line in the log." },
        { "diagnosis.counts.record_gaps", FINDING_NOTE,
          "gaps are in recordings",
          "The disk was full or slow; each gap is a line in the log." },
        { "diagnosis.counts.records_failing", FINDING_WRONG,
          "recordings are not written now",
          "See the disk of record-dir (D303, D305)." },
        { "diagnosis.counts.hooks_failed", FINDING_NOTE, "hooks have failed",
          "The line \"hook failed\" of the log has the program's output." },
        { "diagnosis.counts.hooks_dropped", FINDING_NOTE,
          "events were not given to hooks",
          "Hooks are too slow; see hook-limit." },
        { "diagnosis.counts.webhooks_given_up", FINDING_WRONG,
          "deliveries of alerts were given up",
          "The receiver refuses or does not answer: vspc alerts webhooks." },
        { "diagnosis.counts.webhooks_dropped", FINDING_WRONG,
          "deliveries of alerts were dropped",
          "Too many waited for the receiver: vspc alerts webhooks." },
        { "diagnosis.counts.alert_missed_bytes", FINDING_NOTE,
          "bytes of output were not looked at for alerts",
          "VMs print more than the matcher can take; give rules fewer "
          "consoles." },
    };

    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        double number = checks_number(facts, losses[i].path, 0);

        if (number <= 0)
            continue;
        findings_add(to, losses[i].weight, NULL, "%.0f %s", number,
                     losses[i].words);
        findings_advise(to, "%s", losses[i].advice);
    }
}

static void judge_alerts(const json_t *facts, struct findings *to)
{
    const json_t *rules = value_at(facts, "rules.items");
    const json_t *hooks = value_at(facts, "webhooks.items");

    if (json_array_size(rules) == 0) {
        findings_add(to, FINDING_OK, NULL, "there are no alert rules");
        return;
    }
    for (size_t i = 0; i < json_array_size(hooks); i++) {
        const json_t *hook = json_array_get(hooks, i);

        if (strcmp(checks_text(hook, "state"), "failing") != 0)
            continue;
        findings_add(to, FINDING_WRONG, checks_text(hook, "name"),
                     "the receiver of alerts has not taken the last one");
        findings_advise(to, "The line \"webhook delivery failed\" of the log "
                            "has the reason.");
        findings_command(to, "vspc alerts test %s",
                         checks_word(checks_text(hook, "name"), "WEBHOOK"));
    }
    if (to->count == 0)
        findings_add(to, FINDING_OK, NULL, "%zu alert rules are in force",
                     json_array_size(rules));
}

static void judge_audit(const json_t *facts, struct findings *to)
{
    double lost = checks_number(facts, "diagnosis.counts.audit_lost", 0);

    if (lost > 0) {
        findings_add(to, FINDING_WRONG, NULL, "%.0f audit events were lost",
                     lost);
        findings_advise(to, "The gap is in the numbers of the audit log "
                            "(docs/audit.md); see its disk.");
    } else if (strcmp(checks_text(facts, "status.health.audit"), "failing") ==
               0) {
        findings_add(to, FINDING_WRONG, NULL, "the audit log is not written");
        findings_advise(to, "See its disk and permissions (D303, D305).");
    } else {
        findings_add(to, FINDING_OK, NULL,
                     checks_flag(facts, "diagnosis.access.has_audit_log")
                         ? "the audit log is written"
                         : "there is no audit log (setting audit-log)");
    }
}

const struct check checks_of_access[] = {
    { "D501", "rules say who may use consoles", "diagnosis", judge_rules },
    { "D502", "nobody is shut out", "diagnosis", judge_shut_out },
    { "D503", "only hosts may connect as VMs", "diagnosis", judge_strangers },
    { "D504", "the settings are without doubts", "config", judge_settings },
    { .code = NULL },
};

const struct check checks_of_parts[] = {
    { "D701", "all parts of vspcd work", "status", judge_health },
    { "D702", "nothing was lost", "diagnosis", judge_losses },
    { "D703", "alerts are in force", "rules", judge_alerts },
    { "D704", "the audit log is complete", "diagnosis", judge_audit },
    { .code = NULL },
};
