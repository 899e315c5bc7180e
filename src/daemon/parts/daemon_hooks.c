#include "daemon/parts/daemon_hooks.h"

#include "alert/book/alert_item.h"
#include "core/directory.h"
#include "daemon/parts/words.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/waker.h"
#include "session/client/console_port.h"
#include "store/record.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
    US_PER_S = 1000 * 1000,
    US_PER_MS = 1000,
    END_GRACE_US = 1 * US_PER_S,
    /* Includes the time for SIGTERM and SIGKILL. */
    CLOSE_US = 3 * US_PER_S,
};

/* ---- events ----------------------------------------------------------- */

/* An event of a console, and the memory of its texts. */
struct told {
    struct hook_event event;
    struct console_name name;
    char port[8];
    char ms[24];
};

static void begin(struct told *t, enum hook_kind kind)
{
    t->event = (struct hook_event){ .kind = kind };
    clock_format_utc(t->event.time);
}

static void set_port(struct told *t, unsigned port)
{
    snprintf(t->port, sizeof t->port, "%u", port);
    t->event.text[HOOK_PORT] = t->port;
}

static const char *known(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static void set_vm(struct told *t, struct inventory_vm vm)
{
    t->event.text[HOOK_FOLDER] = known(vm.folder);
    t->event.text[HOOK_OWNER] = known(vm.owner);
}

static void begin_of(struct told *t, enum hook_kind kind,
                     const struct console *c)
{
    begin(t, kind);
    t->name = console_name(c);
    t->event.text[HOOK_UUID] = c->uuid;
    t->event.text[HOOK_LABEL] = c->label;
    t->event.text[HOOK_NAME] = c->name;
    t->event.text[HOOK_CONSOLE] = t->name.text;
    set_vm(t, inventory_find(c->directory->inventory, c->uuid));
    if (c->port != NULL)
        set_port(t, console_port_number(c->port));
}

static void set_peer(struct told *t, const char *peer, bool is_encrypted)
{
    t->event.text[HOOK_PEER] = peer;
    t->event.text[HOOK_TLS] = is_encrypted ? "yes" : "no";
}

static void set_move(struct told *t, const struct fact_move_ended *ended)
{
    snprintf(t->ms, sizeof t->ms, "%llu",
             (unsigned long long)ended->took_us / US_PER_MS);
    t->event.text[HOOK_MS] = t->ms;
    t->event.text[HOOK_FROM] = ended->from;
    if (ended->to[0] != '\0')
        t->event.text[HOOK_TO] = ended->to;
    if (ended->verdict != MOVE_COMPLETED)
        t->event.text[HOOK_REASON] = words_move_failure(ended->verdict);
}

/* HOOK_KINDS: the fact is no event. A new console causes two events. */
static enum hook_kind kind_of(const struct fact *fact)
{
    switch (fact->kind) {
    case FACT_VM_ATTACHED:
        return HOOK_VM_UP;
    case FACT_VM_DETACHED:
        return HOOK_VM_DOWN;
    case FACT_VM_RENAMED:
        return HOOK_VM_RENAMED;
    case FACT_MOVE_ENDED:
        return fact->move_ended.verdict == MOVE_COMPLETED ? HOOK_VM_MOVED
                                                          : HOOK_VM_MOVE_FAILED;
    case FACT_VM_TAKEN_OVER:
        return HOOK_VM_TAKEN_OVER;
    case FACT_VM_TAKEOVER_REFUSED:
        return HOOK_VM_TAKEOVER_REFUSED;
    case FACT_CLIENT_ATTACHED:
        return HOOK_CLIENT_ATTACHED;
    case FACT_CLIENT_DETACHED:
        return HOOK_CLIENT_DETACHED;
    case FACT_LABELLED:
    case FACT_DESERTED:
    case FACT_VISITED:
    case FACT_CLIENT_LAGS:
    case FACT_DESTINATION_REPLACED:
    case FACT_OUTPUT_LOST:
    case FACT_PROVEN:
    case FACT_CLIENT_REFUSED:
    case FACT_KEYBOARD_TAKEN:
    case FACT_KEYBOARD_LOCKED:
    case FACT_KEYBOARD_UNLOCKED:
        break;
    }
    return HOOK_KINDS;
}

static bool is_told(const struct daemon_hooks *h, enum hook_kind kind)
{
    return kind != HOOK_KINDS && !h->is_ending && hooks_want(h->hooks, kind);
}

/* Texts are borrowed, because hooks_tell copies them. An event that no hook
 * wants costs nothing; most facts are such. */
static void tell(struct daemon_hooks *h, enum hook_kind kind,
                 const struct fact *fact)
{
    struct told t;

    if (!is_told(h, kind))
        return;
    begin_of(&t, kind, fact->console);
    switch (kind) {
    case HOOK_VM_NEW:
    case HOOK_VM_UP:
        set_peer(&t, fact->vm_attached.peer, fact->vm_attached.is_encrypted);
        break;
    case HOOK_CLIENT_ATTACHED:
    case HOOK_CLIENT_DETACHED:
        set_peer(&t, fact->client.peer, fact->client.is_encrypted);
        t.event.text[HOOK_CLIENT] = fact->client.name;
        break;
    case HOOK_VM_DOWN:
        t.event.text[HOOK_PEER] = fact->vm_detached.peer;
        t.event.text[HOOK_REASON] = fact->vm_detached.reason;
        break;
    case HOOK_VM_RENAMED:
        t.event.text[HOOK_OLD_NAME] = fact->vm_renamed.former_name;
        break;
    case HOOK_VM_MOVED:
    case HOOK_VM_MOVE_FAILED:
        set_move(&t, &fact->move_ended);
        break;
    case HOOK_VM_TAKEN_OVER:
    case HOOK_VM_TAKEOVER_REFUSED:
        t.event.text[HOOK_FROM] = fact->takeover.older;
        t.event.text[HOOK_TO] = fact->takeover.newer;
        t.event.text[HOOK_REASON] = fact->takeover.reason;
        break;
    case HOOK_VM_EXPIRED:
    case HOOK_ALERT:
    case HOOK_KINDS:
        break;
    }
    hooks_tell(h->hooks, &t.event);
}

/* A new VM has its event before vm-up: a hook that keeps an inventory adds the
 * VM with one event, and changes it with all others. */
void daemon_hooks_tell_fact(struct daemon_hooks *h, const struct fact *fact)
{
    if (fact->kind == FACT_VM_ATTACHED && fact->vm_attached.is_new)
        tell(h, HOOK_VM_NEW, fact);
    tell(h, kind_of(fact), fact);
}

void daemon_hooks_tell_expired(struct daemon_hooks *h, const struct console *c)
{
    struct told t;

    if (!is_told(h, HOOK_VM_EXPIRED))
        return;
    begin_of(&t, HOOK_VM_EXPIRED, c);
    hooks_tell(h->hooks, &t.event);
}

void daemon_hooks_tell_gone(struct daemon_hooks *h,
                            const struct store_record *record)
{
    struct told t;

    if (!is_told(h, HOOK_VM_EXPIRED))
        return;
    begin(&t, HOOK_VM_EXPIRED);
    t.event.text[HOOK_UUID] = record->uuid;
    t.event.text[HOOK_LABEL] = record->label;
    t.event.text[HOOK_NAME] = record->name;
    t.event.text[HOOK_CONSOLE] = record->name;
    if (record->port != 0)
        set_port(&t, record->port);
    hooks_tell(h->hooks, &t.event);
}

void daemon_hooks_tell_alert(struct daemon_hooks *h,
                             const struct alert_item *item,
                             const struct inventory_vm *vm, const char *link)
{
    char place[ALERT_PLACE_MAX];
    char id[24];
    struct told t;

    if (!is_told(h, HOOK_ALERT))
        return;
    begin(&t, HOOK_ALERT);
    snprintf(id, sizeof id, "%llu", (unsigned long long)item->id);
    alert_item_place(item, place);
    t.event.text[HOOK_UUID] = item->uuid;
    t.event.text[HOOK_LABEL] = item->label;
    t.event.text[HOOK_NAME] = item->name;
    t.event.text[HOOK_CONSOLE] = item->shown;
    t.event.text[HOOK_ALERT_ID] = id;
    t.event.text[HOOK_RULE] = item->rule;
    t.event.text[HOOK_SEVERITY] = alert_severity_name(item->severity);
    t.event.text[HOOK_TEXT] = item->text;
    t.event.text[HOOK_PLACE] = place;
    t.event.text[HOOK_LINK] = link;
    set_vm(&t, *vm);
    hooks_tell(h->hooks, &t.event);
}

/* ---- log lines -------------------------------------------------------- */

struct reason {
    char text[96];
};

static struct reason why_it_failed(const struct hook_result *result)
{
    const struct hook_end *end = &result->end;
    struct reason why;

    if (result->is_cut)
        snprintf(why.text, sizeof why.text, "vspcd is ending");
    else if (end->is_timed_out)
        snprintf(why.text, sizeof why.text,
                 "it ran for longer than %llu s (--hook-timeout)",
                 (unsigned long long)end->timeout_us / US_PER_S);
    else if (WIFSIGNALED(end->status))
        snprintf(why.text, sizeof why.text, "ended by signal %d (%s)",
                 WTERMSIG(end->status), strsignal(WTERMSIG(end->status)));
    else
        snprintf(why.text, sizeof why.text, "exit status %d",
                 WEXITSTATUS(end->status));
    return why;
}

static void log_end(const struct hook_result *result)
{
    const struct hook_end *end = &result->end;
    unsigned long long ms = end->took_us / US_PER_MS;

    if (end->status == 0 && !end->is_timed_out)
        log_limited(LOG_DEBUG, NULL, result->program,
                    LOG_HOOK_COMPLETED
                    " hook=%s event=%s console=%s ms=%llu output=%s",
                    LOG_TEXT(result->program), hook_kind_name(result->kind),
                    LOG_TEXT(result->console), ms, LOG_TEXT(end->line));
    else
        log_limited(LOG_WARNING, NULL, result->program,
                    LOG_HOOK_FAILED " hook=%s event=%s console=%s ms=%llu "
                                    "others=%u reason=%s output=%s",
                    LOG_TEXT(result->program), hook_kind_name(result->kind),
                    LOG_TEXT(result->console), ms, result->others,
                    LOG_TEXT(why_it_failed(result).text), LOG_TEXT(end->line));
}

static void log_result(const struct hook_result *result)
{
    switch (result->outcome) {
    case HOOK_ENDED:
        log_end(result);
        break;
    case HOOK_NOT_STARTED:
        log_limited(
            LOG_WARNING, NULL, result->program,
            LOG_HOOK_NOT_STARTED
            " hook=%s event=%s console=%s others=%u reason=%s",
            LOG_TEXT(result->program), hook_kind_name(result->kind),
            LOG_TEXT(result->console), result->others,
            LOG_TEXT(result->error == ENOEXEC
                         ? "not a program, and no first line such as #!/bin/sh"
                         : strerror(result->error)));
        break;
    case HOOK_DROPPED:
        log_limited(LOG_WARNING, NULL, NULL,
                    LOG_HOOK_EVENTS_DROPPED " hook=%s count=%llu reason=%s",
                    LOG_TEXT(result->program),
                    (unsigned long long)result->count,
                    LOG_TEXT("too many events wait for it: see --hook-limit "
                             "and --hook-timeout"));
        break;
    }
}

static void daemon_hooks_on_results(void *owner)
{
    struct daemon_hooks *h = owner;
    struct hook_result *result;

    while ((result = hooks_take_result(h->hooks)) != NULL) {
        log_result(result);
        free(result);
    }
}

/* Called on the hooks' thread. */
static void daemon_hooks_wake(void *owner)
{
    waker_wake(((struct daemon_hooks *)owner)->waker);
}

/* ---- life ------------------------------------------------------------- */

int daemon_hooks_parse(const struct settings *s, struct hooks_settings *ret,
                       struct err *err)
{
    /* The settings' rows have these limits. */
    assert(s->hooks.count <= HOOKS_MAX && s->hook_limit <= HOOKS_LIMIT_MAX);
    ret->count = s->hooks.count;
    ret->limit = (unsigned)s->hook_limit;
    ret->timeout_us = s->hook_timeout_s * US_PER_S;
    ret->wants_all = s->is_debug;
    for (uint64_t i = 0; i < s->hooks.count; i++) {
        struct err why;
        int r = hook_spec_parse(s->hooks.text[i], &ret->specs[i], &why);

        if (r < 0) {
            err_set(err, "%.120s: %.380s", options_where(s, "hook", i).text,
                    why.text);
            return r;
        }
    }
    return 0;
}

/* Only warns: the program's disk may come later, and consoles do not wait for
 * it. */
static void warn_of_missing(const struct hooks_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct err err;

        if (hook_spec_check(&settings->specs[i], &err) < 0)
            log_warning(LOG_HOOK_UNUSABLE " reason=%s", LOG_TEXT(err.text));
    }
}

