/*
 * What the writers' threads do: serve one file after the other, and close.
 *
 * A thread takes a file out of READY, which makes it its own (busy), gives the
 * lock back, and writes all jobs that were there. When it has the lock again it
 * counts what is written and puts the file where that belongs now (put_away).
 * Everything between conlog_writers_unlock and worker_lock may take for ever.
 * What was known before is not known after: slot, wish, settings and the end
 * may all have come meanwhile.
 *
 * since_us and file tell the tick which thread is stuck, and with which log.
 * They are set before the lock is given back, and cleared after.
 *
 * Settings are copied when their generation changes, so that no write needs the
 * lock for them. A file that was opened with older ones is opened anew by its
 * next write.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_compressor.h"
#include "conlog/conlog_writers_private.h"

#include <errno.h>
#include <stdlib.h>

/* ---- closing ---------------------------------------------------------- */

/* Closed without the lock, because close(2) may block: NFS writes then. Busy
 * meanwhile, so a job that comes for it waits, and makes it ready after. The
 * file goes unless somebody has something for it again. */
static void close_and_free(struct conlog_writer *me,
                           struct conlog_writer_file *f)
{
    struct conlog_writers *w = me->writers;

    f->is_busy = true;
    me->since_us = clock_now_us();
    worker_unlock(&w->crew);
    conlog_file_close(&f->log);
    worker_lock(&w->crew);
    me->since_us = 0;
    f->is_busy = false;
    if (conlog_writer_file_has_work(f))
        conlog_writer_file_make_ready(w, f);
    else if (conlog_writer_file_may_go(f))
        conlog_writer_file_free(w, f);
    else if (f->slot == NULL)
        conlog_writer_file_move(w, f, LINGERING);
}

/* Nothing waits for it any more: it stays open as long as there are few. */
static void keep_open(struct conlog_writer *me, struct conlog_writer_file *f)
{
    const struct conlog_writers *w = me->writers;

    if (f->log.fd < 0 || f->slot == NULL || w->crew.is_ending ||
        f->log.generation != w->generation)
        close_and_free(me, f);
    else
        conlog_writer_file_move(me->writers, f, OPEN);
}

/* The least recently written one is closed; false: there is none. Out of OPEN
 * before the lock is given back, or two threads would close it. */
static bool close_oldest(struct conlog_writer *me)
{
    struct conlog_writers *w = me->writers;
    struct conlog_writer_file *f;

    if (conlog_writers_have_none(w, OPEN))
        return false;
    f = conlog_writers_first(w, OPEN);
    conlog_writer_file_move(w, f, NOWHERE);
    close_and_free(me, f);
    return true;
}

/* ---- writing ---------------------------------------------------------- */

/* Without the lock; the caller has the turn. It is given back here, or later by
 * the compressor: until then nobody else rotates these files. A failed rotation
 * is only told: the log goes on in the file that it has. */
static void rotate(struct conlog_writers *w, struct conlog_writer_file *f,
                   const struct conlog_settings *settings)
{
    struct err err;
    int r;

    r = conlog_file_rotate(&f->log, settings, &err);
    if (r == 0 && settings->rotation.compresses) {
        /* It gives the turn back. */
        conlog_compressor_add(w->compressor, settings->directory, f->log.path,
                              settings->rotation.keep, &f->turn);
        return;
    }
    conlog_rotation_turn_give(&f->turn);
    if (r == 0)
        return;
    worker_lock(&w->crew);
    free(f->trouble);
    f->trouble = xstrdup(err.text);
    conlog_writer_file_tell(w, f);
    worker_unlock(&w->crew);
}

/* On the compressor's thread, which has the turn: so the file stays. */
void conlog_writer_thread_not_compressed(void *owner,
                                         struct conlog_rotation_turn *turn,
                                         const char *reason)
{
    struct conlog_writers *w = owner;
    struct conlog_writer_file *f =
        CONTAINER_OF(turn, struct conlog_writer_file, turn);

    worker_lock(&w->crew);
    free(f->compression);
    f->compression = xstrdup(reason);
    conlog_writer_file_tell(w, f);
    worker_unlock(&w->crew);
}

