/*
 * worker.h - threads for what blocks, and how their owner gets rid of them.
 *
 * A crew is one or more threads that share a lock with their owner: the loop
 * gives them work and takes results under it, and never waits for a disk, a
 * program or a directory server. This module knows nothing of the work. It
 * starts threads, lets them wait for work, calls the owner, and ends them
 * within a bounded time.
 *
 *     owner (the loop)                       thread (the body)
 *     worker_crew_init
 *     lock; worker_start; unlock    ----->   begins with the lock
 *     lock; add work; worker_wake; unlock    worker_wait while there is none
 *                                            unlock; what blocks; lock
 *     wake_owner: come and look     <-----   keep the result; worker_call_owner
 *     lock; worker_ask_to_end                sees is_ending, returns with the
 *     worker_wait_end; unlock                lock
 *     worker_crew_done
 *
 * Rules that all users rely on:
 *
 *   - Signals are the loop's: every thread runs with all of them blocked.
 *   - A body is entered with the lock and returns with the lock. It gives the
 *     lock back around everything that may block.
 *   - A thread that is stuck in the disk must not hold up the program's end.
 *     worker_wait_end gives up at its time, worker_crew_done says false, and
 *     the crew with all that its threads can reach is left to them for ever:
 *     the caller must not free any of it.
 *   - The owner is called with the lock held, by any thread, and not any more
 *     once worker_wait_end has begun: so it may be half closed by then. It may
 *     only note that it was called, and wake the loop (net/waker.h).
 *
 * The lock is not recursive, and no other lock of the program is held with it,
 * unless the user's header says in which order.
 *
 * The crew and its workers are the caller's memory and stay where they are.
 * Times are those of clock_now_us.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct worker_crew {
    pthread_mutex_t lock;
    pthread_cond_t work;   /* the threads wait for it */
    pthread_cond_t ended;  /* the owner does */
    struct list workers;   /* struct worker.node: started, and not joined */
    unsigned running;      /* threads whose body has not returned; with the
                            * lock */
    atomic_bool is_ending; /* set once, with the lock; may be read without it,
                            * so that something long can be broken off */
    bool is_closing;       /* the owner is not called any more */
    void (*wake_owner)(void *owner);
    void *owner;
};

/* One thread of a crew. Zeroed before it is first started; nothing to free. */
struct worker {
    struct list node;
    struct worker_crew *crew;
    void (*body)(void *arg);
    void *arg;
    pthread_t thread;
    bool is_started; /* and not joined yet */
    bool has_ended;  /* the body has returned */
};

/* wake_owner may be NULL if nobody calls worker_call_owner. */
void worker_crew_init(struct worker_crew *crew, void (*wake_owner)(void *owner),
                      void *owner);

/*
 * Without the lock; after worker_wait_end, or if nothing was started. True: all
 * threads are gone, and what they shared may be freed. False: some have not
 * ended, and all that they can reach is theirs from now on.
 */
bool worker_crew_done(struct worker_crew *crew);

/* Instead of worker_crew_done, and as if that had said false: where the crew is
 * to stay, because somebody who is no thread of it uses its lock. */
void worker_crew_leave(struct worker_crew *crew);

void worker_lock(struct worker_crew *crew);
void worker_unlock(struct worker_crew *crew);

/*
 * With the lock, so the new thread begins when that is given back. The worker
 * is new, or one whose body has returned: that thread is joined first, which
 * takes no time. 0 or -errno: there is no thread, and the worker may be started
 * again.
 */
int worker_start(struct worker *worker, struct worker_crew *crew,
                 void (*body)(void *arg), void *arg);

/* With the lock. Started, and its body has not returned. */
bool worker_is_running(const struct worker *worker);

/*
 * A thread waits for work; with the lock, which is given back meanwhile. True:
 * it is to look whether there is some, which there need not be. False: it has
 * been asked to end, or the time has come; a thread that has been asked to end
 * does not wait at all. So both are made for a loop:
 *
 *     while (there is nothing to do && worker_wait(crew))
 *         ;
 */
bool worker_wait(struct worker_crew *crew);
bool worker_wait_until(struct worker_crew *crew, uint64_t until_us);

/* Wakes one thread that waits. With or without the lock; without, the thread
 * that wakes up finds it free. */
void worker_wake(struct worker_crew *crew);

/* With the lock: wake_owner, unless the owner is closing the crew. */
void worker_call_owner(struct worker_crew *crew);

/* With the lock: sets is_ending and wakes all threads. Does not wait. May be
 * called again. A thread that waits for anything else (poll) is the caller's to
 * wake. */
void worker_ask_to_end(struct worker_crew *crew);

/*
 * With the lock, which is given back meanwhile: waits until no body runs, or
 * the time has come: then false. The owner is not called any more from here on.
 * May be called again, and threads may be started in between.
 */
bool worker_wait_end(struct worker_crew *crew, uint64_t until_us);

#endif
