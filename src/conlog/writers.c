#include "conlog/writers.h"

#include "base/clock.h"
#include "base/map.h"
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

/* Where an idle file is; a busy one is nowhere. */
enum place {
    NOWHERE,   /* closed; or with jobs that are not ready to be written */
    READY,     /* to be served */
    FAILING,   /* the longest ago first */
    OPEN,      /* without jobs; the least recent first */
    LINGERING, /* left, closed: its turn or its news are not back yet */
    PLACES,
};

/*
 * What there is of a path while it is open or something waits for it: there
 * are never two of one path, whoever writes to it. So a console that comes
 * back, or a name that is another console's now, goes on behind what waits
 * still, and no rotation meets the compression of the same files.
 */
struct writer_file {
    struct list node;         /* in w->files[place] */
    struct list told;         /* in news */
    struct list whole;        /* in all */
    struct writer_slot *slot; /* NULL: left */
    struct log_job *first;
    struct log_job *last;
    uint64_t waiting;  /* bytes */
    uint32_t jobs;     /* that wait */
    uint32_t settled;  /* of the first: written, and waiting no more */
    char *trouble;     /* of a rotation, to be told */
    char *compression; /* that failed, to be told */
    int error;
    int told_error;
    struct history_wish wish; /* bytes 0: nobody has asked for its past */
    struct past *past;        /* what was read, to be told */
    bool is_past_read;
    uint8_t place; /* enum place */
    bool is_busy;
    bool is_flushed; /* all that waits is to be written */
    struct rotation_turn turn;
    struct log_file log; /* the writer's while busy, but for its path */
};

struct writer {
    struct writers *writers;
    pthread_t thread;
    struct writer_file *file; /* that it writes */
    uint64_t since_us;        /* when it gave the lock back; 0: it is idle */
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
    struct list files[PLACES]; /* struct writer_file.node */
    struct list news;          /* struct writer_file.told */
    struct list all;           /* struct writer_file.whole */
    struct map paths;          /* path -> struct writer_file */
    struct log_job *spare;
    uint32_t spare_count;
    uint32_t open_count;  /* in files[OPEN] */
    uint32_t ready_count; /* in files[READY] */
    uint32_t idle;        /* threads */
    uint32_t called;      /* of these: woken, and not up yet; at most */
    uint32_t threads;
    uint32_t stale;     /* in open, of an older generation, perhaps */
    uint64_t served_us; /* when one that was ready was taken last */
    uint64_t held;      /* memory of files and jobs */
    bool someone_waits; /* for room */
    bool is_closing;    /* a thread is at what is stale */
    bool is_ending;
    struct writer writer[WRITER_THREADS_MAX];
};

static struct writer_file *file_at(struct list *node)
{
    return CONTAINER_OF(node, struct writer_file, node);
}

/* ---- files (with the lock) -------------------------------------------- */

static bool none_in(const struct writers *w, enum place place)
{
    return list_is_empty(&w->files[place]);
}

static struct writer_file *first_in(const struct writers *w, enum place place)
{
    return file_at(w->files[place].next);
}

static void move(struct writers *w, struct writer_file *f, enum place place)
{
    list_remove(&f->node);
    w->open_count -= f->place == OPEN;
    w->ready_count -= f->place == READY;
    f->place = (uint8_t)place;
    w->open_count += place == OPEN;
    w->ready_count += place == READY;
    if (place != NOWHERE)
        list_add_tail(&w->files[place], &f->node);
}

static uint64_t hash_of(const struct writers *w, const char *path)
{
    return map_hash(&w->paths, slice_of_text(path));
}

static bool has_path(const void *value, const void *path)
{
    return strcmp(((const struct writer_file *)value)->log.path, path) == 0;
}

static size_t cost_of(const struct writer_file *f)
{
    return sizeof *f + strlen(f->log.path);
}

static struct writer_file *file_new(struct writers *w, const char *path)
{
    struct writer_file *f = xcalloc(1, sizeof *f);

    list_init(&f->node);
    list_init(&f->told);
    list_add_tail(&w->all, &f->whole);
    log_file_init(&f->log, path);
    map_add(&w->paths, hash_of(w, path), f);
    w->held += cost_of(f);
    return f;
}

