#include "base/worker.h"

#include "base/clock.h"

#include <signal.h>
#include <string.h>
#include <time.h>

enum { US_PER_S = 1000 * 1000 };

/*
 * Conditions wait by the clock of clock_now_us: the wall clock may jump, by NTP
 * or by hand, and with it every wait that it bounds.
 */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void worker_crew_init(struct worker_crew *crew, void (*wake_owner)(void *owner),
                      void *owner)
{
    memset(crew, 0, sizeof *crew);
    pthread_mutex_init(&crew->lock, NULL);
    init_condition(&crew->work);
    init_condition(&crew->ended);
    list_init(&crew->workers);
    crew->wake_owner = wake_owner;
    crew->owner = owner;
}

/*
 * Never read. The threads of a crew may have returned by the time that a
 * sanitizer looks for leaks, and nothing else knows of what they have kept.
 */
static struct worker_crew *volatile left_behind;

/*
 * A thread that was left behind may return at any time and needs the crew then,
 * so nothing of the crew is destroyed. Threads that have ended are not joined,
 * because the process is about to end.
 */
static void leave_behind(struct worker_crew *crew)
{
    crew->next_left = left_behind;
    left_behind = crew;
    LIST_EACH (node, after, &crew->workers)
        pthread_detach(CONTAINER_OF(node, struct worker, node)->thread);
}

void worker_crew_leave(struct worker_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->is_closing = true;
    leave_behind(crew);
    pthread_mutex_unlock(&crew->lock);
}

bool worker_crew_done(struct worker_crew *crew)
{
    bool have_ended;

    pthread_mutex_lock(&crew->lock);
    have_ended = crew->running == 0;
    if (!have_ended)
        leave_behind(crew);
    pthread_mutex_unlock(&crew->lock);
    if (!have_ended)
        return false;
    /* The last thing a thread does with the crew is to unlock it (worker_run).
     * After the join it is certain that the thread is not inside the unlock. */
    LIST_EACH (node, after, &crew->workers) {
        struct worker *worker = CONTAINER_OF(node, struct worker, node);

        pthread_join(worker->thread, NULL);
        list_remove(&worker->node);
        worker->is_started = false;
    }
    pthread_cond_destroy(&crew->ended);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    return true;
}

void worker_lock(struct worker_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
}

void worker_unlock(struct worker_crew *crew)
{
    pthread_mutex_unlock(&crew->lock);
}

/* The lock is not released between the body's end and has_ended: the body's
 * last results and its end become visible together. */
static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct worker_crew *crew = worker->crew;

    pthread_mutex_lock(&crew->lock);
    worker->body(worker->arg);
    worker->has_ended = true;
    crew->running--;
    pthread_cond_signal(&crew->ended);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* A thread inherits the signal mask of its creator. If it blocked signals
 * itself, a signal could run its handler on the new thread before that. */
static int create_masked(struct worker *worker)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&worker->thread, NULL, worker_run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

int worker_start(struct worker *worker, struct worker_crew *crew,
                 void (*body)(void *arg), void *arg)
{
    int r;

    /* It set has_ended with the lock, and the lock is ours now: its thread has
     * nothing left to do but to return. */
    if (worker->is_started) {
        pthread_join(worker->thread, NULL);
        list_remove(&worker->node);
    }
    *worker = (struct worker){ .crew = crew, .body = body, .arg = arg };
    r = create_masked(worker);
    if (r < 0)
        return r;
    worker->is_started = true;
    list_add_tail(&crew->workers, &worker->node);
    crew->running++;
    return 0;
}

bool worker_is_running(const struct worker *worker)
{
    return worker->is_started && !worker->has_ended;
}

/* Errors other than ETIMEDOUT cannot happen. The clock decides, not the return
 * value, because a wait may end early. */
static bool wait_for(struct worker_crew *crew, pthread_cond_t *condition,
                     uint64_t until_us)
{
    struct timespec until = {
        .tv_sec = (time_t)(until_us / US_PER_S),
        .tv_nsec = (long)(until_us % US_PER_S) * 1000,
    };

    if (clock_now_us() < until_us)
        (void)pthread_cond_timedwait(condition, &crew->lock, &until);
    return clock_now_us() < until_us;
}

bool worker_wait(struct worker_crew *crew)
{
    if (!crew->is_ending)
        pthread_cond_wait(&crew->work, &crew->lock);
    return !crew->is_ending;
}

bool worker_wait_until(struct worker_crew *crew, uint64_t until_us)
{
    return !crew->is_ending && wait_for(crew, &crew->work, until_us) &&
           !crew->is_ending;
}

void worker_wake(struct worker_crew *crew)
{
    pthread_cond_signal(&crew->work);
}

void worker_call_owner(struct worker_crew *crew)
{
    if (!crew->is_closing)
        crew->wake_owner(crew->owner);
}

void worker_ask_to_end(struct worker_crew *crew)
{
    crew->is_ending = true;
    pthread_cond_broadcast(&crew->work);
}

bool worker_wait_end(struct worker_crew *crew, uint64_t until_us)
{
    crew->is_closing = true;
    while (crew->running > 0 && wait_for(crew, &crew->ended, until_us))
        ;
    return crew->running == 0;
}

bool worker_crew_end(struct worker_crew *crew, uint64_t wait_us)
{
    bool have_ended;

    worker_lock(crew);
    worker_ask_to_end(crew);
    have_ended = worker_wait_end(crew, clock_now_us() + wait_us);
    worker_unlock(crew);
    return have_ended;
}
