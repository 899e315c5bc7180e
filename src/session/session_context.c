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

bool session_context_trusts(const struct session_context *ctx,
                            const struct principal *who)
{
    if (who->web_session != 0 &&
        (ctx->web_sessions == NULL ||
         !web_sessions_holds(ctx->web_sessions, who->web_session)))
        return false;
    if (who->ssh_key != 0 && ctx->ssh_keys_deleted != NULL &&
        ssh_keys_deleted_has(ctx->ssh_keys_deleted, who->ssh_key))
        return false;
    if (who->proof == PROOF_PROXY && ctx->trusts_proxy != NULL)
        return ctx->trusts_proxy(ctx->trusts_owner, who);
    return who->token == 0 ||
           (ctx->tokens != NULL && tokens_holds(ctx->tokens, who->token));
}

struct access_verdict session_context_judge(const struct session_context *ctx,
                                            const struct principal *who,
                                            const struct console *console)
{
    struct access_console view = console_view(console);

    return session_context_judge_view(ctx, who, &view);
}

struct access_verdict session_context_judge_view(
    const struct session_context *ctx, const struct principal *who,
    const struct access_console *view)
{
    if (ctx->access == NULL || !session_context_trusts(ctx, who))
        return (struct access_verdict){ .right = RIGHT_NONE };
    return access_rules_judge(ctx->access, who, view);
}

void session_context_open_queue(struct session_context *ctx,
                                struct deadline_queue *queue,
                                uint64_t length_us, deadline_due_fn *on_due)
{
    deadline_queue_open(queue, length_us, on_due, ctx);
    if (ctx->loop != NULL)
        loop_watch(ctx->loop, queue);
}
