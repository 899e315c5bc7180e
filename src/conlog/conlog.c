#include "conlog/conlog.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_names.h"
#include "conlog/conlog_writers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct conlog {
    struct conlog_settings settings;
    struct conlog_callbacks callbacks;
    struct conlog_writers *writers;
    struct map names;              /* path -> struct conlog_names_entry */
    struct deadline_queue batches; /* struct console_log.waits */
    struct deadline_queue ticks;   /* tick */
    struct deadline tick;          /* runs while the writers are busy */
    struct list refused;           /* struct console_log.waits.node */
    struct list answered;          /* struct console_log.answered */
    int64_t dated_s;               /* when names with dates were made, */
    int64_t next_date_s;           /* and when they change */
    unsigned names_made;           /* counts what changes all names */
    unsigned pattern_made;         /* names_made when the pattern changed */
};

struct console_log {
    struct reader reader;
    struct conlog *conlog;
    struct deadline waits; /* in batches, or in refused */
    struct conlog_writer_slot slot;
    struct conlog_names_entry name;
    unsigned name_made;   /* conlog->names_made then; 0: never */
    struct list asks;     /* struct past_ask.node */
    struct list answered; /* in conlog->answered */
    struct past *past;    /* the answer */
    bool has_past;        /* what the file had before this run is its own */
    bool is_begun;        /* something of this run is in the file */
    bool is_taking;
    bool is_refused; /* waits for room, in conlog->refused */
    int error; /* the last one since it had caught up: why there is a gap */
    uint64_t taken;
    uint64_t missing;
};

enum { CLOCK_BACK_S = 600 };

static struct console_log *log_of(struct reader *reader)
{
    return CONTAINER_OF(reader, struct console_log, reader);
}

static struct console_log *log_of_slot(struct conlog_writer_slot *slot)
{
    return CONTAINER_OF(slot, struct console_log, slot);
}

/* ---- names ------------------------------------------------------------ */

static void name_anew(struct console_log *log, int64_t now_s)
{
    struct conlog *l = log->conlog;
    const struct console *c = log->reader.console;
    struct conlog_facts facts = {
        .name = c->name,
        .uuid = c->uuid,
        .label = c->label,
    };
    uint32_t way;
    char *former = log->name.path != NULL ? xstrdup(log->name.path) : NULL;

    if (log->name_made < l->pattern_made)
        log->name.way = CONLOG_NAMES_PLAIN;
    way = log->name.way;
    conlog_names_take(&l->names, &log->name, l->settings.pattern, &facts,
                      now_s);
    if (former == NULL || strcmp(former, log->name.path) != 0) {
        log->is_begun = false;
        log->has_past = former == NULL && log->has_past;
    }
    if (log->name.way != way)
        l->callbacks.on_same_name(l->callbacks.owner, c, log->name.path);
    free(former);
    log->name_made = l->names_made;
}

static void check_name(struct console_log *log)
{
    struct conlog *l = log->conlog;
    int64_t now_s = clock_utc_s();

    /* A clock that was wrong is put right: not for a second at midnight. */
    if (now_s >= l->next_date_s || now_s < l->dated_s - CLOCK_BACK_S) {
        l->dated_s = now_s;
        l->next_date_s = conlog_name_next_date(l->settings.pattern, now_s);
        l->names_made++;
    }
    if (log->name_made != l->names_made)
        name_anew(log, now_s);
}

/* ---- taking ----------------------------------------------------------- */

static void tell_gap(struct console_log *log, uint64_t lost, int error)
{
    const struct conlog_callbacks *callbacks = &log->conlog->callbacks;

    log->missing += lost;
    callbacks->on_gap(callbacks->owner, log->reader.console, log->name.path,
                      lost, error);
}

static void copy_span(uint8_t *to, const struct ring_span *span, size_t len)
{
    size_t first = span->part[0].len < len ? span->part[0].len : len;

    if (first > 0) /* a ring without memory has no bytes at all */
        memcpy(to, span->part[0].data, first);
    if (len > first)
        memcpy(to + first, span->part[1].data, len - first);
}

/* What its file has to say, or had when output was lost. */
static int error_of(const struct console_log *log)
{
    uint64_t waiting;
    int error =
        conlog_writers_state(log->conlog->writers, &log->slot, &waiting);

    return error != 0 ? error : log->error;
}