/* Idle, closed and without jobs. */
static void file_free(struct writers *w, struct writer_file *f)
{
    move(w, f, NOWHERE);
    list_remove(&f->told);
    list_remove(&f->whole);
    map_remove(&w->paths, hash_of(w, f->log.path), f);
    w->held -= cost_of(f);
    if (f->slot != NULL)
        f->slot->file = NULL;
    log_file_done(&f->log);
    past_leave(f->past);
    free(f->trouble);
    free(f->compression);
    free(f);
}

/* A thread is needed for it. */
static bool has_work(const struct writer_file *f)
{
    return f->first != NULL || f->wish.bytes > 0;
}

static bool may_go(const struct writer_file *f)
{
    return !has_work(f) && !f->is_busy && f->log.fd < 0 &&
           list_is_empty(&f->told) && !rotation_turn_is_taken(&f->turn);
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
    move(w, f, READY);
}

/*
 * One thread writes many small jobs in the time that it takes to wake another,
 * and two of them get in each other's way in the directory. A thread that the
 * disk has got counts for none after a moment: whoever comes next then, at the
 * latest the tick, wakes another.
 */
static bool needs_thread(const struct writers *w)
{
    uint32_t awake = w->threads - w->idle + w->called;

    if (none_in(w, READY) || w->called >= w->idle)
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
    while (!none_in(w, FAILING))
        make_ready(w, first_in(w, FAILING));
}

/* Closed without the lock, because close(2) may block. Then it goes, unless
 * somebody has something for it again. */
static void close_and_free(struct writer *me, struct writer_file *f)
{
    struct writers *w = me->writers;

    f->is_busy = true;
    me->since_us = clock_now_us();
    pthread_mutex_unlock(&w->lock);
    log_file_close(&f->log);
    pthread_mutex_lock(&w->lock);
    me->since_us = 0;
    f->is_busy = false;
    if (has_work(f))
        make_ready(w, f);
    else if (may_go(f))
        file_free(w, f);
    else if (f->slot == NULL)
        move(w, f, LINGERING);
}

/* Nothing waits for it any more: it stays open as long as there are few. */
static void keep_open(struct writer *me, struct writer_file *f)
{
    const struct writers *w = me->writers;

    if (f->log.fd < 0 || f->slot == NULL || w->is_ending ||
        f->log.generation != w->generation)
        close_and_free(me, f);
    else
        move(me->writers, f, OPEN);
}

/* The least recently written one is closed; false: there is none. */
static bool close_oldest(struct writer *me)
{
    struct writers *w = me->writers;
    struct writer_file *f;

    if (none_in(w, OPEN))
        return false;
    f = first_in(w, OPEN);
    move(w, f, NOWHERE);
    close_and_free(me, f);
    return true;
}

/* ---- jobs (with the lock) --------------------------------------------- */

static uint32_t block_size(uint32_t len)
{
    return len > WRITER_JOB_MAX / 4 ? WRITER_JOB_MAX : len;
}

static void free_job(struct writers *w, struct log_job *job)
{
    uint32_t size = block_size(job->len);

    w->held -= sizeof *job + size;
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
    f->settled = 0;
    f->jobs--;
    free_job(w, job);
}

