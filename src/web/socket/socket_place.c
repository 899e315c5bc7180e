/*
 * Where the output begins that a peer sees: at a place in the ring; with
 * history, which may reach back before the program's start; or behind a place
 * that the ring does not have, so that the console's log is asked for it, a
 * piece at a time, until the ring has what follows.
 *
 * The peer is told the place of its next byte, and whether that is in the ring
 * (is_live). Only then it acknowledges: what comes from the log can be had from
 * there again.
 *
 * The VM waits for nobody who reads a log: the reader stays at the end of the
 * output for so long. If the ring moves on meanwhile, the log has that too.
 */
#include "base/clock.h"
#include "web/socket/console_socket_private.h"

#include <stdlib.h>

static void socket_place_on_answer(struct past_ask *ask, struct past *past);

void socket_place_init(struct console_socket *s)
{
    past_ask_init(&s->ask, socket_place_on_answer);
    deadline_init(&s->past_due);
}

void socket_place_give_up(struct console_socket *s)
{
    past_ask_cancel(&s->ask);
    deadline_stop(&s->past_due);
}

/* The ring has this position. What is passed over was taken, if perhaps by a
 * former connection: the VM may have waited for just that. */
static void move_reader(struct reader *reader, uint64_t at)
{
    struct ring_span span;

    (void)reader_peek(reader, &span);
    if (at > reader->at)
        reader_took(reader, (size_t)(at - reader->at), clock_now_us());
    reader->at = at;
}

static void go_live(struct console_socket *s, uint64_t at)
{
    const struct past_place place = { console_epoch(s->client.console), at };

    socket_place_give_up(s);
    s->output = SOCKET_LIVE;
    move_reader(&s->client.reader, at);
    s->cursor.at = at;
    s->acked = at;
    if (s->is_greeted)
        socket_text_place(s, &place, true);
}

void socket_place_stop(struct console_socket *s)
{
    socket_place_give_up(s);
    if (s->output == SOCKET_LIVE)
        return;
    view_done(&s->client.view);
    s->output = SOCKET_LIVE;
    s->cursor.at = s->client.reader.at;
    s->acked = s->cursor.at;
}

static void await(struct console_socket *s)
{
    deadline_start(&s->ctx->sockets->pasts, &s->past_due, clock_now_us());
}

/* ---- the log ------------------------------------------------------------- */

static bool is_in_ring(const struct console_socket *s)
{
    const struct console *c = s->client.console;

    return s->log_place.epoch == console_epoch(c) &&
           s->log_place.position >= ring_tail(&c->output) &&
           s->log_place.position <= c->output.head;
}

/* Nobody has what follows the place. All that the ring has comes after it,
 * unless the place was never there. */
static void miss(struct console_socket *s)
{
    const struct console *c = s->client.console;
    uint64_t tail = ring_tail(&c->output);
    bool is_of_ring = s->log_place.epoch == console_epoch(c);
    bool was_there = !is_of_ring || s->log_place.position <= tail;

    if (!s->is_greeted)
        s->is_greeted = socket_text_hello(s);
    if (is_of_ring && was_there)
        socket_text_gap(s, "lost", s->log_place.position, tail);
    else
        socket_text_unknown_gap(s, is_of_ring ? "lost" : "restart", 0, 0);
    go_live(s, was_there ? tail : c->output.head);
}

static void go_on(struct console_socket *s)
{
    const struct past_source *source = &s->ctx->past;

    if (is_in_ring(s))
        go_live(s, s->log_place.position);
    else if (source->ask_from != NULL &&
             source->ask_from(source->owner, s->client.console, &s->log_place,
                              &s->ask))
        await(s);
    else
        miss(s);
}

static bool is_same_place(struct past_place a, struct past_place b)
{
    return a.epoch == b.epoch && a.position == b.position;
}

static void on_log(struct console_socket *s, struct past *past)
{
    struct past_place begin;

    if (past == NULL ||
        (past->len == 0 && is_same_place(past->next, s->log_place))) {
        miss(s);
        return;
    }
    if (!s->is_greeted)
        s->is_greeted = socket_text_hello(s);
    if (past->missing > 0 || past->may_miss || past->unwritten > 0)
        socket_text_unknown_gap(
            s, past->next.epoch == s->log_place.epoch ? "lost" : "restart",
            past->may_miss ? 0 : past->missing, past->unwritten);
    s->log_next = past->next;
    begin = (struct past_place){ past->next.epoch,
                                 past->next.position - past->len };
    if (past->len > 0 && !is_same_place(begin, s->log_place))
        socket_text_place(s, &begin, false);
    if (past->len > 0)
        view_show_past(&s->client.view, past, 0);
    else
        socket_place_shown(s);
}

/* ---- history ------------------------------------------------------------- */

