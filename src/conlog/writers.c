#include "conlog/writers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/compressor.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    US_PER_S = 1000 * 1000,
    STUCK_US = 2 * US_PER_S,
    RETRIES_AT_ONCE = 64,
    /* Blocks of a whole job that are kept for the next ones. */
    SPARE_MAX = 64,
    /* Files that are ready for each thread that is awake, before one more is
     * woken; and for how long nobody may have come for them. */
    READY_MAX = 16,
    SLOW_US = 10 * 1000,
};

struct writer_file {
    struct list node;         /* in ready, failing or open; or in none */
    struct list told;         /* in news */
    struct list whole;        /* in all */
    struct writer_slot *slot; /* NULL: left */
    struct log_job *first;
    struct log_job *last;
    uint64_t waiting; /* bytes */
    uint32_t settled; /* of the first job: written, and waiting no more */
    char *path;       /* of the last job */
    char *trouble;    /* of a rotation, to be told */
    int error;
    bool is_busy;
    bool is_told;    /* in news */
    bool is_flushed; /* all that waits is to be written */
    struct rotation_turn turn;
    struct log_file log; /* the writer's while busy */
};

struct writer {
    struct writers *writers;
    pthread_t thread;
    struct writer_file *file; /* NULL: idle */
    uint64_t since_us;
    bool is_used;
    bool has_ended;
};

struct writers {
    void (*wake)(void *owner);
    void *owner;
    struct compressor *compressor;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t work;
    pthread_cond_t done;
    struct conlog_settings settings;
    unsigned generation;
    struct list ready;   /* struct writer_file.node */
    struct list failing; /* the same; the longest ago first */
    struct list open;    /* the same: idle; the least recent first */
    struct list news;    /* struct writer_file.told */
    struct list all;     /* struct writer_file.whole */
    struct log_job *spare;
    uint32_t spare_count;
    uint32_t open_count; /* in open */
    uint32_t ready_count;
    uint32_t idle;   /* threads */
    uint32_t called; /* of these: woken, and not up yet; at most */
    uint32_t threads;
    uint32_t stale;     /* in open, of an older generation, perhaps */
    uint64_t served_us; /* when one that was ready was taken last */
    uint64_t waiting;   /* bytes of all */
    bool someone_waits; /* for room */
    bool is_ending;
    struct writer writer[WRITER_THREADS_MAX];
};

static struct writer_file *file_at(struct list *node)
{
    return CONTAINER_OF(node, struct writer_file, node);
}

/* ---- files (with the lock) -------------------------------------------- */

static struct writer_file *file_new(struct writers *w, struct writer_slot *slot)
{
    struct writer_file *f = xcalloc(1, sizeof *f);

    f->slot = slot;
    list_init(&f->node);
    list_init(&f->told);
    list_add_tail(&w->all, &f->whole);
    log_file_init(&f->log);
    slot->file = f;
    return f;
}

/* Idle, closed and without jobs. */
static void file_free(struct writer_file *f)
{
    list_remove(&f->node);
    list_remove(&f->told);
    list_remove(&f->whole);
    if (f->slot != NULL)
        f->slot->file = NULL;
    log_file_done(&f->log);
    free(f->path);
    free(f->trouble);
    free(f);
}

/* Who is about to close it may not be there any more. */
static void call_loop(struct writers *w)
{
    if (!w->is_ending)
        w->wake(w->owner);
}

static void tell(struct writers *w, struct writer_file *f)
{
    list_remove(&f->told);
    list_add_tail(&w->news, &f->told);
    call_loop(w);
}

static void set_error(struct writers *w, struct writer_file *f, int error)
{
    if (f->error == error)
        return;
    f->error = error;
    tell(w, f);
}

static void make_ready(struct writers *w, struct writer_file *f)
{
    list_remove(&f->node);
    list_add_tail(&w->ready, &f->node);
    w->ready_count++;
}

/*
 * One thread writes many small jobs in the time that it takes to wake another,
 * and two of them get in each other's way in the directory. A thread that the
 * disk has got counts for none after a moment.
 */
static bool needs_thread(const struct writers *w)
{
    uint32_t awake = w->threads - w->idle + w->called;

    if (list_is_empty(&w->ready) || w->called >= w->idle)
        return false;
    return awake == 0 || w->ready_count > READY_MAX * awake ||
           clock_now_us() > w->served_us + SLOW_US;
}

