/*
 * worker.h - threads for work that blocks, and how their owner ends them.
 *
 * A crew is one or more threads that share a lock with their owner. The owner,
 * which runs on the loop, gives them work and takes results under the lock, and
 * never waits for a disk, a program or a directory server. This module knows
 * nothing of the work. It starts threads, lets them wait for work, calls the
 * owner, and ends the threads within a bounded time.
 *
 *     owner (the loop)                       thread (the body)
 *     worker_crew_init
 *     lock; worker_start; unlock    ----->   begins with the lock
 *     lock; add work; worker_wake; unlock    worker_wait while there is none
 *                                            unlock; what blocks; lock
 *     wake_owner: come and look     <-----   keep the result; worker_call_owner
 *     worker_crew_end                        sees is_ending, returns with the
 *     worker_crew_done                       lock
 *
 * Rules that all users rely on:
 *
 * - Signals are the loop's: every thread runs with all of them blocked.
 * - A body is entered with the lock and returns with the lock. It unlocks
 *   around everything that may block.
 * - A thread that hangs in a disk must not delay the program's end.
 *   worker_wait_end gives up at its time, worker_crew_done returns false, and
 *   the crew and everything that its threads can reach is left to them: the
 *   caller must not free any of it.
 * - Any thread calls the owner, with the lock held, but never after
 *   worker_wait_end has begun: the owner may be half closed by then. The owner
 *   may only note that it was called, and wake the loop (net/waker.h).
 *
 * The lock is not recursive. No other lock of the program is held with it,
 * unless the user's header gives the order.
 *
 * The crew and its workers are the caller's memory and must not move. Times are
 * those of clock_now_us.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct worker_crew {
    pthread_mutex_t lock;
    pthread_cond_t work;  /* the threads wait for it */
    pthread_cond_t ended; /* the owner waits for it */
    struct list workers;  /* struct worker.node: started and not joined */
    unsigned running; /* threads whose body has not returned; under the lock */
    /* set once, under the lock; may be read without it, so that long work can
     * be interrupted */
    atomic_bool is_ending;
    bool is_closing; /* worker_wait_end has begun: the owner is not called */
    void (*wake_owner)(void *owner);
    void *owner;
    struct worker_crew *next_left; /* in the list of those left behind */
};

/* One thread of a crew. Zeroed before its first start; nothing to free. */
struct worker {
    struct list node;
    struct worker_crew *crew;
    void (*body)(void *arg);
    void *arg;
    pthread_t thread;
    bool is_started; /* and not joined */
    bool has_ended;  /* the body has returned */
};

/* wake_owner may be NULL if nobody calls worker_call_owner. */
void worker_crew_init(struct worker_crew *crew, void (*wake_owner)(void *owner),
                      void *owner);

/*
 * Called without the lock, after worker_crew_end, or if nothing was started.
 * True: all threads are gone, and what they shared may be freed. False: some
 * threads have not ended, and keep everything that they can reach.
 */
bool worker_crew_done(struct worker_crew *crew);

/* Instead of worker_crew_done, with the effect that it has when it returns
 * false. For a crew whose lock is used by code outside its threads. */
void worker_crew_leave(struct worker_crew *crew);

void worker_lock(struct worker_crew *crew);
void worker_unlock(struct worker_crew *crew);

/*
 * Called with the lock: the new thread begins when the lock is released. The
 * worker is new, or its body has returned; its old thread is then joined, which
 * takes no time. 0, or -errno: there is no thread, and the worker may be
 * started again.
 */
int worker_start(struct worker *worker, struct worker_crew *crew,
                 void (*body)(void *arg), void *arg);

/* Called with the lock. True if it was started and its body has not
 * returned. */
bool worker_is_running(const struct worker *worker);

/*
 * A thread waits for work. Called with the lock, which is released meanwhile.
 * True: the thread must look for work; there may be none. False: the thread was
 * asked to end, or until_us has come. A thread that was asked to end does not
 * wait at all. Both are made for a loop:
 *
 *     while (there is nothing to do && worker_wait(crew))
 *         ;
 */
bool worker_wait(struct worker_crew *crew);
bool worker_wait_until(struct worker_crew *crew, uint64_t until_us);

/* Wakes one waiting thread. May be called with or without the lock. */
void worker_wake(struct worker_crew *crew);

/* Called with the lock. Calls wake_owner, unless the owner is closing the
 * crew. */
void worker_call_owner(struct worker_crew *crew);

/*
 * Called without the lock. Asks all threads to end (worker_ask_to_end), and
 * waits until no body runs (worker_wait_end), for at most wait_us. False: some
 * body still runs. Then comes worker_crew_done.
 */
bool worker_crew_end(struct worker_crew *crew, uint64_t wait_us);

/* The parts of worker_crew_end, for a crew that has more to do between them.
 * Called with the lock. Sets is_ending and wakes all threads; does not wait.
 * May be called again. The caller wakes threads that wait for anything else
 * (poll). */
void worker_ask_to_end(struct worker_crew *crew);

/*
 * Called with the lock, which is released meanwhile. Waits until no body runs.
 * False: until_us came first. From here on the owner is not called. May be
 * called again; threads may be started between calls.
 */
bool worker_wait_end(struct worker_crew *crew, uint64_t until_us);

#endif
