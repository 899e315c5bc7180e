#include "session/kinds/sessions.h"

#include "session/admin/admin_session.h"
#include "session/arrival.h"
#include "session/client/client_session.h"
#include "session/service/service.h"
#include "session/typing.h"
#include "session/vm/vm_session.h"

void sessions_open(struct session_context *ctx, struct loop *loop,
                   struct directory *directory,
                   const struct session_settings *settings)
{
    session_context_init(ctx, loop, directory, settings);
    arrival_open_all(ctx);
    vm_session_open_all(ctx);
    client_session_open_all(ctx);
    service_open_all(ctx);
    typing_open_all(ctx);
    admin_session_open_all(ctx);
}

void sessions_set(struct session_context *ctx,
                  const struct session_settings *settings)
{
    ctx->settings = *settings;
    gate_set(&ctx->gate, &settings->gate);
    deadline_queue_set_length(&ctx->vms->identities,
                              settings->identity_timeout_us);
    deadline_queue_set_length(&ctx->clients->half_closes,
                              settings->half_close_us);
    client_idle_set(ctx);
}

/* Services come last, so that a listener's client that has no place here by its
 * own address is told of that. */
struct session_judged sessions_judge(struct session_context *ctx)
{
    struct session_judged judged = { 0 };
    struct directory_cursor cursor = { 0 };
    struct console *c;

    session_judge_all(&ctx->all, &judged);
    while ((c = directory_next(ctx->directory, &cursor)) != NULL)
        service_judge(c, &judged);
    return judged;
}

/* In the reverse order of sessions_open: services have client sessions, and all
 * have what the context has. */
void sessions_close(struct session_context *ctx)
{
    session_free_ended(&ctx->all);
    typing_close_all(ctx);
    admin_session_close_all(ctx);
    service_close_all(ctx);
    client_session_close_all(ctx);
    vm_session_close_all(ctx);
    arrival_close_all(ctx);
    session_context_done(ctx);
}
