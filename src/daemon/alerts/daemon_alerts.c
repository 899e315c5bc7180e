#include "daemon/alerts/daemon_alerts.h"

#include "api/events/event_tell_alert.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/directory.h"
#include "daemon/alerts/webhook_sections.h"
#include "log/log.h"
#include "log/log_words.h"
#include "net/waker.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long the end waits for what is on its way to webhooks. */
    CLOSE_US = US_PER_S,
    URL_MAX = WEBHOOK_URL_MAX + ALERT_LINK_MAX,
};

/* ---- the state ----------------------------------------------------------- */

/* The text of a note; the json is used up. Without memory nothing is kept. */
static void put_note(const struct daemon_alerts *a, enum store_note_kind kind,
                     uint64_t id, json_t *json)
{
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    const struct store_note note = { kind, id, text };

    json_decref(json);
    if (text != NULL)
        a->links.put_note(a->links.owner, &note);
    free(text);
}

static void drop_note(const struct daemon_alerts *a, enum store_note_kind kind,
                      uint64_t id)
{
    const struct store_note note = { kind, id, NULL };

    a->links.put_note(a->links.owner, &note);
}

static void daemon_alerts_keep(void *owner, const struct alert_item *item)
{
    put_note(owner, STORE_NOTE_ALERT, item->id, alert_item_json(item, true));
}

static void daemon_alerts_drop(void *owner, uint64_t id)
{
    drop_note(owner, STORE_NOTE_ALERT, id);
}

static void daemon_alerts_keep_mute(void *owner, const struct alert_mute *mute)
{
    put_note(owner, STORE_NOTE_MUTE, mute->id, alert_mute_json(mute, true));
}

static void daemon_alerts_drop_mute(void *owner, uint64_t id)
{
    drop_note(owner, STORE_NOTE_MUTE, id);
}

/* What cannot be read is left in the file, and comes to nothing. */
void daemon_alerts_load(struct daemon_alerts *a, const struct store_note *note)
{
    json_t *json = json_loads(note->text, 0, NULL);
    struct alert_item *item;
    struct alert_mute *mute;

    switch (note->kind) {
    case STORE_NOTE_ALERT:
        item = alert_item_read(json);
        if (item != NULL)
            alert_book_load(&a->book, item);
        break;
    case STORE_NOTE_MUTE:
        mute = alert_mute_read(json);
        if (mute != NULL)
            alert_book_load_mute(&a->book, mute);
        break;
    }
    json_decref(json);
}

void daemon_alerts_keep_all(struct daemon_alerts *a)
{
    alert_book_keep_all(&a->book);
}

/* ---- telling ------------------------------------------------------------- */

/* A / at the end would be doubled. NULL: there is no page. */
static const char *web_url(const struct daemon_alerts *a,
                           char to[WEBHOOK_URL_MAX])
{
    const char *url = a->links.settings->web_url;
    size_t len;

    if (url == NULL)
        return NULL;
    len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    snprintf(to, WEBHOOK_URL_MAX, "%.*s", (int)len, url);
    return to;
}

static enum log_level level_of(const struct alert_item *item)
{
    static const enum log_level levels[ALERT_SEVERITIES] = {
        [ALERT_INFO] = LOG_INFO,
        [ALERT_WARNING] = LOG_WARNING,
        [ALERT_CRITICAL] = LOG_ERROR,
    };

    return levels[item->severity];
}

static void log_alert(const struct alert_item *item)
{
    log_limited(level_of(item), NULL, item->uuid,
                LOG_ALERT_RAISED
                " console=%s rule=%s severity=%s id=%llu text=%s",
                LOG_TEXT(item->shown), LOG_TEXT(item->rule),
                alert_severity_name(item->severity),
                (unsigned long long)item->id, LOG_TEXT(item->text));
}

