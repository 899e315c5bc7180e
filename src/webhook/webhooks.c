/*
 * The loop's side of the webhooks: settings, alerts and results. All of it is
 * short, with the lock or without: the thread (webhooks_thread.c) never holds
 * the lock while it waits for anything.
 */
#include "webhook/webhooks.h"

#include "base/clock.h"
#include "base/mem.h"
#include "webhook/webhook_body.h"
#include "webhook/webhooks_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void webhooks_settings_clear(struct webhooks_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        webhook_spec_clear(&settings->spec[i]);
    settings->count = 0;
}

struct webhooks *webhooks_open(void (*on_news)(void *owner), void *owner)
{
    struct webhooks *w = xcalloc(1, sizeof *w);

    list_init(&w->on_way);
    list_init(&w->tests);
    list_init(&w->results);
    worker_crew_init(&w->crew, on_news, owner);
    return w;
}

/* Neither ids nor pauses are secrets: before the system has random numbers, the
 * time will do. */
uint64_t webhooks_random(void)
{
    uint64_t random;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) !=
        (ssize_t)sizeof random)
        random = clock_now_us();
    return random;
}

/* ---- with the lock ------------------------------------------------------- */

void webhook_delivery_free(struct delivery *d)
{
    if (d == NULL)
        return;
    mem_free_secret(&d->body);
    free(d);
}

static size_t clear_queue(struct webhook *hook)
{
    size_t count = 0;

    LIST_EACH (node, after, &hook->queue) {
        list_remove(node);
        webhook_delivery_free(CONTAINER_OF(node, struct delivery, node));
        count++;
    }
    hook->queued = 0;
    return count;
}

void webhooks_free_hook(struct webhook *hook)
{
    webhook_spec_clear(&hook->spec);
    free(hook);
}

struct webhook_result *webhooks_add_result(struct webhooks *w,
                                           const struct webhook *hook,
                                           enum webhook_outcome outcome)
{
    struct webhook_result *result;

    if (w->result_count >= WEBHOOKS_RESULTS_MAX)
        return NULL;
    result = xcalloc(1, sizeof *result);
    result->outcome = outcome;
    snprintf(result->webhook, sizeof result->webhook, "%s", hook->spec.name);
    list_add_tail(&w->results, &result->node);
    w->result_count++;
    return result;
}

/* The webhook of this name; NULL: there is none. */
static struct webhook *find(const struct webhooks *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->hook[i]->spec.name, name) == 0)
            return w->hook[i];
    }
    return NULL;
}

/* What waits has the form of its webhook. */
static struct webhook *keep_or_make(struct webhook **former, size_t count,
                                    struct webhook_spec *spec)
{
    struct webhook *hook;

    for (size_t i = 0; i < count; i++) {
        hook = former[i];
        if (hook == NULL || strcmp(hook->spec.name, spec->name) != 0 ||
            hook->spec.format != spec->format)
            continue;
        webhook_spec_clear(&hook->spec);
        hook->spec = *spec;
        *spec = (struct webhook_spec){ 0 };
        former[i] = NULL;
        return hook;
    }
    hook = xcalloc(1, sizeof *hook);
    list_init(&hook->queue);
    hook->spec = *spec;
    *spec = (struct webhook_spec){ 0 };
    return hook;
}

/* Tests that have not begun end with their webhook, which is removed: whoever
 * waits is told. */
static void drop_tests(struct webhooks *w)
{
    LIST_EACH (node, after, &w->tests) {
        struct test *test = CONTAINER_OF(node, struct test, node);
        struct webhook_result *result;

        if (!test->hook->is_removed)
            continue;
        result = webhooks_add_result(w, test->hook, WEBHOOK_TESTED);
        if (result != NULL) {
            result->ticket = test->delivery->ticket;
            snprintf(result->reason, sizeof result->reason,
                     "the webhook was removed");
        }
        list_remove(&test->node);
        webhook_delivery_free(test->delivery);
        free(test);
        w->test_count--;
    }
}

/* Returns how many deliveries were dropped. */
static size_t remove_hooks(struct webhooks *w, struct webhook **hook,
                           size_t count)
{
    size_t dropped = 0;

    for (size_t i = 0; i < count; i++) {
        if (hook[i] != NULL)
            hook[i]->is_removed = true;
    }
    drop_tests(w);
    for (size_t i = 0; i < count; i++) {
        if (hook[i] == NULL)
            continue;
        dropped += clear_queue(hook[i]);
        if (hook[i]->on_way == 0)
            webhooks_free_hook(hook[i]);
    }
    return dropped;
}

/* ---- settings ------------------------------------------------------------ */

static size_t replace(struct webhooks *w, struct webhooks_settings *settings)
{
    struct webhook *former[WEBHOOKS_MAX];
    size_t count = w->count, dropped;

    memcpy(former, w->hook, sizeof former);
    w->count = settings->count;
    for (size_t i = 0; i < settings->count; i++)
        w->hook[i] = keep_or_make(former, count, &settings->spec[i]);
    settings->count = 0;
    dropped = remove_hooks(w, former, count);
    w->counts.dropped += dropped;
    return dropped;
}

int webhooks_set(struct webhooks *w, struct webhooks_settings *settings,
                 size_t *ret_dropped)
{
    int r = 0;

    if (settings->count > 0)
        r = webhooks_thread_start(w);
    if (r < 0)
        webhooks_settings_clear(settings);
    worker_lock(&w->crew);
    *ret_dropped = replace(w, settings);
    worker_unlock(&w->crew);
    webhooks_thread_wake(w);
    return r;
}

/* ---- alerts -------------------------------------------------------------- */