/*
 * Without the lock; the job is the file's first. Whoever does not get the turn,
 * because older files are being compressed, writes without rotating: the file
 * becomes larger than it should, and nothing waits.
 */
static int write_job(struct conlog_writers *w, struct conlog_writer_file *f,
                     struct conlog_job *job,
                     const struct conlog_file_batch *batch,
                     const struct conlog_settings *settings,
                     unsigned generation, uint8_t *scratch)
{
    bool may_rotate =
        (settings->rotation.size_max > 0 || settings->rotation.age_s > 0) &&
        conlog_rotation_turn_take(&f->turn);
    int r = conlog_file_write(&f->log, job, batch, settings, generation,
                              may_rotate, scratch);

    if (r == CONLOG_FILE_IS_DUE) {
        rotate(w, f, settings);
        return conlog_file_write(&f->log, job, batch, settings, generation,
                                 false, scratch);
    }
    if (may_rotate)
        conlog_rotation_turn_give(&f->turn);
    return r;
}

/* Without the lock: all jobs of the batch, or what is to be written of them
 * now; how many were written is counted. Behind the last one the loop may add
 * more meanwhile. */
static int write_jobs(struct conlog_writers *w, struct conlog_writer_file *f,
                      const struct conlog_file_batch *batch,
                      const struct conlog_settings *settings,
                      unsigned generation, uint8_t *scratch,
                      unsigned *ret_written)
{
    struct conlog_job *job = f->first;

    *ret_written = 0;
    for (;;) {
        int r = write_job(w, f, job, batch, settings, generation, scratch);

        if (r < 0)
            return r;
        if (r == CONLOG_FILE_KEPT)
            return 0;
        ++*ret_written;
        if (job == batch->last)
            return 0;
        job = job->next;
    }
}

/* With the lock, which is given back meanwhile: the answer for who has asked.
 */
static void read_past(struct conlog_writers *w, struct conlog_writer_file *f,
                      const struct conlog_settings *settings)
{
    struct history_wish wish = f->wish;
    struct conlog_origin origin;
    struct past *past;
    bool is_cut;

    /* Taken first: who asks while it is read is answered by another reading. */
    f->wish = (struct history_wish){ 0 };
    if (f->slot == NULL)
        return;
    origin = f->slot->origin;
    conlog_writers_unlock(w);
    is_cut = conlog_file_is_cut(&f->log);
    past =
        is_cut ? NULL : conlog_past_read(settings, f->log.path, &origin, &wish);
    worker_lock(&w->crew);
    /* Somebody has cut the file: where this run begins in it is not known any
     * more, and never will be. */
    if (is_cut && f->slot != NULL)
        f->slot->origin.inode = 0;
    past_leave(f->past);
    f->past = past;
    f->is_past_read = true;
    conlog_writer_file_tell(w, f);
}

/* With the lock: what the log has written to first in this run. All before that
 * is its past, so it is noted once. */
