#include "session/session.h"

#include "base/clock.h"
#include "session/session_context.h"

static struct session *session_at(struct list *node)
{
    return CONTAINER_OF(node, struct session, node);
}

void session_start(struct session_context *ctx, struct session *s,
                   const struct session_ops *ops)
{
    s->ops = ops;
    s->is_ending = false;
    list_init(&s->node);
    list_add_tail(&ctx->living, &s->node);
}

void session_mark_ending(struct session_context *ctx, struct session *s)
{
    if (s->is_ending)
        return;
    s->is_ending = true;
    list_remove(&s->node);
    list_add_tail(&ctx->ending, &s->node);
}

void session_end_now(struct session_context *ctx, struct session *s)
{
    session_mark_ending(ctx, s);
    list_remove(&s->node);
    list_add_tail(&ctx->ended, &s->node);
    s->ops->end(s);
    directory_settle(ctx->directory);
}

bool session_end_marked(struct session_context *ctx)
{
    bool any = !list_is_empty(&ctx->ending);

    directory_settle(ctx->directory);
    while (!list_is_empty(&ctx->ending))
        session_end_now(ctx, session_at(ctx->ending.next));
    return any;
}

void session_free_ended(struct session_context *ctx)
{
    LIST_EACH (node, after, &ctx->ended) {
        list_remove(node);
        session_at(node)->ops->free(session_at(node));
    }
}

/* Those that are sources, or the others. A session marks itself at most, and
 * so leaves the list by itself. */
static void shut_down_some(struct session_context *ctx, const char *reason,
                           bool is_source)
{
    LIST_EACH (node, after, &ctx->living) {
        struct session *s = session_at(node);

        if (s->ops->is_source == is_source)
            s->ops->shut_down(s, reason);
    }
    directory_settle(ctx->directory);
}

void session_shut_down(struct session_context *ctx, const char *reason)
{
    struct directory_cursor cursor = { 0 };
    struct console *c;

    while ((c = directory_next(ctx->directory, &cursor)) != NULL)
        move_interrupt(c, clock_now_us());
    directory_settle(ctx->directory);
    shut_down_some(ctx, reason, true);
    /* What they have said last is there now, and shown before the reason. */
    (void)session_end_marked(ctx);
    shut_down_some(ctx, reason, false);
}

void session_close_all(struct session_context *ctx, const char *reason)
{
    LIST_EACH (node, after, &ctx->living)
        session_at(node)->ops->close(session_at(node), reason);
}

bool session_is_quiet(const struct session_context *ctx)
{
    return list_is_empty(&ctx->living) && list_is_empty(&ctx->ending);
}