/* Whoever is woken with the lock held would wait for it at once. */
static void unlock(struct writers *w)
{
    bool wakes = needs_thread(w);

    if (wakes)
        w->called++;
    pthread_mutex_unlock(&w->lock);
    if (wakes)
        pthread_cond_signal(&w->work);
}

static void retry_all(struct writers *w)
{
    while (!list_is_empty(&w->failing))
        make_ready(w, file_at(w->failing.next));
}

/* Closed without the lock, because close(2) may block. Then it goes, unless
 * somebody has something for it again. */
static void close_and_free(struct writers *w, struct writer_file *f)
{
    f->is_busy = true;
    pthread_mutex_unlock(&w->lock);
    log_file_close(&f->log);
    pthread_mutex_lock(&w->lock);
    f->is_busy = false;
    if (f->first != NULL)
        make_ready(w, f);
    else if (list_is_empty(&f->told) && !f->turn.is_taken)
        file_free(f);
}

/* Nothing waits for it any more: it stays open as long as there are few. */
static void keep_open(struct writers *w, struct writer_file *f)
{
    if (f->log.fd < 0 || f->slot == NULL || w->is_ending ||
        f->log.generation != w->generation) {
        close_and_free(w, f);
        return;
    }
    list_add_tail(&w->open, &f->node);
    w->open_count++;
}

/* The least recently written one is closed; false: there is none. */
static bool close_oldest(struct writers *w)
{
    struct writer_file *f;

    if (list_is_empty(&w->open))
        return false;
    f = file_at(w->open.next);
    list_remove(&f->node);
    w->open_count--;
    close_and_free(w, f);
    return true;
}

/* ---- jobs (with the lock) --------------------------------------------- */

static void free_job(struct writers *w, struct log_job *job, uint32_t size)
{
    free(job->path);
    if (size == WRITER_JOB_MAX && w->spare_count < SPARE_MAX) {
        job->next = w->spare;
        w->spare = job;
        w->spare_count++;
    } else {
        free(job);
    }
}

/* The first job is written. */
static void finish_job(struct writers *w, struct writer_file *f)
{
    struct log_job *job = f->first;

    f->first = job->next;
    f->waiting -= job->len - f->settled;
    w->waiting -= job->len - f->settled;
    f->settled = 0;
    free_job(w, job, job->len > WRITER_JOB_MAX / 4 ? WRITER_JOB_MAX : job->len);
}

/* So many jobs are written, and some of the next. */
static void settle(struct writers *w, struct writer_file *f, unsigned written)
{
    uint32_t more;

    while (written-- > 0)
        finish_job(w, f);
    if (f->first == NULL)
        return;
    more = f->first->done - f->settled;
    f->settled += more;
    f->waiting -= more;
    w->waiting -= more;
}

/* ---- the threads ------------------------------------------------------ */

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
    pthread_mutex_lock(&w->lock);
    free(f->trouble);
    f->trouble = xstrdup(err.text);
    tell(w, f);
    pthread_mutex_unlock(&w->lock);
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

/* Without the lock: all jobs up to the last; how many were written is counted.
 * Behind the last one the loop may add more meanwhile. */
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

/* With the lock: whether all of it is to be written, or a part may wait until
 * more has come. */
static bool is_wanted_whole(const struct writers *w,
                            const struct writer_file *f)
{
    return f->is_flushed || f->slot == NULL || w->is_ending;
}

/* With the lock: the file has been written. */
static void go_on(struct writers *w, struct writer_file *f)
{
    if (f->error != 0)
        retry_all(w);
    set_error(w, f, 0);
    if (f->first == NULL)
        keep_open(w, f);
    else if (is_wanted_whole(w, f) || f->waiting >= WRITER_WAKE)
        make_ready(w, f);
}

/* With the lock: r is what has come of it. */
static void put_back(struct writers *w, struct writer_file *f, int r,
                     bool was_whole)
{
    if (r < 0 && was_whole)
        f->is_flushed = true;
    if ((r == -EMFILE || r == -ENFILE) && close_oldest(w)) {
        f->is_busy = false;
        make_ready(w, f);
        return;
    }
    f->is_busy = false;
    if (r < 0) {
        set_error(w, f, -r);
        list_add_tail(&w->failing, &f->node);
        return;
    }
    go_on(w, f);
    if (w->someone_waits) {
        w->someone_waits = false;
        call_loop(w);
    }
}