static int use(struct daemon_hooks *h, const struct hooks_settings *settings)
{
    size_t dropped;
    int r = hooks_set(h->hooks, settings, &dropped);

    warn_of_missing(settings);
    if (dropped > 0)
        log_warning(LOG_HOOK_EVENTS_DROPPED " count=%zu reason=%s", dropped,
                    LOG_TEXT("their hooks were removed"));
    return r;
}

int daemon_hooks_open(struct daemon_hooks *h, const struct settings *settings,
                      struct loop *loop, const uint64_t seed[2],
                      struct err *err)
{
    struct hooks_settings parsed;
    int r;

    *h = (struct daemon_hooks){ .settings = settings };
    r = daemon_hooks_parse(settings, &parsed, err);
    if (r < 0)
        return r;
    r = waker_open(loop, daemon_hooks_on_results, h, &h->waker);
    if (r == 0) {
        h->hooks = hooks_open(seed, daemon_hooks_wake, h);
        r = use(h, &parsed);
        if (r < 0)
            daemon_hooks_close(h);
    }
    if (r < 0)
        err_set(err, "cannot run hooks: %s", strerror(-r));
    return r;
}

void daemon_hooks_use(struct daemon_hooks *h)
{
    struct hooks_settings settings;
    int r = daemon_hooks_parse(h->settings, &settings, NULL);

    if (r == 0)
        r = use(h, &settings);
    if (r < 0)
        log_error(LOG_HOOKS_UNUSABLE " reason=%s", LOG_TEXT(strerror(-r)));
}

