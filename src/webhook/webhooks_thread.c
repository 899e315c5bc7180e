/*
 * The webhooks' thread: one libcurl multi handle, which waits for all
 * connections at once, and asks name servers on threads of its own.
 *
 * It releases the lock around everything that libcurl does. So what was read
 * with the lock may have changed behind it: webhooks_set may have replaced the
 * webhooks. Only what a transfer points to stays (struct webhook).
 */
#include "base/clock.h"
#include "base/mem.h"
#include "webhook/webhooks_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    MS_PER_S = 1000,
    WAIT_MAX_MS = 60 * MS_PER_S,
    /* How often dropped deliveries are reported. */
    DROPS_TOLD_US = 60 * US_PER_S,
};

/* A delivery on its way: the thread's. */
struct transfer {
    struct list node;
    struct webhook *hook;
    struct delivery *delivery;
    struct webhook_request request;
};

/* ---- results: with the lock ---------------------------------------------- */

static void report(struct webhooks *w, const struct webhook *hook,
                   enum webhook_outcome outcome, const struct delivery *d,
                   const struct webhook_end *end)
{
    struct webhook_result *result = webhooks_add_result(w, hook, outcome);

    if (result == NULL)
        return;
    result->took_us = clock_now_us() - d->begun_us;
    result->alert = d->alert;
    result->tries = d->tries;
    result->ticket = d->ticket;
    result->status = end->status;
    result->is_delivered = end->fate == WEBHOOK_DELIVERED;
    memcpy(result->reason, end->reason, sizeof result->reason);
}

/* Returns when the next report is due; UINT64_MAX: none. */
static uint64_t report_drops(struct webhooks *w, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;

    for (size_t i = 0; i < w->count; i++) {
        struct webhook *hook = w->hook[i];
        uint64_t due_us = hook->drops_told_us + DROPS_TOLD_US;
        struct webhook_result *result;

        if (hook->drops == 0)
            continue;
        if (hook->drops_told_us != 0 && now_us < due_us) {
            next_us = due_us < next_us ? due_us : next_us;
            continue;
        }
        result = webhooks_add_result(w, hook, WEBHOOK_DROPPED);
        if (result != NULL)
            result->count = hook->drops;
        hook->drops = 0;
        hook->drops_told_us = now_us;
    }
    return next_us;
}

/* ---- what comes of a try: with the lock ---------------------------------- */

static void give_up(struct webhooks *w, struct webhook *hook,
                    struct delivery *d, const struct webhook_end *end)
{
    hook->given_up++;
    w->counts.given_up++;
    report(w, hook, WEBHOOK_GIVEN_UP, d, end);
    webhook_delivery_free(d);
}

static void deliver(struct webhooks *w, struct webhook *hook,
                    struct delivery *d, const struct webhook_end *end)
{
    hook->sent++;
    w->counts.sent++;
    if (hook->is_failing)
        report(w, hook, WEBHOOK_ANSWERS, d, end);
    hook->is_failing = false;
    hook->backoff = (struct backoff){ 0 };
    webhook_delivery_free(d);
}

/* Back to the front: the order stays. */
static void try_again(struct webhooks *w, struct webhook *hook,
                      struct delivery *d, const struct webhook_end *end)
{
    uint64_t now_us = clock_now_us();
    uint64_t wait_us = (uint64_t)backoff_next_ms(&hook->backoff, 0,
                                                 (uint32_t)webhooks_random()) *
                       1000;

    if (wait_us < (uint64_t)end->retry_after_s * US_PER_S)
        wait_us = (uint64_t)end->retry_after_s * US_PER_S;
    if (!hook->is_failing)
        report(w, hook, WEBHOOK_FAILS, d, end);
    hook->is_failing = true;
    if (now_us + wait_us - d->made_us > (uint64_t)WEBHOOK_AGE_S * US_PER_S) {
        give_up(w, hook, d, end);
        return;
    }
    hook->retried++;
    w->counts.retried++;
    hook->due_us = now_us + wait_us;
    list_add_tail(hook->queue.next, &d->node);
    hook->queued++;
}

static void end_try(struct webhooks *w, struct webhook *hook,
                    struct delivery *d, const struct webhook_end *end)
{
    hook->is_sending = false;
    if (end->fate == WEBHOOK_DELIVERED) {
        deliver(w, hook, d, end);
    } else if (hook->is_removed || w->crew.is_ending) {
        w->unmade += w->crew.is_ending;
        webhook_delivery_free(d);
    } else if (end->fate == WEBHOOK_RETRY) {
        try_again(w, hook, d, end);
    } else {
        give_up(w, hook, d, end);
    }
}

/* The webhook may be gone afterwards. */
static void finish(struct webhooks *w, struct webhook *hook, struct delivery *d,
                   const struct webhook_end *end)
{
    hook->on_way--;
    if (d->ticket != 0) {
        report(w, hook, WEBHOOK_TESTED, d, end);
        webhook_delivery_free(d);
        w->test_count--;
    } else {
        end_try(w, hook, d, end);
    }
    if (hook->is_removed && hook->on_way == 0)
        webhooks_free_hook(hook);
}

/* ---- beginning: with the lock -------------------------------------------- */

/* The lock is not released: the spec's texts are copied here, and nothing is
 * sent before curl_multi_perform. */
