/*
 * alert_thread.h - the thread that looks at output, and what it is given.
 *
 * The loop puts orders; the thread takes them in their order, and gives finds
 * back. Output that waits is bounded by ALERT_THREAD_BYTES: above that the loop
 * keeps it in the consoles' rings. Finds that wait for the loop are bounded by
 * ALERT_THREAD_FINDS: above that the thread waits.
 *
 * A target is what the thread has for a console. It belongs to the loop, which
 * frees it when the thread has given it back; its subject is the thread's.
 *
 * Called by one thread, the loop's, but for wake.
 */
#ifndef ALERT_ALERT_THREAD_H
#define ALERT_ALERT_THREAD_H

#include "alert/match/alert_matcher.h"
#include "base/ring.h"

enum {
    ALERT_THREAD_BYTES = 8 * 1024 * 1024,
    ALERT_THREAD_FINDS = 1000,
};

struct alert_thread;

struct alert_target {
    struct list node; /* of what the thread has given back */
    struct alert_subject *subject;
};

/* wake: there are finds or targets to be taken, or there is room again. Called
 * on the thread. 0 or -errno. */
int alert_thread_open(struct alert_thread **ret_thread,
                      void (*wake)(void *owner), void *owner);

/* What waits is dropped; targets that were not given back are the caller's
 * again. Takes NULL. False: the thread has not ended in wait_us, and keeps all
 * that it can reach. */
bool alert_thread_close(struct alert_thread *t, uint64_t wait_us);

/* Output: the first len bytes of the span, which are copied. False: there is no
 * room now; wake tells when there is. */
bool alert_thread_put(struct alert_thread *t, struct alert_target *target,
                      const struct ring_span *span, size_t len,
                      uint64_t position);

/* As the functions of alert_matcher.h have it. apply begins a target, too. */
void alert_thread_use(struct alert_thread *t, struct alert_rules *rules);
void alert_thread_apply(struct alert_thread *t, struct alert_target *target,
                        const uint8_t *bits, size_t len);
void alert_thread_vm(struct alert_thread *t, struct alert_target *target,
                     bool is_there);
void alert_thread_remove(struct alert_thread *t, struct alert_target *target);

/* Moves what is there to the lists, which are heads: struct alert_find.node and
 * struct alert_target.node. */
void alert_thread_take(struct alert_thread *t, struct list *finds,
                       struct list *targets);

/* Bytes that wait. */
uint64_t alert_thread_waiting(struct alert_thread *t);

#endif