/* A job of at most len bytes. */
static void take_job(struct console_log *log, uint32_t len, uint64_t now_us)
{
    struct conlog *l = log->conlog;
    struct ring_span span;
    uint64_t lost = reader_peek(&log->reader, &span);
    struct conlog_job *job;
    uint64_t waiting;

    if (span.part[0].len + span.part[1].len < len)
        len = (uint32_t)(span.part[0].len + span.part[1].len);
    job = conlog_writers_new_job(l->writers, len);
    copy_span(job->bytes, &span, len);
    job->utc_ms = clock_utc_ms();
    job->is_first = !log->is_begun;
    if (lost > 0) {
        job->lost = lost;
        job->lost_error = error_of(log);
        tell_gap(log, lost, job->lost_error);
    }
    conlog_writers_put(l->writers, &log->slot, job, log->name.path);
    log->is_begun = true;
    log->taken += len;
    reader_took(&log->reader, len, now_us);
    if (log->error != 0 && reader_has_caught_up(&log->reader) &&
        conlog_writers_state(l->writers, &log->slot, &waiting) == 0)
        log->error = 0;
}

static void start_tick(struct conlog *l, uint64_t now_us)
{
    if (!deadline_is_running(&l->tick))
        deadline_start(&l->ticks, &l->tick, now_us);
}

/* As much as there is room for. Taking may have the VM read, and that pulls. */
static void take(struct console_log *log, uint64_t now_us)
{
    struct conlog *l = log->conlog;

    if (log->is_taking)
        return;
    log->is_taking = true;
    check_name(log);
    while (!reader_has_caught_up(&log->reader)) {
        uint64_t behind = log->reader.console->output.head - log->reader.at;
        uint32_t want = behind < CONLOG_WRITER_JOB_MAX ? (uint32_t)behind
                                                       : CONLOG_WRITER_JOB_MAX;
        uint32_t room = conlog_writers_room(l->writers, &log->slot, want);

        if (room == 0) {
            deadline_stop(&log->waits);
            log->is_refused = true;
            list_add_tail(&l->refused, &log->waits.node);
            /* Nobody else would, as it waits for no time any more. */
            conlog_writers_flush(l->writers, &log->slot);
            break;
        }
        take_job(log, room, now_us);
    }
    start_tick(l, now_us);
    log->is_taking = false;
}

/* What was printed under the former name goes where that leads. */
void console_log_renamed(struct console_log *log)
{
    if (log == NULL)
        return;
    if (!log->is_refused)
        take(log, clock_now_us());
    log->name_made = 0;
    log->name.way = CONLOG_NAMES_PLAIN;
}

static void take_and_flush(struct console_log *log, uint64_t now_us)
{
    deadline_stop(&log->waits);
    log->is_refused = false;
    take(log, now_us);
    conlog_writers_flush(log->conlog->writers, &log->slot);
}

static void conlog_pull(struct reader *reader)
{
    struct console_log *log = log_of(reader);
    const struct ring *output = &reader->console->output;
    uint64_t behind = output->head - reader->at;

    if (behind == 0 || log->is_refused)
        return;
    if (!deadline_is_running(&log->waits))
        deadline_start(&log->conlog->batches, &log->waits, clock_now_us());
    if (behind >= output->cap / 2)
        take(log, clock_now_us());
}

/* The VM waits for its log, and no client does. */
static const struct reader_kind reader_kind = {
    .pull = conlog_pull,
    .is_waited_for = true,
};

void conlog_batch_due(struct deadline *deadline, uint64_t now_us)
{
    take_and_flush(CONTAINER_OF(deadline, struct console_log, waits), now_us);
}

/* ---- news ------------------------------------------------------------- */

/* They may call anything: not while news are taken. */
static void keep_answer(struct console_log *log, struct past *past)
{
    past_leave(log->past);
    log->past = past;
    list_remove(&log->answered);
    list_add_tail(&log->conlog->answered, &log->answered);
}

