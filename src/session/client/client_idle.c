/*
 * Clients that are quiet: NOPs for what stands between, and an end for those
 * that nobody types at.
 *
 * A balancer or firewall forgets a connection without traffic; most do not see
 * TCP's keepalive. So a telnet client to which nothing was sent for client-nop
 * gets an IAC NOP, which no telnet shows. A raw client has no such byte.
 *
 * A client that types nothing for client-idle-time is closed, and a person is
 * told before. Output does not keep a client: a guest that prints would keep
 * forgotten, logged-in terminals open for ever, which is what the setting is
 * there for. One that only watches can ask "are you there" (AYT). Input that
 * waits because the VM does not take it is not lost by an idle time.
 *
 * Only clients of a telnet door: a raw listener (tcp://) is a wire that may
 * carry bytes one way, and a system that vspcd called has no person.
 *
 * The deadlines run with each setting off, too, with a length that nobody
 * lives to see: so SIGHUP finds them running, and what counts is the time since
 * the last byte and not since the SIGHUP.
 */
#include "base/clock.h"
#include "session/client/client_session_private.h"

#define NEVER_US (UINT64_C(100) * 365 * 24 * 3600 * 1000 * 1000)

/* The time between warning and end, unless that were more than half of all. */
enum { LAST_US = 60 * 1000 * 1000 };

static uint64_t last_of(uint64_t idle_us)
{
    return idle_us / 2 < LAST_US ? idle_us / 2 : LAST_US;
}

static uint64_t or_never(uint64_t length_us)
{
    return length_us != 0 ? length_us : NEVER_US;
}

void client_idle_set(struct session_context *ctx)
{
    uint64_t idle_us = ctx->settings.client_idle_us;
    uint64_t last_us = last_of(idle_us);

    deadline_queue_set_length(&ctx->clients->nops,
                              or_never(ctx->settings.client_nop_us));
    deadline_queue_set_length(&ctx->clients->idles,
                              or_never(idle_us - last_us));
    deadline_queue_set_length(&ctx->clients->last_times, or_never(last_us));
}

void client_idle_begin(struct client_session *s)
{
    uint64_t now_us = clock_now_us();

    if (s->role->way != CLIENT_TELNET || s->role->is_outgoing)
        return;
    deadline_start(&s->telnet.ctx->clients->nops, &s->nop, now_us);
    deadline_start(&s->telnet.ctx->clients->idles, &s->idle, now_us);
}

void client_idle_end(struct client_session *s)
{
    deadline_stop(&s->nop);
    deadline_stop(&s->idle);
}

void client_idle_sent(struct client_session *s)
{
    if (deadline_is_running(&s->nop))
        deadline_start(&s->telnet.ctx->clients->nops, &s->nop, clock_now_us());
}

void client_idle_active(struct client_session *s)
{
    if (!deadline_is_running(&s->idle))
        return;
    s->was_warned = false;
    deadline_start(&s->telnet.ctx->clients->idles, &s->idle, clock_now_us());
}

/* A client that takes nothing gets nothing more to take. */
void client_idle_nop_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, nop);
    struct session_context *ctx = owner;
    struct wire *w = &s->telnet.wire;

    deadline_start(&ctx->clients->nops, &s->nop, clock_now_us());
    if (s->mode == CLIENT_MODE_TELNET && w->out.len == 0 &&
        telnet_put_command(&w->out, TELNET_NOP) == 0)
        client_output_flush(s);
    directory_settle(ctx->directory);
}

static bool has_waiting_input(const struct client_session *s)
{
    return s->is_refused || s->has_typed_over;
}

static void warn(struct client_session *s, uint64_t left_us)
{
    struct err text;

    err_set(&text, "closing in %llu s, because nothing is typed",
            (unsigned long long)((left_us + 999999) / (1000 * 1000)));
    s->was_warned = true;
    if (client_output_takes_notices(s) && client_session_is_attached(s))
        client_output_notice(s, text.text);
    client_menu_warn(s, "closing soon, because nothing is typed");
    client_output_flush(s);
}

void client_idle_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, idle);
    struct session_context *ctx = owner;

    if (has_waiting_input(s)) {
        deadline_start(&ctx->clients->idles, &s->idle, clock_now_us());
    } else if (!s->was_warned) {
        deadline_start(&ctx->clients->last_times, &s->idle, clock_now_us());
        warn(s, ctx->clients->last_times.length_us);
    } else {
        client_session_shut_down(&s->client, client_end_text(CLIENT_END_IDLE));
    }
    directory_settle(ctx->directory);
}
