#include "api/alerts/alert_call.h"

#include "api/api_means.h"
#include "core/directory.h"
#include "session/session_context.h"

const struct alerts_means *alert_means(struct api_call *call)
{
    const struct alerts_means *means = api_means_of(call->api)->alerts;

    if (means == NULL)
        api_fail(call, API_UNAVAILABLE, NULL, "there are no alerts");
    return means;
}

bool alert_take_pattern(struct api_call *call, const char *name,
                        const char **ret_pattern)
{
    const char *pattern = api_text(call, name);
    struct err why;

    if (pattern != NULL && pattern_check(pattern, &why) < 0) {
        api_fail(call, API_BAD_REQUEST, NULL, "%s: %s", name, why.text);
        return false;
    }
    *ret_pattern = pattern;
    return true;
}

enum right alert_right(const struct api_call *call,
                       const struct alert_item *item)
{
    const struct session_context *ctx = api_sessions(call->api);
    const struct console *c =
        directory_find(ctx->directory, item->uuid, item->label);
    struct access_console view;

    if (c != NULL)
        return api_right_on(call, c);
    view = directory_view(ctx->directory, item->name, item->uuid, item->label);
    view.host = item->host;
    return session_context_judge_view(ctx, call->who, &view).right;
}

const char *alert_caller(const struct api_call *call)
{
    if (call->who->name != NULL)
        return call->who->name;
    return call->peer[0] != '\0' ? call->peer : "somebody";
}