static void tell_hooks(const struct daemon_alerts *a,
                       const struct alert_item *item, const char *page)
{
    char link[ALERT_LINK_MAX];
    char url[URL_MAX];

    alert_item_link(item, link);
    snprintf(url, sizeof url, "%s%s", page != NULL ? page : "", link);
    a->links.tell_hooks(a->links.owner, item, page != NULL ? url : NULL);
}

static void tell_webhooks(const struct daemon_alerts *a,
                          enum webhook_event event,
                          const struct alert_item *item, const char *page)
{
    const struct access_console console =
        directory_view(a->links.directory, item->name, item->uuid, item->label);

    webhooks_tell(a->webhooks, event, item, &console, page);
}

void daemon_alerts_found(struct daemon_alerts *a,
                         const struct alert_found *found)
{
    char buffer[WEBHOOK_URL_MAX];
    const char *page = web_url(a, buffer);
    const struct alert_item *item;

    if (a->is_ending)
        return;
    item = alert_book_add(&a->book, found);
    if (item == NULL)
        return;
    log_alert(item);
    event_tell_alert(a->links.events, item);
    tell_webhooks(a, WEBHOOK_ALERT, item, page);
    tell_hooks(a, item, page);
}

/* ---- for commands -------------------------------------------------------- */

static void daemon_alerts_acknowledge(void *owner, uint64_t id, const char *by,
                                      const char *comment)
{
    struct daemon_alerts *a = owner;
    const struct alert_item *item = alert_book_find(&a->book, id);
    char buffer[WEBHOOK_URL_MAX];

    alert_book_acknowledge(&a->book, id, by, comment, clock_utc_ms());
    log_audit(LOG_INFO, NULL, item->uuid,
              LOG_ALERT_ACKNOWLEDGED
              " principal=%s console=%s rule=%s id=%llu comment=%s",
              LOG_TEXT(by), LOG_TEXT(item->shown), LOG_TEXT(item->rule),
              (unsigned long long)item->id,
              LOG_ANY(item->comment != NULL ? item->comment : ""));
    event_tell_acknowledged(a->links.events, item);
    tell_webhooks(a, WEBHOOK_ACKNOWLEDGED, item, web_url(a, buffer));
}

#define MUTE_FIELDS " principal=%s consoles=%s rule=%s until=%s reason=%s"

static void log_mute(const struct alert_mute *mute, const char *by,
                     bool has_ended)
{
    const char *consoles = mute->match != NULL ? mute->match : "*";
    const char *rule = mute->rule != NULL ? mute->rule : "*";
    const char *reason = mute->reason != NULL ? mute->reason : "";
    char until[CLOCK_TEXT_LEN] = "";

    if (mute->until_ms != 0)
        clock_format_ms(until, mute->until_ms);
    if (has_ended)
        log_audit(LOG_INFO, NULL, by, LOG_ALERTS_UNMUTED MUTE_FIELDS,
                  LOG_TEXT(by), LOG_TEXT(consoles), LOG_TEXT(rule),
                  LOG_ANY(until), LOG_ANY(reason));
    else
        log_audit(LOG_INFO, NULL, by, LOG_ALERTS_MUTED MUTE_FIELDS,
                  LOG_TEXT(by), LOG_TEXT(consoles), LOG_TEXT(rule),
                  LOG_ANY(until), LOG_ANY(reason));
}

static const struct alert_mute *daemon_alerts_mute(
    void *owner, const struct alert_mute *wish)
{
    struct daemon_alerts *a = owner;
    const struct alert_mute *made =
        alert_book_mute(&a->book, wish, clock_utc_ms());

    if (made == NULL)
        return NULL;
    log_mute(made, made->by, false);
    event_tell_mute(a->links.events, made, made->by, false);
    return made;
}

static struct alert_mute *daemon_alerts_unmute(void *owner, uint64_t id,
                                               const char *by)
{
    struct daemon_alerts *a = owner;
    struct alert_mute *ended = alert_book_unmute(&a->book, id, clock_utc_ms());

    if (ended == NULL)
        return NULL;
    log_mute(ended, by, true);
    event_tell_mute(a->links.events, ended, by, true);
    return ended;
}

