/*
 * Pace: for which readers the VM waits, and when it stops waiting for one.
 *
 * A console's output has one writer and any number of readers, each of them a
 * position in the ring. The writer can be slowed down: vspcd does not read the
 * VM's connection, TCP's window closes, and the guest's UART stays busy. So for
 * each reader that is nearly a ring behind there are two ways, and this file
 * chooses: the VM waits, or the reader loses bytes. Sessions only ask for room
 * before they read, and report what their reader has taken.
 *
 * What the choice must achieve:
 *
 *  - In the ordinary jitter of a network no reader loses a byte.
 *  - A console runs at the pace of its fastest client. A terminal that was
 *    stopped by Ctrl-S, or a laptop that sleeps, stops neither the VM nor the
 *    other clients for long.
 *  - A console log is complete while its disk works, and costs the clients
 *    nothing: they are paced as they would be without it.
 *  - The messages of the VM's host get through, whatever the readers do. They
 *    come in one stream with the output, behind it: BEGIN of a move, a
 *    connection's end.
 *
 * The first wants the VM to wait and the others want it to go on, so time
 * decides. A reader FOLLOWS (the VM waits for it) or LAGS (the VM does not).
 * Waiting is a hold, which goes through these steps:
 *
 *  1. The room is less than a quarter of the ring. The session calls
 *     console_hold and does not read. The hold ends when readers have taken so
 *     much that no follower is more than half a ring behind
 *     (console_reader_moved). The distance between the two marks is hysteresis:
 *     without it a slow reader would turn each of its small writes into a small
 *     read of the VM.
 *  2. A hundredth of the hold time later (console_short_hold_due) this is no
 *     jitter. The console reads ahead: the VM may print one read more, into the
 *     last quarter of the ring or into a ring that is larger for a while. No
 *     follower loses a byte by that, and a BEGIN that lies there is seen.
 *  3. At the end of the hold time (console_hold_due) each follower that is more
 *     than half a ring behind is judged. If it is half a ring beyond the place
 *     where the slowest was at the last check, the VM waits for it once more;
 *     else it lags. "Has taken anything" would not be enough: a reader that
 *     takes a byte a second would hold the VM for ever.
 *
 * Step 3 never ends for a client that is slow but steady, and the other clients
 * must not pay for that. So the time for which such a client was the last to
 * hold the VM, while another client had caught up, is summed in reader.held_us.
 * When the sum exceeds the hold time, the client lags. The sum starts anew when
 * the client catches up: it measures one stretch of being behind, and not a
 * life of small delays. Only readers that pace others are measured, and only
 * against each other.
 *
 * All that is for readers that take output. A reader that takes none holds the
 * VM for the hold time, and by then the next such reader may have come: whoever
 * only connects, twenty times a second, would hold it for good, and with it all
 * honest clients. So a client is waited for on trust until it has proved
 * itself: until it has taken something after it had held the VM. The time for
 * which the VM was held for a client that then lags or leaves without proof is
 * wasted, and for sixteen times as long the console has no trust: clients
 * without proof lag as soon as the VM would wait for them (distrust). So
 * together they cost a seventeenth of the VM's time, and a client that goes on
 * taking, however slowly, is waited for at all times.
 *
 * The way back is in reader.c: a reader that lags follows again at the end of
 * the output, and before that only if it would make no other client wait.
 *
 * Output that cannot wait (console_make_room) takes all steps at once: a
 * connection that ends or is replaced hands over its last bytes in this turn,
 * because its successor's output comes behind them.
 *
 * Refused: a queue for each client. It costs memory for each of them, copies
 * the output once more, and needs a limit at which this question comes back.
 */
#include "core/console.h"
#include "core/console_private.h"
#include "core/directory.h"

/* So many times as long as an unproven client has held the VM for nothing. */
enum { TRUST_LOST = 16 };

/*
 * How large the ring may get, up to max, within history_total.
 *
 * The budget may refuse growth, but takes nothing back: a ring that cannot grow
 * stays as large as it is, and its first LIMIT_RING_FIRST bytes are always
 * granted. So all consoles are served when the budget is used up, with less
 * history.
 */
static uint32_t affordable_cap(const struct console *c, uint32_t max)
{
    const struct directory *d = c->directory;
    uint32_t cap = c->output.cap > 0 ? c->output.cap : LIMIT_RING_FIRST;

    if (cap < max &&
        d->history_used + max - c->output.cap > d->settings.history_total)
        return cap;
    return max;
}

/* How far behind a follower may be when the console does not read ahead. */
static uint32_t usual_cap(const struct console *c)
{
    return affordable_cap(c, c->directory->settings.ring_max);
}

/*
 * A quarter of a ring and no more. From there the VM prints half a ring before
 * it would be held for this reader. And a VM that is held already (its slowest
 * reader is three quarters behind) does not have to wait for this reader too:
 * a quarter is below the half at which it is read again.
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

/* A quarter of a ring at most, as above. */
void console_begin_at(struct reader *reader, uint64_t at)
{
    const struct ring *output = &reader->console->output;
    uint64_t most = usual_cap(reader->console) / 4;
    uint64_t first = output->head > most ? output->head - most : 0;

    if (first < ring_tail(output))
        first = ring_tail(output);
    reader->at = at > first ? at : first;
}

bool console_is_soon_held_by(const struct reader *reader)
{
    const struct console *c = reader->console;

    return c->output.head - reader->at >= usual_cap(c) / 2;
}

