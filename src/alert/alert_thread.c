#include "alert/alert_thread.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"

#include <stdlib.h>

enum order_kind { PUT, USE, APPLY, VM, REMOVE };

struct order {
    struct order *next;
    struct alert_target *target;
    struct alert_rules *rules; /* of USE */
    uint64_t position;         /* of PUT */
    size_t len;
    enum order_kind kind;
    bool is_there;  /* of VM */
    uint8_t data[]; /* of PUT and APPLY */
};

/* First in, first out. */
struct orders {
    struct order *first;
    struct order **end;
};

/* Orders that are taken with one look at the lock. */
enum { TAKEN_MAX = 64 };

struct alert_thread {
    struct worker worker;

    /* The thread's. */
    struct alert_matcher *matcher;
    struct list made; /* finds */
    size_t made_count;
    struct list removed; /* targets */

    struct worker_crew crew; /* its lock protects all members below */
    struct orders orders;
    size_t waiting; /* bytes of PUT */
    struct list finds;
    size_t find_count;
    struct list targets;
    bool someone_waits; /* for room */
};

static void orders_init(struct orders *orders)
{
    orders->first = NULL;
    orders->end = &orders->first;
}

static void orders_add(struct orders *orders, struct order *order)
{
    order->next = NULL;
    *orders->end = order;
    orders->end = &order->next;
}

/* NULL: there is none. */
static struct order *orders_take(struct orders *orders)
{
    struct order *order = orders->first;

    if (order == NULL)
        return NULL;
    orders->first = order->next;
    if (orders->first == NULL)
        orders->end = &orders->first;
    return order;
}

/* ---- the thread --------------------------------------------------------- */

static void alert_thread_on_find(void *owner, struct alert_find *find)
{
    struct alert_thread *t = owner;

    list_add_tail(&t->made, &find->node);
    t->made_count++;
}

static struct alert_subject *subject_of(struct alert_thread *t,
                                        struct alert_target *target)
{
    if (target->subject == NULL)
        target->subject = alert_subject_new(t->matcher, target);
    return target->subject;
}

static void obey(struct alert_thread *t, struct order *order, uint64_t now_us)
{
    struct alert_target *target = order->target;

    switch (order->kind) {
    case PUT:
        alert_matcher_feed(t->matcher, target->subject,
                           slice_of(order->data, order->len), order->position,
                           now_us);
        break;
    case USE:
        if (alert_matcher_use(t->matcher, order->rules) < 0)
            mem_end();
        break;
    case APPLY:
        alert_subject_apply(t->matcher, subject_of(t, target), order->data);
        break;
    case VM:
        alert_matcher_vm(t->matcher, target->subject, order->is_there, now_us);
        break;
    case REMOVE:
        alert_subject_free(t->matcher, target->subject);
        target->subject = NULL;
        list_add_tail(&t->removed, &target->node);
        break;
    }
}

/* Called with the lock. */
static void hand_over(struct alert_thread *t)
{
    bool has_news = !list_is_empty(&t->made) || !list_is_empty(&t->removed);

    list_move_all(&t->made, &t->finds);
    t->find_count += t->made_count;
    t->made_count = 0;
    list_move_all(&t->removed, &t->targets);
    if (t->someone_waits && t->waiting <= ALERT_THREAD_BYTES / 2) {
        t->someone_waits = false;
        has_news = true;
    }
    if (has_news)
        worker_call_owner(&t->crew);
    while (t->find_count >= ALERT_THREAD_FINDS && worker_wait(&t->crew))
        ;
}

/* Called with the lock. */
static void take_orders(struct alert_thread *t, struct orders *taken)
{
    struct order *order;

    orders_init(taken);
    for (int i = 0; i < TAKEN_MAX && (order = orders_take(&t->orders)) != NULL;
         i++)
        orders_add(taken, order);
}

/* Without the lock. Returns the bytes that were looked at. */
static size_t obey_all(struct alert_thread *t, struct orders *taken)
{
    uint64_t now_us = clock_now_us();
    struct order *order;
    size_t len = 0;

    while ((order = orders_take(taken)) != NULL) {
        obey(t, order, now_us);
        if (order->kind == PUT)
            len += order->len;
        free(order);
    }
    alert_matcher_fire(t->matcher, clock_now_us());
    return len;
}

/* Called with the lock. */
static void wait_for_orders(struct alert_thread *t)
{
    uint64_t due_us = alert_matcher_due(t->matcher);

    while (t->orders.first == NULL && !t->crew.is_ending) {
        if (due_us == UINT64_MAX)
            (void)worker_wait(&t->crew);
        else if (!worker_wait_until(&t->crew, due_us))
            return;
    }
}

