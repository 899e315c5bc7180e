/*
 * What the writers' threads do: serve one file after the other, close files,
 * and count what all files take.
 *
 * A thread takes a file out of READY, which makes the file its own (busy),
 * releases the lock, and writes all jobs that were there. When it has the lock
 * again, it counts what is written and puts the file where it then belongs
 * (put_away). Everything between conlog_writers_unlock and worker_lock may take
 * for ever, and slot, wish, settings and is_ending may have changed afterwards.
 *
 * since_us and file tell the tick which thread hangs, and with which log. They
 * are set before the lock is released, and cleared after it is taken again.
 *
 * Settings are copied when their generation changes, so that no write needs the
 * lock for them. A file that was opened with an older generation is reopened by
 * its next write.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_compressor.h"
#include "conlog/conlog_writers_private.h"
#include "conlog/file/conlog_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a thread needs for its work, of its own. */
struct work {
    struct conlog_settings settings;
    unsigned generation; /* of the settings; 0: none yet */
    uint8_t scratch[CONLOG_FILE_SCRATCH];
};

/* Called with the lock. */
static void use_settings(const struct conlog_writers *w, struct work *work)
{
    if (work->generation == w->generation)
        return;
    work->settings = w->settings;
    work->generation = w->generation;
}

/* ---- closing ---------------------------------------------------------- */

/* Called without the lock. The compressor gives the turn back; until then f
 * cannot be freed. */
static void compress_part(struct conlog_writers *w,
                          struct conlog_writer_file *f, const char *directory)
{
    if (conlog_rotation_turn_take(&f->turn))
        conlog_compressor_add_file(w->compressor, directory, f->log.path,
                                   &f->turn);
}

/* Closes without the lock, because close(2) may block: NFS writes then. The
 * file is busy meanwhile, so that a new job waits, and is made ready
 * afterwards. The file is freed unless somebody needs it again. */
static void close_and_free(struct conlog_writer *me,
                           struct conlog_writer_file *f)
{
    char directory[CONLOG_DIRECTORY_MAX];
    struct conlog_writers *w = me->writers;
    bool is_part = w->settings.part_end != NULL;
    bool is_end;

