/*
 * The loop's side of the writers: takes jobs, grants room, hands out news.
 *
 * Each function holds the lock for a moment. No thread holds it during disk
 * work, so the loop never waits for a disk. Jobs gather here: a file becomes
 * ready with conlog_writers_flush or at CONLOG_WRITER_WAKE, because a write and
 * a wake-up cost more than the bytes of one small job.
 */
#include "conlog/conlog_writers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/conlog_compressor.h"
#include "conlog/conlog_writers_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    /* A disk that is only slow answers within this time. A spare thread for one
     * that does not costs little. */
    STUCK_US = 2 * US_PER_S,
    /* With 10,000 logs on a full disk, each would fail every second. These few
     * show whether the disk takes anything; after the first success all others
     * are retried (conlog_writer_file_retry_all). */
    RETRIES_AT_ONCE = 64,
    /* A further thread is woken above this many ready files for each awake
     * thread, or if no ready file was taken for SLOW_US. */
    READY_MAX = 16,
    SLOW_US = 10 * 1000,
};

/* ---- waking ----------------------------------------------------------- */

/*
 * One thread writes many small jobs in the time that it takes to wake another,
 * and two threads block each other in the directory. A thread that hangs in a
 * disk still counts as awake; but after SLOW_US without a served file, the next
 * caller, at the latest the tick, wakes another.
 */
static bool needs_thread(const struct conlog_writers *w)
{
    uint32_t awake =
        w->crew.running - w->idle + w->called - (w->space.is_counting ? 1 : 0);

    if (conlog_writers_have_none(w, READY) || w->called >= w->idle)
        return false;
    return awake == 0 || w->ready_count > READY_MAX * awake ||
           clock_now_us() > w->served_us + SLOW_US;
}

/* called counts the thread before it is woken, with the lock: otherwise, until
 * it runs, others would wake one more for the same work. It is woken without
 * the lock, for which it would have to wait at once. */
void conlog_writers_unlock(struct conlog_writers *w)
{
    bool wakes = needs_thread(w);

    if (wakes)
        w->called++;
    worker_unlock(&w->crew);
    if (wakes)
        worker_wake(&w->crew);
}

/* ---- opening and closing ---------------------------------------------- */

static struct conlog_writers *conlog_writers_new(
    const struct conlog_settings *settings, void (*wake)(void *owner),
    void *owner, const uint64_t seed[2])
{
    struct conlog_writers *w = xcalloc(1, sizeof *w);

    w->settings = *settings;
    w->begun_s = clock_utc_s();
    w->generation = 1;
    conlog_space_reset(&w->space, w->generation);
    for (int i = 0; i < PLACES; i++)
        list_init(&w->files[i]);
    map_init(&w->paths, seed);
    list_init(&w->news);
    list_init(&w->all);
    worker_crew_init(&w->crew, wake, owner);
    return w;
}

/* At the end, when nothing is counted any more. */
static void free_jobs(struct conlog_writers *w)
{
    while (w->spare != NULL) {
        struct conlog_job *next = w->spare->next;

        free(w->spare);
        w->spare = next;
    }
    LIST_EACH (node, after, &w->all) {
        struct conlog_writer_file *f =
            CONTAINER_OF(node, struct conlog_writer_file, whole);

        while (f->first != NULL) {
            struct conlog_job *next = f->first->next;

            free(f->first);
            f->first = next;
        }
        conlog_writer_file_free(w, f);
    }
}

/*
 * Called when no writer runs. The compressor goes first: until its end it calls
 * conlog_writer_thread_not_compressed, which takes the crew's lock. If it hangs
 * in the disk, it keeps all of w.
 */
static void conlog_writers_free(struct conlog_writers *w)
{
    if (!conlog_compressor_close(w->compressor, US_PER_S))
        return;
    (void)worker_crew_done(&w->crew);
    free_jobs(w);
    map_done(&w->paths);
    free(w);
}

