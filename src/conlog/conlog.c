/*
 * All console logs: what they share, and the news that the writers have for
 * them.
 *
 * Names change with the date and with the settings. They are not renewed at
 * that time: with 10,000 logs that would be one long turn of the loop at
 * midnight. names_made counts such changes; a log compares it with the count of
 * its own name when it next takes output.
 */
#include "conlog/conlog.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_private.h"

#include <stdlib.h>
#include <string.h>

/* A clock that goes back by less is being adjusted. If it goes back by more,
 * the dates in the names were wrong, and files named after a future year would
 * be written for a year. */
enum { CLOCK_BACK_S = 600 };

static struct console_log *log_of_slot(struct conlog_writer_slot *slot)
{
    return CONTAINER_OF(slot, struct console_log, tap.slot);
}

static void set_dates(struct conlog *l, int64_t now_s)
{
    l->dated_s = now_s;
    l->next_date_s = conlog_name_next_date(l->settings.pattern, now_s);
}

/* Without CLOCK_BACK_S, a clock that is set back by a second at midnight would
 * send every log to yesterday's file, and to today's a second later. */
void conlog_check_dates(struct conlog *l, int64_t now_s)
{
    if (now_s < l->next_date_s && now_s >= l->dated_s - CLOCK_BACK_S)
        return;
    set_dates(l, now_s);
    l->names_made++;
}

/* ---- news ------------------------------------------------------------- */

/* An answer may close logs, or ask again, so the list is read anew each
 * time. The loop ends, because an ask puts no log into the list before the
 * next news. */
static void answer_all(struct conlog *l)
{
    while (!list_is_empty(&l->answered))
        console_log_answer(
            CONTAINER_OF(l->answered.next, struct console_log, answered));
}

/* Called with the writers' lock: the callbacks are for telling people, and must
 * not call conlog/ (conlog.h). slot NULL: the log is gone, and so are those who
 * asked for its past. */
static void conlog_on_news(void *owner, const struct conlog_writers_news *news)
{
    struct conlog *l = owner;
    const struct console *c = NULL;

    if (news->slot != NULL) {
        struct console_log *log = log_of_slot(news->slot);

        c = log->tap.reader.console;
        console_log_on_news(log, news);
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

/* News first: written jobs have made room, and errors that are over must be
 * cleared before a log takes more. */
void conlog_wake(struct conlog *l, uint64_t now_us)
{
    struct conlog_sweep_result swept;

    conlog_writers_take_news(l->taps.writers, conlog_on_news, l);
    if (conlog_writers_take_swept(l->taps.writers, &swept))
        l->callbacks.on_deletion(l->callbacks.owner, swept.path, swept.files,
                                 swept.freed);
    answer_all(l);
    conlog_taps_retry(&l->taps, now_us);
}

/* ---- opening and closing ---------------------------------------------- */

struct deadline_queue *conlog_batches(struct conlog *l)
{
    return &l->taps.batches;
}

struct deadline_queue *conlog_ticks(struct conlog *l)
{
    return &l->taps.ticks;
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
    set_dates(l, clock_utc_s());
    conlog_names_init(&l->names, callbacks->digest, seed);
    conlog_taps_init(&l->taps);
    list_init(&l->answered);
    r = conlog_writers_open(&l->taps.writers, settings, callbacks->wake,
                            callbacks->owner, seed);
    if (r < 0) {
        conlog_names_done(&l->names);
        free(l);
        return r;
    }
    *ret_conlog = l;
    return 0;
}

void conlog_set(struct conlog *l, const struct conlog_settings *settings,
                uint64_t now_us)
{
    /* Only another pattern makes all names anew: over other changes of the
     * settings, a log with an addition to its name keeps its file. */
    bool is_other = strcmp(l->settings.pattern, settings->pattern) != 0;

    l->settings = *settings;
    if (is_other) {
        l->pattern_made = ++l->names_made;
        set_dates(l, clock_utc_s());
    }
    conlog_writers_set(l->taps.writers, settings);
    conlog_taps_start_tick(&l->taps, now_us);
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
    deadline_stop(&l->taps.tick);
    /* Threads that are left behind use the writers alone, so l can be freed. */
    conlog_writers_close(l->taps.writers, wait_us, conlog_tell_left, &teller);
    conlog_names_done(&l->names);
    free(l);
}

struct conlog_counts conlog_count(const struct conlog *l)
{
    struct conlog_counts counts = {
        .taken = l->taken,
        .missing = l->missing,
        .gaps = l->gaps,
    };

    conlog_writers_count(l->taps.writers, &counts.held, &counts.failing);
    return counts;
}
