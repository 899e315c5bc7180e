/*
 * turns.h - several users of one connection to the server (remote.h), which
 * takes one request at a time: each gets its turn, in the order of asking.
 */
#ifndef REMOTE_LINK_TURNS_H
#define REMOTE_LINK_TURNS_H

#include "base/list.h"
#include "remote/remote.h"

/* In its user's storage. */
struct turn {
    struct list node;
    bool is_current;
    void (*begin)(struct turn *t); /* may call remote_ask */
};

struct turns {
    struct remote *remote;
    struct list waiting;
    struct turn *current; /* NULL: nobody's */
};

static inline void turns_init(struct turns *all, struct remote *remote)
{
    all->remote = remote;
    list_init(&all->waiting);
    all->current = NULL;
}

static inline void turn_init(struct turn *t, void (*begin)(struct turn *t))
{
    list_init(&t->node);
    t->is_current = false;
    t->begin = begin;
}

static inline void turns_next(struct turns *all)
{
    struct turn *t;

    if (all->current != NULL || list_is_empty(&all->waiting))
        return;
    t = CONTAINER_OF(all->waiting.next, struct turn, node);
    list_remove(&t->node);
    t->is_current = true;
    all->current = t;
    t->begin(t);
}

/* begin is called, now or later. */
static inline void turns_ask(struct turns *all, struct turn *t)
{
    list_add_tail(&all->waiting, &t->node);
    turns_next(all);
}

/* The turn is over; or it is given up, with the request that is under way. */
static inline void turns_end(struct turns *all, struct turn *t)
{
    list_remove(&t->node);
    if (!t->is_current)
        return;
    t->is_current = false;
    all->current = NULL;
    turns_next(all);
}

static inline void turns_cancel(struct turns *all, struct turn *t)
{
    if (t->is_current)
        remote_drop(all->remote);
    turns_end(all, t);
}

#endif
