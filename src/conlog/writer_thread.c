#include "base/clock.h"
#include "base/mem.h"
#include "conlog/compressor.h"
#include "conlog/writers_private.h"

#include <errno.h>
#include <stdlib.h>

enum {
    /* Files that are ready for each thread that is awake, before one more is
     * woken; and for how long nobody may have come for them. */
    READY_MAX = 16,
    SLOW_US = 10 * 1000,
};

/* ---- waking ----------------------------------------------------------- */

/*
 * One thread writes many small jobs in the time that it takes to wake another,
 * and two of them get in each other's way in the directory. A thread that the
 * disk has got counts for none after a moment: whoever comes next then, at the
 * latest the tick, wakes another.
 */
static bool needs_thread(const struct writers *w)
{
    uint32_t awake = w->crew.running - w->idle + w->called;

    if (writers_have_none(w, READY) || w->called >= w->idle)
        return false;
    return awake == 0 || w->ready_count > READY_MAX * awake ||
           clock_now_us() > w->served_us + SLOW_US;
}

/* Whoever is woken with the lock held would wait for it at once. */
void writers_unlock(struct writers *w)
{
    bool wakes = needs_thread(w);

    if (wakes)
        w->called++;
    worker_unlock(&w->crew);
    if (wakes)
        worker_wake(&w->crew);
}

/* ---- closing ---------------------------------------------------------- */

/* Closed without the lock, because close(2) may block. Then it goes, unless
 * somebody has something for it again. */
static void close_and_free(struct writer *me, struct writer_file *f)
{
    struct writers *w = me->writers;

    f->is_busy = true;
    me->since_us = clock_now_us();
    worker_unlock(&w->crew);
    log_file_close(&f->log);
    worker_lock(&w->crew);
    me->since_us = 0;
    f->is_busy = false;
    if (writer_file_has_work(f))
        writer_file_make_ready(w, f);
    else if (writer_file_may_go(f))
        writer_file_free(w, f);
    else if (f->slot == NULL)
        writer_file_move(w, f, LINGERING);
}

/* Nothing waits for it any more: it stays open as long as there are few. */
static void keep_open(struct writer *me, struct writer_file *f)
{
    const struct writers *w = me->writers;

    if (f->log.fd < 0 || f->slot == NULL || w->crew.is_ending ||
        f->log.generation != w->generation)
        close_and_free(me, f);
    else
        writer_file_move(me->writers, f, OPEN);
}

/* The least recently written one is closed; false: there is none. */
static bool close_oldest(struct writer *me)
{
    struct writers *w = me->writers;
    struct writer_file *f;

    if (writers_have_none(w, OPEN))
        return false;
    f = writers_first(w, OPEN);
    writer_file_move(w, f, NOWHERE);
    close_and_free(me, f);
    return true;
}

/* ---- writing ---------------------------------------------------------- */

/* A rotation, unless the log's older files are being compressed. */
static void rotate(struct writers *w, struct writer_file *f,
                   const struct conlog_settings *settings)
{
    struct err err;
    int r;

    r = log_file_rotate(&f->log, settings, &err);
    if (r == 0 && settings->rotation.compresses) {
        /* It gives the turn back. */
        compressor_add(w->compressor, settings->directory, f->log.path,
                       settings->rotation.keep, &f->turn);
        return;
    }
    rotation_turn_give(&f->turn);
    if (r == 0)
        return;
    worker_lock(&w->crew);
    free(f->trouble);
    f->trouble = xstrdup(err.text);
    writer_file_tell(w, f);
    worker_unlock(&w->crew);
}

/* On the compressor's thread, which has the turn: so the file stays. */
void writer_compression_failed(void *owner, struct rotation_turn *turn,
                               const char *reason)
{
    struct writers *w = owner;
    struct writer_file *f = CONTAINER_OF(turn, struct writer_file, turn);

    worker_lock(&w->crew);
    free(f->compression);
    f->compression = xstrdup(reason);
    writer_file_tell(w, f);
    worker_unlock(&w->crew);
}

/* Without the lock; the job is the file's first. */
static int write_job(struct writers *w, struct writer_file *f,
                     struct log_job *job, const struct log_batch *batch,
                     const struct conlog_settings *settings,
                     unsigned generation, uint8_t *scratch)
{
    bool may_rotate =
        (settings->rotation.size_max > 0 || settings->rotation.age_s > 0) &&
        rotation_turn_take(&f->turn);
    int r = log_file_write(&f->log, job, batch, settings, generation,
                           may_rotate, scratch);

    if (r == LOG_FILE_IS_DUE) {
        rotate(w, f, settings);
        return log_file_write(&f->log, job, batch, settings, generation, false,
                              scratch);
    }
    if (may_rotate)
        rotation_turn_give(&f->turn);
    return r;
}

/* Without the lock: all jobs of the batch, or what is to be written of them
 * now; how many were written is counted. Behind the last one the loop may add
 * more meanwhile. */
static int write_jobs(struct writers *w, struct writer_file *f,
                      const struct log_batch *batch,
                      const struct conlog_settings *settings,
                      unsigned generation, uint8_t *scratch,
                      unsigned *ret_written)
{
    struct log_job *job = f->first;

    *ret_written = 0;
    for (;;) {
        int r = write_job(w, f, job, batch, settings, generation, scratch);

        if (r < 0)
            return r;
        if (r == LOG_FILE_KEPT)
            return 0;
        ++*ret_written;
        if (job == batch->last)
            return 0;
        job = job->next;
    }
}

/* With the lock, which is given back meanwhile: the answer for who has asked.
 */