static void on_history(struct console_socket *s, struct past *past)
{
    const struct ring *output = &s->client.console->output;
    size_t shown = 0;

    /* If the ring has lost its first bytes, there would be a gap behind it. */
    if (past != NULL && ring_tail(output) == 0)
        shown = history_of_past(output, s->came_at,
                                slice_of(past->bytes, past->len),
                                past->is_beginning, &s->wish);
    if (shown > 0)
        view_show_past(&s->client.view, past, past->len - (uint32_t)shown);
    else
        go_live(s, s->client.reader.at);
}

/* As much as a ring can show at most. */
static struct history_wish wish_of(const struct console_socket *s,
                                   const uint32_t *lines)
{
    struct history_wish wish = s->ctx->settings.history;
    uint32_t most = s->ctx->directory->settings.ring_max / 4;

    if (lines != NULL)
        wish = (struct history_wish){ *lines, most };
    if (wish.bytes > most)
        wish.bytes = most;
    return wish;
}

/* What the ring has is asked of it alone, unless it has all since the start and
 * that is too little. HISTORY_CONTEXT helps to find where a line begins. */
static void begin_history(struct console_socket *s, const uint32_t *lines)
{
    const struct past_source *source = &s->ctx->past;
    struct reader *reader = &s->client.reader;
    struct history_wish wish = wish_of(s, lines);

    s->came_at = reader->at;
    s->wish = wish;
    console_look_back(reader, &wish);
    s->cursor.at = reader->at;
    s->acked = reader->at;
    s->output = SOCKET_LIVE;
    if (source->ask == NULL || wish.lines == 0 || reader->at != 0 ||
        s->came_at >= wish.bytes)
        return;
    wish.bytes += HISTORY_CONTEXT - (uint32_t)s->came_at;
    if (!source->ask(source->owner, s->client.console, &wish, &s->ask))
        return;
    s->output = SOCKET_HISTORY;
    await(s);
}

/* ---- either -------------------------------------------------------------- */

bool socket_place_is_valid(const struct console *c, const char *from)
{
    struct past_place place;

    return from == NULL || past_place_read(from, console_epoch(c), &place);
}

/* One that comes again without saying where goes on behind what it has
 * acknowledged. */
void socket_place_begin(struct console_socket *s,
                        const struct console_socket_start *start)
{
    struct reader *reader = &s->client.reader;

    socket_place_give_up(s);
    view_done(&s->client.view);
    s->cursor.console = s->client.console;
    s->output = SOCKET_LOG;
    if (start->from != NULL &&
        past_place_read(start->from, console_epoch(s->client.console),
                        &s->log_place)) {
        go_on(s);
    } else if (s->is_resumed) {
        s->log_place =
            (struct past_place){ console_epoch(s->client.console), reader->at };
        go_on(s);
    } else {
        begin_history(s, start->history);
    }
}

void socket_place_shown(struct console_socket *s)
{
    if (s->output == SOCKET_HISTORY) {
        go_live(s, s->client.reader.at);
        return;
    }
    s->log_place = s->log_next;
    if (!is_in_ring(s))
        socket_text_place(s, &s->log_place, false);
    go_on(s);
}

static void stop_waiting(struct console_socket *s)
{
    socket_place_give_up(s);
    if (s->output == SOCKET_LOG)
        miss(s);
    else
        go_live(s, s->client.reader.at);
}

/* Asked before each output, so it is also where a wait ends for the VM's sake,
 * and where one goes on whose older output was purged. */
bool socket_place_is_awaited(struct console_socket *s)
{
    struct reader *reader = &s->client.reader;

    if (s->output == SOCKET_LOG && !reader_has_caught_up(reader))
        reader_took(reader, (size_t)(reader->console->output.head - reader->at),
                    clock_now_us());
    if (s->output == SOCKET_LIVE || view_has_past(&s->client.view))
        return false;
    if (!deadline_is_running(&s->past_due))
        socket_place_shown(s);
    else if (s->output == SOCKET_HISTORY && console_is_soon_held_by(reader))
        stop_waiting(s);
    return deadline_is_running(&s->past_due);
}

static void socket_place_on_answer(struct past_ask *ask, struct past *past)
{
    struct console_socket *s = CONTAINER_OF(ask, struct console_socket, ask);

    socket_place_give_up(s);
    if (s->output == SOCKET_LOG)
        on_log(s, past);
    else
        on_history(s, past);
    console_socket_go_on(s);
}

void socket_place_past_due(struct deadline *d, void *owner)
{
    struct console_socket *s = CONTAINER_OF(d, struct console_socket, past_due);
    struct session_context *ctx = owner;

    stop_waiting(s);
    console_socket_go_on(s);
    directory_settle(ctx->directory);
}
