/*
 * A query is an account that is asked about, for all who have asked. Where it
 * is: waiting for a thread, running, or answered, until the loop fetches it
 * (these lists are under the crew's lock); then kept, which is the loop's
 * alone. An answer that is kept goes back to answered for whoever asks, so that
 * everybody is answered in a later turn.
 *
 * Who waits (query.lookups) is the loop's alone; the answer is the thread's
 * while the query is running.
 */
#include "auth/groups.h"

#include "auth/account_lookup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "net/waker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_US = 10 * 1000 * 1000,
    /* At the program's end: for lookups that are about to return. */
    END_US = 50 * 1000,
};

enum query_place { QUERY_WAITING, QUERY_RUNNING, QUERY_ANSWERED, QUERY_KEPT };

struct query {
    struct list node;    /* in the list of its place */
    struct list lookups; /* struct groups_lookup.node */
    enum query_place place;
    bool is_by_name;
    uid_t uid;
    char name[PRINCIPAL_NAME_MAX];
    struct groups_answer answer;
    uint64_t answered_us;
};

struct groups_lookup {
    struct list node;
    struct groups *all;
    struct query *query;
    groups_done_fn *on_done;
    void *owner;
};

struct groups {
    struct waker *waker;
    uid_t keeper;
    struct list kept;
    unsigned kept_count;
    struct worker workers[GROUPS_THREADS_MAX];

    struct worker_crew crew; /* its lock protects all members below */
    struct list waiting, running, answered;
    unsigned waiting_count;
    unsigned asked; /* queries that wait or run */
    unsigned idle;  /* threads */
};

static struct query *query_at(struct list *node)
{
    return CONTAINER_OF(node, struct query, node);
}

static void query_free(struct query *q)
{
    account_lookup_done(&q->answer);
    free(q);
}

static void move(struct query *q, struct list *to, enum query_place place)
{
    list_remove(&q->node);
    list_add_tail(to, &q->node);
    q->place = place;
}

/* ---- the threads -------------------------------------------------------- */

/* Called with the lock. NULL: the thread has nothing more to do. */
static struct query *wait_for_query(struct groups *all)
{
    uint64_t until_us = clock_now_us() + IDLE_US;
    bool goes_on = true;

    while (list_is_empty(&all->waiting) && goes_on) {
        all->idle++;
        goes_on = worker_wait_until(&all->crew, until_us);
        all->idle--;
    }
    /* Looked at once more after the last wait: whoever asked meanwhile has
     * counted on this thread. */
    return list_is_empty(&all->waiting) || all->crew.is_ending
               ? NULL
               : query_at(all->waiting.next);
}

static void groups_body(void *arg)
{
    struct groups *all = arg;
    struct query *q;

    while ((q = wait_for_query(all)) != NULL) {
        move(q, &all->running, QUERY_RUNNING);
        all->waiting_count--;
        worker_unlock(&all->crew);
        account_lookup(q->is_by_name ? q->name : NULL, q->uid, &q->answer);
        worker_lock(&all->crew);
        q->answered_us = clock_now_us();
        move(q, &all->answered, QUERY_ANSWERED);
        all->asked--;
        worker_call_owner(&all->crew);
    }
}

/* Called with the lock. 0, or -errno: there is no thread at all. */
static int find_thread(struct groups *all)
{
    int r = 0;

    if (all->idle > 0)
        worker_wake(&all->crew);
    /* A thread that was woken may still count as idle. */
    if (all->waiting_count <= all->idle)
        return 0;
    for (int i = 0; i < GROUPS_THREADS_MAX; i++) {
        if (worker_is_running(&all->workers[i]))
            continue;
        r = worker_start(&all->workers[i], &all->crew, groups_body, all);
        break;
    }
    return all->crew.running > 0 ? 0 : r;
}

/* ---- answers ------------------------------------------------------------ */

static bool is_old(const struct query *q, uint64_t now_us)
{
    return now_us - q->answered_us >= GROUPS_KEPT_US;
}

static void drop(struct groups *all, struct query *q)
{
    list_remove(&q->node);
    all->kept_count--;
    query_free(q);
}

/* A failure is told, and not kept: whoever asks next may have an answer. */
static void keep(struct groups *all, struct query *q)
{
    if (q->answer.outcome == GROUPS_FAILED || is_old(q, clock_now_us())) {
        query_free(q);
        return;
    }
    if (all->kept_count >= GROUPS_KEPT_MAX)
        drop(all, query_at(all->kept.next));
    move(q, &all->kept, QUERY_KEPT);
    all->kept_count++;
}

