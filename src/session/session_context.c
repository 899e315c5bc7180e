/*
 * read_buffer is where a handler reads to, copy_buffer is for what has to be
 * put together, or read, while the read buffer is in use. Neither outlives the
 * handler; both are shared by all sessions, so that an idle connection has no
 * buffer of its own.
 */
#include "session/session_context.h"

#include "base/mem.h"

#include <stdlib.h>

const char *tls_policy_name(enum tls_policy policy)
{
    static const char *const names[TLS_POLICY_COUNT] = {
        [TLS_OFF] = "off",
        [TLS_TELNETS] = "telnets",
        [TLS_OFFERED] = "offered",
        [TLS_REQUIRED] = "required",
    };

    return (unsigned)policy < TLS_POLICY_COUNT ? names[policy] : "?";
}

void session_context_init(struct session_context *ctx, struct loop *loop,
                          struct directory *directory,
                          const struct session_settings *settings)
{
    *ctx = (struct session_context){
        .settings = *settings,
        .directory = directory,
        .loop = loop,
    };
    session_list_init(&ctx->all, directory);
    gate_init(&ctx->gate, &ctx->all, &settings->gate);
    tls_hub_init(&ctx->tls, loop);
    ctx->read_buffer = xmalloc(LIMIT_READ);
    ctx->copy_buffer = xcalloc(1, LIMIT_READ);
}

void session_context_done(struct session_context *ctx)
{
    tls_hub_done(&ctx->tls);
    gate_done(&ctx->gate);
    free(ctx->read_buffer);
    free(ctx->copy_buffer);
}

void session_context_open_queue(struct session_context *ctx,
                                struct deadline_queue *queue,
                                uint64_t length_us, deadline_due_fn *on_due)
{
    deadline_queue_open(queue, length_us, on_due, ctx);
    if (ctx->loop != NULL)
        loop_watch(ctx->loop, queue);
}
