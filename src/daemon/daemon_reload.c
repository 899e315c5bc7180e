/*
 * Everything that can fail is first made beside what is in force: settings,
 * rules, certificates. Then all of it is put in place at once, or none of it.
 */
#include "daemon/daemon_reload.h"

#include "base/mem.h"
#include "daemon/alerts/webhook_sections.h"
#include "daemon/ask/check_settings.h"
#include "daemon/assembly.h"
#include "daemon/daemon_changes.h"
#include "daemon/process/messages.h"
#include "daemon/process/secret_file.h"
#include "log/log.h"
#include "log/log_words.h"

#include <stdlib.h>
#include <string.h>

static void log_problems(const struct problems *problems)
{
    int kept = problems_kept(problems);

    for (int i = 0; i < kept; i++)
        log_error(LOG_RELOAD_INVALID " reason=%s",
                  LOG_TEXT(problems->item[i].text));
    log_audit(LOG_ERROR, NULL, NULL, LOG_RELOAD_REFUSED " problems=%d",
              problems->count);
}

/* Rules, or what they rely on (a certificate), may be gone. */
static void log_judged(const struct options_changes *changes,
                       const struct session_judged *judged)
{
    static const char *const rules[] = { "vm-allow",       "client-allow",
                                         "service-listen", "service-connect",
                                         "access",         "group" };
    bool any = judged->vms + judged->clients + judged->services > 0;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        any |= daemon_changes_have(changes, rules[i]);
    if (any)
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_RELOAD_ALLOWED
                  " closed-vms=%u closed-clients=%u closed-services=%u",
                  judged->vms, judged->clients, judged->services);
}

/*
 * The order matters twice. The log's place comes first, so that the lines of
 * the others go where the new settings want them. The sessions get their policy
 * and then at once the TLS contexts that it relies on: a connection in between
 * would have one without the other.
 */
static void use_settings(struct daemon *d)
{
    const struct settings *s = d->settings;
    struct directory_settings directory = daemon_settings_of_directory(s);
    struct session_settings sessions = daemon_session_settings(d);

    messages_set(d->messages, s);
    sessions_set(&d->sessions, &sessions);
    d->sessions.access = d->access.rules;
    daemon_tls_use(&d->tls, &d->sessions);
    daemon_logins_set(&d->logins, s);
    daemon_web_sessions_use(&d->web_sessions);
    daemon_proxies_use(&d->proxies, s, &d->tls);
    /* May write to VMs (their lines change), which may end sessions. */
    directory_set(&d->directory, &directory);
    daemon_web_use(&d->web);
    daemon_hooks_use(&d->hooks);
    daemon_alerts_use(&d->alerts);
    daemon_logs_reload(&d->logs);
    daemon_matcher_use(&d->matcher);
    daemon_records_reload(&d->records);
    daemon_audit_reload(&d->audit);
    daemon_inventory_use(&d->inventory);
}

/* Takes next, rules, access and tls over. The former ones are freed last, when
 * nothing borrows from them: all parts have the new texts, networks and
 * contexts. Existing connections hold a reference to their context. Returns the
 * former settings, which the caller frees. */
static struct settings put_in_place(struct daemon *d, struct settings *next,
                                    const struct daemon_rules *rules,
                                    const struct daemon_access *access,
                                    const struct daemon_tls *tls)
{
    struct settings former = *d->settings;
    struct daemon_access former_access = d->access;
    struct daemon_tls former_tls = d->tls;

    *d->settings = *next;
    d->rules = *rules;
    d->access = *access;
    d->tls = *tls;
    d->tls.settings = d->settings;
    use_settings(d);
    daemon_tls_close(&former_tls);
    daemon_access_close(&former_access);
    return former;
}

/* Settings that are not in force, and what follows from them. */
struct prepared {
    struct settings next;
    struct options_changes changes;
    struct problems problems;
    struct daemon_rules rules;
    struct daemon_access access;
};

static int parse_webhooks(const struct settings *next, struct err *err)
{
    struct webhooks_settings *webhooks = xcalloc(1, sizeof *webhooks);
    int r = webhook_sections_read(next, webhooks, err);

    webhooks_settings_clear(webhooks);
    free(webhooks);
    return r;
}

static int parse_rest(const struct daemon *d, struct prepared *p)
{
    struct hooks_settings hooks;
    struct err err;
    int r = daemon_settings_parse_rules(&p->next, &p->rules, &err);

    if (r == 0)
        r = secret_file_read_vm_key(&p->next, p->rules.vm_site_key, &err);
    if (r == 0)
        r = daemon_hooks_parse(&p->next, &hooks, &err);
    if (r == 0)
        r = parse_webhooks(&p->next, &err);
    if (r == 0)
        r = daemon_access_reopen(&d->access, &p->next, &p->access, &err);
    if (r < 0)
        problems_add(&p->problems, 0, "%s", err.text);
    return r;
}

/* All but TLS. False: they cannot be used; the problems are there, and nothing
 * else. */
