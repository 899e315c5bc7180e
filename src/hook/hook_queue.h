/*
 * hook_queue.h - events that wait for a hook: those of one console run one
 * after another, in order; consoles take turns.
 *
 * A console that has events is a lane. At most one job of a lane is under way;
 * while it is, the lane's others wait. Bounded in all and by the lane, so that
 * one VM that comes and goes takes no room from the others; what comes beyond
 * is dropped and counted. No thread, no clock: the owner has the lock.
 */
#ifndef HOOK_HOOK_QUEUE_H
#define HOOK_HOOK_QUEUE_H

#include "base/list.h"
#include "base/map.h"
#include "hook/hook_event.h"

enum {
    /* A console's events come no faster than its program runs but for a VM
     * that comes and goes, or renames itself, all the time. */
    HOOK_LANE_MAX = 64,
    /* After a restart every VM of a large site comes at once. An event and its
     * lane are some 500 bytes, 2 KiB with the longest names. */
    HOOK_QUEUE_MAX = 50000,
};

struct hook_lane;

struct hook_job {
    struct list node; /* in its lane */
    struct hook_lane *lane;
    struct hook_event *event; /* its own */
};

struct hook_queue {
    struct map lanes;  /* by UUID and label */
    struct list ready; /* struct hook_lane.node: it has a job that may run */
    size_t waiting;    /* jobs */
    uint64_t dropped;  /* events, since somebody set this to 0 */
};

void hook_queue_init(struct hook_queue *q, const uint64_t seed[2]);

/* No job is under way. */
void hook_queue_done(struct hook_queue *q);

/* Keeps a clean copy. False: there is no room, it was dropped. */
bool hook_queue_put(struct hook_queue *q, const struct hook_event *event);

/* The next job that may run; it is under way until hook_queue_end, which frees
 * it. NULL: there is none now. */
struct hook_job *hook_queue_take(struct hook_queue *q);
void hook_queue_end(struct hook_queue *q, struct hook_job *job);

/* Forgets all that wait; how many. */
size_t hook_queue_clear(struct hook_queue *q);

#endif
