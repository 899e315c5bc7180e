#include "hook/hooks.h"

#include "base/mem.h"
#include "base/throttle.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    US_PER_S = 1000 * 1000,
    END_KILL_GRACE_US = 500 * 1000,
    /* How often it is told that events are dropped. */
    DROPS_TOLD_US = 60 * US_PER_S,
    /* Results that the loop has not taken; what comes beyond is not told of.
     * It takes them all in each turn. */
    RESULTS_MAX = 1000,
    /* Of all hooks, with those that are none any more. */
    RUNS_MAX = HOOKS_MAX * HOOKS_LIMIT_MAX,
    POLL_MAX = 1 + 2 * RUNS_MAX,
};

struct hook {
    struct hook_spec spec;
    struct hook_queue queue;
    unsigned running;
    bool is_removed; /* it goes with its last program */
    uint64_t drops_told_us;
    struct throttle failures;
};

/* A program under way: the thread's. */
struct run {
    struct list node;
    struct hook *hook;
    struct hook_job *job;
    struct hook_process process;
    bool is_cut;
};

struct hooks {
    uint64_t seed[2];
    void (*on_news)(void *owner);
    void *owner;
    unsigned wanted; /* the loop's: events of all hooks */
    bool has_thread; /* the same */
    pthread_t thread;
    int wake; /* eventfd */

    struct list runs; /* the thread's, and its place for polling them */
    size_t run_count;
    bool has_cut;
    uint64_t cut_us;
    struct pollfd polled[POLL_MAX];

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    struct hook *hooks[HOOKS_MAX];
    size_t count;
    unsigned limit;
    uint64_t timeout_us;
    bool wants_all;
    struct list results;
    size_t result_count;
    size_t dropped; /* at the end */
    bool is_ending;
    bool is_closing;
    bool has_ended;
    uint64_t end_us; /* is_ending: what runs then has SIGTERM */
};

/* ---- results: with the lock ------------------------------------------- */

static struct hook_result *add_result(struct hooks *h, const struct hook *hook,
                                      enum hook_outcome outcome)
{
    struct hook_result *result;

    if (h->result_count >= RESULTS_MAX)
        return NULL;
    result = xcalloc(1, sizeof *result);
    result->outcome = outcome;
    memcpy(result->program, hook->spec.program, sizeof result->program);
    list_add_tail(&h->results, &result->node);
    h->result_count++;
    return result;
}

/* end NULL: it was not started. */
static void report(struct hooks *h, const struct run *run, int error,
                   const struct hook_end *end)
{
    bool has_failed = end == NULL || end->status != 0 || end->is_timed_out;
    const struct hook_event *event = run->job->event;
    struct hook_result *result;
    uint32_t others = 0;

    if (has_failed
            ? !throttle_passes(&run->hook->failures, clock_now_us(), &others)
            : !h->wants_all)
        return;
    result =
        add_result(h, run->hook, end != NULL ? HOOK_ENDED : HOOK_NOT_STARTED);
    if (result == NULL)
        return;
    result->kind = event->kind;
    if (event->text[HOOK_CONSOLE] != NULL)
        snprintf(result->console, sizeof result->console, "%s",
                 event->text[HOOK_CONSOLE]);
    result->error = error;
    result->others = others;
    if (end == NULL)
        return;
    result->end = *end;
    result->is_cut = run->is_cut && end->is_timed_out;
}

