#include "base/clock.h"
#include "session/client/client_session_private.h"

static void client_past_on_answer(struct past_ask *ask, struct past *past);

void client_past_init(struct client_past *p)
{
    *p = (struct client_past){ 0 };
    past_ask_init(&p->ask, client_past_on_answer);
    deadline_init(&p->due);
}

void client_past_give_up(struct client_past *p)
{
    past_ask_cancel(&p->ask);
    deadline_stop(&p->due);
}

/* As much of it as the ring could have; the rest of a wish is none. */
static struct history_wish wish_of(const struct client_session *s)
{
    struct history_wish wish = s->telnet.ctx->settings.history;
    uint32_t most = s->telnet.ctx->directory->settings.ring_max / 4;

    if (wish.bytes > most)
        wish.bytes = most;
    return wish;
}

void client_past_begin(struct client_session *s, uint64_t end)
{
    const struct past_source *source = &s->telnet.ctx->past;
    struct history_wish wish = wish_of(s);

    /* The ring has all there was since the start, and that is not enough. */
    if (source->ask == NULL || wish.lines == 0 || s->client.reader.at != 0 ||
        end >= wish.bytes)
        return;
    wish.bytes += HISTORY_CONTEXT - (uint32_t)end;
    s->past.end = end;
    if (source->ask(source->owner, s->client.console, &wish, &s->past.ask))
        deadline_start(&s->telnet.ctx->clients->pasts, &s->past.due,
                       clock_now_us());
}

bool client_past_is_awaited(struct client_session *s)
{
    if (deadline_is_running(&s->past.due) &&
        console_is_soon_held_by(&s->client.reader))
        client_past_give_up(&s->past);
    return deadline_is_running(&s->past.due);
}

static void client_past_on_answer(struct past_ask *ask, struct past *past)
{
    struct client_past *p = CONTAINER_OF(ask, struct client_past, ask);
    struct client_session *s = CONTAINER_OF(p, struct client_session, past);
    const struct ring *output = &s->client.console->output;
    struct history_wish wish = wish_of(s);
    size_t shown = 0;

    client_past_give_up(p);
    /* What has come since is not between the two if it is all there. */
    if (past != NULL && ring_tail(output) == 0 && client_session_is_person(s))
        shown =
            history_of_past(output, p->end, slice_of(past->bytes, past->len),
                            past->is_beginning, &wish);
    if (shown > 0)
        view_show_past(&s->client.view, past, past->len - (uint32_t)shown);
    client_output_flush(s);
}

void client_past_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, past.due);

    (void)owner;
    client_past_give_up(&s->past);
    client_output_flush(s);
}
