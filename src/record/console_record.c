/*
 * One console's recording on the loop's side: what its tap takes becomes
 * entries of jobs (record_cast.h), with the times at which it came.
 *
 * Everything goes into the file in the order of the jobs. So whatever is to be
 * put there takes the output before it along first: a marker stands behind what
 * the VM had printed by then. While there is no room (the tap is refused), what
 * is no output is not kept: it is counted, and told with the gap.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conlog/file/conlog_error.h"
#include "core/client.h"
#include "core/console.h"
#include "proto/cast/cast_line.h"
#include "record/record_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct console_record *record_of(struct reader *reader)
{
    return CONTAINER_OF(reader, struct console_record, tap.reader);
}

/* ---- entries ---------------------------------------------------------- */

uint64_t console_record_time(struct console_record *record, uint64_t now_us)
{
    uint64_t before_us = record->last_us;

    if (now_us > before_us)
        record->last_us = now_us;
    return record->last_us - (record->is_v3 ? before_us : record->part_us);
}

/* A job with one entry. A file's first and last line have to be there, and may
 * exceed the writers' bounds: there are few of them. */
static bool put(struct console_record *record, enum record_cast_code code,
                struct slice data, uint64_t now_us, bool has_to_be)
{
    struct conlog_writers *w = console_record_writers(record);
    uint32_t len = RECORD_CAST_HEAD + (uint32_t)data.len;
    struct conlog_job *job;

    if (!has_to_be && conlog_writers_room(w, &record->tap.slot, len) < len)
        return false;
    job = conlog_writers_new_job(w, len);
    if (job->len < len) {
        free(job);
        return false;
    }
    record_cast_entry(
        job->bytes, code,
        code == RECORD_CAST_LINE ? 0 : console_record_time(record, now_us),
        data.len);
    if (data.data != NULL)
        memcpy(job->bytes + RECORD_CAST_HEAD, data.data, data.len);
    conlog_writers_put(w, &record->tap.slot, job, record->path);
    return true;
}

/* Behind the output so far. */
static void put_event(struct console_record *record, enum record_cast_code code,
                      struct slice data, uint64_t now_us)
{
    if (!record->tap.is_refused)
        conlog_tap_take(&record->tap, now_us);
    if (record->tap.is_refused || !put(record, code, data, now_us, false))
        record->lost_events++;
    conlog_taps_start_tick(&record->recorder->taps, now_us);
}

void console_record_mark(struct console_record *record, const char *text,
                         uint64_t now_us)
{
    put_event(record, RECORD_CAST_MARKER, slice_of_text(text), now_us);
    conlog_writers_flush(console_record_writers(record), &record->tap.slot);
}

/* ---- parts ------------------------------------------------------------ */

static void set_path(struct console_record *record)
{
    size_t size = strlen(record->folder) + 1 + sizeof(struct record_file_name);

    free(record->path);
    record->path = xmalloc(size);
    snprintf(record->path, size, "%s/%s", record->folder,
             record_name_file(&record->id, record->part, false).text);
}

static void begin_part(struct console_record *record, uint64_t now_us)
{
    const struct console *c = record->tap.reader.console;
    const struct console_name name = console_name(c);
    struct record_cast_header header;
    char line[RECORD_CAST_HEADER_MAX];

    record->is_v3 = record->recorder->settings.is_v3;
    record->part_us = now_us;
    record->last_us = now_us;
    set_path(record);
    header = (struct record_cast_header){
        .id = record->id.text,
        .uuid = c->uuid,
        .label = c->label,
        .name = c->name,
        .title = name.text,
        .reason = record_reason_name(record->reason),
        .by = record->by,
        .started_ms = record->started_ms,
        .begun_ms = clock_utc_ms(),
        .offset_us = now_us - record->started_us,
        .missing = record->missing,
        .epoch = console_epoch(c),
        .position = record->tap.reader.at,
        .gaps = record->gaps,
        .part = record->part,
        .is_v3 = record->is_v3,
        .has_input = record->echo != NULL,
    };
    (void)put(record, RECORD_CAST_LINE,
              slice_of(line, record_cast_header(line, &header)), now_us, true);
}

/* The size of the part's file, as far as it is written. */
static uint64_t part_size(const struct console_record *record)
{
    struct conlog_origin left;

    (void)conlog_writers_seam(console_record_writers(record), &record->tap.slot,
                              0, &left);
    return left.size;
}

/* Without its last line a part counts as torn, and is not compressed. */
static void end_part(struct console_record *record, const char *text,
                     uint64_t now_us)
{
    struct conlog_writers *w = console_record_writers(record);
    bool is_whole =
        put(record, RECORD_CAST_MARKER, slice_of_text(text), now_us, true);

    record->bytes += part_size(record);
    conlog_writers_flush(w, &record->tap.slot);
    conlog_writers_leave(w, &record->tap.slot, is_whole);
    record->tap.slot = (struct conlog_writer_slot){ .file = NULL };
}

