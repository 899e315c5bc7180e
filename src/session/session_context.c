#include "session/session_context.h"

#include "base/clock.h"
#include "base/mem.h"
#include "session/client_past.h"
#include "session/client_session.h"
#include "session/secure.h"
#include "session/service.h"
#include "session/service_tls.h"
#include "session/vm_session.h"

#include <stdlib.h>

void session_context_init(struct session_context *ctx, struct loop *loop,
                          struct directory *directory,
                          const struct session_settings *settings)
{
    ctx->settings = *settings;
    ctx->past = (struct past_source){ 0 };
    ctx->directory = directory;
    ctx->loop = loop;
    gate_init(ctx, &settings->gate);
    list_init(&ctx->living);
    list_init(&ctx->ending);
    list_init(&ctx->ended);
    list_init(&ctx->service_tls);
    deadline_queue_init(&ctx->identities, settings->identity_timeout_us);
    deadline_queue_init(&ctx->negotiations, CLIENT_NEGOTIATION_US);
    deadline_queue_init(&ctx->drains, CLIENT_DRAIN_US);
    deadline_queue_init(&ctx->vm_first_bytes, SECURE_FIRST_BYTE_US);
    deadline_queue_init(&ctx->client_first_bytes, SECURE_FIRST_BYTE_US);
    deadline_queue_init(&ctx->answers, CLIENT_ANSWER_US);
    deadline_queue_init(&ctx->services, SERVICE_TICK_US);
    deadline_queue_init(&ctx->pasts, CLIENT_PAST_US);
    tls_hub_init(&ctx->tls, loop);
    ctx->read_buffer = xmalloc(LIMIT_READ);
    ctx->copy_buffer = xcalloc(1, LIMIT_READ);
    if (loop == NULL)
        return;
    loop_watch_deadlines(loop, &ctx->watches[0], &ctx->identities,
                         vm_session_identity_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[1], &ctx->negotiations,
                         client_session_negotiation_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[2], &ctx->drains,
                         client_session_drain_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[3], &ctx->vm_first_bytes,
                         vm_session_first_byte_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[4], &ctx->client_first_bytes,
                         client_session_first_byte_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[5], &ctx->services, service_due,
                         ctx);
    loop_watch_deadlines(loop, &ctx->watches[6], &ctx->answers,
                         client_session_answer_due, ctx);
    loop_watch_deadlines(loop, &ctx->watches[7], &ctx->pasts, client_past_due,
                         ctx);
}

void session_context_set(struct session_context *ctx,
                         const struct session_settings *settings)
{
    ctx->settings = *settings;
    gate_set(&ctx->gate, &settings->gate);
    deadline_queue_set_length(&ctx->identities, settings->identity_timeout_us);
}

void session_context_done(struct session_context *ctx)
{
    session_free_ended(ctx);
    tls_hub_done(&ctx->tls);
    service_tls_forget(ctx);
    gate_done(&ctx->gate);
    free(ctx->read_buffer);
    free(ctx->copy_buffer);
}
