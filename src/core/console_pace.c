/*
 * Who is waited for: how much the VM may print, which reader holds it back, and
 * when a reader is not waited for any more.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

static struct reader *reader_at(struct list *node)
{
    return CONTAINER_OF(node, struct reader, node);
}

/* How large the ring may get, up to max, as the budget is. */
static uint32_t affordable_cap(const struct console *c, uint32_t max)
{
    const struct directory *d = c->directory;
    uint32_t cap = c->output.cap > 0 ? c->output.cap : LIMIT_RING_FIRST;

    if (cap < max &&
        d->history_used + max - c->output.cap > d->settings.history_total)
        return cap;
    return max;
}

/* How far behind a client may be before the VM is held back. */
static uint32_t usual_cap(const struct console *c)
{
    return affordable_cap(c, c->directory->settings.ring_max);
}

/*
 * A quarter of a ring behind, the VM goes on for half a ring more before it
 * would be held for this reader; and one that is held already (its slowest
 * reader is three quarters behind) does not wait for this one too.
 */
void console_look_back(struct reader *reader, const struct history_wish *wish)
{
    const struct console *c = reader->console;
    uint64_t behind = c->output.head - reader->at;
    uint32_t most = usual_cap(c) / 4;
    struct history_wish possible = *wish;

    if (behind >= most)
        return;
    if (possible.bytes > most - behind)
        possible.bytes = (uint32_t)(most - behind);
    reader->at = history_start(&c->output, reader->at, &possible);
}

bool console_is_soon_held_by(const struct reader *reader)
{
    const struct console *c = reader->console;

    return c->output.head - reader->at >= usual_cap(c) / 2;
}

/* A read further; in a ring that is large enough there is room for that, even
 * when it is too full for the VM to be read. */
static uint32_t cap_ahead(const struct console *c)
{
    uint32_t usual = usual_cap(c);

    if (usual >= 8 * LIMIT_READ)
        return usual;
    return affordable_cap(c, 2 * (usual > LIMIT_READ ? usual : LIMIT_READ));
}

static uint32_t possible_cap(const struct console *c)
{
    return c->reads_ahead ? cap_ahead(c) : usual_cap(c);
}

/* How far behind the slowest reader is that follows. */
static uint64_t longest_way(const struct console *c)
{
    uint64_t most = 0;

    LIST_EACH (node, after, &c->readers) {
        const struct reader *reader = reader_at(node);
        uint64_t behind = c->output.head - reader->at;

        if (reader->pace == READER_FOLLOWS && behind > most)
            most = behind;
    }
    return most;
}

/* What fits before the slowest reader that follows would lose a byte. */
static size_t free_room(const struct console *c)
{
    uint64_t cap = possible_cap(c);
    uint64_t most = longest_way(c);

    return most < cap ? (size_t)(cap - most) : 0;
}

size_t console_output_room(const struct console *c)
{
    size_t room = free_room(c);

    /* Ahead of the readers the last byte counts: a command may lie behind. */
    return c->reads_ahead || room >= usual_cap(c) / 4 ? room : 0;
}

static void check_hold(struct console *c, struct deadline_queue *queue,
                       uint64_t now_us)
{
    c->held_at = c->output.head - longest_way(c);
    deadline_start(queue, &c->hold, now_us);
}

void console_hold(struct console *c, uint64_t now_us)
{
    if (deadline_is_running(&c->hold))
        return;
    c->held_since_us = now_us;
    check_hold(c, &c->directory->short_holds, now_us);
}

void console_stop_hold(struct console *c)
{
    deadline_stop(&c->hold);
    c->reads_ahead = false;
}

static bool is_worth_resuming(const struct console *c)
{
    return longest_way(c) <= usual_cap(c) / 2;
}

static bool blocks(const struct console *c, const struct reader *reader)
{
    return reader->pace == READER_FOLLOWS &&
           c->output.head - reader->at > usual_cap(c) / 2;
}

static void let_lag(struct reader *reader)
{
    reader->pace = READER_LAGS;
    if (reader->kind->lags != NULL)
        reader->kind->lags(reader);
}

static void resume(struct console *c)
{
    console_stop_hold(c);
    console_mark(c, CONSOLE_DUE_RESUME);
}

static bool any_other_pacer_waits(const struct console *c,
                                  const struct reader *last)
{
    LIST_EACH (node, after, &c->readers) {
        const struct reader *reader = reader_at(node);

        if (reader != last && reader->kind->paces_others &&
            reader->pace == READER_FOLLOWS && reader_has_caught_up(reader))
            return true;
    }
    return false;
}

void console_reader_moved(struct console *c, struct reader *reader,
                          uint64_t now_us)
{
    if (!deadline_is_running(&c->hold) || !is_worth_resuming(c))
        return;
    /* This one was the last that the VM was held back for. Where other
     * clients had caught up and waited with the VM, the time counts against it.
     */
    if (reader->console == c && reader->kind->paces_others &&
        !reader_has_caught_up(reader) && any_other_pacer_waits(c, reader)) {
        reader->held_us += (uint32_t)(now_us - c->held_since_us);
        if (reader->held_us > c->directory->settings.hold_us)
            let_lag(reader);
    }
    resume(c);
}

void console_short_hold_due(struct console *c, uint64_t now_us)
{
    c->reads_ahead = true;
    check_hold(c, &c->directory->holds, now_us);
    console_mark(c, CONSOLE_DUE_RESUME);
}

void console_hold_due(struct console *c, uint64_t now_us)
{
    uint64_t enough = c->held_at + usual_cap(c) / 2;
    bool anyone_goes_on = false;

    LIST_EACH (node, after, &c->readers) {
        struct reader *reader = reader_at(node);

        if (!blocks(c, reader))
            continue;
        if (reader->at < enough)
            let_lag(reader);
        else
            anyone_goes_on = true;
    }
    if (anyone_goes_on)
        check_hold(c, &c->directory->holds, now_us);
    else
        resume(c);
}

void console_make_room(struct console *c, size_t len, uint64_t now_us)
{
    if (free_room(c) >= len)
        return;
    if (!c->reads_ahead) {
        console_hold(c, now_us);
        console_short_hold_due(c, now_us);
    }
    LIST_EACH (node, after, &c->readers) {
        struct reader *reader = reader_at(node);

        if (reader->pace == READER_FOLLOWS &&
            c->output.head - reader->at + len > possible_cap(c))
            let_lag(reader);
    }
}

/* Lets the ring have room for len more bytes, as far as it may; one that was
 * larger than usual for a while gives that back. */
void console_make_ring_room(struct console *c, size_t len)
{
    struct ring *r = &c->output;
    uint64_t needed = (uint64_t)r->len + len;
    uint32_t possible = possible_cap(c);
    uint32_t cap = r->cap > 0 ? r->cap : LIMIT_RING_FIRST;
    uint32_t old = r->cap;

    while (cap < needed && cap < possible)
        cap *= 2;
    if (cap > possible && longest_way(c) + len <= possible)
        cap = possible;
    if (cap == old)
        return;
    /* Without memory the history is shorter; the console goes on. */
    if (ring_resize(r, cap) == 0)
        c->directory->history_used += (uint64_t)cap - old;
}
