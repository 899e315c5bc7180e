/*
 * What the VM has printed, as entries of a job, each with the time at which it
 * came.
 *
 * A character that is not whole at the end of what was printed stays in the
 * ring, for one batch at most: so no event ends within a character, and nothing
 * has to be kept beside the ring.
 */
#include "conlog/file/conlog_error.h"
#include "core/console.h"
#include "proto/cast/cast_line.h"
#include "record/record_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHARACTER_MAX = 4 };

static void copy_from(uint8_t *to, const struct ring_span *span, size_t at,
                      size_t len)
{
    struct ring_span rest = *span;

    if (at < span->part[0].len) {
        rest.part[0] = slice_after(span->part[0], at);
    } else {
        rest.part[0] = slice_of(NULL, 0);
        rest.part[1] = slice_after(span->part[1], at - span->part[0].len);
    }
    conlog_tap_copy(to, &rest, len);
}

/* The tick that the position belongs to, and where that ends. */
static uint64_t find_tick(const struct console_record *record, uint64_t at,
                          uint64_t now_us, uint64_t *ret_end)
{
    uint64_t time_us = now_us;

    *ret_end = UINT64_MAX;
    for (uint32_t i = 0; i < record->tick_count; i++) {
        if (record->ticks[i].at > at) {
            *ret_end = record->ticks[i].at;
            break;
        }
        time_us = record->ticks[i].time_us;
    }
    return time_us;
}

static void forget_ticks(struct console_record *record, uint64_t at)
{
    uint32_t n = 0;

    while (n + 1 < record->tick_count && record->ticks[n + 1].at <= at)
        n++;
    if (n + 1 == record->tick_count && record->seen_at <= at)
        n++;
    record->tick_count -= n;
    memmove(record->ticks, record->ticks + n,
            record->tick_count * sizeof record->ticks[0]);
}

/* What a job is filled with. */
struct filling {
    struct console_record *record;
    struct conlog_job *job;
    struct ring_span span; /* from `from` on */
    uint64_t from;
    size_t available; /* bytes in the span */
    size_t taken;
    uint32_t len; /* of the job's bytes */
    uint64_t now_us;
    bool takes_rest; /* also what may be a part of a character */
    bool is_cut;     /* it ends with such a part, which stays in the ring */
};

static size_t whole_of(const struct filling *f, size_t len)
{
    const uint8_t *bytes = f->job->bytes + f->len + RECORD_CAST_HEAD;

    if (f->takes_rest && f->taken + len == f->available)
        return len;
    return cast_line_whole(slice_of(bytes, len));
}

static size_t copy_some(const struct filling *f, size_t len)
{
    copy_from(f->job->bytes + f->len + RECORD_CAST_HEAD, &f->span, f->taken,
              len);
    return whole_of(f, len);
}

/*
 * Puts an entry with what came at one time, but for a character that is cut:
 * that goes with the next entry, or, if nothing follows, waits. False: there is
 * no more for this job.
 */
static bool fill_some(struct filling *f)
{
    struct console_record *record = f->record;
    size_t rest = f->available - f->taken;
    size_t room = f->job->len - f->len;
    uint64_t end;
    uint64_t time_us = find_tick(record, f->from + f->taken, f->now_us, &end);
    size_t len = rest;

    if (rest == 0 || room < RECORD_CAST_HEAD + CHARACTER_MAX)
        return false;
    room -= RECORD_CAST_HEAD;
    if (end - f->from - f->taken < len)
        len = (size_t)(end - f->from - f->taken);
    if (len > room)
        len = room;
    if (len > RECORD_CAST_DATA_MAX)
        len = RECORD_CAST_DATA_MAX;
    len = copy_some(f, len);
    if (len == 0)
        len = copy_some(f, rest < CHARACTER_MAX ? rest : CHARACTER_MAX);
    f->is_cut = len == 0;
    if (f->is_cut)
        return false;
    record_cast_entry(f->job->bytes + f->len, RECORD_CAST_OUTPUT,
                      console_record_time(record, time_us), len);
    f->len += RECORD_CAST_HEAD + (uint32_t)len;
    f->taken += len;
    return true;
}

/* The present error of the file, or the last one, as for console logs. */
int console_record_error(const struct console_record *record)
{
    uint64_t waiting;
    int error = conlog_writers_state(console_record_writers(record),
                                     &record->tap.slot, &waiting);

    return error != 0 ? error : record->error;
}

void console_record_note_gap(struct console_record *record, uint64_t lost,
                             int error)
{
    struct recorder *r = record->recorder;

    record->missing += lost;
    record->gaps++;
    r->counts.missing += lost;
    r->counts.gaps++;
    r->callbacks.on_gap(r->callbacks.owner, record->tap.reader.console,
                        record->path, lost, error);
}

size_t console_record_gap_text(char text[RECORD_CAST_MARKER_MAX],
                               struct console_record *record, uint64_t lost,
                               int error)
{
    size_t len = (size_t)snprintf(text, RECORD_CAST_MARKER_MAX,
                                  RECORD_CAST_GAP ": %" PRIu64 " bytes", lost);

    if (record->lost_events > 0)
        len += (size_t)snprintf(text + len, RECORD_CAST_MARKER_MAX - len,
                                " and %" PRIu32 " events", record->lost_events);
    record->lost_events = 0;
    return len + (size_t)snprintf(text + len, RECORD_CAST_MARKER_MAX - len,
                                  " are missing: %s", conlog_error_text(error));
}

/* In the job, in place of what is missing. */
static void fill_gap(struct filling *f, uint64_t lost)
{
    struct console_record *record = f->record;
    int error = console_record_error(record);
    char text[RECORD_CAST_MARKER_MAX];
    size_t len;

    if (lost > 0)
        console_record_note_gap(record, lost, error);
    len = console_record_gap_text(text, record, lost, error);
    if (f->len + RECORD_CAST_HEAD + len > f->job->len)
        return;
    record_cast_entry(f->job->bytes + f->len, RECORD_CAST_MARKER,
                      console_record_time(record, f->now_us), len);
    memcpy(f->job->bytes + f->len + RECORD_CAST_HEAD, text, len);
    f->len += RECORD_CAST_HEAD + (uint32_t)len;
}

static void put_job(struct filling *f)
{
    if (f->len == 0) {
        free(f->job);
        return;
    }
    f->job->len = f->len;
    conlog_writers_put(console_record_writers(f->record), &f->record->tap.slot,
                       f->job, f->record->path);
}

/* True: something was taken. */
bool console_record_take_job(struct console_record *record, uint32_t room,
                             uint64_t now_us)
{
    struct reader *reader = &record->tap.reader;
    struct filling f = { .record = record, .now_us = now_us };
    uint64_t lost = reader_peek(reader, &f.span);
    uint64_t waiting;

    f.available = f.span.part[0].len + f.span.part[1].len;
    f.from = reader->at;
    f.takes_rest = record->rest_at == f.from + f.available;
    f.job = conlog_writers_new_job(console_record_writers(record), room);
    if (lost > 0 || record->lost_events > 0)
        fill_gap(&f, lost);
    while (fill_some(&f))
        ;
    put_job(&f);
    record->recorder->counts.taken += f.taken;
    reader_took(reader, f.taken, now_us);
    forget_ticks(record, reader->at);
    record->rest_at = f.is_cut ? f.from + f.available : UINT64_MAX;
    if (record->error != 0 && reader_has_caught_up(reader) &&
        conlog_writers_state(console_record_writers(record), &record->tap.slot,
                             &waiting) == 0)
        record->error = 0;
    return f.taken > 0 && !f.is_cut;
}
