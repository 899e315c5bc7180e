/* The lists of the queries are under the crew's lock; who waits for a query
 * (query.askers) is the loop's alone. */
#include "net/queries.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "net/waker.h"

#include <errno.h>
#include <stdlib.h>

enum {
    IDLE_US = 10 * 1000 * 1000,
    /* At the program's end: for questions that are about to be answered. */
    END_US = 50 * 1000,
};

struct queries {
    const struct queries_kind *kind;
    void *owner;
    struct waker *waker;
    struct worker workers[QUERIES_THREADS_MAX];

    struct worker_crew crew; /* its lock protects all members below */
    struct list lanes[QUERIES_LANES_MAX];
    struct list running, answered;
    unsigned busy[QUERIES_LANES_MAX]; /* threads, as in kind->threads_max */
    unsigned waiting;                 /* queries in the lanes */
    unsigned asked;                   /* queries that wait or run */
    unsigned idle;                    /* threads without work */
};

static struct query *query_at(struct list *node)
{
    return CONTAINER_OF(node, struct query, node);
}

static void move(struct query *q, struct list *to, enum query_place place)
{
    list_remove(&q->node);
    list_add_tail(to, &q->node);
    q->place = place;
}

/* ---- the threads -------------------------------------------------------- */

/* Called with the lock. NULL: nothing waits, or what waits may have no more
 * threads now; a thread that is done looks again. */
static struct query *first_waiting(struct queries *all)
{
    for (unsigned lane = 0; lane < all->kind->lanes; lane++) {
        if (all->busy[lane] >= all->kind->threads_max[lane])
            return NULL;
        if (!list_is_empty(&all->lanes[lane]))
            return query_at(all->lanes[lane].next);
    }
    return NULL;
}

/* Called with the lock. NULL: the thread has nothing more to do. */
static struct query *wait_for_query(struct queries *all)
{
    uint64_t until_us = clock_now_us() + IDLE_US;
    bool goes_on = true;

    for (;;) {
        struct query *q = all->crew.is_ending ? NULL : first_waiting(all);

        /* Looked at once more after the last wait: whoever asked meanwhile has
         * counted on this thread. */
        if (q != NULL || !goes_on)
            return q;
        all->idle++;
        goes_on = worker_wait_until(&all->crew, until_us);
        all->idle--;
    }
}

static void queries_body(void *arg)
{
    struct queries *all = arg;
    struct query *q;

    while ((q = wait_for_query(all)) != NULL) {
        move(q, &all->running, QUERY_RUNNING);
        all->waiting--;
        for (unsigned lane = 0; lane <= q->lane; lane++)
            all->busy[lane]++;
        worker_unlock(&all->crew);
        all->kind->answer(q);
        worker_lock(&all->crew);
        for (unsigned lane = 0; lane <= q->lane; lane++)
            all->busy[lane]--;
        all->asked--;
        move(q, &all->answered, QUERY_ANSWERED);
        worker_call_owner(&all->crew);
    }
}

/* Called with the lock. 0, or -errno: there is no thread at all. */
static int find_thread(struct queries *all)
{
    int r = 0;

    if (all->idle > 0)
        worker_wake(&all->crew);
    /* A thread that was woken may still count as idle. */
    if (all->waiting <= all->idle)
        return 0;
    for (unsigned i = 0; i < all->kind->threads_max[0]; i++) {
        if (worker_is_running(&all->workers[i]))
            continue;
        r = worker_start(&all->workers[i], &all->crew, queries_body, all);
        break;
    }
    return all->crew.running > 0 ? 0 : r;
}

/* ---- answers ------------------------------------------------------------ */

/* Behind each call another asker may be cancelled, so the first one is taken
 * until none is left. */
static void tell_all(struct queries *all, struct query *q)
{
    while (!list_is_empty(&q->askers)) {
        struct asker *a = CONTAINER_OF(q->askers.next, struct asker, node);

        list_remove(&a->node);
        all->kind->tell(a, q);
    }
    all->kind->on_told(all->owner, q);
}

/* A query stays in no list while its askers are told: whoever is told and asks
 * again gets another query. */
static void queries_on_wake(void *owner)
{
    struct queries *all = owner;

    worker_lock(&all->crew);
    while (!list_is_empty(&all->answered)) {
        struct query *q = query_at(all->answered.next);

        list_remove(&q->node);
        worker_unlock(&all->crew);
        tell_all(all, q);
        worker_lock(&all->crew);
    }
    worker_unlock(&all->crew);
}

/* ---- questions ---------------------------------------------------------- */

