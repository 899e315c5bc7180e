#include "api/alerts/alert_right.h"

#include "core/directory.h"
#include "session/session_context.h"

enum right alert_right(const struct api_call *call,
                       const struct alert_item *item)
{
    const struct session_context *ctx = api_sessions(call->api);
    const struct console *c =
        directory_find(ctx->directory, item->uuid, item->label);
    const struct access_console texts = {
        .name = item->name,
        .uuid = item->uuid,
        .label = item->label,
        .host = item->host,
    };

    if (c != NULL)
        return api_right_on(call, c);
    if (ctx->access == NULL || !session_context_trusts(ctx, call->who))
        return RIGHT_NONE;
    return access_rules_judge(ctx->access, call->who, &texts).right;
}

const char *alert_caller(const struct api_call *call)
{
    if (call->who->name != NULL)
        return call->who->name;
    return call->peer[0] != '\0' ? call->peer : "somebody";
}
