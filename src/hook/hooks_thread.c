/*
 * The hooks' thread: starts the programs, reads their output, and waits for
 * their ends, all in one poll.
 *
 * It releases the lock around everything that can block: starting a program
 * waits for its disk. So everything that was read with the lock may have
 * changed after start_one: hooks_set may have replaced the hooks, or hooks_end
 * may have come. Only what a run points to stays (struct hook).
 *
 * One thread for all programs, not one for each: a pidfd shows when a program
 * has ended, so waiting costs a descriptor and no stack. No handler for SIGCHLD
 * and no waitpid(-1), which would take the ends of other modules' children.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "hook/hook_start.h"
#include "hook/hooks_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    US_PER_S = 1000 * 1000,
    END_KILL_GRACE_US = 500 * 1000,
    /* How often dropped events are reported. */
    DROPS_TOLD_US = 60 * US_PER_S,
};

/* A running program: the thread's. */
struct run {
    struct list node;
    struct hook *hook;
    struct hook_job *job;
    struct hook_process process;
    bool is_cut; /* because vspcd ends, not for its own time limit */
};

/* ---- results: with the lock ------------------------------------------- */

static struct hook_result *add_result(struct hooks *h, const struct hook *hook,
                                      enum hook_outcome outcome)
{
    struct hook_result *result;

    if (h->result_count >= HOOKS_RESULTS_MAX)
        return NULL;
    result = xcalloc(1, sizeof *result);
    result->outcome = outcome;
    memcpy(result->program, hook->spec.program, sizeof result->program);
    list_add_tail(&h->results, &result->node);
    h->result_count++;
    return result;
}

/* end NULL: the program was not started. Failures are throttled for each hook:
 * a program that fails for each of 10,000 VMs must not fill the log. */
static void report(struct hooks *h, const struct run *run, int error,
                   const struct hook_end *end)
{
    bool has_failed = end == NULL || end->status != 0 || end->is_timed_out;
    const struct hook_event *event = run->job->event;
    struct hook_result *result;
    uint32_t others = 0;

    if (has_failed)
        h->counts.failed++;
    else
        h->counts.run++;
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

/* Returns when the next report is due; UINT64_MAX: none. The first drop is
 * reported at once. A result without room is lost with its count: the loop is
 * then a thousand results behind. */
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

/* ---- programs --------------------------------------------------------- */

/* Called with the lock. The job ends first: the console's next event may start
 * from here on. */
static void end_run(struct run *run)
{
    struct hook *hook = run->hook;

    hook_queue_end(&hook->queue, run->job);
    hook->running--;
    if (hook->is_removed && hook->running == 0)
        hooks_free_hook(hook);
    free(run);
}

/* Called with the lock, which is released while the program is started, because
 * that waits for its disk. */
static void start_one(struct hooks *h, struct hook *hook, struct hook_job *job)
{
    struct run *run = xcalloc(1, sizeof *run);
    uint64_t timeout_us = h->timeout_us;
    int r;

    run->hook = hook;
    run->job = job;
    hook->running++;
    /* job and its event belong to this run until hook_queue_end; hook stays
     * because running counts this run already. */
    worker_unlock(&h->crew);
    r = hook_process_start(&run->process, hook->spec.program, job->event,
                           clock_now_us(), timeout_us);
    worker_lock(&h->crew);
    if (r < 0) {
        report(h, run, -r, NULL);
        end_run(run);
        return;
    }
    list_add_tail(&h->runs, &run->node);
    h->run_count++;
}

/* Called with the lock. Starts at most limit programs of each hook, so that a
 * hook whose program is missing does not take all the time. True: more may be
 * started. */
static bool start_some(struct hooks *h)
{
    bool are_more = false;

    for (size_t i = 0; i < h->count && !h->crew.is_ending; i++) {
        unsigned started = 0;

        /* start_one releases the lock, so the hooks may have changed. */
        while (i < h->count && !h->crew.is_ending &&
               h->run_count < HOOKS_RUNS_MAX &&
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

/* Called with the lock. Shortens the runs when the end has come, or has come
 * nearer. */
static void cut_runs(struct hooks *h)
{
    if (!h->crew.is_ending || (h->has_cut && h->cut_us == h->end_us))
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
    worker_lock(&h->crew);
    report(h, run, 0, &end);
    end_run(run);
    worker_unlock(&h->crew);
}

/* Called without the lock. Waits for an event or until_us. The entries are in
 * the order of h->runs, which only this thread changes, because attend walks
 * both together. The time is rounded up: otherwise poll would return a little
 * early, again and again. */
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
        return 0; /* no memory in the kernel: retried */
    return count;
}

/* Called without the lock. Reads a program's output before its end, so that the
 * result has its last line. */
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

/*
 * At the end, the loop continues until no program runs. The owner is called
 * before the wait, not for each result, so that it is woken once for all of
 * them. The last call reports the end: hooks_have_ended, which needs the lock,
 * then returns true.
 */
static void hooks_thread_run(void *arg)
{
    struct hooks *h = arg;

    while (!h->crew.is_ending || h->run_count > 0) {
        bool are_more = start_some(h);
        uint64_t until_us = report_drops(h, clock_now_us());

        cut_runs(h);
        if (h->result_count > 0)
            worker_call_owner(&h->crew);
        worker_unlock(&h->crew);
        attend(h, wait_for_news(h, are_more ? 0 : until_us));
        worker_lock(&h->crew);
    }
    worker_call_owner(&h->crew);
}

int hooks_thread_start(struct hooks *h)
{
    int r;

    hook_start_allow();
    h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->wake < 0)
        return -errno;
    worker_lock(&h->crew);
    r = worker_start(&h->worker, &h->crew, hooks_thread_run, h);
    worker_unlock(&h->crew);
    if (r < 0) {
        close(h->wake);
        h->wake = -1;
    }
    return r;
}

void hooks_thread_wake(const struct hooks *h)
{
    if (h->wake >= 0)
        (void)eventfd_write(h->wake, 1);
}