/* Who asks while others are answered is so by what is read next. */
static void answer(struct console_log *log)
{
    struct past *past = log->past;
    struct list asks;

    log->past = NULL;
    list_remove(&log->answered);
    list_init(&asks);
    while (!list_is_empty(&log->asks)) {
        struct list *node = log->asks.next;

        list_remove(node);
        list_add_tail(&asks, node);
    }
    while (!list_is_empty(&asks)) {
        struct past_ask *ask = CONTAINER_OF(asks.next, struct past_ask, node);

        list_remove(&ask->node);
        ask->on_answer(ask, past);
    }
    past_leave(past);
}

static void answer_all(struct conlog *l)
{
    while (!list_is_empty(&l->answered))
        answer(CONTAINER_OF(l->answered.next, struct console_log, answered));
}

static void conlog_on_news(void *owner, const struct conlog_writers_news *news)
{
    struct conlog *l = owner;
    const struct console *c = NULL;

    if (news->slot != NULL) {
        struct console_log *log = log_of_slot(news->slot);

        c = log->reader.console;
        if (news->error != 0)
            log->error = news->error;
        if (news->is_past)
            keep_answer(log, news->past);
    } else {
        past_leave(news->past);
    }
    if (news->rotation != NULL)
        l->callbacks.on_rotation(l->callbacks.owner, c, news->path,
                                 news->rotation);
    if (news->compression != NULL)
        l->callbacks.on_compression(l->callbacks.owner, c, news->path,
                                    news->compression);
    if (news->has_new_error)
        l->callbacks.on_state(l->callbacks.owner, c, news->path, news->error);
}

void conlog_wake(struct conlog *l, uint64_t now_us)
{
    struct list refused;

    conlog_writers_take_news(l->writers, conlog_on_news, l);
    answer_all(l);
    /* Those that are refused again are behind them. */
    list_init(&refused);
    while (!list_is_empty(&l->refused)) {
        struct list *node = l->refused.next;

        list_remove(node);
        list_add_tail(&refused, node);
    }
    while (!list_is_empty(&refused)) {
        struct deadline *waits =
            CONTAINER_OF(refused.next, struct deadline, node);

        take_and_flush(CONTAINER_OF(waits, struct console_log, waits), now_us);
    }
}

void conlog_tick_due(struct conlog *l, uint64_t now_us)
{
    conlog_writers_tick(l->writers, now_us);
    if (conlog_writers_are_busy(l->writers) || !list_is_empty(&l->refused))
        start_tick(l, now_us);
}

/* ---- the whole -------------------------------------------------------- */

struct deadline_queue *conlog_batches(struct conlog *l)
{
    return &l->batches;
}

struct deadline_queue *conlog_ticks(struct conlog *l)
{
    return &l->ticks;
}

int conlog_open(struct conlog **ret_conlog,
                const struct conlog_settings *settings,
                const struct conlog_callbacks *callbacks,
                const uint64_t seed[2])
{
    struct conlog *l = xcalloc(1, sizeof *l);
    int r;

    l->settings = *settings;
    l->callbacks = *callbacks;
    l->names_made = 1;
    l->dated_s = clock_utc_s();
    l->next_date_s = conlog_name_next_date(settings->pattern, l->dated_s);
    map_init(&l->names, seed);
    deadline_queue_init(&l->batches, CONLOG_BATCH_US);
    deadline_queue_init(&l->ticks, CONLOG_TICK_US);
    deadline_init(&l->tick);
    list_init(&l->refused);
    list_init(&l->answered);
    r = conlog_writers_open(&l->writers, settings, callbacks->wake,
                            callbacks->owner, seed);
    if (r < 0) {
        map_done(&l->names);
        free(l);
        return r;
    }
    *ret_conlog = l;
    return 0;
}

void conlog_set(struct conlog *l, const struct conlog_settings *settings,
                uint64_t now_us)
{
    if (strcmp(l->settings.pattern, settings->pattern) != 0) {
        l->pattern_made = ++l->names_made;
        l->dated_s = clock_utc_s();
        l->next_date_s = conlog_name_next_date(settings->pattern, l->dated_s);
    }
    l->settings = *settings;
    conlog_writers_set(l->writers, settings);
    start_tick(l, now_us);
}

struct teller {
    void (*each)(void *owner, const char *path, uint64_t bytes);
    void *owner;
};