static void note_origin(struct conlog_writer_file *f)
{
    const struct conlog_origin *opened = &f->log.opened;
    struct conlog_origin *origin;

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
static bool is_wanted_whole(const struct conlog_writers *w,
                            const struct conlog_writer_file *f)
{
    return f->is_flushed || f->slot == NULL || w->crew.is_ending;
}

/*
 * With the lock: where the file belongs after it was served. What fails waits
 * in FAILING for the tick, unless somebody waits for its past: that is read
 * whatever becomes of the writing. The first success after an error is taken to
 * mean that the disk works again, for all.
 *
 * What is left and neither flushed nor enough for a write of its own stays in
 * no place: the loop's next flush finds it there (write_gathered).
 */
static void put_away(struct conlog_writer *me, struct conlog_writer_file *f,
                     int r)
{
    struct conlog_writers *w = me->writers;

    if (r < 0) {
        conlog_writer_file_set_error(w, f, -r);
        conlog_writer_file_move(w, f, f->wish.bytes > 0 ? READY : FAILING);
        return;
    }
    if (f->error != 0)
        conlog_writer_file_retry_all(w);
    conlog_writer_file_set_error(w, f, 0);
    if (!conlog_writer_file_has_work(f))
        keep_open(me, f);
    else if (f->wish.bytes > 0 || is_wanted_whole(w, f) ||
             f->waiting >= CONLOG_WRITER_WAKE)
        conlog_writer_file_make_ready(w, f);
}

/*
 * With the lock, which is given back meanwhile: the file that has been ready
 * longest. In this order:
 *   - the past before the jobs: somebody waits for it, and writing may fail or
 *     take long;
 *   - is_flushed is cleared before writing, so a flush that comes while it is
 *     written is not lost;
 *   - the origin before put_away, which may free the file;
 *   - without descriptors another file is closed and this one tried again. It
 *     stays busy meanwhile, because closing gives the lock back.
 */
static void serve(struct conlog_writer *me, struct conlog_settings *settings,
                  unsigned *generation, uint8_t *scratch)
{
    struct conlog_writers *w = me->writers;
    struct conlog_writer_file *f = conlog_writers_first(w, READY);
    struct conlog_file_batch batch;
    unsigned written = 0;
    bool is_room_made;
    int r = 0;

    conlog_writer_file_move(w, f, NOWHERE);
    if (*generation != w->generation) {
        *settings = w->settings;
        *generation = w->generation;
    }
    f->is_busy = true;
    if (conlog_writer_file_has_work(f)) {
        me->file = f;
        me->since_us = clock_now_us();
        w->served_us = me->since_us;
    }
    if (f->wish.bytes > 0)
        read_past(w, f, settings);
    batch = (struct conlog_file_batch){
        .last = f->last,
        .is_whole = is_wanted_whole(w, f),
    };
    f->is_flushed = false;
    if (f->first != NULL) {
        conlog_writers_unlock(w);
        r = write_jobs(w, f, &batch, settings, *generation, scratch, &written);
        worker_lock(&w->crew);
        note_origin(f);
    }
    me->file = NULL;
    me->since_us = 0;
    is_room_made = r == 0 || written > 0;
    conlog_writer_file_settle(w, f, written);
    /* Whatever the next try writes shows whether the disk takes it. */
    if (r < 0)
        f->is_flushed = true;
    if ((r == -EMFILE || r == -ENFILE) && close_oldest(me)) {
        f->is_busy = false;
        conlog_writer_file_make_ready(w, f);
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
static void close_some(struct conlog_writer *me)
{
    struct conlog_writers *w = me->writers;

    while (w->open_count > w->settings.open_max && close_oldest(me))
        ;
    /* One at a time: the disk that SIGHUP leads away from may be dead, and
     * would keep each thread that closes what is on it. */
    if (w->is_closing)
        return;
    w->is_closing = true;
    while (w->stale > 0) {
        w->stale--;
        if (conlog_writers_have_none(w, OPEN) ||
            conlog_writers_first(w, OPEN)->log.generation == w->generation)
            w->stale = 0;
        else
            close_oldest(me);
    }
    w->is_closing = false;
}

/*
 * With the lock. Work comes before ending: what is ready when the crew is asked
 * to end is written. A thread that was started for a stuck one ends as soon as
 * nothing is ready and there are enough without it; which of them ends does not
 * matter.
 */
static void conlog_writer_thread_run(void *arg)
{
    struct conlog_writer *me = arg;
    struct conlog_writers *w = me->writers;
    struct conlog_settings *settings = xmalloc(sizeof *settings);
    uint8_t *scratch = xmalloc(CONLOG_FILE_SCRATCH);
    unsigned generation = 0;

    for (;;) {
        if (!conlog_writers_have_none(w, READY)) {
            serve(me, settings, &generation, scratch);
            close_some(me);
        } else if (w->stale > 0 && !w->is_closing) {
            close_some(me);
        } else if (w->crew.is_ending ||
                   w->crew.running > CONLOG_WRITER_THREADS) {
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

/* With the lock; the caller has seen that there is a place. 0 or -errno. */
int conlog_writer_thread_start(struct conlog_writers *w)
{
    struct conlog_writer *me = w->writer;

    while (worker_is_running(&me->worker))
        me++;
    me->writers = w;
    me->file = NULL;
    me->since_us = 0;
    return worker_start(&me->worker, &w->crew, conlog_writer_thread_run, me);
}
