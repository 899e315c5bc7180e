/*
 * One console's log on the loop's side: what becomes of the output that its tap
 * takes (conlog_tap.h), and how a gap is reported. The next job writes the
 * gap's line into the file, in place of the missing bytes.
 */
#include "conlog/console_log.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A VM's name that is replaced within NAME_LASTS_S gets no file. Nor does a
 * name beyond NAMES_AT_ONCE of one console, and one more each NAME_EVERY_S:
 * until then the log continues in its present file. People rename a VM a few
 * times in a year.
 */
enum { NAME_LASTS_S = 1, NAMES_AT_ONCE = 4, NAME_EVERY_S = 3600 };

static const uint64_t us_per_s = 1000 * 1000;

static struct console_log *log_of(struct conlog_tap *tap)
{
    return CONTAINER_OF(tap, struct console_log, tap);
}

/* ---- names ------------------------------------------------------------ */

/*
 * The former path is copied, because conlog_names_take frees it. Only the path
 * decides whether the file changes: a new name may be equal to the old one.
 * Another file has nothing of this run; and the content of any file but the
 * log's first is not known to be this console's, so it has no past to show.
 *
 * A new name of the VM counts against the console's budget of names. A new date
 * or pattern does not, and takes the VM's new name with it, and its folder of
 * that moment: another folder alone is no reason for another file.
 */
static void name_anew(struct console_log *log, int64_t now_s, uint64_t now_us)
{
    struct conlog *l = log->conlog;
    const struct console *c = log->tap.reader.console;
    const struct access_console view = console_view(c);
    const struct conlog_facts facts = {
        .name = c->name,
        .uuid = c->uuid,
        .label = c->label,
        .folder = view.vm.folder,
    };
    enum conlog_names_way way;
    char *former = log->name.path != NULL ? xstrdup(log->name.path) : NULL;

    if (log->name_made < l->pattern_made || log->rename_us != 0)
        log->name.way = CONLOG_NAMES_PLAIN;
    way = log->name.way;
    conlog_names_take(&l->names, &log->name, l->settings.pattern, &facts,
                      now_s);
    if (former == NULL || strcmp(former, log->name.path) != 0) {
        log->is_begun = false;
        log->has_past = former == NULL && log->has_past;
        if (log->rename_us != 0)
            log->names_paid_us =
                (log->names_paid_us > now_us ? log->names_paid_us : now_us) +
                NAME_EVERY_S * us_per_s;
    }
    log->rename_us = 0;
    if (log->name.way != way)
        l->callbacks.on_same_name(l->callbacks.owner, c, log->name.path);
    free(former);
    log->name_made = l->names_made;
}

/* Before every take, so that output goes under the date on which it is taken:
 * at most a batch's time after it was printed. */
static void check_name(struct console_log *log, uint64_t now_us)
{
    struct conlog *l = log->conlog;
    int64_t now_s = clock_utc_s();

    conlog_check_dates(l, now_s);
    if (log->name_made != l->names_made ||
        (log->rename_us != 0 && now_us >= log->rename_us))
        name_anew(log, now_s, now_us);
}

/* A VM may have as many names as it likes, and each would be a file: so a new
 * one has to last, and is paid for. The bucket of names is full when
 * names_paid_us has come (GCRA). */
void console_log_renamed(struct console_log *log, uint64_t now_us)
{
    uint64_t burst_us = (NAMES_AT_ONCE - 1) * NAME_EVERY_S * us_per_s;

    if (log == NULL)
        return;
    log->rename_us = now_us + NAME_LASTS_S * us_per_s;
    if (log->names_paid_us > log->rename_us + burst_us)
        log->rename_us = log->names_paid_us - burst_us;
}

/* ---- taking ----------------------------------------------------------- */

static void tell_gap(struct console_log *log, uint64_t lost, int error)
{
    const struct conlog_callbacks *callbacks = &log->conlog->callbacks;

    log->missing += lost;
    log->conlog->missing += lost;
    log->conlog->gaps++;
    callbacks->on_gap(callbacks->owner, log->tap.reader.console, log->name.path,
                      lost, error);
}

/*
 * The file's present error, or its last one. The last error stays until the log
 * has caught up without a failure (take_job): a gap is reported when the disk
 * works again, and must then give its reason.
 */
static int error_of(const struct console_log *log)
{
    uint64_t waiting;
    int error = conlog_writers_state(log->conlog->taps.writers, &log->tap.slot,
                                     &waiting);

    return error != 0 ? error : log->error;
}