void query_init(struct query *q, unsigned lane)
{
    list_init(&q->node);
    list_init(&q->askers);
    q->place = QUERY_WAITING;
    q->lane = lane;
}

static struct query *find_in(const struct queries *all, struct list *queries,
                             const struct query *like)
{
    LIST_EACH (node, after, queries) {
        if (all->kind->is_same(query_at(node), like))
            return query_at(node);
    }
    return NULL;
}

/* Called with the lock. */
static struct query *find_asked(struct queries *all, const struct query *like)
{
    struct query *q = find_in(all, &all->running, like);

    for (unsigned lane = 0; lane < all->kind->lanes && q == NULL; lane++)
        q = find_in(all, &all->lanes[lane], like);
    return q != NULL ? q : find_in(all, &all->answered, like);
}

static void enter_lane(struct queries *all, struct query *q, unsigned lane)
{
    q->lane = lane;
    move(q, &all->lanes[lane], QUERY_WAITING);
}

/* Called with the lock, for a query that waits. */
static void take_back(struct queries *all, struct query *q)
{
    list_remove(&q->node);
    all->waiting--;
    all->asked--;
}

/* Called with the lock. 0 or -errno: q is in no list. */
static int ask_new(struct queries *all, struct query *q)
{
    unsigned most = all->kind->asked_max;
    int r;

    if (most > 0 && all->asked >= most)
        return -EBUSY;
    enter_lane(all, q, q->lane);
    all->waiting++;
    all->asked++;
    r = find_thread(all);
    if (r < 0)
        take_back(all, q);
    return r;
}

/* Called with the lock, for a query that waits. Threads that found nothing to
 * do for its lane sleep, and another one may be had for the new lane. There is
 * one at least: the one that the query has waited for. */
static void hasten(struct queries *all, struct query *q, unsigned lane)
{
    enter_lane(all, q, lane);
    (void)find_thread(all);
}

static void wait_for(struct queries *all, struct query *q, struct asker *a)
{
    a->all = all;
    a->query = q;
    list_init(&a->node);
    list_add_tail(&q->askers, &a->node);
}

int queries_ask(struct queries *all, struct query *q, struct asker *a)
{
    struct query *present;
    int r = 0;

    worker_lock(&all->crew);
    present = find_asked(all, q);
    if (present == NULL)
        r = ask_new(all, q);
    else if (present->place == QUERY_WAITING && q->lane < present->lane)
        hasten(all, present, q->lane);
    worker_unlock(&all->crew);
    if (r == 0)
        wait_for(all, present != NULL ? present : q, a);
    if (present != NULL || r < 0)
        all->kind->free(q);
    return r;
}

void queries_answer(struct queries *all, struct query *q, struct asker *a)
{
    wait_for(all, q, a);
    worker_lock(&all->crew);
    move(q, &all->answered, QUERY_ANSWERED);
    worker_unlock(&all->crew);
    waker_wake(all->waker);
}

void queries_cancel(struct asker *a)
{
    struct queries *all = a->all;
    struct query *q = a->query;
    bool is_unused;

    list_remove(&a->node);
    if (!list_is_empty(&q->askers))
        return;
    worker_lock(&all->crew);
    is_unused = q->place == QUERY_WAITING;
    if (is_unused)
        take_back(all, q);
    worker_unlock(&all->crew);
    if (is_unused)
        all->kind->free(q);
}

/* ---- opening and closing ------------------------------------------------ */

static void wake_loop(void *owner)
{
    struct queries *all = owner;

    waker_wake(all->waker);
}

int queries_open(struct queries **ret_queries, struct loop *loop,
                 const struct queries_kind *kind, void *owner)
{
    struct queries *all = xcalloc(1, sizeof *all);
    int r = waker_open(loop, queries_on_wake, all, &all->waker);

    if (r < 0) {
        free(all);
        return r;
    }
    all->kind = kind;
    all->owner = owner;
    worker_crew_init(&all->crew, wake_loop, all);
    for (unsigned lane = 0; lane < kind->lanes; lane++)
        list_init(&all->lanes[lane]);
    list_init(&all->running);
    list_init(&all->answered);
    *ret_queries = all;
    return 0;
}

/* The lanes are empty: a query that waits has somebody who waits for it. */
void queries_close(struct queries *all)
{
    if (all == NULL)
        return;
    (void)worker_crew_end(&all->crew, END_US);
    waker_close(all->waker);
    if (!worker_crew_done(&all->crew))
        return;
    LIST_EACH (node, after, &all->answered)
        all->kind->free(query_at(node));
    free(all);
}