static bool daemon_alerts_rule(void *owner, size_t index,
                               struct alert_rule_state *ret)
{
    const struct daemon_alerts *a = owner;

    return a->links.rule(a->links.owner, index, ret);
}

static void daemon_alerts_expire(void *owner)
{
    alert_book_expire(&((struct daemon_alerts *)owner)->book, clock_utc_ms());
}

static bool daemon_alerts_webhook(void *owner, size_t index,
                                  struct webhook_state *ret)
{
    return webhooks_state(((struct daemon_alerts *)owner)->webhooks, index,
                          ret);
}

static enum webhook_asked daemon_alerts_test(void *owner, const char *webhook,
                                             struct alerts_test *waiter)
{
    struct daemon_alerts *a = owner;
    struct alert_item *sample = alert_item_sample(clock_utc_ms());
    char buffer[WEBHOOK_URL_MAX];
    enum webhook_asked asked = webhooks_test(
        a->webhooks, webhook, sample, web_url(a, buffer), &waiter->ticket);

    if (asked == WEBHOOK_ASKED)
        list_add_tail(&a->tests, &waiter->node);
    alert_item_free(sample);
    return asked;
}

/* ---- what webhooks say --------------------------------------------------- */

static void tell_tester(struct daemon_alerts *a,
                        const struct webhook_result *result)
{
    LIST_EACH (node, after, &a->tests) {
        struct alerts_test *test = CONTAINER_OF(node, struct alerts_test, node);

        if (test->ticket != result->ticket)
            continue;
        list_remove(&test->node);
        test->on_done(test->owner, result);
        return;
    }
}

static void take_result(struct daemon_alerts *a,
                        const struct webhook_result *result)
{
    switch (result->outcome) {
    case WEBHOOK_FAILS:
        log_limited(LOG_WARNING, NULL, result->webhook,
                    LOG_WEBHOOK_FAILS " webhook=%s reason=%s",
                    LOG_TEXT(result->webhook), LOG_TEXT(result->reason));
        break;
    case WEBHOOK_ANSWERS:
        log_limited(LOG_INFO, NULL, result->webhook,
                    LOG_WEBHOOK_ANSWERS " webhook=%s",
                    LOG_TEXT(result->webhook));
        break;
    case WEBHOOK_GIVEN_UP:
        log_limited(
            LOG_WARNING, NULL, result->webhook,
            LOG_WEBHOOK_GIVEN_UP " webhook=%s alert=%llu tries=%u reason=%s",
            LOG_TEXT(result->webhook), (unsigned long long)result->alert,
            result->tries, LOG_TEXT(result->reason));
        break;
    case WEBHOOK_DROPPED:
        log_limited(LOG_WARNING, NULL, result->webhook,
                    LOG_WEBHOOK_DROPPED " webhook=%s count=%llu reason=%s",
                    LOG_TEXT(result->webhook),
                    (unsigned long long)result->count,
                    LOG_TEXT("too many wait for its receiver"));
        break;
    case WEBHOOK_TESTED:
        tell_tester(a, result);
        break;
    }
}

static void daemon_alerts_on_results(void *owner)
{
    struct daemon_alerts *a = owner;
    struct webhook_result *result;

    while ((result = webhooks_take_result(a->webhooks)) != NULL) {
        take_result(a, result);
        free(result);
    }
}

/* Called on the webhooks' thread. */
static void daemon_alerts_wake(void *owner)
{
    waker_wake(((struct daemon_alerts *)owner)->waker);
}

/* ---- life ---------------------------------------------------------------- */

static int set_webhooks(struct daemon_alerts *a,
                        struct webhooks_settings *settings)
{
    size_t dropped;
    int r = webhooks_set(a->webhooks, settings, &dropped);

