/*
 * Three lists have the queries, under the crew's lock: a lane until a thread
 * takes them, running, answered until the loop fetches them. Who waits for a
 * query (query.lookups) is the loop's alone, and the answer is the thread's
 * until the query is in answered.
 *
 * A query that nobody waits for any more leaves its lane at once; a running one
 * is let run, for getaddrinfo cannot be interrupted, and its answer is dropped.
 */
#include "net/resolver.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "net/loop_private.h"
#include "net/waker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

enum lane { LANE_NUMERIC, LANE_USUAL, LANE_SLOW, LANE_COUNT };

enum {
    /* So one is left to addresses. */
    NAMES_MAX = RESOLVER_THREADS_MAX - 1,
    SLOW_MAX = NAMES_MAX / 2,
    IDLE_US = 10 * 1000 * 1000,
    /* At the program's end: for lookups that are about to return. */
    END_US = 50 * 1000,
};

/* A name that is looked up for all who have asked for it. */
struct query {
    struct list node;    /* in a lane, running or answered */
    struct list lookups; /* struct lookup.node */
    uint32_t hash;       /* of host */
    int family;
    enum lane lane;
    bool is_running; /* a thread has it, or had it */
    char host[ADDRESS_HOST_MAX + 1];
    struct resolver_answer answer;
};

struct lookup {
    struct list node;
    struct resolver *resolver;
    struct query *query;
    uint16_t port;
    resolver_done_fn *on_done;
    void *owner;
};

struct resolver {
    struct worker_crew crew;
    struct worker workers[RESOLVER_THREADS_MAX];
    struct waker *waker;
    /* under the lock: */
    struct list lanes[LANE_COUNT];
    struct list running;
    struct list answered;
    unsigned busy[LANE_COUNT]; /* threads at work for each lane */
    unsigned waiting;          /* queries in the lanes */
    unsigned idle;             /* threads without work */
};

/* ---- a thread ----------------------------------------------------------- */

static struct query *query_at(struct list *node)
{
    return CONTAINER_OF(node, struct query, node);
}

static bool is_own(const struct ifaddrs *own, const struct address *a)
{
    struct ip ip;
    struct ip other;

    if (!address_ip(a, &ip))
        return false;
    for (; own != NULL; own = own->ifa_next) {
        struct address address = { 0 };

        if (own->ifa_addr == NULL || (own->ifa_addr->sa_family != AF_INET &&
                                      own->ifa_addr->sa_family != AF_INET6))
            continue;
        address.any.sa_family = own->ifa_addr->sa_family;
        memcpy(&address, own->ifa_addr, address_len(&address));
        if (address_ip(&address, &other) && ip_is_equal(other, ip))
            return true;
    }
    return false;
}

/* Which addresses are this host's own is found out at each lookup: they come
 * and go, and asking the kernel costs little beside a name server. */
static void mark_own(struct resolver_answer *answer)
{
    struct ifaddrs *own;

    if (getifaddrs(&own) != 0) {
        answer->own_error = -errno;
        return;
    }
    for (size_t i = 0; i < answer->count; i++)
        answer->item[i].is_own = is_own(own, &answer->item[i].address);
    freeifaddrs(own);
}

static void keep_addresses(struct resolver_answer *answer,
                           const struct addrinfo *found)
{
    for (; found != NULL && answer->count < RESOLVER_ADDRESSES_MAX;
         found = found->ai_next) {
        if (found->ai_addrlen > sizeof answer->item[0].address)
            continue;
        memcpy(&answer->item[answer->count++].address, found->ai_addr,
               found->ai_addrlen);
    }
    if (answer->count == 0)
        err_set(&answer->err, "the name has no address");
    else
        mark_own(answer);
}

static void look_up(struct query *q)
{
    const struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM,
        .ai_family = q->family,
        .ai_flags = q->lane == LANE_NUMERIC ? AI_NUMERICHOST : 0,
    };
    uint64_t began_us = clock_now_us();
    struct addrinfo *found = NULL;
    int r = getaddrinfo(q->host, NULL, &hints, &found);

    if (r == 0)
        keep_addresses(&q->answer, found);
    else
        err_set(&q->answer.err, "%s",
                r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
    if (found != NULL)
        freeaddrinfo(found);
    q->answer.was_slow = clock_now_us() - began_us >= RESOLVER_SLOW_US;
}