/*
 * How far behind a follower may be while the console reads ahead: one read of
 * LIMIT_READ more. In a ring of 8 reads or more the last quarter, which
 * console_output_room keeps free, has room for that. A smaller ring grows for a
 * while, to two reads at least: whether a BEGIN is seen must not depend on
 * --history-size.
 */
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

/*
 * How far behind the slowest follower is.
 *
 * A walk over all readers, each time. A stored minimum would have to be kept
 * right by everything that moves a reader or changes its pace; and consoles
 * have few readers. A reader that lags does not count: it is not waited for.
 */
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

/* How many bytes fit before the slowest follower would lose one. */
static size_t free_room(const struct console *c)
{
    uint64_t cap = possible_cap(c);
    uint64_t most = longest_way(c);

    return most < cap ? (size_t)(cap - most) : 0;
}

/*
 * A read of a few bytes costs as many calls as one of 64 KiB; so outside of
 * reading ahead, less than a quarter of a ring is no room.
 */
size_t console_output_room(const struct console *c)
{
    size_t room = free_room(c);

    /* Ahead of the readers the last byte counts: a command may lie behind. */
    return c->reads_ahead || room >= usual_cap(c) / 4 ? room : 0;
}

void console_stop_hold(struct console *c)
{
    deadline_stop(&c->hold);
    c->reads_ahead = false;
}

/* Without followers the longest way is 0: a VM without readers is never held.
 */
static bool is_worth_resuming(const struct console *c)
{
    return longest_way(c) <= usual_cap(c) / 2;
}

static bool blocks(const struct console *c, const struct reader *reader)
{
    return reader->pace == READER_FOLLOWS &&
           c->output.head - reader->at > usual_cap(c) / 2;
}

/* A reader that lags has held the VM before: it lags for that. */
bool console_was_held_by(const struct reader *reader)
{
    const struct console *c = reader->console;

    return reader->pace == READER_LAGS ||
           (deadline_is_running(&c->hold) && blocks(c, reader));
}

/*
 * The one place where a follower becomes a reader that lags. Its kind is told
 * in the middle of core's work, perhaps within a walk over the readers: the
 * operation notes a fact and does nothing else (reader.h).
 */
static void let_lag(struct reader *reader)
{
    reader->pace = READER_LAGS;
    if (reader->kind->lags != NULL)
        reader->kind->lags(reader);
}

/* The mark makes directory_settle call the link after all readers were pulled;
 * so the VM is asked for more when the room that they have made is there. */
static void resume(struct console *c)
{
    console_stop_hold(c);
    console_mark(c, CONSOLE_DUE_RESUME);
}

/* The hold has brought nothing. */
static void waste(struct console *c, uint64_t now_us)
{
    uint64_t until_us = now_us + TRUST_LOST * (now_us - c->held_since_us);

    if (until_us > c->trusts_from_us)
        c->trusts_from_us = until_us;
}

/* Without trust, readers without proof that the VM would wait for lag at once.
 * Returns whether any has begun to. */
static bool distrust(struct console *c, uint64_t now_us)
{
    bool any = false;

    if (now_us >= c->trusts_from_us)
        return false;
    LIST_EACH (node, after, &c->readers) {
        struct reader *reader = reader_at(node);

        if (reader_is_on_trust(reader) && blocks(c, reader)) {
            let_lag(reader);
            any = true;
        }
    }
    return any;
}

/* held_at is one mark for all readers, where the slowest of them is. It is set
 * anew at each check: what counts is what was taken since then. */
static void check_hold(struct console *c, struct deadline_queue *queue,
                       uint64_t now_us)
{
    c->held_at = c->output.head - longest_way(c);
    deadline_start(queue, &c->hold, now_us);
}

/* Sessions call this each time they find no room; the hold that runs goes on,
 * or a VM that is asked often would be held for ever. */
void console_hold(struct console *c, uint64_t now_us)
{
    if (deadline_is_running(&c->hold))
        return;
    c->held_since_us = now_us;
    check_hold(c, &c->directory->short_holds, now_us);
    if (distrust(c, now_us) && is_worth_resuming(c))
        resume(c);
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
    if (!deadline_is_running(&c->hold))
        return;
    if (reader->console != c && reader_is_on_trust(reader) && blocks(c, reader))
        waste(c, now_us);
    (void)distrust(c, now_us);
    if (!is_worth_resuming(c))
        return;
    /* This reader was the last that the VM was held for. If another client had
     * caught up and waited together with the VM, the hold counts against this
     * reader; a reader that has just left (no console) is not blamed. The test
     * comes before resume, which stops the hold. */
    if (reader->console == c && reader->kind->paces_others &&
        !reader_has_caught_up(reader) && any_other_pacer_waits(c, reader)) {
        reader->held_us += (uint32_t)(now_us - c->held_since_us);
        if (reader->held_us > c->directory->settings.hold_us)
            let_lag(reader);
    }
    resume(c);
}

/* Steps 2 and 3 of a hold share one deadline: it moves from the queue of the
 * short holds to that of the holds, whose length is the rest of the hold time.
 */
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
        if (reader->at >= enough) {
            anyone_goes_on = true;
            continue;
        }
        if (reader_is_on_trust(reader))
            waste(c, now_us);
        let_lag(reader);
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
    /* The hold has to run: only its end clears reads_ahead. */
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

/*
 * Lets the ring have room for len more bytes, as far as it may. Doubling: a
 * console that only shows a login prompt stays at LIMIT_RING_FIRST.
 *
 * A ring that was larger for reading ahead gives that memory back with the
 * first output that fits without it, and not when the hold ends: then followers
 * may still need the bytes that a smaller ring would drop.
 */
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