static bool prepare(const struct daemon *d, const struct options_text *text,
                    struct prepared *p)
{
    if (options_reload_text(d->settings, text, &p->next, &p->problems) < 0)
        return false;
    /* Checked before settings that need a restart are put back, because these
     * might fail the check. */
    check_settings(&p->next, &p->problems);
    options_keep(d->settings, &p->next, &p->changes);
    if (p->problems.count == 0 && parse_rest(d, p) == 0)
        return true;
    options_free(&p->next);
    return false;
}

static void prepared_done(struct prepared *p)
{
    daemon_access_close(&p->access);
    options_free(&p->next);
}

static void prepared_free(struct prepared *p)
{
    explicit_bzero(p->rules.vm_site_key, sizeof p->rules.vm_site_key);
    free(p);
}

/* Whoever is told may end its call, but nobody else's. */
static void tell(struct daemon *d, const struct api_config_report *report)
{
    while (!list_is_empty(&d->reloads)) {
        struct api_reload *waiter =
            CONTAINER_OF(d->reloads.next, struct api_reload, node);

        list_remove(&waiter->node);
        waiter->on_done(waiter->owner, report);
    }
}

static void log_reloaded(struct daemon *d,
                         const struct options_changes *changes)
{
    bool has_tls = d->tls.vms != NULL || d->tls.clients != NULL;

    if (d->settings->file != NULL)
        log_audit(LOG_INFO, NULL, NULL,
                  LOG_RELOADED " file=%s changed=%d need-restart=%d",
                  LOG_TEXT(d->settings->file), changes->count,
                  changes->restart_count);
    else if (!has_tls && !d->logs.is_on)
        log_info(LOG_RELOAD_EMPTY " reason=%s",
                 LOG_TEXT("there is no configuration file and no certificate"));
    if (has_tls)
        log_audit(LOG_INFO, NULL, NULL, LOG_TLS_RELOADED);
    if (daemon_changes_have(changes, "access") ||
        daemon_changes_have(changes, "group"))
        daemon_access_log(&d->access, d->settings);
    if (daemon_changes_have(changes, "vm-allow"))
        daemon_proxies_check_allowed(&d->proxies, d->settings);
    daemon_tls_log(&d->tls);
    daemon_tls_check_kept(&d->tls, &d->directory);
    if (changes->count > 0)
        daemon_check_limits(d);
}

/* The settings of p are in force from now on. */
static void use_prepared(struct daemon *d, struct prepared *p,
                         const struct daemon_tls *tls)
{
    struct api_config_report report = { .problems = &p->problems,
                                        .changes = &p->changes };
    struct session_judged judged;
    struct settings former;

    former = put_in_place(d, &p->next, &p->rules, &p->access, tls);
    judged = sessions_judge(&d->sessions);
    daemon_logins_look_again(&d->logins);
    daemon_web_sessions_look_again(&d->web_sessions);
    daemon_changes_log(&former, d->settings, &p->changes);
    log_judged(&p->changes, &judged);
    log_reloaded(d, &p->changes);
    report.before = &former;
    report.after = d->settings;
    report.warnings = &d->access.warnings;
    report.closed = judged.vms + judged.clients + judged.services;
    tell(d, &report);
    options_free(&former);
}

static void refuse(struct daemon *d, const struct prepared *p)
{
    const struct api_config_report report = { .problems = &p->problems };

    log_problems(&p->problems);
    tell(d, &report);
}

static void refuse_tls(struct daemon *d, struct prepared *p,
                       const struct err *err)
{
    const struct api_config_report report = { .problems = &p->problems };

    prepared_done(p);
    problems_add(&p->problems, 0, "%s", err->text);
    log_error(LOG_TLS_NOT_RELOADED " reason=%s", LOG_TEXT(err->text));
    log_audit(LOG_ERROR, NULL, NULL, LOG_RELOAD_REFUSED " problems=1");
    tell(d, &report);
}

void daemon_reload(struct daemon *d)
{
    struct prepared *p = xcalloc(1, sizeof *p);
    struct daemon_tls tls;
    struct err err;

    if (!prepare(d, NULL, p))
        refuse(d, p);
    else if (daemon_tls_reopen(&d->tls, &p->next, &tls, &err) < 0)
        refuse_tls(d, p, &err);
    else
        use_prepared(d, p, &tls);
    prepared_free(p);
}

/* ---- for commands -------------------------------------------------------
 */

void daemon_reload_ask(struct daemon *d, struct api_reload *waiter)
{
    list_add_tail(&d->reloads, &waiter->node);
    d->wants_reload = true;
}

/* daemon_tls_reopen could make a certificate. */
void daemon_reload_check(const struct daemon *d,
                         const struct options_text *text,
                         api_config_done_fn *on_done, void *done_owner)
{
    struct prepared *p = xcalloc(1, sizeof *p);
    struct api_config_report report = { .problems = &p->problems };
    bool is_prepared = prepare(d, text, p);
    struct err err;

    if (is_prepared && daemon_tls_check(&p->next, &err) < 0)
        problems_add(&p->problems, 0, "%s", err.text);
    if (is_prepared && p->problems.count == 0) {
        report.warnings = &p->access.warnings;
        report.changes = &p->changes;
        report.before = d->settings;
        report.after = &p->next;
    }
    on_done(done_owner, &report);
    if (is_prepared)
        prepared_done(p);
    prepared_free(p);
}
