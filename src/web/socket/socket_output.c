/*
 * What the peer is shown, as messages on its connection: the view's items.
 * Bytes go straight from the ring to the connection; texts stand before the
 * bytes that they belong before.
 *
 * The view is asked by the cursor, which may be ahead of the client's reader.
 * Core knows of the reader alone: for a session that can come again, the VM
 * waits for what has arrived, and not for what was written.
 */
#include "base/clock.h"
#include "web/socket/console_socket_private.h"

static uint64_t window_of(const struct console_socket *s)
{
    uint64_t sent = s->cursor.at - s->acked;

    if (s->phase == SOCKET_DRAINING || s->output != SOCKET_LIVE)
        return UINT64_MAX;
    return sent < SOCKET_WINDOW ? SOCKET_WINDOW - sent : 0;
}

static void cut_span(struct ring_span *span, uint64_t most)
{
    for (int i = 0; i < 2; i++) {
        if (span->part[i].len > most)
            span->part[i].len = (size_t)most;
        most -= span->part[i].len;
    }
}

/* What the cursor has lost the reader has lost too; of what it moves over, the
 * ring has nothing any more. */
static void skip(struct console_socket *s, uint64_t bytes)
{
    struct ring_span span;

    (void)reader_peek(&s->client.reader, &span);
    s->acked += bytes;
    socket_text_gap(s, "slow", s->cursor.at - bytes, s->cursor.at);
}

/* The view has said END, so nothing follows. */
static void render_end(struct console_socket *s)
{
    socket_text_end(s);
    (void)websocket_link_put_close(&s->link, (enum websocket_code)s->end_code,
                                   s->end_reason);
}

static void render(struct console_socket *s, const struct view_item *item)
{
    switch (item->kind) {
    case VIEW_SKIPPED:
        skip(s, item->skipped);
        break;
    case VIEW_NOTICE:
        socket_text_notice(s, item->notice);
        break;
    case VIEW_BREAK:
        socket_text_break(s, item->is_on);
        break;
    case VIEW_END:
        render_end(s);
        break;
    case VIEW_NOTHING:
    case VIEW_BYTES:
        break;
    }
}

/* Somebody has purged the output: it is nobody's due any more. */
static void look_for_purge(struct console_socket *s)
{
    uint64_t from = s->cursor.at;

    if (s->client.reader.at <= from || view_has_past(&s->client.view))
        return;
    s->cursor.at = s->client.reader.at;
    s->acked += s->cursor.at - from;
    socket_text_gap(s, "purged", from, s->cursor.at);
}

/* Up to the next bytes. A window that is used up stops marks too: they stand
 * behind bytes that the peer has not acknowledged, and can wait. */
static void next_output(struct console_socket *s, struct view_item *item)
{
    *item = (struct view_item){ .kind = VIEW_NOTHING };
    if (s->phase != SOCKET_SERVING && s->phase != SOCKET_DRAINING)
        return;
    if (socket_place_is_awaited(s))
        return;
    if (!s->is_greeted)
        s->is_greeted = socket_text_hello(s);
    if (s->output == SOCKET_LIVE)
        look_for_purge(s);
    if (window_of(s) == 0)
        return;
    for (view_next(&s->client.view, &s->cursor, item);
         item->kind != VIEW_BYTES && item->kind != VIEW_NOTHING;
         view_next(&s->client.view, &s->cursor, item))
        render(s, item);
    if (!view_has_past(&s->client.view))
        cut_span(&item->bytes, window_of(s));
}

static void took(struct console_socket *s, size_t len)
{
    if (len == 0)
        return;
    if (!view_has_past(&s->client.view)) {
        s->cursor.at += len;
        if (s->label == NULL)
            client_took(&s->client, len, clock_now_us());
        return;
    }
    s->client.output_bytes += len;
    view_took(&s->client.view, &s->cursor, len, clock_now_us());
    if (!view_has_past(&s->client.view))
        socket_place_shown(s);
}

static bool is_drained(const struct console_socket *s)
{
    return s->phase == SOCKET_DRAINING && s->client.view.has_ended &&
           websocket_link_is_drained(&s->link);
}

void socket_output_flush(struct console_socket *s)
{
    struct view_item item;
    size_t taken;

    if (s->phase > SOCKET_DRAINING || s->link.is_blocked)
        return;
    do {
        next_output(s, &item);
        taken = websocket_link_write(&s->link, &item.bytes);
        took(s, taken);
    } while (taken > 0 && !s->link.is_blocked);
    if (is_drained(s)) {
        s->ends_gently = true;
        console_socket_end(s, s->end_reason);
    }
}

/* A reader that lags may be behind the ring: it is moved up first, so that it
 * does not follow from a place that is gone. Not further than the cursor, which
 * has its own losses to tell. */
bool socket_output_acknowledge(struct console_socket *s, uint64_t at)
{
    struct ring_span span;

    if (s->output != SOCKET_LIVE || at > s->cursor.at)
        return false;
    if (at > s->acked)
        s->acked = at;
    if (s->label == NULL)
        return true;
    if (s->cursor.at >= ring_tail(&s->client.console->output))
        (void)reader_peek(&s->client.reader, &span);
    if (at > s->client.reader.at)
        client_took(&s->client, (size_t)(at - s->client.reader.at),
                    clock_now_us());
    return true;
}
