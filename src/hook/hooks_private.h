/*
 * hooks_private.h - what the files of the hooks share: the loop calls hooks.c,
 * the thread runs hooks_thread.c.
 *
 * The loop puts events into the hooks' queues, and the thread takes them out,
 * both with the crew's lock; a result goes the other way. Running programs are
 * the thread's alone and need no lock, so that the loop never waits while a
 * program is started, read or ended.
 */
#ifndef HOOK_HOOKS_PRIVATE_H
#define HOOK_HOOKS_PRIVATE_H

#include "base/throttle.h"
#include "base/worker.h"
#include "hook/hooks.h"

#include <poll.h>

enum {
    /* Results that the loop has not taken; further ones are lost. The loop
     * takes them all in each turn. */
    HOOKS_RESULTS_MAX = 1000,
    /* Programs of all hooks, also of removed ones. */
    HOOKS_RUNS_MAX = HOOKS_MAX * HOOKS_LIMIT_MAX,
    /* The eventfd, and a pidfd and a pipe for each program. */
    HOOKS_POLL_MAX = 1 + 2 * HOOKS_RUNS_MAX,
};

/*
 * In hooks->hooks while it is set. A removed hook lives until its last program
 * has ended: the runs point to it, and their ends count for its throttle.
 * Whoever ends the last run frees it, so is_removed and running must be read
 * together, with the lock.
 */
struct hook {
    struct hook_spec spec; /* its program never changes */
    struct hook_queue queue;
    unsigned running; /* including runs that are being started */
    bool is_removed;
    uint64_t drops_told_us;
    struct throttle failures;
};

struct hooks {
    uint64_t seed[2];
    unsigned wanted; /* the loop's: events that any hook wants */
    int wake;        /* eventfd that the thread polls; -1: there is no thread */
    struct worker worker;

    struct list runs; /* the thread's */
    size_t run_count;
    bool has_cut; /* the runs have cut_us as their limit */
    uint64_t cut_us;
    struct pollfd polled[HOOKS_POLL_MAX];

    struct worker_crew crew; /* its lock protects all members below */
    struct hook *hooks[HOOKS_MAX];
    size_t count;
    unsigned limit;
    uint64_t timeout_us;
    bool wants_all;
    struct list results;
    size_t result_count;
    struct hooks_counts counts; /* except running and waiting */
    size_t dropped;             /* events, at the end */
    uint64_t end_us; /* once the crew is ending: running programs get SIGTERM */
};

/* Called with the lock, when no program of the hook runs. Drops its waiting
 * events. */
void hooks_free_hook(struct hook *hook);

/* 0, or -errno: there is no thread; may be called again. */
int hooks_thread_start(struct hooks *h);

/* Makes the thread look at everything. Costs nothing without a thread. */
void hooks_thread_wake(const struct hooks *h);

#endif
