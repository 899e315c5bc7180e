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
    STUCK_US = 2 * US_PER_S,
    RETRIES_AT_ONCE = 64,
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
static bool needs_thread(const struct conlog_writers *w)
{
    uint32_t awake = w->crew.running - w->idle + w->called;

    if (conlog_writers_have_none(w, READY) || w->called >= w->idle)
        return false;
    return awake == 0 || w->ready_count > READY_MAX * awake ||
           clock_now_us() > w->served_us + SLOW_US;
}

/* Whoever is woken with the lock held would wait for it at once. */
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
    w->generation = 1;
    for (int i = 0; i < PLACES; i++)
        list_init(&w->files[i]);
    map_init(&w->paths, seed);
    list_init(&w->news);
    list_init(&w->all);
    worker_crew_init(&w->crew, wake, owner);
    return w;
}

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
 * No writer runs any more. The compressor goes first: until it has ended it
 * calls conlog_writer_thread_not_compressed, which takes the crew's lock. Kept
 * by the disk, it keeps all this, too.
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
        /* Those that were started have not touched a disk. */
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

/* With the lock: until all threads have ended, or the time is over. Who is
 * behind one that is stuck gets a thread of its own. */
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
    /* Once more, whatever it was. */
    conlog_writer_file_retry_all(w);
    worker_ask_to_end(&w->crew);
    wait_for_end(w, wait_us);
    tell_left(w, each, owner);
    have_ended = w->crew.running == 0;
    worker_unlock(&w->crew);
    /* Else its memory is the threads' for as long as the disk keeps them; and
     * the end does not wait for the compressor as well. */
    if (have_ended)
        conlog_writers_free(w);
    else
        worker_crew_leave(&w->crew);
}

/* ---- from the loop ---------------------------------------------------- */

void conlog_writers_set(struct conlog_writers *w,
                        const struct conlog_settings *settings)
{
    worker_lock(&w->crew);
    w->settings = *settings;
    w->generation++;
    w->stale = w->open_count;
    conlog_writer_file_retry_all(w);
    worker_wake(&w->crew);
    conlog_writers_unlock(w);
}

uint32_t conlog_writers_room(struct conlog_writers *w,
                             const struct conlog_writer_slot *slot,
                             uint32_t want)
{
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
    /* Half a job, or all that there is: scraps cost as much as jobs. */
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
        job = xmalloc(sizeof *job + (is_large ? CONLOG_WRITER_JOB_MAX : len));
    *job = (struct conlog_job){ .len = len };
    return job;
}

/* With the lock: jobs that nobody was told of yet. */
static void write_gathered(struct conlog_writers *w,
                           struct conlog_writer_file *f)
{
    if (f->first != NULL && !f->is_busy && f->place == NOWHERE)
        conlog_writer_file_make_ready(w, f);
}

/* What waits is written; then it goes. */
static void leave(struct conlog_writers *w, struct conlog_writer_slot *slot)
{
    struct conlog_writer_file *f = slot->file;

    f->slot = NULL;
    f->is_flushed = true;
    slot->file = NULL;
    write_gathered(w, f);
    if (f->first == NULL && !f->is_busy)
        conlog_writer_file_make_ready(w, f);
}

/* The path's one, which may be another slot's that had this name. */
static struct conlog_writer_file *file_of(struct conlog_writers *w,
                                          struct conlog_writer_slot *slot,
                                          const char *path)
{
    struct conlog_writer_file *f = slot->file;

    if (f != NULL && strcmp(f->log.path, path) == 0)
        return f;
    if (f != NULL)
        leave(w, slot);
    f = conlog_writer_file_find(w, path);
    if (f == NULL)
        f = conlog_writer_file_new(w, path);
    if (f->slot != NULL)
        f->slot->file = NULL;
    f->slot = slot;
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
    if (f->first == NULL)
        f->first = job;
    else
        f->last->next = job;
    f->last = job;
    f->waiting += job->len;
    f->jobs++;
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
                          struct conlog_writer_slot *slot)
{
    worker_lock(&w->crew);
    if (slot->file != NULL)
        leave(w, slot);
    conlog_writers_unlock(w);
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

/* With the lock. */
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

    list_remove(&f->told);
    f->is_past_read = false;
    f->past = NULL;
    each(owner, &news);
    f->told_error = f->error;
    free(f->trouble);
    free(f->compression);
    f->trouble = NULL;
    f->compression = NULL;
    /* It stayed for this alone. */
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
