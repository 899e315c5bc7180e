#include "api/output/output_stream.h"

#include "api/output/output_log.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conlog/console_log.h"
#include "core/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE = 16 * 1024, /* of an answer, made at a time */
    /* How often the next file is looked for that a rotation has made. */
    FILES_MAX = 64,
};

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_raw[] = "application/octet-stream";

struct output_stream {
    struct api_call *call;
    struct output_wish wish;
    struct output_text text;
    struct reader ring; /* attached: the output comes from there */
    /* not NULL: the output comes from the log */
    struct output_reading *reading;
    size_t taken;      /* bytes of the piece that was read */
    uint64_t position; /* behind what the log has up to the reading's limit */
    unsigned files;    /* that were looked for */
    unsigned waits;    /* for the disk, one after the other */
    bool has_begun;    /* the call was answered */
    bool has_seam;     /* limit and position are a seam's */
    bool has_ended;
    bool is_cut; /* it has ended, and not all has come */
};

static const struct api_work work;

/* ---- the ring --------------------------------------------------------- */

static struct output_stream *of_ring(struct reader *reader)
{
    return CONTAINER_OF(reader, struct output_stream, ring);
}

static void output_stream_pull(struct reader *reader)
{
    struct output_stream *s = of_ring(reader);

    if (!reader_has_caught_up(reader))
        api_wake(s->call);
}

static void output_stream_gone(struct reader *reader)
{
    struct output_stream *s = of_ring(reader);

    s->has_ended = true;
    api_wake(s->call);
}

/* The VM waits for it as for a client. */
static const struct reader_kind kind = {
    .pull = output_stream_pull,
    .gone = output_stream_gone,
    .is_waited_for = true,
    .paces_others = true,
};

static void attach(struct output_stream *s, uint64_t at)
{
    reader_attach(&s->ring, s->call->console);
    s->ring.at = at;
}

static void note_lost(struct output_stream *s, uint64_t lost, struct buf *to)
{
    char text[64];

    if (lost == 0)
        return;
    snprintf(text, sizeof text, "%llu bytes skipped", (unsigned long long)lost);
    output_text_note(&s->text, text, to);
}

static enum api_more produce_ring(struct output_stream *s, struct buf *to)
{
    uint32_t mark = to->len + PIECE;
    struct ring_span span;
    size_t len = 0;

    note_lost(s, reader_peek(&s->ring, &span), to);
    output_text_set_now(&s->text, clock_utc_ms());
    for (int i = 0; i < 2; i++) {
        struct slice rest = span.part[i];

        output_text_put(&s->text, &rest, to, mark);
        len += span.part[i].len - rest.len;
    }
    reader_took(&s->ring, len, clock_now_us());
    if (s->text.is_over)
        return API_END;
    if (!reader_has_caught_up(&s->ring))
        return API_MORE;
    return s->wish.follows ? API_WAIT : API_END;
}

/* ---- the log ---------------------------------------------------------- */

static void stop_reading(struct output_stream *s)
{
    if (s->reading != NULL)
        output_reading_close(s->reading);
    s->reading = NULL;
}

/* Closed by a failure to ask: there is no thread. */
static void ask(struct output_stream *s)
{
    if (output_reading_ask(s->reading))
        return;
    s->reading = NULL;
    s->has_ended = true;
    s->is_cut = true;
}

/* Fetches up to where the file is to be read now. */
static void find_seam(struct output_stream *s)
{
    struct conlog_reading *log = &s->reading->log;
    const struct conlog_series_file *newest = &log->series.file[0];
    struct console_log_seam seam;

    s->has_seam = false;
    log->limit = UINT64_MAX;
    if (s->call->console == NULL || s->call->console->log == NULL)
        return;
    seam = console_log_seam(s->call->console->log, clock_now_us());
    s->position = seam.position;
    if (seam.file.identity == newest->identity) {
        log->limit = seam.file.size;
        s->has_seam = true;
    } else if (seam.file.identity == CONLOG_FILE_UNKNOWN) {
        /* This run had written nothing by now, so nothing of it was there when
         * the file was opened. */
        log->limit = newest->size;
        s->has_seam = true;
    }
}

/* The console's output goes on in the ring, from here on. */
static void go_live(struct output_stream *s)
{
    stop_reading(s);
    output_text_go_live(&s->text);
    if (s->call->console == NULL) {
        s->has_ended = true;
        return;
    }
    attach(s, s->position);
}

/*
 * All was read up to the limit. The ring may have what follows; or the log has
 * been written further; or this file was rotated, and another one follows.
 */