int conlog_writers_open(struct conlog_writers **ret_writers,
                        const struct conlog_settings *settings,
                        void (*wake)(void *owner), void *owner,
                        const uint64_t seed[2])
{
    struct conlog_writers *w = conlog_writers_new(settings, wake, owner, seed);
    int r = conlog_compressor_open(&w->compressor,
                                   conlog_writer_thread_not_compressed, w);

    worker_lock(&w->crew);
    for (int i = 0; i < CONLOG_WRITER_THREADS && r == 0; i++)
        r = conlog_writer_thread_start(w);
    if (r < 0) {
        /* No job has come, so no thread can hang in a disk: an unlimited wait
         * takes no time. */
        worker_ask_to_end(&w->crew);
        (void)worker_wait_end(&w->crew, UINT64_MAX);
    }
    worker_unlock(&w->crew);
    if (r < 0)
        conlog_writers_free(w);
    else
        *ret_writers = w;
    return r;
}

static void tell_left(struct conlog_writers *w,
                      void (*each)(void *owner,
                                   const struct conlog_writers_news *left),
                      void *owner)
{
    LIST_EACH (node, after, &w->all) {
        struct conlog_writer_file *f =
            CONTAINER_OF(node, struct conlog_writer_file, whole);
        struct conlog_writers_news left = {
            .slot = f->slot,
            .path = f->log.path,
            .error = f->error,
            .bytes = f->waiting,
        };

        if (f->first != NULL)
            each(owner, &left);
    }
}

/*
 * Called with the lock. Waits until all threads have ended, or the time is
 * over. All threads that could write may hang in one dead disk. So when no
 * thread has ended for an eighth of the time, and files are ready, one more
 * thread is started; it serves the ready files and ends.
 */
static void wait_for_end(struct conlog_writers *w, uint64_t wait_us)
{
    uint64_t until_us = clock_now_us() + wait_us;
    uint64_t next_us;

    do {
        next_us = clock_now_us() + wait_us / 8;
        if (next_us > until_us)
            next_us = until_us;
        if (worker_wait_end(&w->crew, next_us))
            return;
        if (!conlog_writers_have_none(w, READY) &&
            w->crew.running < CONLOG_WRITER_THREADS_MAX)
            (void)conlog_writer_thread_start(w);
    } while (clock_now_us() < until_us);
}

void conlog_writers_close(struct conlog_writers *w, uint64_t wait_us,
                          void (*each)(void *owner,
                                       const struct conlog_writers_news *left),
                          void *owner)
{
    bool have_ended;

    if (w == NULL)
        return;
    worker_lock(&w->crew);
    /* Failed files get a last try. It must come before the threads are asked to
     * end, because they end when no file is ready. */
    conlog_writer_file_retry_all(w);
    worker_ask_to_end(&w->crew);
    wait_for_end(w, wait_us);
    tell_left(w, each, owner);
    have_ended = w->crew.running == 0;
    worker_unlock(&w->crew);
    /* Otherwise the threads keep w, and the end does not wait for the
     * compressor as well. */
    if (have_ended)
        conlog_writers_free(w);
    else
        worker_crew_leave(&w->crew);
}

/* ---- from the loop ---------------------------------------------------- */

/*
 * Files are not closed here, because close(2) may block. A thread closes files
 * of an older generation, when it next writes them or, for files that nobody
 * writes, in close_some of conlog_writer_thread.c. One thread must be woken for
 * that even if no file is ready.
 */
void conlog_writers_set(struct conlog_writers *w,
                        const struct conlog_settings *settings)
{
    worker_lock(&w->crew);
    w->settings = *settings;
    w->generation++;
    conlog_space_reset(&w->space, w->generation);
    w->stale = w->open_count;
    conlog_writer_file_retry_all(w);
    worker_wake(&w->crew);
    conlog_writers_unlock(w);
}