/* Behind each call another lookup of the query may be cancelled, so the first
 * one is taken until none is left. */
static void tell_all(struct query *q)
{
    while (!list_is_empty(&q->lookups)) {
        struct groups_lookup *l =
            CONTAINER_OF(q->lookups.next, struct groups_lookup, node);
        groups_done_fn *on_done = l->on_done;
        void *owner = l->owner;

        list_remove(&l->node);
        free(l);
        on_done(owner, &q->answer);
    }
}

/* The query stays in no list while it is told of: whoever is told and asks
 * again gets another query. */
static void groups_on_wake(void *owner)
{
    struct groups *all = owner;

    worker_lock(&all->crew);
    while (!list_is_empty(&all->answered)) {
        struct query *q = query_at(all->answered.next);

        list_remove(&q->node);
        worker_unlock(&all->crew);
        tell_all(q);
        keep(all, q);
        worker_lock(&all->crew);
    }
    worker_unlock(&all->crew);
}

/* ---- questions ---------------------------------------------------------- */

static bool is_same(const struct query *a, const struct query *b)
{
    return a->is_by_name == b->is_by_name &&
           (a->is_by_name ? strcmp(a->name, b->name) == 0 : a->uid == b->uid);
}

static struct query *find_in(struct list *queries, const struct query *like)
{
    LIST_EACH (node, after, queries) {
        if (is_same(query_at(node), like))
            return query_at(node);
    }
    return NULL;
}

/* Answers that are too old are dropped on the way. */
static struct query *take_kept(struct groups *all, const struct query *like)
{
    uint64_t now_us = clock_now_us();

    LIST_EACH (node, after, &all->kept) {
        struct query *q = query_at(node);

        if (is_old(q, now_us)) {
            drop(all, q);
        } else if (is_same(q, like)) {
            list_remove(&q->node);
            all->kept_count--;
            return q;
        }
    }
    return NULL;
}

/* Called with the lock. */
static struct query *find_asked(struct groups *all, const struct query *like)
{
    struct query *q = find_in(&all->waiting, like);

    if (q == NULL)
        q = find_in(&all->running, like);
    return q != NULL ? q : find_in(&all->answered, like);
}

/* Called with the lock, for a query that waits. */
static void take_back(struct groups *all, struct query *q)
{
    list_remove(&q->node);
    all->waiting_count--;
    all->asked--;
}

/* Called with the lock. NULL: it cannot be asked; err has the reason. */
static struct query *ask_new(struct groups *all, const struct query *like,
                             struct err *err)
{
    struct query *q;
    int r;

    if (all->asked >= GROUPS_WAITING_MAX) {
        err_set(err, "too many accounts are looked up");
        return NULL;
    }
    q = xmalloc(sizeof *q);
    *q = *like;
    list_init(&q->node);
    list_init(&q->lookups);
    move(q, &all->waiting, QUERY_WAITING);
    all->waiting_count++;
    all->asked++;
    r = find_thread(all);
    if (r == 0)
        return q;
    err_set(err, "no thread to look the account up: %s", strerror(-r));
    take_back(all, q);
    free(q);
    return NULL;
}

static struct query *find_or_ask(struct groups *all, const struct query *like,
                                 struct err *err)
{
    struct query *kept = take_kept(all, like);
    struct query *q = kept;

    worker_lock(&all->crew);
    if (kept != NULL)
        move(kept, &all->answered, QUERY_ANSWERED);
    else
        q = find_asked(all, like);
    if (q == NULL)
        q = ask_new(all, like, err);
    worker_unlock(&all->crew);
    if (kept != NULL)
        waker_wake(all->waker);
    return q;
}

static struct groups_lookup *ask(struct groups *all, const struct query *like,
                                 groups_done_fn *on_done, void *owner,
                                 struct err *err)
{
    struct query *q = find_or_ask(all, like, err);
    struct groups_lookup *l;

    if (q == NULL)
        return NULL;
    l = xcalloc(1, sizeof *l);
    *l = (struct groups_lookup){
        .all = all, .query = q, .on_done = on_done, .owner = owner
    };
    list_add_tail(&q->lookups, &l->node);
    return l;
}