void daemon_hooks_count(const struct daemon_hooks *h, struct census *census)
{
    struct hooks_counts counts;

    hooks_count(h->hooks, &counts);
    census->hooks_running = counts.running;
    census->hooks_waiting = counts.waiting;
    census->hooks_run = counts.run;
    census->hooks_failed = counts.failed;
    census->hooks_dropped = counts.dropped;
}

void daemon_hooks_end(struct daemon_hooks *h, bool at_once)
{
    h->is_ending = true;
    hooks_end(h->hooks, at_once ? 0 : END_GRACE_US);
}

bool daemon_hooks_have_ended(const struct daemon_hooks *h)
{
    return hooks_have_ended(h->hooks);
}

void daemon_hooks_close(struct daemon_hooks *h)
{
    size_t dropped;

    hooks_end(h->hooks, END_GRACE_US);
    dropped = hooks_close(h->hooks, CLOSE_US);
    /* Between hooks_close and hooks_free: reports the last results. */
    daemon_hooks_on_results(h);
    if (!hooks_have_ended(h->hooks))
        log_warning(LOG_HOOK_LEFT_RUNNING " reason=%s",
                    LOG_TEXT("SIGKILL does not end it"));
    if (dropped > 0)
        log_warning(LOG_HOOK_EVENTS_DROPPED_AT_END " count=%zu", dropped);
    hooks_free(h->hooks);
    /* Until hooks_close the hooks' thread may call the waker. */
    waker_close(h->waker);
}
