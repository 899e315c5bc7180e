/*
 * conlog_tap.h - when a console's output is taken out of its ring for the
 * writers: for console logs, and for whatever else writes as they do.
 *
 * A tap is a reader of the ring that the VM waits for, and that paces no client
 * (core/reader.h). Output is taken when half a ring is there, else a batch's
 * time after the first waiting byte. What the tap's owner makes of it goes to
 * the writers as jobs (conlog_writers.h). Lending the ring's memory to a thread
 * was refused: the ring could not move while a disk hangs, and the VM would
 * stand still for its log.
 *
 * If the writers have no room, the tap is refused: its bytes stay in the ring,
 * it waits for conlog_taps_retry without a time limit, and to the console it is
 * a lossless reader that takes nothing. Output that then leaves the ring is
 * lost to it (reader_peek).
 *
 * Called by the loop's thread. The owner embeds both structs.
 */
#ifndef CONLOG_CONLOG_TAP_H
#define CONLOG_CONLOG_TAP_H

#include "base/deadline.h"
#include "conlog/conlog_writers.h"
#include "core/reader.h"

enum { CONLOG_BATCH_US = 100 * 1000, CONLOG_TICK_US = 1000 * 1000 };

/* What the taps of one set of writers share. */
struct conlog_taps {
    struct conlog_writers *writers; /* borrowed; set by the owner */
    struct deadline_queue batches;  /* struct conlog_tap.waits */
    struct deadline_queue ticks;    /* tick */
    struct deadline tick;           /* runs while the writers are busy */
    struct list refused;            /* struct conlog_tap.waits.node */
};

struct conlog_tap;

struct conlog_tap_ops {
    /* Output is about to be taken. NULL: there is nothing to do. */
    void (*begin)(struct conlog_tap *tap, uint64_t now_us);
    /* Puts a job of at most room bytes with what the reader has next. False:
     * the rest is to wait for what follows it, until the next batch. */
    bool (*take)(struct conlog_tap *tap, uint32_t room, uint64_t now_us);
    /* Bytes of a job beside those of the output. */
    uint32_t overhead;
};

struct conlog_tap {
    struct reader reader;
    struct conlog_taps *taps;
    const struct conlog_tap_ops *ops;
    /* in taps->batches until its batch is due; or its node is in
     * taps->refused: never in both */
    struct deadline waits;
    struct conlog_writer_slot slot;
    bool is_refused; /* waits for room, in taps->refused */
};

void conlog_taps_init(struct conlog_taps *taps);

/* Looks after the writers every second, until they have nothing to do. */
void conlog_taps_start_tick(struct conlog_taps *taps, uint64_t now_us);

/* There may be room again: tries those that were refused, in the order of
 * refusal. */
void conlog_taps_retry(struct conlog_taps *taps, uint64_t now_us);

/* Attached to no console yet; the owner attaches and detaches the reader. kind:
 * its pull is conlog_tap_pull, or calls it. */
void conlog_tap_init(struct conlog_tap *tap, struct conlog_taps *taps,
                     const struct conlog_tap_ops *ops,
                     const struct reader_kind *kind);

/* Must precede the end of the tap's owner: it waits for nothing any more. */
void conlog_tap_stop(struct conlog_tap *tap);

/* For struct reader_kind. */
void conlog_tap_pull(struct reader *reader);

/* Takes as much as there is room for. batch: its jobs are to be written now. */
void conlog_tap_take(struct conlog_tap *tap, uint64_t now_us);
void conlog_tap_take_batch(struct conlog_tap *tap, uint64_t now_us);

/* Copies the first len bytes of a span. */
void conlog_tap_copy(uint8_t *to, const struct ring_span *span, size_t len);

#endif
