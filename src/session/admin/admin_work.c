/*
 * One deadline works on the first of those that have a place, for
 * ADMIN_WORK_US, rests for ADMIN_REST_US, and so on: so lists of 10,000
 * consoles, whoever asks for them and how often, cost others a fifth of the
 * loop's time at most. client_menu_work.c does the same for menus.
 *
 * A place is had for as long as the list is in memory, which is until its
 * client has read it: that bounds the memory of all of them.
 */
#include "base/clock.h"
#include "session/admin/admin_session_private.h"

void admin_work_init(struct admin_work *w, struct session_context *ctx,
                     const struct admin_work_ops *ops)
{
    *w = (struct admin_work){ .ctx = ctx, .ops = ops };
    list_init(&w->node);
    census_walk_init(&w->walk);
}

static void start(struct admins *all)
{
    if (!deadline_is_running(&all->step) && !list_is_empty(&all->waiting))
        deadline_start(&all->starts, &all->step, clock_now_us());
}

void admin_work_begin(struct admin_work *w)
{
    struct admins *all = w->ctx->admins;

    census_walk_end(&w->walk);
    w->is_walking = false;
    list_remove(&w->node);
    list_add_tail(&all->waiting, &w->node);
    start(all);
}

void admin_work_end(struct admin_work *w)
{
    struct admins *all = w->ctx->admins;

    census_walk_end(&w->walk);
    w->is_walking = false;
    list_remove(&w->node);
    if (!w->has_place)
        return;
    w->has_place = false;
    all->busy--;
    start(all);
}

/* Those that have a place come first: one that waits behind them gets theirs.
 */
static struct admin_work *next_of(struct admins *all)
{
    struct admin_work *w;

    LIST_EACH (node, after, &all->waiting) {
        w = CONTAINER_OF(node, struct admin_work, node);
        if (w->has_place)
            return w;
    }
    if (all->busy >= ADMIN_LISTS || list_is_empty(&all->waiting))
        return NULL;
    w = CONTAINER_OF(all->waiting.next, struct admin_work, node);
    w->has_place = true;
    all->busy++;
    return w;
}

/* True: all were looked at, or none can be. */
static bool walk(struct admin_work *w, bool *ret_has_memory)
{
    struct session_context *ctx = w->ctx;

    *ret_has_memory = true;
    if (!w->is_walking)
        *ret_has_memory =
            census_walk_begin(&w->walk, ctx->walks, ctx->directory);
    w->is_walking = *ret_has_memory;
    for (int i = 0; i < ADMIN_CONSOLES_AT_ONCE && w->is_walking; i++) {
        struct console *c = census_walk_next(&w->walk);

        if (c == NULL)
            return true;
        w->ops->look(w, c);
    }
    return !w->is_walking;
}

/* done may end the work, or begin it again. What look does may end it, too. */
static void step(struct admin_work *w)
{
    bool has_memory;

    if (!walk(w, &has_memory) || !admin_work_is_under_way(w))
        return;
    census_walk_end(&w->walk);
    w->is_walking = false;
    list_remove(&w->node);
    w->ops->done(w, has_memory);
}

void admin_work_due(struct deadline *d, void *owner)
{
    struct session_context *ctx = owner;
    struct admins *all = ctx->admins;
    uint64_t until_us = clock_now_us() + ADMIN_WORK_US;
    struct admin_work *w = next_of(all);

    (void)d;
    while (w != NULL) {
        step(w);
        w = clock_now_us() < until_us ? next_of(all) : NULL;
    }
    if (!list_is_empty(&all->waiting))
        deadline_start(&all->rests, &all->step, clock_now_us());
    directory_settle(ctx->directory);
}