/* With the lock, which is given back meanwhile. */
static void serve(struct writer *me, struct conlog_settings *settings,
                  unsigned *generation, uint8_t *scratch)
{
    struct writers *w = me->writers;
    struct writer_file *f = file_at(w->ready.next);
    struct log_batch batch = {
        .last = f->last,
        .is_whole = is_wanted_whole(w, f),
    };
    unsigned written = 0;
    int r = 0;

    list_remove(&f->node);
    w->ready_count--;
    if (*generation != w->generation) {
        *settings = w->settings;
        *generation = w->generation;
    }
    f->is_busy = true;
    f->is_flushed = false;
    me->file = f;
    me->since_us = clock_now_us();
    w->served_us = me->since_us;
    if (f->first != NULL) {
        unlock(w);
        r = write_jobs(w, f, &batch, settings, *generation, scratch, &written);
        pthread_mutex_lock(&w->lock);
        settle(w, f, written);
    }
    me->file = NULL;
    put_back(w, f, r, batch.is_whole);
}

/* With the lock. */
static void close_some(struct writers *w)
{
    while (w->open_count > w->settings.open_max && close_oldest(w))
        ;
    while (w->stale > 0) {
        w->stale--;
        if (list_is_empty(&w->open) ||
            file_at(w->open.next)->log.generation == w->generation)
            w->stale = 0;
        else
            close_oldest(w);
    }
}

static void *run(void *arg)
{
    struct writer *me = arg;
    struct writers *w = me->writers;
    struct conlog_settings *settings = xmalloc(sizeof *settings);
    uint8_t *scratch = xmalloc(LOG_FILE_SCRATCH);
    unsigned generation = 0;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        if (!list_is_empty(&w->ready)) {
            serve(me, settings, &generation, scratch);
            close_some(w);
        } else if (w->stale > 0) {
            close_some(w);
        } else if (w->is_ending || w->threads > WRITER_THREADS) {
            break;
        } else {
            pthread_cond_signal(&w->done);
            w->idle++;
            pthread_cond_wait(&w->work, &w->lock);
            w->idle--;
            if (w->called > 0)
                w->called--;
        }
    }
    me->has_ended = true;
    w->threads--;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
    free(scratch);
    free(settings);
    return NULL;
}

/* With the lock. Signals are the loop's. 0 or -errno. */
static int start_thread(struct writers *w)
{
    struct writer *t = w->writer;
    sigset_t all, before;
    int r;

    while (t->is_used && !t->has_ended)
        t++;
    if (t->is_used)
        pthread_join(t->thread, NULL);
    *t = (struct writer){ .writers = w };
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&t->thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r == 0) {
        t->is_used = true;
        w->threads++;
    }
    return -r;
}

/* ---- from the loop ---------------------------------------------------- */

static struct writers *writers_new(const struct conlog_settings *settings,
                                   void (*wake)(void *owner), void *owner)
{
    struct writers *w = xcalloc(1, sizeof *w);
    pthread_condattr_t monotonic;

    w->wake = wake;
    w->owner = owner;
    w->settings = *settings;
    w->generation = 1;
    list_init(&w->ready);
    list_init(&w->failing);
    list_init(&w->open);
    list_init(&w->news);
    list_init(&w->all);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return w;
}

static void free_jobs(struct writers *w)
{
    while (w->spare != NULL) {
        struct log_job *next = w->spare->next;

        free(w->spare);
        w->spare = next;
    }
    LIST_EACH (node, after, &w->all) {
        struct writer_file *f = CONTAINER_OF(node, struct writer_file, whole);

        while (f->first != NULL) {
            struct log_job *next = f->first->next;

            free(f->first->path);
            free(f->first);
            f->first = next;
        }
        file_free(f);
    }
}

