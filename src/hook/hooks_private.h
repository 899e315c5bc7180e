/*
 * hooks_private.h - what the files of the hooks share: hooks.c is called by the
 * loop, hooks_thread.c is what the thread does.
 *
 * The loop puts events into the hooks' queues, and the thread takes them out,
 * both with the crew's lock; a result goes the other way. What runs is the
 * thread's alone and needs no lock, so that the loop never waits while a
 * program is started, read or ended.
 */
#ifndef HOOK_HOOKS_PRIVATE_H
#define HOOK_HOOKS_PRIVATE_H

#include "base/throttle.h"
#include "base/worker.h"
#include "hook/hooks.h"

#include <poll.h>

enum {
    /* Results that the loop has not taken; what comes beyond is not told of.
     * It takes them all in each turn. */
    HOOKS_RESULTS_MAX = 1000,
    /* Of all hooks, with those that are none any more. */
    HOOKS_RUNS_MAX = HOOKS_MAX * HOOKS_LIMIT_MAX,
    /* The eventfd, and a pidfd and a pipe for each program. */
    HOOKS_POLL_MAX = 1 + 2 * HOOKS_RUNS_MAX,
};

/*
 * In hooks->hooks while it is one of the settings'. Removed from there, it
 * stays until its last program has ended: the runs point to it, and their ends
 * count for its throttle. Whoever ends the last one frees it, so is_removed and
 * running are looked at together, with the lock.
 */
struct hook {
    struct hook_spec spec; /* its program is never changed */
    struct hook_queue queue;
    unsigned running; /* with those that are being started */
    bool is_removed;
    uint64_t drops_told_us;
    struct throttle failures;
};

struct hooks {
    uint64_t seed[2];
    unsigned wanted; /* the loop's: events of all hooks */
    int wake;        /* eventfd: the thread waits in poll, for this too. -1:
                      * there is no thread */
    struct worker worker;

    struct list runs; /* the thread's, and its place for polling them */
    size_t run_count;
    bool has_cut; /* what runs has been told of cut_us */
    uint64_t cut_us;
    struct pollfd polled[HOOKS_POLL_MAX];

    struct worker_crew crew; /* its lock is for all below */
    struct hook *hooks[HOOKS_MAX];
    size_t count;
    unsigned limit;
    uint64_t timeout_us;
    bool wants_all;
    struct list results;
    size_t result_count;
    struct hooks_counts counts; /* but for running and waiting */
    size_t dropped;             /* at the end */
    uint64_t end_us; /* the crew is ending: what runs then has SIGTERM */
};

/* With the lock; nothing of it runs. What waits for it is dropped. */
void hooks_free_hook(struct hook *hook);

/* 0 or -errno: there is no thread, and it may be tried again. */
int hooks_thread_start(struct hooks *h);

/* The thread has something to look at. Costs nothing without a thread. */
void hooks_thread_wake(const struct hooks *h);

#endif