    if (dropped > 0)
        log_warning(LOG_WEBHOOK_DROPPED " count=%zu reason=%s", dropped,
                    LOG_TEXT("their webhooks were removed"));
    return r;
}

static int read_webhooks(struct daemon_alerts *a, struct err *err)
{
    struct webhooks_settings *settings = xcalloc(1, sizeof *settings);
    int r = webhook_sections_read(a->links.settings, settings, err);

    if (r == 0) {
        r = set_webhooks(a, settings);
        if (r < 0)
            err_set(err, "cannot run webhooks: %s", strerror(-r));
    }
    free(settings);
    return r;
}

int daemon_alerts_open(struct daemon_alerts *a,
                       const struct alerts_links *links, struct err *err)
{
    const struct alert_book_keeper keeper = {
        .keep = daemon_alerts_keep,
        .drop = daemon_alerts_drop,
        .keep_mute = daemon_alerts_keep_mute,
        .drop_mute = daemon_alerts_drop_mute,
        .owner = a,
    };
    int r;

    *a = (struct daemon_alerts){ .links = *links };
    list_init(&a->tests);
    alert_book_init(&a->book, links->seed, &keeper);
    alert_book_set_repeat(&a->book, links->settings->alert_repeat_s);
    a->means = (struct alerts_means){
        .owner = a,
        .book = &a->book,
        .rule = daemon_alerts_rule,
        .acknowledge = daemon_alerts_acknowledge,
        .mute = daemon_alerts_mute,
        .unmute = daemon_alerts_unmute,
        .expire = daemon_alerts_expire,
        .webhook = daemon_alerts_webhook,
        .test = daemon_alerts_test,
    };
    r = waker_open(links->loop, daemon_alerts_on_results, a, &a->waker);
    if (r < 0) {
        err_set(err, "cannot run webhooks: %s", strerror(-r));
        alert_book_done(&a->book);
        return r;
    }
    a->webhooks = webhooks_open(daemon_alerts_wake, a);
    r = read_webhooks(a, err);
    if (r < 0)
        daemon_alerts_close(a);
    return r;
}

void daemon_alerts_use(struct daemon_alerts *a)
{
    struct err err;

    alert_book_set_repeat(&a->book, a->links.settings->alert_repeat_s);
    if (read_webhooks(a, &err) < 0)
        log_error(LOG_WEBHOOKS_UNUSABLE " reason=%s", LOG_TEXT(err.text));
}

void daemon_alerts_end(struct daemon_alerts *a)
{
    a->is_ending = true;
}

void daemon_alerts_close(struct daemon_alerts *a)
{
    size_t unmade = webhooks_close(a->webhooks, CLOSE_US);

    /* The last results; whoever waits for a test has gone. */
    list_init(&a->tests);
    daemon_alerts_on_results(a);
    if (unmade > 0)
        log_warning(LOG_WEBHOOK_DROPPED_AT_END " count=%zu", unmade);
    webhooks_free(a->webhooks);
    /* Until webhooks_close the webhooks' thread may call the waker. */
    waker_close(a->waker);
    alert_book_done(&a->book);
}

void daemon_alerts_log(const struct daemon_alerts *a)
{
    if (a->book.count + a->book.mutes.count > 0)
        log_info(LOG_ALERTS_LOADED " alerts=%zu open=%zu mutes=%zu",
                 a->book.count, a->book.open_count, a->book.mutes.count);
}

void daemon_alerts_count(const struct daemon_alerts *a, struct census *census)
{
    struct webhooks_counts counts;

    webhooks_count(a->webhooks, &counts);
    census->alerts = a->book.told;
    census->alerts_open = a->book.open_count;
    census->alerts_repeated = a->book.repeated;
    census->alerts_muted = a->book.muted;
    census->webhooks_waiting = counts.waiting;
    census->webhooks_sent = counts.sent;
    census->webhooks_retried = counts.retried;
    census->webhooks_given_up = counts.given_up;
    census->webhooks_dropped = counts.dropped;
}