static void begin(struct webhooks *w, struct webhook *hook, struct delivery *d)
{
    static const struct webhook_end no_memory = {
        .fate = WEBHOOK_RETRY,
        .reason = "there is no memory to send it",
    };
    struct transfer *t = xcalloc(1, sizeof *t);

    t->hook = hook;
    t->delivery = d;
    d->begun_us = clock_now_us();
    d->tries++;
    hook->on_way++;
    if (!webhook_request_begin(&t->request, &hook->spec, d->event, d->id,
                               d->body, clock_utc_s())) {
        free(t);
        finish(w, hook, d, &no_memory);
        return;
    }
    list_add_tail(&w->on_way, &t->node);
    (void)curl_easy_setopt(t->request.easy, CURLOPT_PRIVATE, t);
    (void)curl_multi_add_handle(w->multi, t->request.easy);
}

static void begin_tests(struct webhooks *w)
{
    LIST_EACH (node, after, &w->tests) {
        struct test *test = CONTAINER_OF(node, struct test, node);

        list_remove(&test->node);
        begin(w, test->hook, test->delivery);
        free(test);
    }
}

/* Returns when there is more to begin; UINT64_MAX: it is not known. */
static uint64_t begin_due(struct webhooks *w, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;

    for (size_t i = 0; i < w->count; i++) {
        struct webhook *hook = w->hook[i];
        struct delivery *d;

        if (hook->is_sending || hook->queued == 0)
            continue;
        if (hook->due_us > now_us) {
            next_us = hook->due_us < next_us ? hook->due_us : next_us;
            continue;
        }
        d = CONTAINER_OF(hook->queue.next, struct delivery, node);
        list_remove(&d->node);
        hook->queued--;
        hook->is_sending = true;
        begin(w, hook, d);
    }
    return next_us;
}

/* ---- the thread ---------------------------------------------------------- */

static struct transfer *transfer_of(CURL *easy)
{
    char *owner = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    return (struct transfer *)(void *)owner;
}

/* Called without the lock. */
static void end_transfer(struct webhooks *w, struct transfer *t, CURLcode code)
{
    struct webhook_end end;

    (void)curl_multi_remove_handle(w->multi, t->request.easy);
    webhook_request_end(&t->request, code, &end);
    list_remove(&t->node);
    worker_lock(&w->crew);
    finish(w, t->hook, t->delivery, &end);
    worker_unlock(&w->crew);
    free(t);
}

/* Called without the lock. False: none has ended. */
static bool end_transfers(struct webhooks *w)
{
    const CURLMsg *message;
    bool has_ended = false;
    int left;

    while ((message = curl_multi_info_read(w->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        end_transfer(w, transfer_of(message->easy_handle),
                     message->data.result);
        has_ended = true;
    }
    return has_ended;
}

/* Called without the lock. Waits only if there is nothing to report or to send
 * next: libcurl does not wake for what has ended before. */
static void work(struct webhooks *w, uint64_t until_us)
{
    uint64_t now_us = clock_now_us();
    uint64_t ms = until_us > now_us ? (until_us - now_us) / 1000 + 1 : 0;
    int running;

    (void)curl_multi_perform(w->multi, &running);
    if (!end_transfers(w))
        (void)curl_multi_poll(w->multi, NULL, 0,
                              ms < WAIT_MAX_MS ? (int)ms : WAIT_MAX_MS, NULL);
}

/* Called without the lock. */
static void drop_rest(struct webhooks *w)
{
    LIST_EACH (node, after, &w->on_way)
        end_transfer(w, CONTAINER_OF(node, struct transfer, node),
                     CURLE_ABORTED_BY_CALLBACK);
}

static bool is_over(const struct webhooks *w)
{
    return w->crew.is_ending &&
           (list_is_empty(&w->on_way) || clock_now_us() >= w->end_us);
}

static void webhooks_thread_run(void *arg)
{
    struct webhooks *w = arg;

    while (!is_over(w)) {
        uint64_t until_us = w->end_us;

        if (!w->crew.is_ending) {
            uint64_t drops_us = report_drops(w, clock_now_us());

            begin_tests(w);
            until_us = begin_due(w, clock_now_us());
            until_us = drops_us < until_us ? drops_us : until_us;
        }
        if (w->result_count > 0)
            worker_call_owner(&w->crew);
        worker_unlock(&w->crew);
        work(w, until_us);
        worker_lock(&w->crew);
    }
    worker_unlock(&w->crew);
    drop_rest(w);
    worker_lock(&w->crew);
}

static int make_ready(struct webhooks *w)
{
    if (w->is_ready)
        return 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    w->multi = curl_multi_init();
    if (w->multi == NULL) {
        curl_global_cleanup();
        return -ENOMEM;
    }
    w->is_ready = true;
    return 0;
}

int webhooks_thread_start(struct webhooks *w)
{
    int r = make_ready(w);

    if (r < 0)
        return r;
    worker_lock(&w->crew);
    if (!worker_is_running(&w->worker))
        r = worker_start(&w->worker, &w->crew, webhooks_thread_run, w);
    worker_unlock(&w->crew);
    return r;
}

void webhooks_thread_wake(const struct webhooks *w)
{
    if (w->is_ready)
        (void)curl_multi_wakeup(w->multi);
}