uint32_t conlog_writers_room(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint32_t want)
{
    /* Two bounds: the waiting bytes of this log, and the memory of all logs.
     * A log without waiting jobs gets a grant beyond the second bound:
     * otherwise logs on a dead disk, which give nothing back, would keep all
     * others out. */
    uint64_t room = 0;
    uint64_t total;

    worker_lock(&w->crew);
    if (slot->file != NULL)
        room = slot->file->waiting +
               slot->file->jobs * (uint64_t)sizeof(struct conlog_job);
    total =
        room == 0 && w->held < CONLOG_WRITER_HELD_MAX ? CONLOG_WRITER_GRANT : 0;
    room = room < CONLOG_WRITER_LOG_MAX ? CONLOG_WRITER_LOG_MAX - room : 0;
    if (w->held + total < CONLOG_WRITER_TOTAL_MAX)
        total = CONLOG_WRITER_TOTAL_MAX - w->held;
    if (room > total)
        room = total;
    /* A useful size or nothing, unless little is wanted: small jobs cost as
     * much as large ones. */
    if (room < want && room < CONLOG_WRITER_GRANT)
        room = 0;
    if (room == 0)
        w->someone_waits = true;
    worker_unlock(&w->crew);
    return room < want ? (uint32_t)room : want;
}

bool conlog_writers_are_full(struct conlog_writers *w)
{
    bool are_full;

    worker_lock(&w->crew);
    are_full = w->held >= CONLOG_WRITER_HELD_MAX;
    worker_unlock(&w->crew);
    return are_full;
}

void conlog_writers_count(struct conlog_writers *w, uint64_t *ret_held,
                          uint64_t *ret_failing)
{
    worker_lock(&w->crew);
    *ret_held = w->held;
    *ret_failing = w->failing;
    worker_unlock(&w->crew);
}

/* All large jobs have one size, so that their blocks can be reused for any
 * length. Memory is allocated without the lock. */
struct conlog_job *conlog_writers_new_job(struct conlog_writers *w,
                                          uint32_t len)
{
    struct conlog_job *job = NULL;
    bool is_large = conlog_writers_job_size(len) == CONLOG_WRITER_JOB_MAX;

    if (is_large) {
        worker_lock(&w->crew);
        job = w->spare;
        if (job != NULL) {
            w->spare = job->next;
            w->spare_count--;
        }
        worker_unlock(&w->crew);
    }
    if (job == NULL)
        job = malloc(sizeof *job + (is_large ? CONLOG_WRITER_JOB_MAX : len));
    if (job == NULL) {
        len = len < CONLOG_WRITER_JOB_LEAST ? len : CONLOG_WRITER_JOB_LEAST;
        job = xmalloc(sizeof *job + len);
    }
    *job = (struct conlog_job){ .len = len };
    return job;
}

/* Called with the lock. Makes the gathered jobs ready. A busy file's thread
 * finds new jobs itself, and a file in FAILING waits for its retry: a full disk
 * must not be tried with every line. */
static void write_gathered(struct conlog_writers *w,
                           struct conlog_writer_file *f)
{
    if (f->first != NULL && !f->is_busy && f->place == NOWHERE)
        conlog_writer_file_make_ready(w, f);
}

/*
 * Called with the lock. The jobs are written, then the file is freed. It is
 * made ready even without jobs, because a thread has to close it if it is open.
 */
static void leave(struct conlog_writers *w, struct conlog_writer_slot *slot,
                  bool is_end)
{
    struct conlog_writer_file *f = slot->file;

    f->slot = NULL;
    f->is_ending = is_end;
    f->is_flushed = true;
    slot->file = NULL;
    write_gathered(w, f);
    if (f->first == NULL && !f->is_busy)
        conlog_writer_file_make_ready(w, f);
}

/*
 * Called with the lock. Returns the path's file, for this slot. The file may
 * have another slot: that log has been renamed, and has put no job since. It
 * loses the file, and its jobs stay in front. The caller makes sure that no two
 * logs have one name (conlog_names.h).
 */
