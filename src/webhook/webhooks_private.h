/*
 * webhooks_private.h - what the files of the webhooks share: the loop calls
 * webhooks.c, the thread runs webhooks_thread.c.
 *
 * The loop puts deliveries into queues, and the thread takes them out, both
 * with the crew's lock. What is on its way belongs to the thread alone; so the
 * lock is never held while libcurl works.
 */
#ifndef WEBHOOK_WEBHOOKS_PRIVATE_H
#define WEBHOOK_WEBHOOKS_PRIVATE_H

#include "base/backoff.h"
#include "base/worker.h"
#include "webhook/webhook_request.h"
#include "webhook/webhooks.h"

enum {
    /* Results that the loop has not taken; further ones are lost. The loop
     * takes them all in each turn. */
    WEBHOOKS_RESULTS_MAX = 1000,
};

/* A body that waits for a webhook, or is on its way. */
struct delivery {
    struct list node;
    char id[WEBHOOK_ID_LEN + 1];
    char *body; /* may have a secret */
    enum webhook_event event;
    uint64_t alert;
    uint64_t ticket;   /* of a test; else 0 */
    uint64_t made_us;  /* clock_now_us */
    uint64_t begun_us; /* the last try */
    unsigned tries;
};

/*
 * In webhooks->hook while it is set. One that is removed lives until nothing of
 * it is on its way.
 */
struct webhook {
    struct webhook_spec spec; /* a reload changes all but name and format */
    struct list queue;        /* struct delivery.node; without those on their
                               * way */
    unsigned queued;
    unsigned on_way; /* also tests; one at most of the queue */
    bool is_sending; /* one of the queue is on its way */
    bool is_removed;
    bool is_failing;
    uint64_t due_us; /* nothing of the queue is sent before */
    struct backoff backoff;
    uint64_t drops; /* that were not reported */
    uint64_t drops_told_us;
    uint64_t sent, retried, given_up, dropped;
};

struct webhooks {
    bool is_ready;      /* libcurl is, and there is a multi handle */
    CURLM *multi;       /* the thread's, but for curl_multi_wakeup */
    struct list on_way; /* struct transfer.node: the thread's */
    struct worker worker;

    struct worker_crew crew; /* its lock protects all members below */
    struct webhook *hook[WEBHOOKS_MAX];
    size_t count;
    struct list tests;   /* struct test.node: not on their way yet */
    unsigned test_count; /* also of those on their way */
    uint64_t last_ticket;
    struct list results;
    size_t result_count;
    struct webhooks_counts counts; /* but for waiting */
    size_t unmade;                 /* deliveries, at the end */
    uint64_t end_us; /* once the crew is ending: what is on its way is dropped
                      */
};

struct test {
    struct list node;
    struct webhook *hook;
    struct delivery *delivery;
};

uint64_t webhooks_random(void);

void webhook_delivery_free(struct delivery *d); /* takes NULL */

/* Called with the lock, when the webhook is removed, and nothing of it is on
 * its way. */
void webhooks_free_hook(struct webhook *hook);

/* Called with the lock. Sets what it knows; NULL: too many wait for the loop.
 */
struct webhook_result *webhooks_add_result(struct webhooks *w,
                                           const struct webhook *hook,
                                           enum webhook_outcome outcome);

/* 0, or -errno: there is no thread; may be called again. */
int webhooks_thread_start(struct webhooks *w);

/* Makes the thread look at everything. Costs nothing without a thread. */
void webhooks_thread_wake(const struct webhooks *w);

#endif