    memcpy(directory, w->settings.directory, sizeof directory);
    f->is_busy = true;
    me->since_us = clock_now_us();
    is_end = f->is_ending && f->first == NULL;
    worker_unlock(&w->crew);
    if (is_end)
        conlog_file_end(&f->log);
    conlog_file_close(&f->log);
    if (is_end && is_part)
        compress_part(w, f, directory);
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

/* Without jobs, f stays open as long as few files are open. */
static void keep_open(struct conlog_writer *me, struct conlog_writer_file *f)
{
    const struct conlog_writers *w = me->writers;

    if (f->log.fd < 0 || f->slot == NULL || w->crew.is_ending ||
        f->log.generation != w->generation)
        close_and_free(me, f);
    else
        conlog_writer_file_move(me->writers, f, OPEN);
}

/* Closes the least recently written file; false: none is open. It leaves OPEN
 * before the lock is released, or two threads would close it. */
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

/* Called without the lock; the caller has the turn. It is given back here, or
 * later by the compressor: until then nobody else rotates these files. A failed
 * rotation is only reported: the log continues in its present file. */
static void rotate(struct conlog_writers *w, struct conlog_writer_file *f,
                   const struct conlog_settings *settings)
{
    struct err err;
    int r;

    r = conlog_file_rotate(&f->log, settings, &err);
    if (r == 0 && settings->rotation.compresses) {
        /* the compressor gives the turn back */
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

/* Called on the compressor's thread, which has the turn, so the file cannot be
 * freed. */
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
 * Called without the lock; the job is the file's first. If the turn is taken,
 * because older files are being compressed, the job is written without a
 * rotation: the file becomes larger than it should, and nothing waits.
 */
static int write_job(struct conlog_writers *w, struct conlog_writer_file *f,
                     struct conlog_job *job,
                     const struct conlog_file_batch *batch, struct work *work)
{
    const struct conlog_settings *settings = &work->settings;
    bool may_rotate =
        (settings->rotation.size_max > 0 || settings->rotation.age_s > 0) &&
        conlog_rotation_turn_take(&f->turn);
    int r = conlog_file_write(&f->log, job, batch, settings, work->generation,
                              may_rotate, work->scratch);

    if (r == CONLOG_FILE_IS_DUE) {
        rotate(w, f, settings);
        return conlog_file_write(&f->log, job, batch, settings,
                                 work->generation, false, work->scratch);
    }
    if (may_rotate)
        conlog_rotation_turn_give(&f->turn);
    return r;
}

/* Called without the lock. Writes the batch's jobs, or as much of them as is
 * wanted now; counts those that are written. The loop may append more jobs
 * meanwhile. */
static int write_jobs(struct conlog_writers *w, struct conlog_writer_file *f,
                      const struct conlog_file_batch *batch, struct work *work,
                      unsigned *ret_written)
{
    struct conlog_job *job = f->first;

    *ret_written = 0;
    for (;;) {
        int r = write_job(w, f, job, batch, work);

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

/* Called with the lock, which is released meanwhile: reads the answer for those
 * who asked. */
static void read_past(struct conlog_writers *w, struct conlog_writer_file *f,
                      const struct conlog_settings *settings)
{
    struct history_wish wish = f->wish;
    struct conlog_origin origin;
    struct past *past;
    bool is_cut;

    /* Cleared first: whoever asks during the reading is answered by another
     * reading. */
    f->wish = (struct history_wish){ 0 };
    if (f->slot == NULL)
        return;
    origin = f->slot->origin;
    conlog_writers_unlock(w);
    is_cut = conlog_file_is_cut(&f->log);
    past =
        is_cut ? NULL : conlog_past_read(settings, f->log.path, &origin, &wish);
    worker_lock(&w->crew);
    /* Somebody has truncated the file: where this run begins in it is lost for
     * good. */
    if (is_cut && f->slot != NULL)
        f->slot->origin.identity = CONLOG_FILE_LOST;
    past_leave(f->past);
    f->past = past;
    f->is_past_read = true;
    conlog_writer_file_tell(w, f);
}

/* Called with the lock. Notes the file that the log wrote first in this run,
 * once: everything in it before that is the log's past. */
static void note_origin(struct conlog_writer_file *f)
{
    const struct conlog_origin *opened = &f->log.opened;
    struct conlog_origin *origin;

    if (f->slot == NULL || opened->identity == CONLOG_FILE_UNKNOWN)
        return;
    origin = &f->slot->origin;
    if (origin->identity == CONLOG_FILE_UNKNOWN)
        *origin = *opened;
    /* The file was deleted and another one has its inode number, or it was
     * truncated. */
    else if (opened->identity == origin->identity &&
             opened->size < origin->size)
        origin->identity = CONLOG_FILE_LOST;
}

/* Called with the lock. Keeps where the log has left its file, which may be
 * closed and forgotten now: if what is at its end is this log's, and no piece
 * of a job is there in part. */
static void note_left(struct conlog_writer_file *f)
{
    bool is_in_piece = f->first != NULL && f->first->skip > 0;

    if (f->slot == NULL || f->epoch != f->log.epoch || is_in_piece)
        return;
    f->slot->left = (struct conlog_origin){ f->log.identity, f->log.size };
    if (f->first != NULL)
        f->next_at = f->first->at + f->first->done - f->first->lost;
}

/* False: a rest of the batch may wait until more has come. */
static bool is_wanted_whole(const struct conlog_writers *w,
                            const struct conlog_writer_file *f)
{
    return f->is_flushed || f->slot == NULL || w->crew.is_ending;
}

/*
 * Called with the lock, after f was served. A failed file waits in FAILING for
 * the tick, unless somebody waits for its past, which is read whatever happens
 * to the writing. The first success after an error is taken to mean that the
 * disk works again for all files.
 *
 * A file whose remaining jobs are neither flushed nor enough for a write stays
 * NOWHERE: the loop's next flush makes it ready (write_gathered).
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

/* Called with the lock, which is released while the thread looks. A job without
 * bytes is a line about a gap, and needs room too. */
static int check_space(struct conlog_writers *w,
                       const struct conlog_writer_file *f,
                       const struct work *work)
{
    if (conlog_space_begin_look(&w->space, &work->settings,
                                f->waiting + f->jobs, clock_now_us())) {
        uint64_t free_bytes;

        conlog_writers_unlock(w);
        free_bytes = conlog_place_free(work->settings.directory);
        worker_lock(&w->crew);
        conlog_space_looked(&w->space, &work->settings, work->generation,
                            free_bytes, clock_now_us());
    }
    return -conlog_space_error(&w->space, &work->settings,
                               f->waiting + f->jobs);
}

/*
 * Called with the lock, which is released meanwhile; f has jobs. is_flushed is
 * cleared before writing, so that a flush during the write is not lost.
 */
static int write_file(struct conlog_writers *w, struct conlog_writer_file *f,
                      struct work *work, unsigned *ret_written)
{
    struct conlog_file_batch batch;
    int r = check_space(w, f, work);

    if (r < 0)
        return r;
    batch = (struct conlog_file_batch){
        .last = f->last,
        .is_whole = is_wanted_whole(w, f),
    };
    f->is_flushed = false;
    if (f->log.identity == CONLOG_FILE_UNKNOWN)
        conlog_file_resume(&f->log, &f->left, f->first->epoch);
    conlog_writers_unlock(w);
    r = write_jobs(w, f, &batch, work, ret_written);
    worker_lock(&w->crew);
    note_origin(f);
    conlog_space_wrote(&w->space, f->log.written);
    f->log.written = 0;
    return r;
}

/*
 * Called with the lock, which is released meanwhile. Serves the file that has
 * been ready longest. The order matters:
 *
 *   - The past is read before the jobs are written: somebody waits for it, and
 *     writing may fail or take long.
 *   - The origin is noted before put_away, which may free the file.
 *   - Without descriptors, another file is closed and this one retried. It
 *     stays busy meanwhile, because closing releases the lock.
 */
static void serve(struct conlog_writer *me, struct work *work)
{
    struct conlog_writers *w = me->writers;
    struct conlog_writer_file *f = conlog_writers_first(w, READY);
    unsigned written = 0;
    bool is_room_made;
    int r = 0;

    conlog_writer_file_move(w, f, NOWHERE);
    use_settings(w, work);
    f->is_busy = true;
    if (conlog_writer_file_has_work(f)) {
        me->file = f;
        me->since_us = clock_now_us();
        w->served_us = me->since_us;
    }
    if (f->wish.bytes > 0)
        read_past(w, f, &work->settings);
    if (f->first != NULL)
        r = write_file(w, f, work, &written);
    else
        f->is_flushed = false;
    me->file = NULL;
    me->since_us = 0;
    is_room_made = r == 0 || written > 0;
    conlog_writer_file_settle(w, f, written);
    note_left(f);
    /* The next try must write everything, to show whether the disk takes it. */
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

/* ---- counting --------------------------------------------------------- */

/* Called without the lock. A log that has no file here gets one, because a
 * thread that begins to write it must find that its turn is taken. */
static bool conlog_writer_thread_take_turn(void *owner, const char *path)
{
    struct conlog_writers *w = owner;
    struct conlog_writer_file *f;
    bool is_mine;

    worker_lock(&w->crew);
    f = conlog_writer_file_find(w, path);
    if (f == NULL) {
        f = conlog_writer_file_new(w, path);
        conlog_writer_file_move(w, f, LINGERING);
    }
    is_mine = conlog_rotation_turn_take(&f->turn);
    worker_unlock(&w->crew);
    return is_mine;
}

/* The file is there still: it has a turn. */
static void conlog_writer_thread_give_turn(void *owner, const char *path)
{
    struct conlog_writers *w = owner;
    struct conlog_writer_file *f;

    worker_lock(&w->crew);
    f = conlog_writer_file_find(w, path);
    conlog_rotation_turn_give(&f->turn);
    if (f->place == LINGERING && conlog_writer_file_may_go(f))
        conlog_writer_file_free(w, f);
    worker_unlock(&w->crew);
}

/* Called with the lock. For the next news. */
static void tell_swept(struct conlog_writers *w,
                       const struct conlog_sweep_result *swept)
{
    uint64_t freed = w->swept.freed + swept->freed;
    uint32_t files = w->swept.files + swept->files;

    if (swept->files == 0)
        return;
    if (w->swept.files == 0)
        w->swept = *swept;
    w->swept.freed = freed;
    w->swept.files = files;
    worker_call_owner(&w->crew);
}

/* Called with the lock, which is released meanwhile; for as long as it takes to
 * look at all files, and to delete some. */
static void count(struct conlog_writer *me, struct work *work)
{
    struct conlog_writers *w = me->writers;
    struct conlog_sweep_result *swept = xcalloc(1, sizeof *swept);
    uint64_t begun_us = clock_now_us();
    struct conlog_sweep sweep;
    int r;

    use_settings(w, work);
    sweep = (struct conlog_sweep){
        .directory = work->settings.directory,
        .mark = conlog_space_mark(&work->settings),
        .target = conlog_space_target(&work->settings),
        .part_end = work->settings.part_end,
        .keep_s = work->settings.keep_s,
        .begun_s = w->begun_s,
        .take_turn = conlog_writer_thread_take_turn,
        .give_turn = conlog_writer_thread_give_turn,
        .owner = w,
        .stop = &w->crew.is_ending,
    };
    me->since_us = begun_us;
    conlog_writers_unlock(w);
    r = conlog_sweep(&sweep, swept);
    worker_lock(&w->crew);
    me->since_us = 0;
    /* A directory that cannot be read tells nothing: its logs say why. */
    conlog_space_counted(&w->space, &work->settings, work->generation,
                         r < 0 ? 0 : swept->bytes, clock_now_us() - begun_us,
                         clock_now_us());
    tell_swept(w, swept);
    if (swept->files > 0)
        conlog_writer_file_retry_all(w);
    free(swept);
}

/* ---- the thread ------------------------------------------------------- */

/* Called with the lock. */
static void close_some(struct conlog_writer *me)
{
    struct conlog_writers *w = me->writers;

    while (w->open_count > w->settings.open_max && close_oldest(me))
        ;
    /* One thread at a time: SIGHUP may lead away from a dead disk, which would
     * hang each thread that closes a file on it. */
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
 * Called with the lock. Work comes before the end: files that are ready when
 * the crew is asked to end are written. A thread that was started for a hanging
 * one ends as soon as no file is ready and there are enough threads without it;
 * which of them ends does not matter.
 */
static void conlog_writer_thread_run(void *arg)
{
    struct conlog_writer *me = arg;
    struct conlog_writers *w = me->writers;
    struct work *work = xcalloc(1, sizeof *work);

    for (;;) {
        if (!w->crew.is_ending &&
            conlog_space_begin_count(&w->space, &w->settings, clock_now_us())) {
            count(me, work);
        } else if (!conlog_writers_have_none(w, READY)) {
            serve(me, work);
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
    free(work);
}

/* Called with the lock, when there is a free place. 0 or -errno. */
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