static void begin_next_part(struct console_record *record, uint64_t now_us)
{
    char text[RECORD_CAST_MARKER_MAX];

    snprintf(text, sizeof text, RECORD_CAST_CONTINUED ": %" PRIu32,
             record->part + 1);
    end_part(record, text, now_us);
    record->part++;
    begin_part(record, now_us);
}

static void console_record_begin_take(struct conlog_tap *tap, uint64_t now_us)
{
    struct console_record *record = record_of(&tap->reader);
    uint64_t size_max = record->recorder->settings.rotate_size;

    if (size_max > 0 && record->part < RECORD_PARTS_MAX &&
        part_size(record) >= size_max &&
        !conlog_writers_are_full(console_record_writers(record)))
        begin_next_part(record, now_us);
}

/* ---- taking ------------------------------------------------------------ */

static bool console_record_take(struct conlog_tap *tap, uint32_t room,
                                uint64_t now_us)
{
    struct console_record *record = record_of(&tap->reader);

    /* What may be a part of a character waits for a batch, not for a marker. */
    if (record->rest_at == tap->reader.console->output.head &&
        deadline_is_running(&tap->waits))
        return false;
    return console_record_take_job(record, room, now_us);
}

static const struct conlog_tap_ops tap_ops = {
    .begin = console_record_begin_take,
    .take = console_record_take,
    .overhead =
        (TICKS_MAX + 1) * (RECORD_CAST_HEAD + 4) + RECORD_CAST_MARKER_MAX,
};

/* ---- what is typed ---------------------------------------------------- */

static void put_keys(struct console_record *record, uint64_t now_us)
{
    struct record_echo *echo = record->echo;
    struct slice kept = buf_bytes(&echo->kept);
    size_t len = cast_line_whole(kept);

    if (!record_echo_waits(echo))
        len = kept.len;
    if (len > 0) {
        put_event(record, RECORD_CAST_INPUT, slice_of(kept.data, len), now_us);
        buf_take(&echo->kept, len);
    }
    if (echo->has_dropped) {
        echo->has_dropped = false;
        console_record_mark(
            record, RECORD_CAST_KEYS ": the VM did not show them", now_us);
    }
    if (!record_echo_waits(echo))
        deadline_stop(&record->echo_wait);
    else if (!deadline_is_running(&record->echo_wait))
        deadline_start(&record->recorder->echoes, &record->echo_wait, now_us);
}

void console_record_check_echo(struct console_record *record, uint64_t now_us)
{
    record_echo_check(record->echo, now_us);
    put_keys(record, now_us);
}

/* Cables type nothing that a person would want to see. In the middle of core's
 * work, so the deadline alone is started: the keys that need no echo go with
 * the next output, or with that. */
static void console_record_typed(struct reader *reader,
                                 const struct client *client,
                                 struct slice bytes)
{
    struct console_record *record = record_of(reader);
    uint64_t now_us;

    if (record->echo == NULL || client->door == CLIENT_DOOR_NULL_MODEM ||
        client->door == CLIENT_DOOR_REMOTE)
        return;
    now_us = clock_now_us();
    record_echo_type(record->echo, bytes, now_us);
    if (!deadline_is_running(&record->echo_wait))
        deadline_start(&record->recorder->echoes, &record->echo_wait, now_us);
}

static void begin_echo(struct console_record *record)
{
    record->echo = xcalloc(1, sizeof *record->echo);
    record_echo_init(record->echo);
}

static void end_echo(struct console_record *record)
{
    deadline_stop(&record->echo_wait);
    record_echo_done(record->echo);
    free(record->echo);
    record->echo = NULL;
}

void console_record_set_input(struct console_record *record, bool has_input,
                              uint64_t now_us)
{
    if (has_input == (record->echo != NULL))
        return;
    if (has_input) {
        begin_echo(record);
    } else {
        record_echo_check(record->echo, UINT64_MAX);
        put_keys(record, now_us);
        end_echo(record);
    }
}

/* ---- the reader ------------------------------------------------------- */

static void console_record_broke(struct reader *reader,
                                 const struct client *client)
{
    struct console_record *record = record_of(reader);

    free(record->breaks);
    record->breaks =
        client == NULL ? xstrdup("the VM") : xstrdup(client_shown_name(client));
}

static void put_breaks(struct console_record *record, uint64_t now_us)
{
    char text[RECORD_CAST_MARKER_MAX];

    snprintf(text, sizeof text, RECORD_CAST_BREAK ": by %s", record->breaks);
    free(record->breaks);
    record->breaks = NULL;
    console_record_mark(record, text, now_us);
}

static void show_echo(struct console_record *record, uint64_t now_us)
{
    uint64_t at = record->seen_at;
    struct ring_span span;

    (void)ring_peek(&record->tap.reader.console->output, &at, &span);
    for (int i = 0; i < 2; i++)
        record_echo_show(record->echo, span.part[i], now_us);
}

/* The last tick may get later output, if that comes soon or there is no more
 * place. */