static struct conlog_writer_file *file_of(struct conlog_writers *w,
                                          struct conlog_writer_slot *slot,
                                          const char *path)
{
    struct conlog_writer_file *f = slot->file;

    if (f != NULL && strcmp(f->log.path, path) == 0)
        return f;
    if (f != NULL)
        leave(w, slot, false);
    f = conlog_writer_file_find(w, path);
    if (f == NULL)
        f = conlog_writer_file_new(w, path);
    if (f->slot != NULL)
        f->slot->file = NULL;
    f->slot = slot;
    f->epoch = 0;
    f->is_ending = false;
    slot->file = f;
    return f;
}

void conlog_writers_put(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, struct conlog_job *job,
                        const char *path)
{
    struct conlog_writer_file *f;

    worker_lock(&w->crew);
    f = file_of(w, slot, path);
    if (f->first == NULL || f->epoch != job->epoch)
        f->next_at = job->at - job->lost;
    f->epoch = job->epoch;
    if (f->first == NULL) {
        f->first = job;
        f->left = slot->left;
    } else {
        f->last->next = job;
    }
    f->last = job;
    f->waiting += job->len;
    f->jobs++;
    /* The job's memory counts from here on. Nothing can have come between
     * conlog_writers_room and this, because one thread puts all jobs. */
    w->held += sizeof *job + conlog_writers_job_size(job->len);
    if (f->place == OPEN || f->place == LINGERING)
        conlog_writer_file_move(w, f, NOWHERE);
    if (f->waiting >= CONLOG_WRITER_WAKE)
        write_gathered(w, f);
    conlog_writers_unlock(w);
}

void conlog_writers_flush(struct conlog_writers *w,
                          struct conlog_writer_slot *slot)
{
    worker_lock(&w->crew);
    if (slot->file != NULL && slot->file->first != NULL) {
        slot->file->is_flushed = true;
        write_gathered(w, slot->file);
    }
    conlog_writers_unlock(w);
}

/* Makes the file ready from any place, also from FAILING: reading may work
 * where writing does not, and somebody waits for the answer. */
void conlog_writers_ask(struct conlog_writers *w,
                        struct conlog_writer_slot *slot, const char *path,
                        const struct history_wish *wish)
{
    struct conlog_writer_file *f;

    worker_lock(&w->crew);
    f = file_of(w, slot, path);
    if (wish->bytes > f->wish.bytes)
        f->wish.bytes = wish->bytes;
    if (wish->lines > f->wish.lines)
        f->wish.lines = wish->lines;
    if (!f->is_busy)
        conlog_writer_file_make_ready(w, f);
    conlog_writers_unlock(w);
}

void conlog_writers_leave(struct conlog_writers *w,
                          struct conlog_writer_slot *slot, bool is_end)
{
    worker_lock(&w->crew);
    if (slot->file != NULL)
        leave(w, slot, is_end);
    conlog_writers_unlock(w);
}

struct conlog_origin conlog_writers_origin(
    struct conlog_writers *w, const struct conlog_writer_slot *slot)
{
    struct conlog_origin origin;

    worker_lock(&w->crew);
    origin = slot->origin;
    worker_unlock(&w->crew);
    return origin;
}

/* While a thread writes, both are as they were before it began. */
uint64_t conlog_writers_seam(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint64_t taken, struct conlog_origin *ret_left)
{
    worker_lock(&w->crew);
    *ret_left = slot->left;
    if (slot->file != NULL && slot->file->first != NULL)
        taken = slot->file->next_at;
    worker_unlock(&w->crew);
    return taken;
}

int conlog_writers_state(struct conlog_writers *w,
                         const struct conlog_writer_slot *slot,
                         uint64_t *ret_waiting)
{
    int error = 0;

    worker_lock(&w->crew);
    *ret_waiting = 0;
    if (slot->file != NULL) {
        error = slot->file->error;
        *ret_waiting = slot->file->waiting;
    }
    worker_unlock(&w->crew);
    return error;
}

