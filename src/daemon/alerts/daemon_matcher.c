#include "daemon/alerts/daemon_matcher.h"

#include "base/clock.h"
#include "core/directory.h"
#include "core/told/fact.h"
#include "daemon/alerts/alert_sections.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/loop.h"
#include "net/waker.h"

#include <string.h>

/* How long the end waits for patterns that are being compiled. */
enum { CLOSE_US = 500 * 1000 };

static void daemon_matcher_on_found(void *owner,
                                    const struct alert_found *found)
{
    const struct daemon_matcher *m = owner;

    m->links.on_found(m->links.owner, found);
}

static void daemon_matcher_on_missed(void *owner, const struct console *c,
                                     uint64_t bytes)
{
    const struct console_name name = console_name(c);

    (void)owner;
    log_limited(LOG_WARNING, NULL, NULL,
                LOG_ALERT_OUTPUT_MISSED " console=%s bytes=%llu reason=%s",
                LOG_TEXT(name.text), (unsigned long long)bytes,
                LOG_TEXT("the matcher could not follow"));
}

static void daemon_matcher_on_rules(void *owner, const char *why)
{
    struct daemon_matcher *m = owner;

    if (why != NULL) {
        log_error(LOG_ALERT_RULES_UNUSABLE " reason=%s", LOG_TEXT(why));
        return;
    }
    m->has_new_rules = true;
    log_info(LOG_ALERT_RULES " rules=%zu", m->rules.count);
}

/* Called on the engine's threads. */
static void daemon_matcher_wake(void *owner)
{
    const struct daemon_matcher *m = owner;

    waker_wake(m->waker);
}

static void judge_all(struct daemon_matcher *m)
{
    struct directory_cursor cursor = { 0 };
    uint64_t now_us = clock_now_us();
    struct console *c;

    while ((c = directory_next(m->links.directory, &cursor)) != NULL)
        alert_engine_judge(m->engine, c, m->is_starting, now_us);
}

static void daemon_matcher_on_wake(void *owner)
{
    struct daemon_matcher *m = owner;

    alert_engine_wake(m->engine, clock_now_us());
    if (m->has_new_rules) {
        judge_all(m);
        m->is_starting = false;
    }
    m->has_new_rules = false;
    directory_settle(m->links.directory);
}

int daemon_matcher_open(struct daemon_matcher *m,
                        const struct matcher_links *links, struct err *err)
{
    const struct alert_callbacks callbacks = {
        .on_found = daemon_matcher_on_found,
        .on_missed = daemon_matcher_on_missed,
        .on_rules = daemon_matcher_on_rules,
        .wake = daemon_matcher_wake,
        .owner = m,
    };
    int r;

    *m = (struct daemon_matcher){ .links = *links };
    r = waker_open(links->loop, daemon_matcher_on_wake, m, &m->waker);
    if (r < 0) {
        err_set(err, "cannot look for alerts: %s", strerror(-r));
        return r;
    }
    m->engine = alert_engine_open(&callbacks);
    loop_watch(links->loop, alert_engine_batches(m->engine));
    loop_watch(links->loop, alert_engine_compilings(m->engine));
    daemon_matcher_use(m);
    m->is_starting = m->rules.count > 0;
    return 0;
}

void daemon_matcher_close(struct daemon_matcher *m)
{
    alert_engine_close(m->engine, CLOSE_US);
    /* Until alert_engine_close its threads may call the waker. */
    waker_close(m->waker);
    alert_settings_clear(&m->rules);
}

/* New rules forget what patterns have seen, and what is waited for; so equal
 * ones are not used again. */
void daemon_matcher_use(struct daemon_matcher *m)
{
    struct alert_settings next;

    alert_sections_read(m->links.settings, &next, NULL);
    if (alert_settings_are_equal(&next, &m->rules)) {
        alert_settings_clear(&next);
        return;
    }
    alert_settings_clear(&m->rules);
    m->rules = next;
    alert_engine_set(m->engine, &m->rules, clock_now_us());
}

void daemon_matcher_tell(struct daemon_matcher *m, const struct fact *fact)
{
    uint64_t now_us = clock_now_us();
    bool is_new = fact->kind == FACT_VM_ATTACHED && fact->vm_attached.is_new;

    if (fact->kind != FACT_VM_DETACHED)
        alert_engine_judge(m->engine, fact->console, is_new, now_us);
    if (fact->kind == FACT_VM_ATTACHED || fact->kind == FACT_VM_DETACHED)
        alert_engine_vm(m->engine, fact->console, console_has_vm(fact->console),
                        now_us);
    directory_settle(m->links.directory);
}

void daemon_matcher_judge(struct daemon_matcher *m, struct console *c)
{
    if (alert_settings_use_inventory(&m->rules))
        alert_engine_judge(m->engine, c, false, clock_now_us());
}

void daemon_matcher_count(const struct daemon_matcher *m, struct census *census)
{
    const struct alert_counts counts = alert_engine_count(m->engine);

    census->alert_taken_bytes = counts.taken;
    census->alert_missed_bytes = counts.missed;
    census->alert_waiting_bytes = counts.waiting;
    census->alert_consoles = counts.consoles;
}
