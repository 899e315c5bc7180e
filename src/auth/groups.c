/*
 * A query is an account that is asked about (net/queries.h). Its answer is kept
 * when all who asked were told, and goes back to the queries for whoever asks
 * later, so that everybody is answered in a later turn.
 */
#include "auth/groups.h"

#include "auth/account_lookup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/queries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct account_query {
    struct query query;
    bool is_by_name;
    uid_t uid;
    char name[PRINCIPAL_NAME_MAX];
    struct groups_answer answer;
    uint64_t answered_us;
    struct list kept_node; /* in groups.kept */
};

struct groups_lookup {
    struct asker asker;
    groups_done_fn *on_done;
    void *owner;
};

struct groups {
    struct queries *queries;
    uid_t keeper;
    struct list kept; /* answers, in the order of their last use */
    unsigned kept_count;
};

static struct account_query *account_query_of(struct query *q)
{
    return CONTAINER_OF(q, struct account_query, query);
}

static void account_query_free(struct query *query)
{
    struct account_query *q = account_query_of(query);

    account_lookup_done(&q->answer);
    free(q);
}

/* On a thread. */
static void look_up(struct query *query)
{
    struct account_query *q = account_query_of(query);

    account_lookup(q->is_by_name ? q->name : NULL, q->uid, &q->answer);
    q->answered_us = clock_now_us();
}

static bool is_same(const struct query *a, const struct query *b)
{
    const struct account_query *q = (const struct account_query *)a;
    const struct account_query *like = (const struct account_query *)b;

    return q->is_by_name == like->is_by_name &&
           (q->is_by_name ? strcmp(q->name, like->name) == 0
                          : q->uid == like->uid);
}

/* ---- answers ------------------------------------------------------------ */

static void tell(struct asker *a, struct query *q)
{
    struct groups_lookup *l = CONTAINER_OF(a, struct groups_lookup, asker);
    groups_done_fn *on_done = l->on_done;
    void *owner = l->owner;

    free(l);
    on_done(owner, &account_query_of(q)->answer);
}

static struct account_query *kept_at(struct list *node)
{
    return CONTAINER_OF(node, struct account_query, kept_node);
}

static bool is_old(const struct account_query *q, uint64_t now_us)
{
    return now_us - q->answered_us >= GROUPS_KEPT_US;
}

static void take_out(struct groups *all, struct account_query *q)
{
    list_remove(&q->kept_node);
    all->kept_count--;
}

static void drop(struct groups *all, struct account_query *q)
{
    take_out(all, q);
    account_query_free(&q->query);
}

/* A failure is told, and not kept: whoever asks next may have an answer. */
static void keep(void *owner, struct query *query)
{
    struct groups *all = owner;
    struct account_query *q = account_query_of(query);

    if (q->answer.outcome == GROUPS_FAILED || is_old(q, clock_now_us())) {
        account_query_free(query);
        return;
    }
    if (all->kept_count >= GROUPS_KEPT_MAX)
        drop(all, kept_at(all->kept.next));
    list_add_tail(&all->kept, &q->kept_node);
    all->kept_count++;
}

/* Answers that are too old are dropped on the way. */
static struct account_query *take_kept(struct groups *all,
                                       const struct account_query *like)
{
    uint64_t now_us = clock_now_us();

    LIST_EACH (node, after, &all->kept) {
        struct account_query *q = kept_at(node);

        if (is_old(q, now_us)) {
            drop(all, q);
        } else if (is_same(&q->query, &like->query)) {
            take_out(all, q);
            return q;
        }
    }
    return NULL;
}

/* ---- questions ---------------------------------------------------------- */

static const struct queries_kind kind = {
    .lanes = 1,
    .threads_max = { GROUPS_THREADS_MAX },
    .asked_max = GROUPS_WAITING_MAX,
    .is_same = is_same,
    .answer = look_up,
    .tell = tell,
    .on_told = keep,
    .free = account_query_free,
};

/* 0 or -errno. */
static int ask_for(struct groups *all, const struct account_query *like,
                   struct asker *a)
{
    struct account_query *q = take_kept(all, like);

    if (q != NULL) {
        queries_answer(all->queries, &q->query, a);
        return 0;
    }
    q = xmalloc(sizeof *q);
    *q = *like;
    query_init(&q->query, 0);
    list_init(&q->kept_node);
    return queries_ask(all->queries, &q->query, a);
}

static struct groups_lookup *ask(struct groups *all,
                                 const struct account_query *like,
                                 groups_done_fn *on_done, void *owner,
                                 struct err *err)
{
    struct groups_lookup *l = xcalloc(1, sizeof *l);
    int r;

    l->on_done = on_done;
    l->owner = owner;
    r = ask_for(all, like, &l->asker);
    if (r == 0)
        return l;
    free(l);
    if (r == -EBUSY)
        err_set(err, "too many accounts are looked up");
    else
        err_set(err, "no thread to look the account up: %s", strerror(-r));
    return NULL;
}

struct groups_lookup *groups_ask_name(struct groups *all, const char *name,
                                      groups_done_fn *on_done, void *owner,
                                      struct err *err)
{
    struct account_query like = { .is_by_name = true };

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
    const struct account_query like = { .uid = uid };

    return ask(all, &like, on_done, owner, err);
}

/* A query that runs goes on: its answer is kept for the next who asks. */
void groups_cancel(struct groups_lookup *l)
{
    queries_cancel(&l->asker);
    free(l);
}

void groups_forget(struct groups *all)
{
    LIST_EACH (node, after, &all->kept)
        drop(all, kept_at(node));
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

int groups_open(struct groups **ret_groups, struct loop *loop, uid_t keeper)
{
    struct groups *all = xcalloc(1, sizeof *all);
    int r = queries_open(&all->queries, loop, &kind, all);

    if (r < 0) {
        free(all);
        return r;
    }
    all->keeper = keeper;
    list_init(&all->kept);
    *ret_groups = all;
    return 0;
}

void groups_close(struct groups *all)
{
    if (all == NULL)
        return;
    queries_close(all->queries);
    groups_forget(all);
    free(all);
}