/*
 * Starts one more thread only if all hang: a thread that returns serves the
 * ready files. Threads above CONLOG_WRITER_THREADS end by themselves when the
 * disk has released others.
 *
 * LINGERING files are checked here: nobody reports that the compressor has
 * given a turn back, and a second later is soon enough to free a file.
 */
void conlog_writers_tick(struct conlog_writers *w, uint64_t now_us)
{
    bool is_stuck = true;

    worker_lock(&w->crew);
    for (int i = 0; i < CONLOG_WRITER_THREADS_MAX; i++) {
        struct conlog_writer *t = &w->writer[i];

        if (!worker_is_running(&t->worker))
            continue;
        if (t->since_us == 0 || now_us < t->since_us + STUCK_US)
            is_stuck = false;
        else if (t->file != NULL)
            conlog_writer_file_set_error(w, t->file, ETIMEDOUT);
    }
    if (is_stuck && !conlog_writers_have_none(w, READY) &&
        w->crew.running < CONLOG_WRITER_THREADS_MAX)
        (void)conlog_writer_thread_start(w);
    for (int i = 0;
         i < RETRIES_AT_ONCE && !conlog_writers_have_none(w, FAILING); i++)
        conlog_writer_file_make_ready(w, conlog_writers_first(w, FAILING));
    LIST_EACH (node, after, &w->files[LINGERING]) {
        if (conlog_writer_file_may_go(conlog_writer_file_at(node)))
            conlog_writer_file_free(w, conlog_writer_file_at(node));
    }
    conlog_writers_unlock(w);
}

bool conlog_writers_are_busy(struct conlog_writers *w)
{
    bool is_busy;

    worker_lock(&w->crew);
    is_busy = !conlog_writers_have_none(w, READY) ||
              !conlog_writers_have_none(w, FAILING) ||
              !conlog_writers_have_none(w, LINGERING) ||
              w->idle < w->crew.running;
    worker_unlock(&w->crew);
    return is_busy;
}

void conlog_writers_look(struct conlog_writers *w)
{
    worker_lock(&w->crew);
    worker_wake(&w->crew);
    conlog_writers_unlock(w);
}

/* Called with the lock. */
static void take_news_of(struct conlog_writers *w, struct conlog_writer_file *f,
                         void (*each)(void *owner,
                                      const struct conlog_writers_news *news),
                         void *owner)
{
    struct conlog_writers_news news = {
        .slot = f->slot,
        .path = f->log.path,
        .error = f->error,
        .has_new_error = f->error != f->told_error,
        .rotation = f->trouble,
        .compression = f->compression,
        .is_past = f->is_past_read,
        .past = f->past,
        .bytes = f->waiting,
    };

    /* f leaves the news first; the listener owns past from here on. */
    list_remove(&f->told);
    f->is_past_read = false;
    f->past = NULL;
    each(owner, &news);
    f->told_error = f->error;
    free(f->trouble);
    free(f->compression);
    f->trouble = NULL;
    f->compression = NULL;
    /* f existed only for this news. */
    if (f->place == NOWHERE && conlog_writer_file_may_go(f))
        conlog_writer_file_free(w, f);
}

void conlog_writers_take_news(
    struct conlog_writers *w,
    void (*each)(void *owner, const struct conlog_writers_news *news),
    void *owner)
{
    worker_lock(&w->crew);
    LIST_EACH (node, after, &w->news)
        take_news_of(w, CONTAINER_OF(node, struct conlog_writer_file, told),
                     each, owner);
    worker_unlock(&w->crew);
}

bool conlog_writers_take_swept(struct conlog_writers *w,
                               struct conlog_sweep_result *ret_swept)
{
    worker_lock(&w->crew);
    *ret_swept = w->swept;
    w->swept = (struct conlog_sweep_result){ 0 };
    worker_unlock(&w->crew);
    return ret_swept->files > 0;
}