/* When there is something to tell of this; UINT64_MAX: nothing. */
static uint64_t report_drops(struct hooks *h, uint64_t now_us)
{
    uint64_t next_us = UINT64_MAX;

    for (size_t i = 0; i < h->count; i++) {
        struct hook *hook = h->hooks[i];
        uint64_t due_us = hook->drops_told_us + DROPS_TOLD_US;
        struct hook_result *result;

        if (hook->queue.dropped == 0)
            continue;
        if (hook->drops_told_us != 0 && now_us < due_us) {
            next_us = due_us < next_us ? due_us : next_us;
            continue;
        }
        result = add_result(h, hook, HOOK_DROPPED);
        if (result != NULL)
            result->count = hook->queue.dropped;
        hook->queue.dropped = 0;
        hook->drops_told_us = now_us;
    }
    return next_us;
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

static void hook_free(struct hook *hook)
{
    hook_queue_done(&hook->queue);
    free(hook);
}

static void end_run(struct run *run)
{
    struct hook *hook = run->hook;

    hook_queue_end(&hook->queue, run->job);
    hook->running--;
    if (hook->is_removed && hook->running == 0)
        hook_free(hook);
    free(run);
}

/* ---- the thread ------------------------------------------------------- */

/* With the lock, which is given back while the program is started: that waits
 * for the disk it is on. */
static void start_one(struct hooks *h, struct hook *hook, struct hook_job *job)
{
    struct run *run = xcalloc(1, sizeof *run);
    uint64_t timeout_us = h->timeout_us;
    int r;

    run->hook = hook;
    run->job = job;
    hook->running++;
    pthread_mutex_unlock(&h->lock);
    r = hook_process_start(&run->process, hook->spec.program, job->event,
                           clock_now_us(), timeout_us);
    pthread_mutex_lock(&h->lock);
    if (r < 0) {
        report(h, run, -r, NULL);
        end_run(run);
        return;
    }
    list_add_tail(&h->runs, &run->node);
    h->run_count++;
}

/* With the lock: each hook may start as many at once as may run, so that one
 * whose program is missing does not take all the time. True: there are more. */
static bool start_some(struct hooks *h)
{
    bool are_more = false;

    for (size_t i = 0; i < h->count && !h->is_ending; i++) {
        unsigned started = 0;

        /* While one is started the hooks may become others. */
        while (i < h->count && !h->is_ending && h->run_count < RUNS_MAX &&
               h->hooks[i]->running < h->limit) {
            struct hook_job *job = hook_queue_take(&h->hooks[i]->queue);

            if (job == NULL)
                break;
            start_one(h, h->hooks[i], job);
            if (++started == h->limit) {
                are_more = true;
                break;
            }
        }
    }
    return are_more;
}

/* With the lock: the end has come, or has come nearer. */
static void cut_runs(struct hooks *h)
{
    if (!h->is_ending || (h->has_cut && h->cut_us == h->end_us))
        return;
    h->has_cut = true;
    h->cut_us = h->end_us;
    LIST_EACH (node, after, &h->runs) {
        struct run *run = CONTAINER_OF(node, struct run, node);

        if (run->process.stage == HOOK_KILLED ||
            run->process.due_us <= h->cut_us)
            continue;
        run->process.due_us = h->cut_us;
        run->is_cut = true;
    }
}

static void finish_run(struct hooks *h, struct run *run)
{
    struct hook_end end;

    hook_process_finish(&run->process, clock_now_us(), &end);
    list_remove(&run->node);
    h->run_count--;
    pthread_mutex_lock(&h->lock);
    report(h, run, 0, &end);
    end_run(run);
    pthread_mutex_unlock(&h->lock);
}

/* Until something happens, or it is that time. */
static size_t wait_for_news(struct hooks *h, uint64_t until_us)
{
    uint64_t now_us = clock_now_us();
    size_t count = 0;
    int ms = -1;

    h->polled[count++] = (struct pollfd){ .fd = h->wake, .events = POLLIN };
    LIST_EACH (node, after, &h->runs) {
        struct hook_process *p = &CONTAINER_OF(node, struct run, node)->process;

        h->polled[count++] =
            (struct pollfd){ .fd = p->pidfd, .events = POLLIN };
        if (p->output >= 0)
            h->polled[count++] =
                (struct pollfd){ .fd = p->output, .events = POLLIN };
        if (p->due_us < until_us)
            until_us = p->due_us;
    }
    if (until_us <= now_us)
        ms = 0;
    else if (until_us - now_us < (uint64_t)US_PER_S * 1000)
        ms = (int)((until_us - now_us) / 1000) + 1;
    else if (until_us != UINT64_MAX)
        ms = US_PER_S;
    if (poll(h->polled, count, ms) < 0)
        return 0; /* no memory in the kernel: it is tried again */
    return count;
}

static void attend(struct hooks *h, size_t polled)
{
    uint64_t kill_grace_us =
        h->has_cut ? END_KILL_GRACE_US : HOOK_KILL_GRACE_US;
    uint64_t now_us = clock_now_us();
    eventfd_t ignored;
    size_t at = 1;

    if (polled == 0)
        return;
    if (h->polled[0].revents != 0)
        (void)eventfd_read(h->wake, &ignored);
    LIST_EACH (node, after, &h->runs) {
        struct run *run = CONTAINER_OF(node, struct run, node);
        bool has_ended = h->polled[at++].revents != 0;

        if (run->process.output >= 0 && h->polled[at++].revents != 0)
            hook_process_read(&run->process);
        if (has_ended)
            finish_run(h, run);
        else if (now_us >= run->process.due_us)
            hook_process_due(&run->process, now_us, kill_grace_us);
    }
}

static void *work(void *arg)
{
    struct hooks *h = arg;

    pthread_mutex_lock(&h->lock);
    while (!h->is_ending || h->run_count > 0) {
        bool are_more = start_some(h);
        uint64_t until_us = report_drops(h, clock_now_us());

        cut_runs(h);
        if (h->result_count > 0 && !h->is_closing)
            h->on_news(h->owner);
        pthread_mutex_unlock(&h->lock);
        attend(h, wait_for_news(h, are_more ? 0 : until_us));
        pthread_mutex_lock(&h->lock);
    }
    h->has_ended = true;
    pthread_cond_signal(&h->changed);
    if (!h->is_closing)
        h->on_news(h->owner);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* Signals are the loop's. 0 or -errno. */
static int start_thread(struct hooks *h)
{
    struct sigaction child;
    sigset_t all, before;
    int r;

    /* Ignored, which a parent may hand down, the kernel would wait for our
     * children, and keep from us how they ended. */
    if (sigaction(SIGCHLD, NULL, &child) == 0 && child.sa_handler == SIG_IGN)
        signal(SIGCHLD, SIG_DFL);
    h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->wake < 0)
        return -errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&h->thread, NULL, work, h);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    h->has_thread = r == 0;
    if (r != 0) {
        close(h->wake);
        h->wake = -1;
    }
    return -r;
}