static void read_past(struct writers *w, struct writer_file *f,
                      const struct conlog_settings *settings)
{
    struct history_wish wish = f->wish;
    struct log_origin origin;
    struct past *past;
    bool is_cut;

    f->wish = (struct history_wish){ 0 };
    if (f->slot == NULL)
        return;
    origin = f->slot->origin;
    writers_unlock(w);
    is_cut = log_file_is_cut(&f->log);
    past = is_cut ? NULL : log_past_read(settings, f->log.path, &origin, &wish);
    worker_lock(&w->crew);
    if (is_cut && f->slot != NULL)
        f->slot->origin.inode = 0;
    past_leave(f->past);
    f->past = past;
    f->is_past_read = true;
    writer_file_tell(w, f);
}

/* With the lock: what the log has written to first. */
static void note_origin(struct writer_file *f)
{
    const struct log_origin *opened = &f->log.opened;
    struct log_origin *origin;

    if (f->slot == NULL || !opened->is_known)
        return;
    origin = &f->slot->origin;
    if (!origin->is_known)
        *origin = *opened;
    /* It was deleted, and another one has its number; or it was cut. */
    else if (opened->inode == origin->inode && opened->size < origin->size)
        origin->inode = 0;
}

/* Else a part of it may wait until more has come. */
static bool is_wanted_whole(const struct writers *w,
                            const struct writer_file *f)
{
    return f->is_flushed || f->slot == NULL || w->crew.is_ending;
}

/* What has become of it. */
static void put_away(struct writer *me, struct writer_file *f, int r)
{
    struct writers *w = me->writers;

    if (r < 0) {
        writer_file_set_error(w, f, -r);
        writer_file_move(w, f, f->wish.bytes > 0 ? READY : FAILING);
        return;
    }
    if (f->error != 0)
        writers_retry_all(w);
    writer_file_set_error(w, f, 0);
    if (!writer_file_has_work(f))
        keep_open(me, f);
    else if (f->wish.bytes > 0 || is_wanted_whole(w, f) ||
             f->waiting >= WRITER_WAKE)
        writer_file_make_ready(w, f);
}

/* With the lock, which is given back meanwhile. */
static void serve(struct writer *me, struct conlog_settings *settings,
                  unsigned *generation, uint8_t *scratch)
{
    struct writers *w = me->writers;
    struct writer_file *f = writers_first(w, READY);
    struct log_batch batch;
    unsigned written = 0;
    bool is_room_made;
    int r = 0;

    writer_file_move(w, f, NOWHERE);
    if (*generation != w->generation) {
        *settings = w->settings;
        *generation = w->generation;
    }
    f->is_busy = true;
    if (writer_file_has_work(f)) {
        me->file = f;
        me->since_us = clock_now_us();
        w->served_us = me->since_us;
    }
    if (f->wish.bytes > 0)
        read_past(w, f, settings);
    batch = (struct log_batch){
        .last = f->last,
        .is_whole = is_wanted_whole(w, f),
    };
    f->is_flushed = false;
    if (f->first != NULL) {
        writers_unlock(w);
        r = write_jobs(w, f, &batch, settings, *generation, scratch, &written);
        worker_lock(&w->crew);
        note_origin(f);
    }
    me->file = NULL;
    me->since_us = 0;
    is_room_made = r == 0 || written > 0;
    writer_file_settle(w, f, written);
    /* Whatever the next try writes shows whether the disk takes it. */
    if (r < 0)
        f->is_flushed = true;
    if ((r == -EMFILE || r == -ENFILE) && close_oldest(me)) {
        f->is_busy = false;
        writer_file_make_ready(w, f);
        return;
    }
    f->is_busy = false;
    put_away(me, f, r);
    if (w->someone_waits && is_room_made) {
        w->someone_waits = false;
        worker_call_owner(&w->crew);
    }
}

/* With the lock. */
static void close_some(struct writer *me)
{
    struct writers *w = me->writers;

    while (w->open_count > w->settings.open_max && close_oldest(me))
        ;
    /* One at a time: the disk that SIGHUP leads away from may be dead, and
     * would keep each thread that closes what is on it. */
    if (w->is_closing)
        return;
    w->is_closing = true;
    while (w->stale > 0) {
        w->stale--;
        if (writers_have_none(w, OPEN) ||
            writers_first(w, OPEN)->log.generation == w->generation)
            w->stale = 0;
        else
            close_oldest(me);
    }
    w->is_closing = false;
}

static void writer_run(void *arg)
{
    struct writer *me = arg;
    struct writers *w = me->writers;
    struct conlog_settings *settings = xmalloc(sizeof *settings);
    uint8_t *scratch = xmalloc(LOG_FILE_SCRATCH);
    unsigned generation = 0;

    for (;;) {
        if (!writers_have_none(w, READY)) {
            serve(me, settings, &generation, scratch);
            close_some(me);
        } else if (w->stale > 0 && !w->is_closing) {
            close_some(me);
        } else if (w->crew.is_ending || w->crew.running > WRITER_THREADS) {
            break;
        } else {
            w->idle++;
            (void)worker_wait(&w->crew);
            w->idle--;
            if (w->called > 0)
                w->called--;
        }
    }
    free(scratch);
    free(settings);
}

/* With the lock. 0 or -errno. */
int writer_start(struct writers *w)
{
    struct writer *me = w->writer;

    while (worker_is_running(&me->worker))
        me++;
    me->writers = w;
    me->file = NULL;
    me->since_us = 0;
    return worker_start(&me->worker, &w->crew, writer_run, me);
}