/* So many jobs are written, and some of the next. */
static void settle(struct writers *w, struct writer_file *f, unsigned written)
{
    while (written-- > 0)
        finish_job(w, f);
    if (f->first == NULL)
        return;
    f->waiting -= f->first->done - f->settled;
    f->settled = f->first->done;
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

/* On the compressor's thread, which has the turn: so the file stays. */
static void compression_failed(void *owner, struct rotation_turn *turn,
                               const char *reason)
{
    struct writers *w = owner;
    struct writer_file *f = CONTAINER_OF(turn, struct writer_file, turn);

    pthread_mutex_lock(&w->lock);
    free(f->compression);
    f->compression = xstrdup(reason);
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
    unlock(w);
    is_cut = log_file_is_cut(&f->log);
    past = is_cut ? NULL : log_past_read(settings, f->log.path, &origin, &wish);
    pthread_mutex_lock(&w->lock);
    if (is_cut && f->slot != NULL)
        f->slot->origin.inode = 0;
    past_leave(f->past);
    f->past = past;
    f->is_past_read = true;
    tell(w, f);
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
    return f->is_flushed || f->slot == NULL || w->is_ending;
}

/* What has become of it. */
static void put_away(struct writer *me, struct writer_file *f, int r)
{
    struct writers *w = me->writers;

    if (r < 0) {
        set_error(w, f, -r);
        move(w, f, f->wish.bytes > 0 ? READY : FAILING);
        return;
    }
    if (f->error != 0)
        retry_all(w);
    set_error(w, f, 0);
    if (!has_work(f))
        keep_open(me, f);
    else if (f->wish.bytes > 0 || is_wanted_whole(w, f) ||
             f->waiting >= WRITER_WAKE)
        make_ready(w, f);
}

/* With the lock, which is given back meanwhile. */
static void serve(struct writer *me, struct conlog_settings *settings,
                  unsigned *generation, uint8_t *scratch)
{
    struct writers *w = me->writers;
    struct writer_file *f = first_in(w, READY);
    struct log_batch batch;
    unsigned written = 0;
    bool is_room_made;
    int r = 0;

    move(w, f, NOWHERE);
    if (*generation != w->generation) {
        *settings = w->settings;
        *generation = w->generation;
    }
    f->is_busy = true;
    if (has_work(f)) {
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
        unlock(w);
        r = write_jobs(w, f, &batch, settings, *generation, scratch, &written);
        pthread_mutex_lock(&w->lock);
        note_origin(f);
    }
    me->file = NULL;
    me->since_us = 0;
    is_room_made = r == 0 || written > 0;
    settle(w, f, written);
    /* Whatever the next try writes shows whether the disk takes it. */
    if (r < 0)
        f->is_flushed = true;
    if ((r == -EMFILE || r == -ENFILE) && close_oldest(me)) {
        f->is_busy = false;
        make_ready(w, f);
        return;
    }
    f->is_busy = false;
    put_away(me, f, r);
    if (w->someone_waits && is_room_made) {
        w->someone_waits = false;
        call_loop(w);
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
        if (none_in(w, OPEN) ||
            first_in(w, OPEN)->log.generation == w->generation)
            w->stale = 0;
        else
            close_oldest(me);
    }
    w->is_closing = false;
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
        if (!none_in(w, READY)) {
            serve(me, settings, &generation, scratch);
            close_some(me);
        } else if (w->stale > 0 && !w->is_closing) {
            close_some(me);
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
                                   void (*wake)(void *owner), void *owner,
                                   const uint64_t seed[2])
{
    struct writers *w = xcalloc(1, sizeof *w);
    pthread_condattr_t monotonic;

    w->wake = wake;
    w->owner = owner;
    w->settings = *settings;
    w->generation = 1;
    for (int i = 0; i < PLACES; i++)
        list_init(&w->files[i]);
    map_init(&w->paths, seed);
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

            free(f->first);
            f->first = next;
        }
        file_free(w, f);
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
    map_done(&w->paths);
    pthread_cond_destroy(&w->done);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

int writers_open(struct writers **ret_writers,
                 const struct conlog_settings *settings,
                 void (*wake)(void *owner), void *owner, const uint64_t seed[2])
{
    struct writers *w = writers_new(settings, wake, owner, seed);
    int r = compressor_open(&w->compressor, compression_failed, w);

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
            !none_in(w, READY) && w->threads < WRITER_THREADS_MAX)
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
    uint64_t room = 0;
    uint64_t total;

    pthread_mutex_lock(&w->lock);
    if (slot->file != NULL)
        room = slot->file->waiting +
               slot->file->jobs * (uint64_t)sizeof(struct log_job);
    total = room == 0 && w->held < WRITER_HELD_MAX ? WRITER_GRANT : 0;
    room = room < WRITER_LOG_MAX ? WRITER_LOG_MAX - room : 0;
    if (w->held + total < WRITER_TOTAL_MAX)
        total = WRITER_TOTAL_MAX - w->held;
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

bool writers_are_full(struct writers *w)
{
    bool are_full;

    pthread_mutex_lock(&w->lock);
    are_full = w->held >= WRITER_HELD_MAX;
    pthread_mutex_unlock(&w->lock);
    return are_full;
}

struct log_job *writers_new_job(struct writers *w, uint32_t len)
{
    struct log_job *job = NULL;
    bool is_large = block_size(len) == WRITER_JOB_MAX;

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
    if (f->first != NULL && !f->is_busy && f->place == NOWHERE)
        make_ready(w, f);
}

/* What waits is written; then it goes. */
static void leave(struct writers *w, struct writer_slot *slot)
{
    struct writer_file *f = slot->file;

    f->slot = NULL;
    f->is_flushed = true;
    slot->file = NULL;
    write_gathered(w, f);
    if (f->first == NULL && !f->is_busy)
        make_ready(w, f);
}

/* The path's one, which may be another slot's that had this name. */
static struct writer_file *file_of(struct writers *w, struct writer_slot *slot,
                                   const char *path)
{
    struct writer_file *f = slot->file;

    if (f != NULL && strcmp(f->log.path, path) == 0)
        return f;
    if (f != NULL)
        leave(w, slot);
    f = map_find(&w->paths, hash_of(w, path), has_path, path);
    if (f == NULL)
        f = file_new(w, path);
    if (f->slot != NULL)
        f->slot->file = NULL;
    f->slot = slot;
    slot->file = f;
    return f;
}

void writers_put(struct writers *w, struct writer_slot *slot,
                 struct log_job *job, const char *path)
{
    struct writer_file *f;

    pthread_mutex_lock(&w->lock);
    f = file_of(w, slot, path);
    if (f->first == NULL)
        f->first = job;
    else
        f->last->next = job;
    f->last = job;
    f->waiting += job->len;
    f->jobs++;
    w->held += sizeof *job + block_size(job->len);
    if (f->place == OPEN || f->place == LINGERING)
        move(w, f, NOWHERE);
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

void writers_ask(struct writers *w, struct writer_slot *slot, const char *path,
                 const struct history_wish *wish)
{
    struct writer_file *f;

    pthread_mutex_lock(&w->lock);
    f = file_of(w, slot, path);
    if (wish->bytes > f->wish.bytes)
        f->wish.bytes = wish->bytes;
    if (wish->lines > f->wish.lines)
        f->wish.lines = wish->lines;
    if (!f->is_busy)
        make_ready(w, f);
    unlock(w);
}

void writers_leave(struct writers *w, struct writer_slot *slot)
{
    pthread_mutex_lock(&w->lock);
    if (slot->file != NULL)
        leave(w, slot);
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
        if (t->since_us == 0 || now_us < t->since_us + STUCK_US)
            is_stuck = false;
        else if (t->file != NULL)
            set_error(w, t->file, ETIMEDOUT);
    }
    if (is_stuck && !none_in(w, READY) && w->threads < WRITER_THREADS_MAX)
        (void)start_thread(w);
    for (int i = 0; i < RETRIES_AT_ONCE && !none_in(w, FAILING); i++)
        make_ready(w, first_in(w, FAILING));
    LIST_EACH (node, after, &w->files[LINGERING]) {
        if (may_go(file_at(node)))
            file_free(w, file_at(node));
    }
    unlock(w);
}

bool writers_are_busy(struct writers *w)
{
    bool is_busy;

    pthread_mutex_lock(&w->lock);
    is_busy = !none_in(w, READY) || !none_in(w, FAILING) ||
              !none_in(w, LINGERING) || w->idle < w->threads;
    pthread_mutex_unlock(&w->lock);
    return is_busy;
}

/* With the lock. */
static void take_news_of(struct writers *w, struct writer_file *f,
                         void (*each)(void *owner,
                                      const struct writers_news *news),
                         void *owner)
{
    struct writers_news news = {
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
    if (f->place == NOWHERE && may_go(f))
        file_free(w, f);
}

void writers_take_news(struct writers *w,
                       void (*each)(void *owner,
                                    const struct writers_news *news),
                       void *owner)
{
    pthread_mutex_lock(&w->lock);
    LIST_EACH (node, after, &w->news)
        take_news_of(w, CONTAINER_OF(node, struct writer_file, told), each,
                     owner);
    pthread_mutex_unlock(&w->lock);
}