/* Takes at most len bytes. The slices of reader_peek are valid until the next
 * call of core, so they are copied before reader_took. */
static void take_job(struct console_log *log, uint32_t len, uint64_t now_us)
{
    struct conlog *l = log->conlog;
    struct ring_span span;
    uint64_t lost = reader_peek(&log->tap.reader, &span);
    struct conlog_job *job;
    uint64_t waiting;

    if (span.part[0].len + span.part[1].len < len)
        len = (uint32_t)(span.part[0].len + span.part[1].len);
    job = conlog_writers_new_job(l->taps.writers, len);
    len = job->len;
    conlog_tap_copy(job->bytes, &span, len);
    job->epoch = console_epoch(log->tap.reader.console);
    job->at = log->tap.reader.at;
    job->utc_ms = clock_utc_ms();
    job->is_first = !log->is_begun;
    if (lost > 0) {
        job->lost = lost;
        job->lost_error = error_of(log);
        tell_gap(log, lost, job->lost_error);
    }
    conlog_writers_put(l->taps.writers, &log->tap.slot, job, log->name.path);
    log->is_begun = true;
    log->taken += len;
    l->taken += len;
    reader_took(&log->tap.reader, len, now_us);
    if (log->error != 0 && reader_has_caught_up(&log->tap.reader) &&
        conlog_writers_state(l->taps.writers, &log->tap.slot, &waiting) == 0)
        log->error = 0;
}

static void console_log_begin(struct conlog_tap *tap, uint64_t now_us)
{
    check_name(log_of(tap), now_us);
}

static bool console_log_take(struct conlog_tap *tap, uint32_t room,
                             uint64_t now_us)
{
    take_job(log_of(tap), room, now_us);
    return true;
}

static const struct conlog_tap_ops tap_ops = {
    .begin = console_log_begin,
    .take = console_log_take,
};

/* The VM is held for its log; clients are not. */
static const struct reader_kind reader_kind = {
    .pull = conlog_tap_pull,
    .is_waited_for = true,
};

/* ---- the past --------------------------------------------------------- */

/* Those who asked may call anything in their callbacks. So these are not called
 * here, where the writers hand out news with their lock. */
static void keep_answer(struct console_log *log, struct past *past)
{
    past_leave(log->past);
    log->past = past;
    list_remove(&log->answered);
    list_add_tail(&log->conlog->answered, &log->answered);
}

void console_log_on_news(struct console_log *log,
                         const struct conlog_writers_news *news)
{
    if (news->error != 0)
        log->error = news->error;
    if (news->is_past)
        keep_answer(log, news->past);
}

/*
 * The asks are moved to a local list: an ask that comes during the answers is
 * answered by the next reading. past is kept until all have been answered,
 * because an answer may close the log.
 */
void console_log_answer(struct console_log *log)
{
    struct past *past = log->past;
    struct list asks;

    log->past = NULL;
    list_remove(&log->answered);
    list_init(&asks);
    list_move_all(&log->asks, &asks);
    while (!list_is_empty(&asks)) {
        struct past_ask *ask = CONTAINER_OF(asks.next, struct past_ask, node);

        list_remove(&ask->node);
        ask->on_answer(ask, past);
    }
    past_leave(past);
}

/* ---- a log ------------------------------------------------------------ */

struct console_log *console_log_open(struct conlog *l, struct console *c,
                                     enum console_log_start start)
{
    struct console_log *log = xcalloc(1, sizeof *log);

    log->conlog = l;
    conlog_tap_init(&log->tap, &l->taps, &tap_ops, &reader_kind);
    reader_attach(&log->tap.reader, c);
    list_init(&log->asks);
    list_init(&log->answered);
    /* From position 0, even if the ring has lost it: the loss is a gap at the
     * front of the log. */
    if (start != CONSOLE_LOG_GOES_ON)
        log->tap.reader.at = 0;
    /* Output that left the ring in this run would lie between the file's end
     * and the ring: a past with a hole at its end is useless. */
    log->has_past = start == CONSOLE_LOG_IS_KNOWN && ring_tail(&c->output) == 0;
    /* The console that is opened first gets the name, whichever prints
     * first. */
    check_name(log, clock_now_us());
    conlog_tap_pull(&log->tap.reader);
    return log;
}