/* Called with the lock. NULL: nothing waits, or what waits may have no more
 * threads now; a thread that is done looks again. */
static struct query *take_query(struct resolver *r)
{
    unsigned names = r->busy[LANE_USUAL] + r->busy[LANE_SLOW];
    const bool may[LANE_COUNT] = {
        [LANE_NUMERIC] = true,
        [LANE_USUAL] = names < NAMES_MAX,
        [LANE_SLOW] = names < NAMES_MAX && r->busy[LANE_SLOW] < SLOW_MAX,
    };

    for (int lane = 0; lane < LANE_COUNT; lane++) {
        struct query *q;

        if (!may[lane] || list_is_empty(&r->lanes[lane]))
            continue;
        q = query_at(r->lanes[lane].next);
        list_remove(&q->node);
        list_add_tail(&r->running, &q->node);
        q->is_running = true;
        r->waiting--;
        r->busy[lane]++;
        return q;
    }
    return NULL;
}

/* Called with the lock. NULL: the thread has nothing more to do. */
static struct query *wait_for_query(struct resolver *r)
{
    uint64_t until_us = clock_now_us() + IDLE_US;
    bool goes_on = true;

    for (;;) {
        struct query *q = r->crew.is_ending ? NULL : take_query(r);

        /* Looked at once more after the last wait: whoever asked meanwhile has
         * counted on this thread. */
        if (q != NULL || !goes_on)
            return q;
        r->idle++;
        goes_on = worker_wait_until(&r->crew, until_us);
        r->idle--;
    }
}

static void resolver_body(void *arg)
{
    struct resolver *r = arg;
    struct query *q;

    while ((q = wait_for_query(r)) != NULL) {
        worker_unlock(&r->crew);
        look_up(q);
        worker_lock(&r->crew);
        r->busy[q->lane]--;
        list_remove(&q->node);
        list_add_tail(&r->answered, &q->node);
        worker_call_owner(&r->crew);
    }
}

/* ---- the loop ----------------------------------------------------------- */

static void wake_loop(void *owner)
{
    struct resolver *r = owner;

    waker_wake(r->waker);
}

/* Behind each call another lookup of the query may be cancelled, so the first
 * one is taken until none is left. */
static void tell_all(struct query *q)
{
    while (!list_is_empty(&q->lookups)) {
        struct lookup *l = CONTAINER_OF(q->lookups.next, struct lookup, node);
        resolver_done_fn *on_done = l->on_done;
        void *owner = l->owner;

        for (size_t i = 0; i < q->answer.count; i++)
            address_set_port(&q->answer.item[i].address, l->port);
        list_remove(&l->node);
        free(l);
        on_done(owner, &q->answer);
    }
}

static void resolver_on_wake(void *owner)
{
    struct resolver *r = owner;

    worker_lock(&r->crew);
    while (!list_is_empty(&r->answered)) {
        struct query *q = query_at(r->answered.next);

        list_remove(&q->node);
        worker_unlock(&r->crew);
        tell_all(q);
        free(q);
        worker_lock(&r->crew);
    }
    worker_unlock(&r->crew);
}

static int resolver_open(struct loop *loop)
{
    struct resolver *r = xcalloc(1, sizeof *r);
    int e = waker_open(loop, resolver_on_wake, r, &r->waker);

    if (e < 0) {
        free(r);
        return e;
    }
    worker_crew_init(&r->crew, wake_loop, r);
    for (int lane = 0; lane < LANE_COUNT; lane++)
        list_init(&r->lanes[lane]);
    list_init(&r->running);
    list_init(&r->answered);
    loop->resolver = r;
    return 0;
}

static void free_queries(struct list *queries)
{
    LIST_EACH (node, after, queries)
        free(query_at(node));
}

/* Nobody has a lookup any more. Threads that still wait for a name server keep
 * what they can reach. */
void resolver_close(struct resolver *r)
{
    if (r == NULL)
        return;
    worker_lock(&r->crew);
    worker_ask_to_end(&r->crew);
    (void)worker_wait_end(&r->crew, clock_now_us() + END_US);
    worker_unlock(&r->crew);
    waker_close(r->waker);
    if (!worker_crew_done(&r->crew))
        return;
    free_queries(&r->answered);
    free(r);
}