static void alert_thread_run(void *arg)
{
    struct alert_thread *t = arg;

    while (!t->crew.is_ending) {
        struct orders taken;
        size_t len;

        wait_for_orders(t);
        take_orders(t, &taken);
        worker_unlock(&t->crew);
        len = obey_all(t, &taken);
        worker_lock(&t->crew);
        t->waiting -= len;
        hand_over(t);
    }
}

/* ---- opening and closing ------------------------------------------------ */

static void free_orders(struct orders *orders)
{
    struct order *order;

    while ((order = orders_take(orders)) != NULL) {
        alert_rules_leave(order->rules);
        free(order);
    }
}

static void free_finds(struct list *finds)
{
    while (!list_is_empty(finds)) {
        struct alert_find *find =
            CONTAINER_OF(finds->next, struct alert_find, node);

        list_remove(&find->node);
        alert_find_free(find);
    }
}

int alert_thread_open(struct alert_thread **ret_thread,
                      void (*wake)(void *owner), void *owner)
{
    struct alert_thread *t = xcalloc(1, sizeof *t);
    int r;

    t->matcher = alert_matcher_new(alert_thread_on_find, t);
    list_init(&t->made);
    list_init(&t->removed);
    orders_init(&t->orders);
    list_init(&t->finds);
    list_init(&t->targets);
    worker_crew_init(&t->crew, wake, owner);
    worker_lock(&t->crew);
    r = worker_start(&t->worker, &t->crew, alert_thread_run, t);
    worker_unlock(&t->crew);
    if (r == 0) {
        *ret_thread = t;
        return 0;
    }
    (void)worker_crew_done(&t->crew);
    alert_matcher_free(t->matcher);
    free(t);
    return r;
}

bool alert_thread_close(struct alert_thread *t, uint64_t wait_us)
{
    if (t == NULL)
        return true;
    (void)worker_crew_end(&t->crew, wait_us);
    if (!worker_crew_done(&t->crew))
        return false;
    free_orders(&t->orders);
    free_finds(&t->made);
    free_finds(&t->finds);
    alert_matcher_free(t->matcher);
    free(t);
    return true;
}

/* ---- from the loop ------------------------------------------------------ */

static struct order *new_order(enum order_kind kind,
                               struct alert_target *target, size_t len)
{
    struct order *order = xmalloc(sizeof *order + len);

    *order = (struct order){ .kind = kind, .target = target, .len = len };
    return order;
}

static void put(struct alert_thread *t, struct order *order)
{
    worker_lock(&t->crew);
    if (t->orders.first == NULL)
        worker_wake(&t->crew);
    orders_add(&t->orders, order);
    if (order->kind == PUT)
        t->waiting += order->len;
    worker_unlock(&t->crew);
}

static bool has_room(struct alert_thread *t, size_t len)
{
    bool has_room;

    worker_lock(&t->crew);
    has_room = t->waiting + len <= ALERT_THREAD_BYTES;
    t->someone_waits |= !has_room;
    worker_unlock(&t->crew);
    return has_room;
}

bool alert_thread_put(struct alert_thread *t, struct alert_target *target,
                      const struct ring_span *span, size_t len,
                      uint64_t position)
{
    size_t first = span->part[0].len < len ? span->part[0].len : len;
    struct order *order;

    if (!has_room(t, len))
        return false;
    order = new_order(PUT, target, len);
    order->position = position;
    memcpy(order->data, span->part[0].data, first);
    if (len > first)
        memcpy(order->data + first, span->part[1].data, len - first);
    put(t, order);
    return true;
}

void alert_thread_use(struct alert_thread *t, struct alert_rules *rules)
{
    struct order *order = new_order(USE, NULL, 0);

    order->rules = rules;
    put(t, order);
}

void alert_thread_apply(struct alert_thread *t, struct alert_target *target,
                        const uint8_t *bits, size_t len)
{
    struct order *order = new_order(APPLY, target, len);

    memcpy(order->data, bits, len);
    put(t, order);
}

void alert_thread_vm(struct alert_thread *t, struct alert_target *target,
                     bool is_there)
{
    struct order *order = new_order(VM, target, 0);

    order->is_there = is_there;
    put(t, order);
}

void alert_thread_remove(struct alert_thread *t, struct alert_target *target)
{
    put(t, new_order(REMOVE, target, 0));
}

void alert_thread_take(struct alert_thread *t, struct list *finds,
                       struct list *targets)
{
    worker_lock(&t->crew);
    list_move_all(&t->finds, finds);
    if (t->find_count >= ALERT_THREAD_FINDS)
        worker_wake(&t->crew);
    t->find_count = 0;
    list_move_all(&t->targets, targets);
    worker_unlock(&t->crew);
}

uint64_t alert_thread_waiting(struct alert_thread *t)
{
    uint64_t waiting;

    worker_lock(&t->crew);
    waiting = t->waiting;
    worker_unlock(&t->crew);
    return waiting;
}