struct groups_lookup *groups_ask_name(struct groups *all, const char *name,
                                      groups_done_fn *on_done, void *owner,
                                      struct err *err)
{
    struct query like = { .is_by_name = true };

    if (strlen(name) >= sizeof like.name) {
        err_set(err, "the name is too long");
        return NULL;
    }
    snprintf(like.name, sizeof like.name, "%s", name);
    return ask(all, &like, on_done, owner, err);
}

struct groups_lookup *groups_ask_uid(struct groups *all, uid_t uid,
                                     groups_done_fn *on_done, void *owner,
                                     struct err *err)
{
    const struct query like = { .uid = uid };

    return ask(all, &like, on_done, owner, err);
}

/* A query that runs goes on: its answer is kept for the next who asks. */
void groups_cancel(struct groups_lookup *l)
{
    struct groups *all = l->all;
    struct query *q = l->query;
    bool is_unused;

    list_remove(&l->node);
    free(l);
    if (!list_is_empty(&q->lookups))
        return;
    worker_lock(&all->crew);
    is_unused = q->place == QUERY_WAITING;
    if (is_unused)
        take_back(all, q);
    worker_unlock(&all->crew);
    if (is_unused)
        query_free(q);
}

void groups_forget(struct groups *all)
{
    LIST_EACH (node, after, &all->kept)
        drop(all, query_at(node));
}

/* ---- principals --------------------------------------------------------- */

static struct principal *person_of(struct principal *p)
{
    if (p->proof == PROOF_TOKEN)
        return p->owner != NULL && p->owner->name != NULL ? p->owner : NULL;
    return p->proof == PROOF_UID || p->proof == PROOF_PASSWORD ? p : NULL;
}

const struct principal *groups_person(const struct principal *p)
{
    return person_of((struct principal *)p);
}

bool groups_is_keeper(const struct groups *all, uid_t uid)
{
    return uid == 0 || uid == all->keeper;
}

static bool has_groups(const struct principal *p,
                       const struct groups_answer *answer)
{
    if (p->group_count != answer->count)
        return false;
    for (size_t i = 0; i < answer->count; i++) {
        if (!principal_has_group(p, answer->group[i]))
            return false;
    }
    return true;
}

bool groups_give(const struct groups *all, const struct groups_answer *answer,
                 struct principal *p)
{
    struct principal *person = person_of(p);
    bool is_keeper;

    if (person == NULL || answer->outcome == GROUPS_FAILED)
        return false;
    if (answer->outcome == GROUPS_NO_ACCOUNT && person != p) {
        principal_done(p->owner);
        free(p->owner);
        p->owner = NULL;
        return true;
    }
    is_keeper = answer->outcome == GROUPS_FOUND
                    ? groups_is_keeper(all, answer->uid)
                    : person->is_keeper;
    if (is_keeper == person->is_keeper && has_groups(person, answer))
        return false;
    person->is_keeper = is_keeper;
    principal_set_groups(person, answer->group, answer->count);
    return true;
}

/* ---- opening and closing ------------------------------------------------ */

static void wake_loop(void *owner)
{
    struct groups *all = owner;

    waker_wake(all->waker);
}

int groups_open(struct groups **ret_groups, struct loop *loop, uid_t keeper)
{
    struct groups *all = xcalloc(1, sizeof *all);
    int r = waker_open(loop, groups_on_wake, all, &all->waker);

    if (r < 0) {
        free(all);
        return r;
    }
    all->keeper = keeper;
    worker_crew_init(&all->crew, wake_loop, all);
    list_init(&all->kept);
    list_init(&all->waiting);
    list_init(&all->running);
    list_init(&all->answered);
    *ret_groups = all;
    return 0;
}

static void free_queries(struct list *queries)
{
    LIST_EACH (node, after, queries)
        query_free(query_at(node));
}

/* Threads that still wait for a directory server keep what they can reach. */
void groups_close(struct groups *all)
{
    if (all == NULL)
        return;
    worker_lock(&all->crew);
    worker_ask_to_end(&all->crew);
    (void)worker_wait_end(&all->crew, clock_now_us() + END_US);
    worker_unlock(&all->crew);
    waker_close(all->waker);
    if (!worker_crew_done(&all->crew))
        return;
    free_queries(&all->kept);
    free_queries(&all->waiting);
    free_queries(&all->answered);
    free(all);
}
