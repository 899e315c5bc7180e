/*
 * The loop's side of the hooks: settings, events and results. All of it is
 * short, with the lock or without: the thread (hooks_thread.c) never holds the
 * lock while it waits for anything.
 *
 * After each change the thread is woken, with the lock released. It looks at
 * everything when it wakes, so a wake-up needs no reason, and several at once
 * are one.
 */
#include "hook/hooks.h"

#include "base/clock.h"
#include "base/mem.h"
#include "hook/hooks_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hooks *hooks_open(const uint64_t seed[2], void (*on_news)(void *owner),
                         void *owner)
{
    struct hooks *h = xcalloc(1, sizeof *h);

    h->seed[0] = seed[0];
    h->seed[1] = seed[1];
    h->wake = -1;
    h->limit = 1;
    list_init(&h->runs);
    list_init(&h->results);
    worker_crew_init(&h->crew, on_news, owner);
    return h;
}

/* ---- hooks: with the lock --------------------------------------------- */

static struct hook *hook_new(const struct hooks *h,
                             const struct hook_spec *spec)
{
    struct hook *hook = xcalloc(1, sizeof *hook);

    hook->spec = *spec;
    hook_queue_init(&hook->queue, h->seed);
    return hook;
}

void hooks_free_hook(struct hook *hook)
{
    hook_queue_done(&hook->queue);
    free(hook);
}

/* Called with the lock. Takes the hook with this program out of former. NULL:
 * none has it. */
static struct hook *take_former(struct hook **former, size_t count,
                                const char *program)
{
    for (size_t i = 0; i < count; i++) {
        struct hook *hook = former[i];

        if (hook != NULL && strcmp(hook->spec.program, program) == 0) {
            former[i] = NULL;
            return hook;
        }
    }
    return NULL;
}

/*
 * Called with the lock. Returns how many events it has dropped. A hook that
 * stays keeps its struct: its queue keeps the waiting events, its runs count
 * towards its limit, and its throttle does not restart with each SIGHUP.
 */
static size_t set_hooks(struct hooks *h, const struct hooks_settings *settings)
{
    struct hook *former[HOOKS_MAX];
    size_t former_count = h->count;
    size_t dropped = 0;

    memcpy(former, h->hooks, sizeof former);
    h->count = settings->count;
    for (size_t i = 0; i < settings->count; i++) {
        const struct hook_spec *spec = &settings->specs[i];
        struct hook *hook = take_former(former, former_count, spec->program);

        if (hook == NULL)
            hook = hook_new(h, spec);
        hook->spec.events = spec->events;
        h->hooks[i] = hook;
    }
    for (size_t i = 0; i < former_count; i++) {
        if (former[i] == NULL)
            continue;
        dropped += hook_queue_clear(&former[i]->queue);
        former[i]->is_removed = true;
        if (former[i]->running == 0)
            hooks_free_hook(former[i]);
    }
    h->counts.dropped += dropped;
    return dropped;
}

/* ---- from the loop ---------------------------------------------------- */

int hooks_set(struct hooks *h, const struct hooks_settings *settings,
              size_t *ret_dropped)
{
    int r = 0;

    *ret_dropped = 0;
    if (settings->count > 0 && h->wake < 0)
        r = hooks_thread_start(h);
    if (r < 0)
        return r;
    worker_lock(&h->crew);
    h->limit = settings->limit;
    h->timeout_us = settings->timeout_us;
    h->wants_all = settings->wants_all;
    *ret_dropped = set_hooks(h, settings);
    worker_unlock(&h->crew);
    /* The loop's alone, so that an event that no hook wants needs no lock. */
    h->wanted = 0;
    for (size_t i = 0; i < settings->count; i++)
        h->wanted |= settings->specs[i].events;
    hooks_thread_wake(h);
    return 0;
}

bool hooks_want(const struct hooks *h, enum hook_kind kind)
{
    return h->wanted >> kind & 1;
}

void hooks_tell(struct hooks *h, const struct hook_event *event)
{
    if (!hooks_want(h, event->kind))
        return;
    worker_lock(&h->crew);
    for (size_t i = 0; i < h->count; i++) {
        if ((h->hooks[i]->spec.events >> event->kind & 1) &&
            !hook_queue_put(&h->hooks[i]->queue, event))
            h->counts.dropped++;
    }
    worker_unlock(&h->crew);
    hooks_thread_wake(h);
}

void hooks_count(struct hooks *h, struct hooks_counts *ret)
{
    worker_lock(&h->crew);
    *ret = h->counts;
    for (size_t i = 0; i < h->count; i++) {
        ret->running += h->hooks[i]->running;
        ret->waiting += h->hooks[i]->queue.waiting;
    }
    worker_unlock(&h->crew);
}

struct hook_result *hooks_take_result(struct hooks *h)
{
    struct hook_result *result = NULL;

    worker_lock(&h->crew);
    if (!list_is_empty(&h->results)) {
        result = CONTAINER_OF(h->results.next, struct hook_result, node);
        list_remove(&result->node);
        h->result_count--;
    }
    worker_unlock(&h->crew);
    return result;
}

/* The end only ever comes nearer: a second SIGTERM makes it quicker, and
 * nothing makes it later. Drops that were not reported count as dropped at the
 * end, because the thread may not report them any more. */
void hooks_end(struct hooks *h, uint64_t grace_us)
{
    uint64_t end_us = clock_now_us() + grace_us;

    worker_lock(&h->crew);
    if (!h->crew.is_ending || end_us < h->end_us)
        h->end_us = end_us;
    worker_ask_to_end(&h->crew);
    for (size_t i = 0; i < h->count; i++) {
        struct hook_queue *queue = &h->hooks[i]->queue;

        h->dropped += hook_queue_clear(queue) + queue->dropped;
        queue->dropped = 0;
    }
    h->wanted = 0;
    worker_unlock(&h->crew);
    hooks_thread_wake(h);
}

/* True when the thread's last call of on_news asks: worker_run calls it and
 * counts the thread as ended without releasing the lock in between. */
bool hooks_have_ended(struct hooks *h)
{
    bool have_ended;

    worker_lock(&h->crew);
    have_ended = h->crew.running == 0;
    worker_unlock(&h->crew);
    return have_ended;
}

size_t hooks_close(struct hooks *h, uint64_t wait_us)
{
    size_t dropped;

    worker_lock(&h->crew);
    (void)worker_wait_end(&h->crew, clock_now_us() + wait_us);
    dropped = h->dropped;
    worker_unlock(&h->crew);
    return dropped;
}

/* A thread may hang in a program that not even SIGKILL ends, or in a disk from
 * which one is started. It then keeps all of h. */
void hooks_free(struct hooks *h)
{
    if (h == NULL)
        return;
    if (!worker_crew_done(&h->crew))
        return;
    LIST_EACH (node, after, &h->results)
        free(CONTAINER_OF(node, struct hook_result, node));
    for (size_t i = 0; i < h->count; i++)
        hooks_free_hook(h->hooks[i]);
    if (h->wake >= 0)
        close(h->wake);
    free(h);
}
