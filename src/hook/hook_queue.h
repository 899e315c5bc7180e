/*
 * hook_queue.h - events that wait for a hook: the events of one console run one
 * after another, in order; consoles take turns.
 *
 * A console with events is a lane. At most one job of a lane runs, while the
 * lane's others wait. The queue is bounded in all and for each lane, so that a
 * VM that connects all the time takes no room from the others; events above the
 * bounds are dropped and counted. No thread, no clock: the owner has the lock.
 */
#ifndef HOOK_HOOK_QUEUE_H
#define HOOK_HOOK_QUEUE_H

#include "base/list.h"
#include "base/map.h"
#include "hook/hook_event.h"

enum {
    /* A console has more waiting events only if its VM reconnects or is renamed
     * all the time. */
    HOOK_LANE_MAX = 64,
    /* After a restart, every VM of a large site connects at once. An event and
     * its lane take some 500 bytes, 2 KiB with the longest names. */
    HOOK_QUEUE_MAX = 50000,
};

struct hook_lane;

struct hook_job {
    struct list node; /* in its lane */
    struct hook_lane *lane;
    struct hook_event *event; /* owned */
};

struct hook_queue {
    struct map lanes;  /* by UUID and label */
    struct list ready; /* struct hook_lane.node: has a job that may run */
    size_t waiting;    /* jobs */
    uint64_t dropped;  /* events, since the owner set 0 */
};

void hook_queue_init(struct hook_queue *q, const uint64_t seed[2]);

/* No job may be running. */
void hook_queue_done(struct hook_queue *q);

/* Keeps a clean copy. False: the event was dropped for want of room. */
bool hook_queue_put(struct hook_queue *q, const struct hook_event *event);

/* The next job that may run. It counts as running until hook_queue_end, which
 * frees it. NULL: no job may run now. */
struct hook_job *hook_queue_take(struct hook_queue *q);
void hook_queue_end(struct hook_queue *q, struct hook_job *job);

/* Drops all waiting events; returns how many. */
size_t hook_queue_clear(struct hook_queue *q);

#endif