static void conlog_tell_left(void *owner,
                             const struct conlog_writers_news *left)
{
    struct teller *teller = owner;

    teller->each(teller->owner, left->path, left->bytes);
}

void conlog_close(struct conlog *l, uint64_t wait_us,
                  void (*each)(void *owner, const char *path, uint64_t bytes),
                  void *owner)
{
    struct teller teller = { .each = each, .owner = owner };

    if (l == NULL)
        return;
    deadline_stop(&l->tick);
    conlog_writers_close(l->writers, wait_us, conlog_tell_left, &teller);
    map_done(&l->names);
    free(l);
}

/* ---- a log ------------------------------------------------------------ */

struct console_log *console_log_open(struct conlog *l, struct console *c,
                                     enum console_log_start start)
{
    struct console_log *log = xcalloc(1, sizeof *log);

    log->conlog = l;
    reader_init(&log->reader, &reader_kind);
    deadline_init(&log->waits);
    reader_attach(&log->reader, c);
    list_init(&log->asks);
    list_init(&log->answered);
    /* What has left the ring already is a gap at its front. */
    if (start != CONSOLE_LOG_GOES_ON)
        log->reader.at = 0;
    log->has_past = start == CONSOLE_LOG_IS_KNOWN && ring_tail(&c->output) == 0;
    /* Who is first has the name, whoever prints first. */
    check_name(log);
    conlog_pull(&log->reader);
    return log;
}

bool console_log_ask_past(struct console_log *log,
                          const struct history_wish *wish, struct past_ask *ask,
                          uint64_t now_us)
{
    struct conlog *l = log->conlog;

    check_name(log);
    if (!log->has_past || wish->bytes == 0)
        return false;
    list_add_tail(&log->asks, &ask->node);
    conlog_writers_ask(l->writers, &log->slot, log->name.path, wish);
    start_tick(l, now_us);
    return true;
}

/* Without room nothing comes behind that could tell of the gap: it is told by
 * a job of no bytes; or by the program's log alone. */
static void give_up_rest(struct console_log *log, uint64_t now_us)
{
    struct conlog_writers *w = log->conlog->writers;
    uint64_t lost = log->reader.console->output.head - log->reader.at;
    int error = error_of(log);

    if (!conlog_writers_are_full(w)) {
        struct conlog_job *job = conlog_writers_new_job(w, 0);

        job->utc_ms = clock_utc_ms();
        job->is_first = !log->is_begun;
        job->lost = lost;
        job->lost_error = error;
        conlog_writers_put(w, &log->slot, job, log->name.path);
    }
    tell_gap(log, lost, error);
    reader_took(&log->reader, (size_t)lost, now_us);
}

static void take_rest(struct console_log *log, bool is_end, uint64_t now_us)
{
    check_name(log);
    while (!reader_has_caught_up(&log->reader)) {
        uint32_t room = CONLOG_WRITER_JOB_MAX;

        if (!is_end)
            room = conlog_writers_room(log->conlog->writers, &log->slot, room);
        if (room > 0)
            take_job(log, room, now_us);
        else
            give_up_rest(log, now_us);
    }
}

void console_log_close(struct console_log *log, bool is_end, uint64_t now_us)
{
    if (log == NULL)
        return;
    answer(log);
    log->is_taking = true;
    deadline_stop(&log->waits);
    take_rest(log, is_end, now_us);
    start_tick(log->conlog, now_us);
    reader_detach(&log->reader, now_us);
    conlog_writers_leave(log->conlog->writers, &log->slot);
    conlog_names_give_up(&log->conlog->names, &log->name);
    free(log);
}

struct console_log_state console_log_state(struct console_log *log)
{
    struct console_log_state state = { .path = log->name.path };
    const struct ring *output = &log->reader.console->output;
    uint64_t waiting;

    state.error =
        conlog_writers_state(log->conlog->writers, &log->slot, &waiting);
    /* Of a console that had this name before, too, something may wait. */
    state.written = log->taken > waiting ? log->taken - waiting : 0;
    state.missing = log->missing;
    /* What the file is told when it takes something again. */
    if (log->reader.at < ring_tail(output))
        state.missing += ring_tail(output) - log->reader.at;
    return state;
}