static void add_tick(struct console_record *record, uint64_t now_us)
{
    uint32_t n = record->tick_count;

    if (n > 0 &&
        (n == TICKS_MAX || now_us < record->ticks[n - 1].time_us + TICK_US))
        return;
    record->ticks[n] = (struct record_tick){ record->seen_at, now_us };
    record->tick_count++;
}

static void console_record_pull(struct reader *reader)
{
    struct console_record *record = record_of(reader);
    uint64_t head = reader->console->output.head;

    if (head != record->seen_at) {
        uint64_t now_us = clock_now_us();

        add_tick(record, now_us);
        if (record->echo != NULL)
            show_echo(record, now_us);
        record->seen_at = head;
        if (record->echo != NULL)
            put_keys(record, now_us);
    }
    if (record->breaks != NULL)
        put_breaks(record, clock_now_us());
    conlog_tap_pull(reader);
}

/* As a console log: the VM is held for it, and clients are not. */
static const struct reader_kind reader_kind = {
    .pull = console_record_pull,
    .typed = console_record_typed,
    .broke = console_record_broke,
    .is_waited_for = true,
};

/* ---- beginning and end ------------------------------------------------ */

static void console_record_free(struct console_record *record)
{
    free(record->folder);
    free(record->path);
    free(record->by);
    free(record->breaks);
    free(record);
}

struct console_record *console_record_begin(
    struct recorder *r, struct console *c,
    const struct console_record_start *start, uint64_t now_us)
{
    struct console_record *record = xcalloc(1, sizeof *record);

    record->recorder = r;
    record->reason = start->reason;
    record->started_ms = clock_utc_ms();
    record->started_us = now_us;
    record->part = 1;
    /* An odd factor: each number of an epoch gives another one. */
    record->id = record_name_id(record->started_ms,
                                console_epoch(c) ^
                                    ++r->number * UINT64_C(0x9e3779b97f4a7c15));
    record->folder = xstrdup(record_name_folder(c->uuid, c->label).text);
    record->by = xstrdup(start->by);
    list_init(&record->node);
    deadline_init(&record->echo_wait);
    conlog_tap_init(&record->tap, &r->taps, &tap_ops, &reader_kind);
    reader_attach(&record->tap.reader, c);
    record->tap.reader.at = start->begins_at;
    if (start->looks_back)
        console_look_back(&record->tap.reader, &r->settings.history);
    record->seen_at = record->tap.reader.at;
    record->rest_at = UINT64_MAX;
    if (start->has_input)
        begin_echo(record);
    begin_part(record, now_us);
    conlog_writers_flush(r->taps.writers, &record->tap.slot);
    conlog_taps_start_tick(&r->taps, now_us);
    console_record_pull(&record->tap.reader);
    return record;
}

static void give_up_rest(struct console_record *record, uint64_t now_us)
{
    struct reader *reader = &record->tap.reader;
    uint64_t lost = reader->console->output.head - reader->at;
    int error = console_record_error(record);
    char text[RECORD_CAST_MARKER_MAX];
    size_t len;

    if (lost > 0)
        console_record_note_gap(record, lost, error);
    len = console_record_gap_text(text, record, lost, error);
    (void)put(record, RECORD_CAST_MARKER, slice_of(text, len), now_us, true);
    reader_took(reader, (size_t)lost, now_us);
}

static void take_rest(struct console_record *record, bool is_program_end,
                      uint64_t now_us)
{
    struct reader *reader = &record->tap.reader;

    while (!reader_has_caught_up(reader)) {
        uint32_t room = CONLOG_WRITER_JOB_MAX;

        if (!is_program_end)
            room = conlog_writers_room(console_record_writers(record),
                                       &record->tap.slot, room);
        record->rest_at = reader->console->output.head;
        if (room <= tap_ops.overhead ||
            !console_record_take_job(record, room, now_us))
            give_up_rest(record, now_us);
    }
    if (record->lost_events > 0)
        give_up_rest(record, now_us);
}

void console_record_end(struct console_record *record, const char *why,
                        bool is_program_end, uint64_t now_us)
{
    char text[RECORD_CAST_MARKER_MAX];

    conlog_tap_stop(&record->tap);
    console_record_set_input(record, false, now_us);
    conlog_tap_stop(&record->tap);
    take_rest(record, is_program_end, now_us);
    snprintf(text, sizeof text, RECORD_CAST_ENDED ": %s", why);
    end_part(record, text, now_us);
    conlog_taps_start_tick(&record->recorder->taps, now_us);
    reader_detach(&record->tap.reader, now_us);
    console_record_free(record);
}

struct record_info console_record_info(const struct console_record *record)
{
    struct record_info info = {
        .id = record->id,
        .console = record->tap.reader.console,
        .started_ms = record->started_ms,
        .bytes = record->bytes + part_size(record),
        .missing = record->missing,
        .ends_us = record->ends_us,
        .gaps = record->gaps,
        .part = record->part,
        .reason = record->reason,
        .is_v3 = record->is_v3,
        .has_input = record->echo != NULL,
    };

    snprintf(info.by, sizeof info.by, "%s", record->by);
    snprintf(info.folder.text, sizeof info.folder.text, "%s", record->folder);
    return info;
}
