#include "hook/hook_queue.h"

#include "base/mem.h"
#include "base/slice.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct hook_lane {
    struct list node; /* in ready, or in no list */
    struct list jobs; /* waiting; the oldest first */
    size_t waiting;
    bool is_busy; /* one of its jobs is running */
    uint64_t hash;
    const char *label; /* stored behind the uuid */
    char uuid[];
};

static uint64_t hash_of(const struct hook_queue *q,
                        const struct hook_event *event)
{
    return map_hash(&q->lanes, slice_of_text(event->text[HOOK_UUID])) ^
           (map_hash(&q->lanes, slice_of_text(event->text[HOOK_LABEL])) << 1);
}

static bool hook_queue_is_lane_of(const void *value, const void *key)
{
    const struct hook_lane *lane = value;
    const struct hook_event *event = key;

    return strcmp(lane->uuid, event->text[HOOK_UUID]) == 0 &&
           strcmp(lane->label, event->text[HOOK_LABEL]) == 0;
}

void hook_queue_init(struct hook_queue *q, const uint64_t seed[2])
{
    *q = (struct hook_queue){ 0 };
    map_init(&q->lanes, seed);
    list_init(&q->ready);
}

void hook_queue_done(struct hook_queue *q)
{
    hook_queue_clear(q);
    assert(q->lanes.count == 0);
    map_done(&q->lanes);
}

static struct hook_lane *add_lane(struct hook_queue *q,
                                  const struct hook_event *event)
{
    size_t uuid_size = strlen(event->text[HOOK_UUID]) + 1;
    size_t label_size = strlen(event->text[HOOK_LABEL]) + 1;
    struct hook_lane *lane = xcalloc(1, sizeof *lane + uuid_size + label_size);

    memcpy(lane->uuid, event->text[HOOK_UUID], uuid_size);
    lane->label =
        memcpy(lane->uuid + uuid_size, event->text[HOOK_LABEL], label_size);
    lane->hash = hash_of(q, event);
    list_init(&lane->node);
    list_init(&lane->jobs);
    map_add(&q->lanes, lane->hash, lane);
    return lane;
}

static void remove_lane(struct hook_queue *q, struct hook_lane *lane)
{
    list_remove(&lane->node);
    map_remove(&q->lanes, lane->hash, lane);
    free(lane);
}

bool hook_queue_put(struct hook_queue *q, const struct hook_event *event)
{
    struct hook_event *copy;
    struct hook_lane *lane;
    struct hook_job *job;

    if (q->waiting >= HOOK_QUEUE_MAX) {
        q->dropped++;
        return false;
    }
    /* A lane has the clean texts of its first event, so it is found by those of
     * the copy. */
    copy = hook_event_copy(event);
    lane = map_find(&q->lanes, hash_of(q, copy), hook_queue_is_lane_of, copy);
    if (lane != NULL && lane->waiting >= HOOK_LANE_MAX) {
        free(copy);
        q->dropped++;
        return false;
    }
    if (lane == NULL)
        lane = add_lane(q, copy);
    job = xcalloc(1, sizeof *job);
    job->lane = lane;
    job->event = copy;
    list_add_tail(&lane->jobs, &job->node);
    if (!lane->is_busy && lane->waiting == 0)
        list_add_tail(&q->ready, &lane->node);
    lane->waiting++;
    q->waiting++;
    return true;
}

struct hook_job *hook_queue_take(struct hook_queue *q)
{
    struct hook_lane *lane;
    struct hook_job *job;

    if (list_is_empty(&q->ready))
        return NULL;
    lane = CONTAINER_OF(q->ready.next, struct hook_lane, node);
    job = CONTAINER_OF(lane->jobs.next, struct hook_job, node);
    list_remove(&lane->node);
    list_remove(&job->node);
    /* The lane comes back at the end of ready, so consoles take turns. */
    lane->is_busy = true;
    lane->waiting--;
    q->waiting--;
    return job;
}

static void free_job(struct hook_job *job)
{
    free(job->event);
    free(job);
}

void hook_queue_end(struct hook_queue *q, struct hook_job *job)
{
    struct hook_lane *lane = job->lane;

    lane->is_busy = false;
    if (lane->waiting > 0)
        list_add_tail(&q->ready, &lane->node);
    else
        remove_lane(q, lane);
    free_job(job);
}

static void clear_lane(struct hook_lane *lane)
{
    LIST_EACH (node, after, &lane->jobs) {
        list_remove(node);
        free_job(CONTAINER_OF(node, struct hook_job, node));
    }
    lane->waiting = 0;
}

size_t hook_queue_clear(struct hook_queue *q)
{
    size_t count = q->waiting;
    struct hook_lane *lane;
    size_t at = 0;

    /* A lane without a running job is in ready, and is removed below. */
    while ((lane = map_next(&q->lanes, &at)) != NULL)
        clear_lane(lane);
    LIST_EACH (node, after, &q->ready)
        remove_lane(q, CONTAINER_OF(node, struct hook_lane, node));
    q->waiting = 0;
    return count;
}