static struct delivery *make_delivery(const struct webhook_spec *spec,
                                      enum webhook_event event,
                                      const struct alert_item *item,
                                      const char *web_url)
{
    struct delivery *d = xcalloc(1, sizeof *d);

    d->body = webhook_body(spec, event, item, web_url, clock_utc_ms());
    if (d->body == NULL) {
        free(d);
        return NULL;
    }
    snprintf(d->id, sizeof d->id, "%016llx",
             (unsigned long long)webhooks_random());
    list_init(&d->node);
    d->event = event;
    d->alert = item->id;
    d->made_us = clock_now_us();
    return d;
}

static void queue_for(struct webhooks *w, struct webhook *hook,
                      enum webhook_event event, const struct alert_item *item,
                      const char *web_url)
{
    struct delivery *d = NULL;

    if (hook->queued < WEBHOOK_QUEUE_MAX)
        d = make_delivery(&hook->spec, event, item, web_url);
    if (d == NULL) {
        hook->drops++;
        hook->dropped++;
        w->counts.dropped++;
        return;
    }
    list_add_tail(&hook->queue, &d->node);
    hook->queued++;
}

void webhooks_tell(struct webhooks *w, enum webhook_event event,
                   const struct alert_item *item,
                   const struct access_console *console, const char *web_url)
{
    bool any = false;

    worker_lock(&w->crew);
    for (size_t i = 0; i < w->count && !w->crew.is_ending; i++) {
        if (!webhook_wants(&w->hook[i]->spec, event, item, console))
            continue;
        queue_for(w, w->hook[i], event, item, web_url);
        any = true;
    }
    worker_unlock(&w->crew);
    if (any)
        webhooks_thread_wake(w);
}

static struct test *make_test(struct webhooks *w, struct webhook *hook,
                              const struct alert_item *sample,
                              const char *web_url)
{
    struct delivery *d =
        make_delivery(&hook->spec, WEBHOOK_TEST, sample, web_url);
    struct test *test;

    if (d == NULL)
        return NULL;
    d->ticket = ++w->last_ticket;
    test = xcalloc(1, sizeof *test);
    test->hook = hook;
    test->delivery = d;
    return test;
}

enum webhook_asked webhooks_test(struct webhooks *w, const char *name,
                                 const struct alert_item *sample,
                                 const char *web_url, uint64_t *ret_ticket)
{
    enum webhook_asked asked = WEBHOOK_NO_SUCH;
    struct test *test = NULL;
    struct webhook *hook;

    worker_lock(&w->crew);
    hook = find(w, name);
    if (hook != NULL)
        asked = WEBHOOK_BUSY;
    if (hook != NULL && w->test_count < WEBHOOK_TESTS_MAX && !w->crew.is_ending)
        test = make_test(w, hook, sample, web_url);
    if (test != NULL) {
        list_add_tail(&w->tests, &test->node);
        w->test_count++;
        *ret_ticket = test->delivery->ticket;
        asked = WEBHOOK_ASKED;
    }
    worker_unlock(&w->crew);
    if (asked == WEBHOOK_ASKED)
        webhooks_thread_wake(w);
    return asked;
}

/* ---- counts and results -------------------------------------------------- */

static unsigned waiting_of(const struct webhook *hook)
{
    return hook->queued + (hook->is_sending ? 1 : 0);
}

bool webhooks_state(struct webhooks *w, size_t index, struct webhook_state *ret)
{
    bool is_there;

    worker_lock(&w->crew);
    is_there = index < w->count;
    if (is_there) {
        const struct webhook *hook = w->hook[index];

        *ret = (struct webhook_state){
            .format = hook->spec.format,
            .is_failing = hook->is_failing,
            .waiting = waiting_of(hook),
            .sent = hook->sent,
            .retried = hook->retried,
            .given_up = hook->given_up,
            .dropped = hook->dropped,
        };
        snprintf(ret->name, sizeof ret->name, "%s", hook->spec.name);
    }
    worker_unlock(&w->crew);
    return is_there;
}

void webhooks_count(struct webhooks *w, struct webhooks_counts *ret)
{
    worker_lock(&w->crew);
    *ret = w->counts;
    for (size_t i = 0; i < w->count; i++)
        ret->waiting += waiting_of(w->hook[i]);
    worker_unlock(&w->crew);
}

struct webhook_result *webhooks_take_result(struct webhooks *w)
{
    struct webhook_result *result = NULL;

    worker_lock(&w->crew);
    if (!list_is_empty(&w->results)) {
        result = CONTAINER_OF(w->results.next, struct webhook_result, node);
        list_remove(&result->node);
        w->result_count--;
    }
    worker_unlock(&w->crew);
    return result;
}

/* ---- the end ------------------------------------------------------------- */

size_t webhooks_close(struct webhooks *w, uint64_t wait_us)
{
    uint64_t end_us = clock_now_us() + wait_us;
    size_t unmade;

    worker_lock(&w->crew);
    w->end_us = end_us;
    worker_ask_to_end(&w->crew);
    for (size_t i = 0; i < w->count; i++)
        w->unmade += clear_queue(w->hook[i]);
    worker_unlock(&w->crew);
    webhooks_thread_wake(w);
    worker_lock(&w->crew);
    /* The thread drops what is on its way at end_us. */
    (void)worker_wait_end(&w->crew, end_us + 1000 * 1000);
    unmade = w->unmade;
    worker_unlock(&w->crew);
    return unmade;
}

void webhooks_free(struct webhooks *w)
{
    if (w == NULL || !worker_crew_done(&w->crew))
        return;
    (void)remove_hooks(w, w->hook, w->count);
    LIST_EACH (node, after, &w->results)
        free(CONTAINER_OF(node, struct webhook_result, node));
    if (w->is_ready) {
        curl_multi_cleanup(w->multi);
        curl_global_cleanup();
    }
    free(w);
}