static void writers_free(struct writers *w)
{
    if (!compressor_close(w->compressor, US_PER_S))
        return;
    for (int i = 0; i < WRITER_THREADS_MAX; i++) {
        if (w->writer[i].is_used)
            pthread_join(w->writer[i].thread, NULL);
    }
    free_jobs(w);
    pthread_cond_destroy(&w->done);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int writers_open(struct writers **ret_writers,
                 const struct conlog_settings *settings,
                 void (*wake)(void *owner), void *owner)
{
    struct writers *w = writers_new(settings, wake, owner);
    int r = compressor_open(&w->compressor);

    pthread_mutex_lock(&w->lock);
    for (int i = 0; i < WRITER_THREADS && r == 0; i++)
        r = start_thread(w);
    if (r < 0)
        w->is_ending = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    if (r < 0)
        writers_free(w);
    else
        *ret_writers = w;
    return r;
}

static void tell_left(struct writers *w,
                      void (*each)(void *owner,
                                   const struct writers_news *left),
                      void *owner)
{
    LIST_EACH (node, after, &w->all) {
        struct writer_file *f = CONTAINER_OF(node, struct writer_file, whole);
        struct writers_news left = {
            .slot = f->slot,
            .path = f->path,
            .error = f->error,
            .bytes = f->waiting,
        };

        if (f->first != NULL)
            each(owner, &left);
    }
}

/* With the lock: until all threads have ended, or the time is over. Who is
 * behind one that is stuck gets a thread of its own. */
static void wait_for_end(struct writers *w, uint64_t wait_us)
{
    uint64_t until_us = clock_now_us() + wait_us;

    while (w->threads > 0 && clock_now_us() < until_us) {
        uint64_t next_us = clock_now_us() + wait_us / 8;
        struct timespec next = {
            .tv_sec = (time_t)(next_us / US_PER_S),
            .tv_nsec = (long)(next_us % US_PER_S) * 1000,
        };

        if (pthread_cond_timedwait(&w->done, &w->lock, &next) == ETIMEDOUT &&
            !list_is_empty(&w->ready) && w->threads < WRITER_THREADS_MAX)
            (void)start_thread(w);
    }
}

void writers_close(struct writers *w, uint64_t wait_us,
                   void (*each)(void *owner, const struct writers_news *left),
                   void *owner)
{
    bool has_ended;

    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    /* Once more, whatever it was. */
    retry_all(w);
    w->is_ending = true;
    pthread_cond_broadcast(&w->work);
    wait_for_end(w, wait_us);
    tell_left(w, each, owner);
    has_ended = w->threads == 0;
    for (int i = 0; i < WRITER_THREADS_MAX && !has_ended; i++) {
        if (w->writer[i].is_used)
            pthread_detach(w->writer[i].thread);
    }
    pthread_mutex_unlock(&w->lock);
    /* Else its memory is the threads' for as long as the disk keeps them. */
    if (has_ended)
        writers_free(w);
}

void writers_set(struct writers *w, const struct conlog_settings *settings)
{
    pthread_mutex_lock(&w->lock);
    w->settings = *settings;
    w->generation++;
    w->stale = w->open_count;
    retry_all(w);
    pthread_cond_signal(&w->work);
    unlock(w);
}

uint32_t writers_room(struct writers *w, const struct writer_slot *slot,
                      uint32_t want)
{
    uint64_t room;
    uint64_t total;

    pthread_mutex_lock(&w->lock);
    room = slot->file != NULL ? slot->file->waiting : 0;
    total = room == 0 ? WRITER_GRANT : 0;
    room = room < WRITER_LOG_MAX ? WRITER_LOG_MAX - room : 0;
    if (w->waiting + total < WRITER_TOTAL_MAX)
        total = WRITER_TOTAL_MAX - w->waiting;
    if (room > total)
        room = total;
    /* Half a job, or all that there is: scraps cost as much as jobs. */
    if (room < want && room < WRITER_GRANT)
        room = 0;
    if (room == 0)
        w->someone_waits = true;
    pthread_mutex_unlock(&w->lock);
    return room < want ? (uint32_t)room : want;
}

struct log_job *writers_new_job(struct writers *w, uint32_t len)
{
    struct log_job *job = NULL;
    bool is_large = len > WRITER_JOB_MAX / 4;

    if (is_large) {
        pthread_mutex_lock(&w->lock);
        job = w->spare;
        if (job != NULL) {
            w->spare = job->next;
            w->spare_count--;
        }
        pthread_mutex_unlock(&w->lock);
    }
    if (job == NULL)
        job = xmalloc(sizeof *job + (is_large ? WRITER_JOB_MAX : len));
    *job = (struct log_job){ .len = len };
    return job;
}

/* With the lock: jobs that nobody was told of yet. */
static void write_gathered(struct writers *w, struct writer_file *f)
{
    if (f->first != NULL && !f->is_busy && list_is_empty(&f->node))
        make_ready(w, f);
}

void writers_put(struct writers *w, struct writer_slot *slot,
                 struct log_job *job, const char *path)
{
    struct writer_file *f;
    bool was_empty;

    pthread_mutex_lock(&w->lock);
    f = slot->file != NULL ? slot->file : file_new(w, slot);
    if (f->path == NULL || strcmp(f->path, path) != 0) {
        free(f->path);
        f->path = xstrdup(path);
        job->path = xstrdup(path);
    }
    was_empty = f->first == NULL;
    if (was_empty)
        f->first = job;
    else
        f->last->next = job;
    f->last = job;
    f->waiting += job->len;
    w->waiting += job->len;
    if (was_empty && !list_is_empty(&f->node)) {
        list_remove(&f->node);
        w->open_count--; /* it is nowhere else without a job */
    }
    if (f->waiting >= WRITER_WAKE)
        write_gathered(w, f);
    unlock(w);
}

void writers_flush(struct writers *w, struct writer_slot *slot)
{
    pthread_mutex_lock(&w->lock);
    if (slot->file != NULL && slot->file->first != NULL) {
        slot->file->is_flushed = true;
        write_gathered(w, slot->file);
    }
    unlock(w);
}

void writers_leave(struct writers *w, struct writer_slot *slot)
{
    struct writer_file *f;

    pthread_mutex_lock(&w->lock);
    f = slot->file;
    if (f != NULL) {
        f->slot = NULL;
        slot->file = NULL;
        write_gathered(w, f);
        /* Closed when its turn comes. */
        if (f->first == NULL && !f->is_busy) {
            if (!list_is_empty(&f->node))
                w->open_count--;
            make_ready(w, f);
        }
    }
    unlock(w);
}

int writers_state(struct writers *w, const struct writer_slot *slot,
                  uint64_t *ret_waiting)
{
    int error = 0;

    pthread_mutex_lock(&w->lock);
    *ret_waiting = 0;
    if (slot->file != NULL) {
        error = slot->file->error;
        *ret_waiting = slot->file->waiting;
    }
    pthread_mutex_unlock(&w->lock);
    return error;
}

void writers_tick(struct writers *w, uint64_t now_us)
{
    bool is_stuck = true;

    pthread_mutex_lock(&w->lock);
    for (int i = 0; i < WRITER_THREADS_MAX; i++) {
        struct writer *t = &w->writer[i];

        if (!t->is_used || t->has_ended)
            continue;
        if (t->file == NULL || now_us < t->since_us + STUCK_US)
            is_stuck = false;
        else
            set_error(w, t->file, ETIMEDOUT);
    }
    if (is_stuck && !list_is_empty(&w->ready) &&
        w->threads < WRITER_THREADS_MAX)
        (void)start_thread(w);
    for (int i = 0; i < RETRIES_AT_ONCE && !list_is_empty(&w->failing); i++)
        make_ready(w, file_at(w->failing.next));
    unlock(w);
}

bool writers_are_busy(struct writers *w)
{
    bool is_busy;

    pthread_mutex_lock(&w->lock);
    is_busy = !list_is_empty(&w->ready) || !list_is_empty(&w->failing) ||
              w->idle < w->threads;
    pthread_mutex_unlock(&w->lock);
    return is_busy;
}

void writers_take_news(struct writers *w,
                       void (*each)(void *owner,
                                    const struct writers_news *news),
                       void *owner)
{
    pthread_mutex_lock(&w->lock);
    LIST_EACH (node, after, &w->news) {
        struct writer_file *f = CONTAINER_OF(node, struct writer_file, told);
        struct writers_news news = {
            .slot = f->slot,
            .path = f->path,
            .error = f->error,
            .rotation = f->trouble,
            .bytes = f->waiting,
        };

        list_remove(node);
        each(owner, &news);
        free(f->trouble);
        f->trouble = NULL;
        /* It stayed for this alone. */
        if (f->first == NULL && !f->is_busy && f->log.fd < 0 &&
            list_is_empty(&f->node) && !f->turn.is_taken)
            file_free(f);
    }
    pthread_mutex_unlock(&w->lock);
}