/* FNV-1a: tells most names apart, and strcmp the others. */
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static enum lane lane_of(const struct resolver_question *question)
{
    struct in_addr v4;

    if (strchr(question->host, ':') != NULL ||
        inet_pton(AF_INET, question->host, &v4) == 1)
        return LANE_NUMERIC;
    return question->is_slow ? LANE_SLOW : LANE_USUAL;
}

static struct query *find_in(struct list *queries, const struct query *like)
{
    LIST_EACH (node, after, queries) {
        struct query *q = query_at(node);

        if (q->hash == like->hash && q->family == like->family &&
            strcmp(q->host, like->host) == 0)
            return q;
    }
    return NULL;
}

/* Called with the lock. */
static struct query *find_query(struct resolver *r, const struct query *like)
{
    struct query *q = find_in(&r->running, like);

    for (int lane = 0; lane < LANE_COUNT && q == NULL; lane++)
        q = find_in(&r->lanes[lane], like);
    return q;
}

/* Called with the lock. Someone whose lookups are not slow waits for this
 * query, too. */
static void speed_up(struct resolver *r, struct query *q, enum lane lane)
{
    if (q->is_running || lane >= q->lane)
        return;
    list_remove(&q->node);
    list_add_tail(&r->lanes[lane], &q->node);
    q->lane = lane;
}

/* Called with the lock. 0, or -errno: there is no thread at all. */
static int find_thread(struct resolver *r)
{
    int e = -EAGAIN;

    if (r->idle > 0)
        worker_wake(&r->crew);
    if (r->waiting <= r->idle)
        return 0;
    for (int i = 0; i < RESOLVER_THREADS_MAX; i++) {
        if (worker_is_running(&r->workers[i]))
            continue;
        e = worker_start(&r->workers[i], &r->crew, resolver_body, r);
        break;
    }
    return r->crew.running > 0 ? 0 : e;
}

/* Called with the lock; q is the resolver's afterwards, unless there is no
 * thread (-errno). */
static int add_query(struct resolver *r, struct query *q)
{
    int e;

    list_add_tail(&r->lanes[q->lane], &q->node);
    r->waiting++;
    e = find_thread(r);
    if (e == 0)
        return 0;
    list_remove(&q->node);
    r->waiting--;
    return e;
}

static struct query *new_query(const struct resolver_question *question)
{
    struct query *q = xcalloc(1, sizeof *q);
    size_t len = strnlen(question->host, sizeof q->host - 1);

    memcpy(q->host, question->host, len);
    q->hash = hash_of(q->host);
    q->family = question->family;
    q->lane = lane_of(question);
    list_init(&q->node);
    list_init(&q->lookups);
    return q;
}

/* The query that answers the question: one that is there, or a new one. NULL:
 * there is no thread (*ret_error). */
static struct query *join_query(struct resolver *r,
                                const struct resolver_question *question,
                                int *ret_error)
{
    struct query *q = new_query(question);
    struct query *present;

    worker_lock(&r->crew);
    present = find_query(r, q);
    if (present != NULL)
        speed_up(r, present, q->lane);
    else
        *ret_error = add_query(r, q);
    worker_unlock(&r->crew);
    if (present == NULL && *ret_error == 0)
        return q;
    free(q);
    return present;
}

struct lookup *resolver_ask(struct loop *loop,
                            const struct resolver_question *question,
                            resolver_done_fn *on_done, void *owner,
                            struct err *err)
{
    int e = loop->resolver == NULL ? resolver_open(loop) : 0;
    struct query *q = NULL;
    struct lookup *l;

    if (e == 0)
        q = join_query(loop->resolver, question, &e);
    if (q == NULL) {
        err_set(err, "no thread to look up the name: %s", strerror(-e));
        return NULL;
    }
    l = xcalloc(1, sizeof *l);
    l->resolver = loop->resolver;
    l->query = q;
    l->port = question->port;
    l->on_done = on_done;
    l->owner = owner;
    list_add_tail(&q->lookups, &l->node);
    return l;
}

void resolver_cancel(struct lookup *l)
{
    struct resolver *r = l->resolver;
    struct query *q = l->query;
    bool is_unused;

    list_remove(&l->node);
    free(l);
    if (!list_is_empty(&q->lookups))
        return;
    worker_lock(&r->crew);
    is_unused = !q->is_running;
    if (is_unused) {
        list_remove(&q->node);
        r->waiting--;
    }
    worker_unlock(&r->crew);
    if (is_unused)
        free(q);
}