/* ---- from the loop ---------------------------------------------------- */

static void wake_thread(const struct hooks *h)
{
    if (h->has_thread)
        (void)eventfd_write(h->wake, 1);
}

struct hooks *hooks_open(const uint64_t seed[2], void (*on_news)(void *owner),
                         void *owner)
{
    struct hooks *h = xcalloc(1, sizeof *h);
    pthread_condattr_t monotonic;

    h->seed[0] = seed[0];
    h->seed[1] = seed[1];
    h->on_news = on_news;
    h->owner = owner;
    h->wake = -1;
    h->limit = 1;
    list_init(&h->runs);
    list_init(&h->results);
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return h;
}

/* With the lock: takes the one that has this program out of those that there
 * were. NULL: there is none. */
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

/* With the lock. Returns how many events it has dropped. */
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
            hook_free(former[i]);
    }
    return dropped;
}

int hooks_set(struct hooks *h, const struct hooks_settings *settings,
              size_t *ret_dropped)
{
    int r = 0;

    *ret_dropped = 0;
    if (settings->count > 0 && !h->has_thread)
        r = start_thread(h);
    if (r < 0)
        return r;
    pthread_mutex_lock(&h->lock);
    h->limit = settings->limit;
    h->timeout_us = settings->timeout_us;
    h->wants_all = settings->wants_all;
    *ret_dropped = set_hooks(h, settings);
    pthread_mutex_unlock(&h->lock);
    h->wanted = 0;
    for (size_t i = 0; i < settings->count; i++)
        h->wanted |= settings->specs[i].events;
    wake_thread(h);
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
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->count; i++) {
        if (h->hooks[i]->spec.events >> event->kind & 1)
            (void)hook_queue_put(&h->hooks[i]->queue, event);
    }
    pthread_mutex_unlock(&h->lock);
    wake_thread(h);
}

struct hook_result *hooks_take_result(struct hooks *h)
{
    struct hook_result *result = NULL;

    pthread_mutex_lock(&h->lock);
    if (!list_is_empty(&h->results)) {
        result = CONTAINER_OF(h->results.next, struct hook_result, node);
        list_remove(&result->node);
        h->result_count--;
    }
    pthread_mutex_unlock(&h->lock);
    return result;
}

void hooks_end(struct hooks *h, uint64_t grace_us)
{
    uint64_t end_us = clock_now_us() + grace_us;

    pthread_mutex_lock(&h->lock);
    if (!h->is_ending || end_us < h->end_us)
        h->end_us = end_us;
    h->is_ending = true;
    for (size_t i = 0; i < h->count; i++) {
        struct hook_queue *queue = &h->hooks[i]->queue;

        h->dropped += hook_queue_clear(queue) + queue->dropped;
        queue->dropped = 0;
    }
    h->wanted = 0;
    pthread_mutex_unlock(&h->lock);
    wake_thread(h);
}

bool hooks_have_ended(struct hooks *h)
{
    bool has_ended;

    if (!h->has_thread)
        return true;
    pthread_mutex_lock(&h->lock);
    has_ended = h->has_ended;
    pthread_mutex_unlock(&h->lock);
    return has_ended;
}

size_t hooks_close(struct hooks *h, uint64_t wait_us)
{
    uint64_t until_us = clock_now_us() + wait_us;
    struct timespec until = {
        .tv_sec = (time_t)(until_us / US_PER_S),
        .tv_nsec = (long)(until_us % US_PER_S) * 1000,
    };
    size_t dropped;

    pthread_mutex_lock(&h->lock);
    h->is_closing = true;
    while (h->has_thread && !h->has_ended && clock_now_us() < until_us)
        pthread_cond_timedwait(&h->changed, &h->lock, &until);
    dropped = h->dropped;
    pthread_mutex_unlock(&h->lock);
    return dropped;
}

void hooks_free(struct hooks *h)
{
    struct hook_result *result;

    if (h == NULL)
        return;
    if (!hooks_have_ended(h)) {
        /* A program that not even SIGKILL ends, or a disk that it is to be
         * started from: all this is the thread's for as long as that takes. */
        pthread_detach(h->thread);
        return;
    }
    if (h->has_thread)
        pthread_join(h->thread, NULL);
    while ((result = hooks_take_result(h)) != NULL)
        free(result);
    for (size_t i = 0; i < h->count; i++)
        hook_free(h->hooks[i]);
    if (h->wake >= 0)
        close(h->wake);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}
