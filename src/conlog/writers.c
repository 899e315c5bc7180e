#include "conlog/writers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/compressor.h"
#include "conlog/writers_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    STUCK_US = 2 * US_PER_S,
    RETRIES_AT_ONCE = 64,
};

static struct writers *writers_new(const struct conlog_settings *settings,
                                   void (*wake)(void *owner), void *owner,
                                   const uint64_t seed[2])
{
    struct writers *w = xcalloc(1, sizeof *w);

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
        writer_file_free(w, f);
    }
}

/*
 * No writer runs any more. The compressor goes first: until it has ended it
 * calls writer_compression_failed, which takes the crew's lock. Kept by the
 * disk, it keeps all this, too.
 */
static void writers_free(struct writers *w)
{
    if (!compressor_close(w->compressor, US_PER_S))
        return;
    (void)worker_crew_done(&w->crew);
    free_jobs(w);
    map_done(&w->paths);
    free(w);
}

int writers_open(struct writers **ret_writers,
                 const struct conlog_settings *settings,
                 void (*wake)(void *owner), void *owner, const uint64_t seed[2])
{
    struct writers *w = writers_new(settings, wake, owner, seed);
    int r = compressor_open(&w->compressor, writer_compression_failed, w);

    worker_lock(&w->crew);
    for (int i = 0; i < WRITER_THREADS && r == 0; i++)
        r = writer_start(w);
    if (r < 0) {
        /* Those that were started have not touched a disk. */
        worker_ask_to_end(&w->crew);
        (void)worker_wait_end(&w->crew, UINT64_MAX);
    }
    worker_unlock(&w->crew);
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
    uint64_t next_us;

    do {
        next_us = clock_now_us() + wait_us / 8;
        if (next_us > until_us)
            next_us = until_us;
        if (worker_wait_end(&w->crew, next_us))
            return;
        if (!writers_have_none(w, READY) &&
            w->crew.running < WRITER_THREADS_MAX)
            (void)writer_start(w);
    } while (clock_now_us() < until_us);
}

void writers_close(struct writers *w, uint64_t wait_us,
                   void (*each)(void *owner, const struct writers_news *left),
                   void *owner)
{
    bool have_ended;

    if (w == NULL)
        return;
    worker_lock(&w->crew);
    /* Once more, whatever it was. */
    writers_retry_all(w);
    worker_ask_to_end(&w->crew);
    wait_for_end(w, wait_us);
    tell_left(w, each, owner);
    have_ended = w->crew.running == 0;
    worker_unlock(&w->crew);
    /* Else its memory is the threads' for as long as the disk keeps them; and
     * the end does not wait for the compressor as well. */
    if (have_ended)
        writers_free(w);
    else
        worker_crew_leave(&w->crew);
}

void writers_set(struct writers *w, const struct conlog_settings *settings)
{
    worker_lock(&w->crew);
    w->settings = *settings;
    w->generation++;
    w->stale = w->open_count;
    writers_retry_all(w);
    worker_wake(&w->crew);
    writers_unlock(w);
}

uint32_t writers_room(struct writers *w, const struct writer_slot *slot,
                      uint32_t want)
{
    uint64_t room = 0;
    uint64_t total;

    worker_lock(&w->crew);
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
    worker_unlock(&w->crew);
    return room < want ? (uint32_t)room : want;
}

bool writers_are_full(struct writers *w)
{
    bool are_full;

    worker_lock(&w->crew);
    are_full = w->held >= WRITER_HELD_MAX;
    worker_unlock(&w->crew);
    return are_full;
}

struct log_job *writers_new_job(struct writers *w, uint32_t len)
{
    struct log_job *job = NULL;
    bool is_large = writer_job_size(len) == WRITER_JOB_MAX;

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
        job = xmalloc(sizeof *job + (is_large ? WRITER_JOB_MAX : len));
    *job = (struct log_job){ .len = len };
    return job;
}

/* With the lock: jobs that nobody was told of yet. */
static void write_gathered(struct writers *w, struct writer_file *f)
{
    if (f->first != NULL && !f->is_busy && f->place == NOWHERE)
        writer_file_make_ready(w, f);
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
        writer_file_make_ready(w, f);
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
    f = writer_file_find(w, path);
    if (f == NULL)
        f = writer_file_new(w, path);
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

    worker_lock(&w->crew);
    f = file_of(w, slot, path);
    if (f->first == NULL)
        f->first = job;
    else
        f->last->next = job;
    f->last = job;
    f->waiting += job->len;
    f->jobs++;
    w->held += sizeof *job + writer_job_size(job->len);
    if (f->place == OPEN || f->place == LINGERING)
        writer_file_move(w, f, NOWHERE);
    if (f->waiting >= WRITER_WAKE)
        write_gathered(w, f);
    writers_unlock(w);
}

void writers_flush(struct writers *w, struct writer_slot *slot)
{
    worker_lock(&w->crew);
    if (slot->file != NULL && slot->file->first != NULL) {
        slot->file->is_flushed = true;
        write_gathered(w, slot->file);
    }
    writers_unlock(w);
}

void writers_ask(struct writers *w, struct writer_slot *slot, const char *path,
                 const struct history_wish *wish)
{
    struct writer_file *f;

    worker_lock(&w->crew);
    f = file_of(w, slot, path);
    if (wish->bytes > f->wish.bytes)
        f->wish.bytes = wish->bytes;
    if (wish->lines > f->wish.lines)
        f->wish.lines = wish->lines;
    if (!f->is_busy)
        writer_file_make_ready(w, f);
    writers_unlock(w);
}

void writers_leave(struct writers *w, struct writer_slot *slot)
{
    worker_lock(&w->crew);
    if (slot->file != NULL)
        leave(w, slot);
    writers_unlock(w);
}

int writers_state(struct writers *w, const struct writer_slot *slot,
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

void writers_tick(struct writers *w, uint64_t now_us)
{
    bool is_stuck = true;

    worker_lock(&w->crew);
    for (int i = 0; i < WRITER_THREADS_MAX; i++) {
        struct writer *t = &w->writer[i];

        if (!worker_is_running(&t->worker))
            continue;
        if (t->since_us == 0 || now_us < t->since_us + STUCK_US)
            is_stuck = false;
        else if (t->file != NULL)
            writer_file_set_error(w, t->file, ETIMEDOUT);
    }
    if (is_stuck && !writers_have_none(w, READY) &&
        w->crew.running < WRITER_THREADS_MAX)
        (void)writer_start(w);
    for (int i = 0; i < RETRIES_AT_ONCE && !writers_have_none(w, FAILING); i++)
        writer_file_make_ready(w, writers_first(w, FAILING));
    LIST_EACH (node, after, &w->files[LINGERING]) {
        if (writer_file_may_go(writer_file_at(node)))
            writer_file_free(w, writer_file_at(node));
    }
    writers_unlock(w);
}

bool writers_are_busy(struct writers *w)
{
    bool is_busy;

    worker_lock(&w->crew);
    is_busy = !writers_have_none(w, READY) || !writers_have_none(w, FAILING) ||
              !writers_have_none(w, LINGERING) || w->idle < w->crew.running;
    worker_unlock(&w->crew);
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
    if (f->place == NOWHERE && writer_file_may_go(f))
        writer_file_free(w, f);
}

void writers_take_news(struct writers *w,
                       void (*each)(void *owner,
                                    const struct writers_news *news),
                       void *owner)
{
    worker_lock(&w->crew);
    LIST_EACH (node, after, &w->news)
        take_news_of(w, CONTAINER_OF(node, struct writer_file, told), each,
                     owner);
    worker_unlock(&w->crew);
}
