/*
 * Output from before the program's start, for a client that looks back further
 * than the ring.
 *
 * The client's position stays where it was when the log was asked, so that
 * nothing is missing and nothing is shown twice where the two meet: the log's
 * part ends where the ring's begins, at position 0. If the ring has lost its
 * first bytes by the time of the answer, there would be a gap between the two,
 * and the past is not shown at all.
 *
 * A disk that hangs keeps nobody from a console (CLIENT_PAST_US), and a VM
 * never waits for a past: a client that it would soon have to wait for gives
 * up.
 */
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

/* The wish for earlier output, cut to as much as the ring could show. */
static struct history_wish wish_of(const struct client_session *s)
{
    struct history_wish wish = s->telnet.ctx->settings.history;
    uint32_t most = s->telnet.ctx->directory->settings.ring_max / 4;

    if (wish.bytes > most)
        wish.bytes = most;
    return wish;
}

/* Asks only if the ring has everything since the program's start (position 0 is
 * where the client looks back to) and that is less than the wish.
 * HISTORY_CONTEXT more, so that a place where a line begins can be found. */
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

/* Asked before each output, so it is also the place where the waiting ends for
 * the VM's sake. */
bool client_past_is_awaited(struct client_session *s)
{
    if (deadline_is_running(&s->past.due) &&
        console_is_soon_held_by(&s->client.reader))
        client_past_give_up(&s->past);
    return deadline_is_running(&s->past.due);
}

/* The client may have turned out to be a program meanwhile, which is shown no
 * past. */
static void client_past_on_answer(struct past_ask *ask, struct past *past)
{
    struct client_past *p = CONTAINER_OF(ask, struct client_past, ask);
    struct client_session *s = CONTAINER_OF(p, struct client_session, past);
    const struct ring *output = &s->client.console->output;
    struct history_wish wish = wish_of(s);
    size_t shown = 0;

    client_past_give_up(p);
    /* If the ring has lost its first bytes, there would be a gap behind the
     * past: it is not shown. */
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