static void go_on(struct output_stream *s)
{
    struct conlog_reading *log = &s->reading->log;
    const struct console *c = s->call->console;
    bool had_seam = s->has_seam;
    uint64_t position = s->position;

    if (!s->wish.follows || c == NULL || c->log == NULL) {
        s->has_ended = true;
        return;
    }
    if (had_seam && position >= ring_tail(&c->output)) {
        go_live(s);
        return;
    }
    find_seam(s);
    if (s->has_seam &&
        (!had_seam || s->position != position || log->limit > log->offset)) {
        s->waits = 0;
        ask(s);
    } else if (s->has_seam && s->waits++ < OUTPUT_WAITS_MAX) {
        /* What comes next has left the ring, and waits for the disk. */
        output_reading_wait(s->reading);
    } else if (!s->has_seam && s->files++ < FILES_MAX) {
        conlog_reading_follow(log);
        ask(s);
    } else {
        go_live(s);
    }
}

static void begin(struct output_stream *s)
{
    const char *type = s->wish.format == OUTPUT_RAW ? type_raw : type_text;

    s->has_begun = true;
    api_answer_stream(s->call, type, &work, s);
}

/* Whoever follows waits for the first byte: it comes behind what was there when
 * there was no file. */
static void begin_without(struct output_stream *s, int error)
{
    if (error == -ENOENT && s->wish.follows && s->call->console != NULL) {
        go_live(s);
        begin(s);
        return;
    }
    stop_reading(s);
    output_log_fail(s->call, error);
}

static void output_stream_on_step(void *owner)
{
    struct output_stream *s = owner;
    struct conlog_reading *log = &s->reading->log;

    s->taken = 0;
    if (!s->has_begun) {
        if (log->error < 0) {
            begin_without(s, log->error);
            return;
        }
        output_text_begin_file(&s->text, log->begins_in_line);
        find_seam(s);
        ask(s);
        begin(s);
        return;
    }
    if (log->begins_file)
        output_text_begin_file(&s->text, false);
    api_wake(s->call);
}

static enum api_more produce_log(struct output_stream *s, struct buf *to)
{
    struct conlog_reading *log = &s->reading->log;
    struct slice rest = slice_after(slice_of(log->bytes, log->len), s->taken);
    size_t len = rest.len;

    output_text_put(&s->text, &rest, to, to->len + PIECE);
    s->taken += len - rest.len;
    if (s->text.is_over)
        return API_END;
    if (rest.len > 0)
        return API_MORE;
    if (log->error < 0) {
        output_text_note(&s->text, "the log cannot be read further", to);
        s->has_ended = true;
        s->is_cut = true;
    } else if (log->is_at_end) {
        go_on(s);
    } else {
        ask(s);
    }
    return s->has_ended || s->reading == NULL ? API_MORE : API_WAIT;
}

/* ---- the answer ------------------------------------------------------- */

static enum api_more output_stream_produce(struct api_call *call,
                                           struct buf *to)
{
    struct output_stream *s = call->state;

    if (!s->has_ended && s->reading != NULL && s->reading->is_asked)
        return API_WAIT;
    if (!s->has_ended && s->reading != NULL)
        return produce_log(s, to);
    if (!s->has_ended && s->ring.console != NULL)
        return produce_ring(s, to);
    output_text_end(&s->text, to);
    return s->is_cut ? API_CUT : API_END;
}

static void output_stream_end(struct api_call *call)
{
    struct output_stream *s = call->state;

    stop_reading(s);
    reader_detach(&s->ring, clock_now_us());
    free(s);
}

static const struct api_work work = {
    .produce = output_stream_produce,
    .end = output_stream_end,
};

static struct output_stream *stream_new(struct api_call *call,
                                        const struct output_wish *wish)
{
    struct output_stream *s = xcalloc(1, sizeof *s);

    s->call = call;
    s->wish = *wish;
    reader_init(&s->ring, &kind);
    output_text_init(&s->text, wish->format, false, wish->since_ms,
                     wish->until_ms);
    return s;
}

void output_stream_from_log(struct api_call *call, struct output_reads *reads,
                            const struct output_wish *wish,
                            const struct conlog_wish *of_log)
{
    struct output_stream *s = stream_new(call, wish);

    s->reading = output_reading_open(reads, of_log, output_stream_on_step, s);
    if (s->reading == NULL) {
        free(s);
        api_fail(call, API_TOO_MANY, "try again in a while",
                 "too many console logs are being read");
        return;
    }
    console_log_find(call->console->log, &s->reading->log.source,
                     clock_now_us());
    s->text.is_stamped =
        s->reading->log.source.is_stamped && !wish->is_as_in_file;
    s->position = console_log_seam(call->console->log, clock_now_us()).position;
    api_work_on(call, &work, s);
    ask(s);
    if (s->has_ended)
        api_fail(call, API_UNAVAILABLE, "try again in a while",
                 "there is no thread that could read the log");
}

void output_stream_from_ring(struct api_call *call,
                             const struct output_wish *wish, uint64_t at)
{
    struct output_stream *s = stream_new(call, wish);

    attach(s, at);
    begin(s);
}