bool console_log_ask_past(struct console_log *log,
                          const struct history_wish *wish, struct past_ask *ask,
                          uint64_t now_us)
{
    struct conlog *l = log->conlog;

    check_name(log, now_us);
    if (!log->has_past || wish->bytes == 0)
        return false;
    list_add_tail(&log->asks, &ask->node);
    conlog_writers_ask(l->taps.writers, &log->tap.slot, log->name.path, wish);
    conlog_taps_start_tick(&l->taps, now_us);
    return true;
}

/* Without room, no later job would report the gap: a job without bytes does, or
 * only the program's log. */
static void give_up_rest(struct console_log *log, uint64_t now_us)
{
    struct conlog_writers *w = log->conlog->taps.writers;
    uint64_t lost = log->tap.reader.console->output.head - log->tap.reader.at;
    int error = error_of(log);

    if (!conlog_writers_are_full(w)) {
        struct conlog_job *job = conlog_writers_new_job(w, 0);

        job->epoch = console_epoch(log->tap.reader.console);
        job->at = log->tap.reader.console->output.head;
        job->utc_ms = clock_utc_ms();
        job->is_first = !log->is_begun;
        job->lost = lost;
        job->lost_error = error;
        conlog_writers_put(w, &log->tap.slot, job, log->name.path);
    }
    tell_gap(log, lost, error);
    reader_took(&log->tap.reader, (size_t)lost, now_us);
}

static void take_rest(struct console_log *log, bool is_end, uint64_t now_us)
{
    check_name(log, now_us);
    while (!reader_has_caught_up(&log->tap.reader)) {
        uint32_t room = CONLOG_WRITER_JOB_MAX;

        if (!is_end)
            room = conlog_writers_room(log->conlog->taps.writers,
                                       &log->tap.slot, room);
        if (room > 0)
            take_job(log, room, now_us);
        else
            give_up_rest(log, now_us);
    }
}

/*
 * The order matters. Asks for the past are answered while the log is whole. The
 * rest is taken while the reader is attached. The name is given up last: the
 * console that gets it next must come behind this log's jobs
 * (conlog_writers_put).
 */
void console_log_close(struct console_log *log, bool is_end, uint64_t now_us)
{
    if (log == NULL)
        return;
    console_log_answer(log);
    conlog_tap_stop(&log->tap);
    take_rest(log, is_end, now_us);
    conlog_taps_start_tick(&log->conlog->taps, now_us);
    reader_detach(&log->tap.reader, now_us);
    conlog_writers_leave(log->conlog->taps.writers, &log->tap.slot, is_end);
    conlog_names_give_up(&log->conlog->names, &log->name);
    free(log);
}

struct console_log_state console_log_state(struct console_log *log)
{
    struct console_log_state state = { .path = log->name.path };
    const struct ring *output = &log->tap.reader.console->output;
    uint64_t waiting;

    state.error = conlog_writers_state(log->conlog->taps.writers,
                                       &log->tap.slot, &waiting);
    /* A former owner of the name may have waiting bytes too, which are not
     * counted in taken: so the difference could be negative. */
    state.written = log->taken > waiting ? log->taken - waiting : 0;
    state.missing = log->missing;
    /* Lost bytes that were not reported: they are counted when the log next
     * takes output. */
    if (log->tap.reader.at < ring_tail(output))
        state.missing += ring_tail(output) - log->tap.reader.at;
    return state;
}

/* A pattern with the UUID gives no two VMs one name. */
void console_log_find(struct console_log *log, struct conlog_source *ret,
                      uint64_t now_us)
{
    const struct conlog_settings *s = &log->conlog->settings;

    check_name(log, now_us);
    *ret = (struct conlog_source){
        .is_stamped = s->is_stamped,
        .is_all_own = log->has_past || strstr(s->pattern, "%{uuid") != NULL,
        .epoch = console_epoch(log->tap.reader.console),
        .origin =
            conlog_writers_origin(log->conlog->taps.writers, &log->tap.slot),
    };
    snprintf(ret->directory, sizeof ret->directory, "%s", s->directory);
    snprintf(ret->path, sizeof ret->path, "%s", log->name.path);
}

struct console_log_seam console_log_seam(struct console_log *log,
                                         uint64_t now_us)
{
    struct console_log_seam seam = { .position = 0 };

    if (!reader_has_caught_up(&log->tap.reader) && !log->tap.is_refused)
        conlog_tap_take_batch(&log->tap, now_us);
    seam.position =
        conlog_writers_seam(log->conlog->taps.writers, &log->tap.slot,
                            log->tap.reader.at, &seam.file);
    return seam;
}
