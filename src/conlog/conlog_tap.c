#include "conlog/conlog_tap.h"

#include "base/clock.h"
#include "core/console.h"

#include <string.h>

/* ---- all taps --------------------------------------------------------- */

void conlog_taps_start_tick(struct conlog_taps *taps, uint64_t now_us)
{
    if (!deadline_is_running(&taps->tick))
        deadline_start(&taps->ticks, &taps->tick, now_us);
}

static void conlog_taps_batch_due(struct deadline *deadline, void *owner)
{
    const struct conlog_taps *taps = owner;

    conlog_tap_take_batch(CONTAINER_OF(deadline, struct conlog_tap, waits),
                          taps->batches.fired_us);
}

/* No tick runs unless it is needed, so that an idle program sleeps. Refused
 * taps keep it running: somebody has to make the room that they wait for. */
static void conlog_taps_tick_due(struct deadline *deadline, void *owner)
{
    struct conlog_taps *taps = owner;
    uint64_t now_us = taps->ticks.fired_us;

    (void)deadline;
    conlog_writers_tick(taps->writers, now_us);
    if (conlog_writers_are_busy(taps->writers) ||
        !list_is_empty(&taps->refused))
        conlog_taps_start_tick(taps, now_us);
}

void conlog_taps_init(struct conlog_taps *taps)
{
    *taps = (struct conlog_taps){ .writers = NULL };
    deadline_queue_open(&taps->batches, CONLOG_BATCH_US, conlog_taps_batch_due,
                        taps);
    deadline_queue_open(&taps->ticks, CONLOG_TICK_US, conlog_taps_tick_due,
                        taps);
    deadline_init(&taps->tick);
    list_init(&taps->refused);
}

/*
 * A tap that gets no room is put at the end again, so room goes to the one that
 * has waited longest. They are moved to a local list: otherwise a tap that is
 * refused again would be tried for ever. Stopping a tap takes it out of either
 * list, because its node is in one list at a time.
 */
void conlog_taps_retry(struct conlog_taps *taps, uint64_t now_us)
{
    struct list refused;

    list_init(&refused);
    list_move_all(&taps->refused, &refused);
    while (!list_is_empty(&refused)) {
        struct deadline *waits =
            CONTAINER_OF(refused.next, struct deadline, node);

        conlog_tap_take_batch(CONTAINER_OF(waits, struct conlog_tap, waits),
                              now_us);
    }
}

/* ---- one tap ---------------------------------------------------------- */

void conlog_tap_init(struct conlog_tap *tap, struct conlog_taps *taps,
                     const struct conlog_tap_ops *ops,
                     const struct reader_kind *kind)
{
    *tap = (struct conlog_tap){ .taps = taps, .ops = ops };
    reader_init(&tap->reader, kind);
    deadline_init(&tap->waits);
}

void conlog_tap_stop(struct conlog_tap *tap)
{
    deadline_stop(&tap->waits);
    tap->is_refused = false;
}

void conlog_tap_copy(uint8_t *to, const struct ring_span *span, size_t len)
{
    size_t first = span->part[0].len < len ? span->part[0].len : len;

    if (first > 0) /* a ring without memory has no bytes */
        memcpy(to, span->part[0].data, first);
    if (len > first)
        memcpy(to + first, span->part[1].data, len - first);
}

/* Gathered jobs are flushed when the batch is due. A refused tap has no batch:
 * without a flush its jobs would never be written, and never make the room that
 * it waits for. */
static void refuse(struct conlog_tap *tap)
{
    deadline_stop(&tap->waits);
    tap->is_refused = true;
    list_add_tail(&tap->taps->refused, &tap->waits.node);
    conlog_writers_flush(tap->taps->writers, &tap->slot);
}

void conlog_tap_take(struct conlog_tap *tap, uint64_t now_us)
{
    if (tap->ops->begin != NULL)
        tap->ops->begin(tap, now_us);
    while (!reader_has_caught_up(&tap->reader)) {
        uint64_t want = tap->reader.console->output.head - tap->reader.at +
                        tap->ops->overhead;
        uint32_t room = conlog_writers_room(tap->taps->writers, &tap->slot,
                                            want < CONLOG_WRITER_JOB_MAX
                                                ? (uint32_t)want
                                                : CONLOG_WRITER_JOB_MAX);

        if (room == 0) {
            refuse(tap);
            break;
        }
        if (!tap->ops->take(tap, room, now_us))
            break;
    }
    conlog_taps_start_tick(tap->taps, now_us);
}

void conlog_tap_take_batch(struct conlog_tap *tap, uint64_t now_us)
{
    conlog_tap_stop(tap);
    conlog_tap_take(tap, now_us);
    conlog_writers_flush(tap->taps->writers, &tap->slot);
    if (!tap->is_refused && !reader_has_caught_up(&tap->reader))
        deadline_start(&tap->taps->batches, &tap->waits, now_us);
}

/* Called for each read of a VM, so it must be short: two comparisons while a
 * batch is running. The clock is read once for each batch. */
void conlog_tap_pull(struct reader *reader)
{
    struct conlog_tap *tap = CONTAINER_OF(reader, struct conlog_tap, reader);
    const struct ring *output = &reader->console->output;
    uint64_t behind = output->head - reader->at;

    if (behind == 0 || tap->is_refused)
        return;
    if (!deadline_is_running(&tap->waits))
        deadline_start(&tap->taps->batches, &tap->waits, clock_now_us());
    if (behind >= output->cap / 2)
        conlog_tap_take(tap, clock_now_us());
}
