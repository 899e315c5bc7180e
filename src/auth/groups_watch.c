#include "auth/groups_watch.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static struct groups_watched *watched_at(struct list *node)
{
    return CONTAINER_OF(node, struct groups_watched, node);
}

/* Whoever is done in this round goes behind those who are not. */
static void mark_done(struct groups_watch *w, struct groups_watched *watched)
{
    watched->round = w->round;
    list_remove(&watched->node);
    list_add_tail(&w->watched, &watched->node);
}

/* The person that is to be asked about; NULL: the round is over. */
static const struct principal *find_next(struct groups_watch *w)
{
    while (!list_is_empty(&w->watched)) {
        struct groups_watched *first = watched_at(w->watched.next);
        const struct principal *person = groups_person(first->who);

        if (first->round == w->round)
            return NULL;
        if (person != NULL)
            return person;
        mark_done(w, first); /* a token whose owner has no account any more */
    }
    return NULL;
}

static bool is_of(const struct groups_watched *watched, const char *name)
{
    const struct principal *person = groups_person(watched->who);

    return person != NULL && strcmp(person->name, name) == 0;
}

static void groups_watch_on_answer(void *owner,
                                   const struct groups_answer *answer);

/* If it cannot be asked, because too many others are, the next round begins
 * with it. */
static void ask_next(struct groups_watch *w)
{
    const struct principal *person = find_next(w);
    struct err err;

    if (person != NULL) {
        snprintf(w->name, sizeof w->name, "%s", person->name);
        w->lookup = groups_ask_name(w->groups, w->name, groups_watch_on_answer,
                                    w, &err);
    }
    if (w->lookup == NULL && !list_is_empty(&w->watched))
        deadline_start(&w->pauses, &w->pause, clock_now_us());
}

/* Those that are done are met once more at the end of the list, and passed
 * by. */
static void groups_watch_on_answer(void *owner,
                                   const struct groups_answer *answer)
{
    struct groups_watch *w = owner;

    w->lookup = NULL;
    LIST_EACH (node, after, &w->watched) {
        struct groups_watched *watched = watched_at(node);

        if (watched->round == w->round || !is_of(watched, w->name))
            continue;
        mark_done(w, watched);
        if (groups_give(w->groups, answer, watched->who))
            watched->on_change(watched->owner);
    }
    ask_next(w);
}

void groups_watch_begin(struct groups_watch *w)
{
    if (w->lookup != NULL)
        return;
    deadline_stop(&w->pause);
    w->round++;
    ask_next(w);
}

static void groups_watch_pause_over(struct deadline *d, void *owner)
{
    (void)d;
    groups_watch_begin(owner);
}

void groups_watch_add(struct groups_watch *w, struct groups_watched *watched,
                      struct principal *who, void (*on_change)(void *owner),
                      void *owner)
{
    groups_watch_remove(watched);
    if (groups_person(who) == NULL)
        return;
    watched->who = who;
    watched->on_change = on_change;
    watched->owner = owner;
    mark_done(w, watched);
    if (w->lookup == NULL && !deadline_is_running(&w->pause))
        deadline_start(&w->pauses, &w->pause, clock_now_us());
}

void groups_watch_remove(struct groups_watched *watched)
{
    list_remove(&watched->node);
}

void groups_watch_open(struct groups_watch *w, struct loop *loop,
                       struct groups *groups)
{
    *w = (struct groups_watch){ .groups = groups };
    list_init(&w->watched);
    deadline_queue_open(&w->pauses, GROUPS_WATCH_US, groups_watch_pause_over,
                        w);
    deadline_init(&w->pause);
    if (loop != NULL)
        loop_watch(loop, &w->pauses);
}

void groups_watch_close(struct groups_watch *w)
{
    if (w->lookup != NULL)
        groups_cancel(w->lookup);
    deadline_stop(&w->pause);
    deadline_queue_close(&w->pauses);
}
