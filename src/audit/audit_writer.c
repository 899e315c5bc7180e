/*
 * Events are joined to the chain when they are queued, because the queue is
 * also the order of the file. So whatever is queued must be written, sooner or
 * later, and as it is: a failed write keeps its bytes, and only what was never
 * queued is lost. The numbers of lost events stay unused.
 *
 * The bytes that the thread writes are its own (writing). It takes all that
 * wait at once, so the lock is held for the exchange alone.
 */
#include "audit/audit_writer.h"

#include "audit/audit_file.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    SYNC_US = US_PER_S,  /* from a write to its fdatasync */
    RETRY_US = US_PER_S, /* after a failure */
};

struct audit_writer {
    struct audit_settings settings;
    char *path;
    struct audit_chain chain; /* the loop's alone: of the last queued event */
    struct worker worker;

    /* The thread's, once it runs. */
    struct audit_file file;
    struct buf writing; /* whole lines */
    size_t part;        /* bytes of the first one that the file has */
    bool lacks_newline; /* of the file's end */

    struct worker_crew crew; /* its lock protects all members below */
    struct buf waiting;
    size_t held; /* bytes that wait, and those of writing */
    struct audit_news news;
    uint64_t busy_since_us; /* the thread waits for the disk; 0: it does not */
    uint64_t retry_at_us;   /* while the news has a failure */
    uint64_t sync_at_us;    /* of what was written; 0: all is on the disk */
    bool wants_reopen;
};

/* ---- the thread --------------------------------------------------------- */

/* Around everything that may block. Called with the lock. */
static void begin_blocking(struct audit_writer *w)
{
    w->busy_since_us = clock_now_us();
    worker_unlock(&w->crew);
}

static void end_blocking(struct audit_writer *w)
{
    worker_lock(&w->crew);
    w->busy_since_us = 0;
}

static bool has_events(const struct audit_writer *w)
{
    return w->held > 0;
}

/* When the thread has something to do: a time, or UINT64_MAX. Called with the
 * lock. */
static uint64_t next_work_us(const struct audit_writer *w)
{
    if (w->wants_reopen && !w->news.is_in_former)
        return 0;
    if (w->news.is_failing)
        return w->retry_at_us;
    if (has_events(w))
        return 0;
    if (w->wants_reopen)
        return w->retry_at_us;
    return w->sync_at_us != 0 ? w->sync_at_us : UINT64_MAX;
}

/* Called with the lock. More events change the time, so it is looked at
 * again. */
static void wait_for_work(struct audit_writer *w)
{
    uint64_t until_us;

    while (!w->crew.is_ending &&
           (until_us = next_work_us(w)) > clock_now_us()) {
        if (until_us == UINT64_MAX)
            (void)worker_wait(&w->crew);
        else
            (void)worker_wait_until(&w->crew, until_us);
    }
}

static void note_failure(struct audit_writer *w, int error)
{
    if (!w->news.is_failing)
        worker_call_owner(&w->crew);
    w->news.is_failing = true;
    err_set(&w->news.why, "%s", strerror(error));
    w->retry_at_us = clock_now_us() + RETRY_US;
}

/* A line of which the former file has a part is written again: a new file
 * begins with a whole one. */
static void use_file(struct audit_writer *w, struct audit_file *next,
                     bool lacks_newline)
{
    begin_blocking(w);
    if (w->part > 0)
        (void)audit_file_write(&w->file, slice_of("\n", 1));
    (void)audit_file_sync(&w->file);
    audit_file_close(&w->file);
    w->file = *next;
    w->part = 0;
    w->lacks_newline = lacks_newline;
    end_blocking(w);
    w->news.reopened++;
    w->news.is_in_former = false;
    worker_call_owner(&w->crew);
}

/* Called with the lock. */
static void reopen(struct audit_writer *w)
{
    struct audit_file next = { .fd = -1 };
    struct audit_end end = { .lacks_newline = false };
    struct err why;
    int r = 0;

    w->wants_reopen = false;
    begin_blocking(w);
    if (audit_file_place(&w->file) != AUDIT_IN_PLACE)
        r = audit_file_open(&next, w->path, &end, &why);
    end_blocking(w);
    if (next.fd >= 0) {
        use_file(w, &next, end.lacks_newline);
        return;
    }
    if (r < 0) {
        w->wants_reopen = true;
        if (!w->news.is_in_former)
            worker_call_owner(&w->crew);
        w->news.why = why;
        w->retry_at_us = clock_now_us() + RETRY_US;
    }
    w->news.is_in_former = r < 0;
}

/* Takes the lines off that are written as a whole. Called with the lock. */
static void note_written(struct audit_writer *w, size_t len)
{
    struct slice bytes = buf_bytes(&w->writing);
    size_t from = w->part, whole = 0;

    assert(from + len <= bytes.len);
    for (size_t i = from; i < from + len; i++) {
        if (bytes.data[i] != '\n')
            continue;
        whole = i + 1;
        w->news.written++;
        w->news.waiting--;
    }
    w->part = from + len - whole;
    w->held -= whole;
    buf_take(&w->writing, whole);
}

static ssize_t write_some(struct audit_writer *w)
{
    ssize_t written = 1;

    if (w->lacks_newline)
        written = audit_file_write(&w->file, slice_of("\n", 1));
    if (written < 0)
        return written;
    w->lacks_newline = false;
    return audit_file_write(&w->file,
                            slice_after(buf_bytes(&w->writing), w->part));
}

/* False: the disk fails. Called with the lock. */
static bool write_events(struct audit_writer *w)
{
    ssize_t written;

    if (w->writing.len == 0) {
        struct buf empty = w->writing;

        w->writing = w->waiting;
        w->waiting = empty;
    }
    if (w->writing.len == 0)
        return true;
    begin_blocking(w);
    written = write_some(w);
    end_blocking(w);
    if (written < 0) {
        note_failure(w, (int)-written);
        return false;
    }
    note_written(w, (size_t)written);
    if (w->sync_at_us == 0)
        w->sync_at_us = clock_now_us() + SYNC_US;
    return true;
}

/* False: the disk fails. A file that was deleted takes all that is written, and
 * nobody ever sees it: so the path is looked at, too. Called with the lock. */
static bool sync_file(struct audit_writer *w)
{
    enum audit_place place;
    int r;

    begin_blocking(w);
    r = audit_file_sync(&w->file);
    place = audit_file_place(&w->file);
    end_blocking(w);
    if (place == AUDIT_DELETED && !w->wants_reopen) {
        w->wants_reopen = true;
        w->news.deleted++;
        worker_call_owner(&w->crew);
    }
    if (r < 0) {
        note_failure(w, -r);
        return false;
    }
    w->sync_at_us = 0;
    return true;
}

/* All must work, and there must be room for the events that tell of it. */
static bool has_recovered(const struct audit_writer *w)
{
    return w->sync_at_us == 0 &&
           (w->crew.is_ending || w->held <= w->settings.waiting_max / 2);
}

static void work(struct audit_writer *w)
{
    if (w->wants_reopen &&
        (!w->news.is_in_former || clock_now_us() >= w->retry_at_us))
        reopen(w);
    if (!write_events(w))
        return;
    if (w->sync_at_us != 0 &&
        (w->news.is_failing || w->crew.is_ending ||
         clock_now_us() >= w->sync_at_us) &&
        !sync_file(w))
        return;
    if (!w->news.is_failing)
        return;
    w->retry_at_us = 0; /* what still waits is written at once */
    if (has_recovered(w)) {
        w->news.is_failing = false;
        worker_call_owner(&w->crew);
    }
}

/* At the end all is written that the disk takes; nothing is retried. */
static void audit_run(void *arg)
{
    struct audit_writer *w = arg;

    while (!w->crew.is_ending) {
        wait_for_work(w);
        work(w);
    }
    do
        work(w);
    while (has_events(w) && !w->news.is_failing);
    begin_blocking(w);
    audit_file_close(&w->file);
    end_blocking(w);
}

/* ---- from the loop ------------------------------------------------------ */

static int start_thread(struct audit_writer *w, struct err *err)
{
    int r;

    worker_lock(&w->crew);
    r = worker_start(&w->worker, &w->crew, audit_run, w);
    worker_unlock(&w->crew);
    if (r < 0)
        err_set(err, "cannot start a thread: %s", strerror(-r));
    return r;
}

/* A thread that hangs in the disk keeps all of w. */
static void audit_writer_free(struct audit_writer *w)
{
    if (!worker_crew_done(&w->crew))
        return;
    audit_file_close(&w->file);
    buf_done(&w->writing);
    buf_done(&w->waiting);
    free(w->path);
    free(w);
}

int audit_writer_open(struct audit_writer **ret_writer,
                      const struct audit_settings *settings, bool *ret_is_torn,
                      struct err *err)
{
    struct audit_writer *w = xcalloc(1, sizeof *w);
    struct audit_end end;
    int r;

    w->settings = *settings;
    w->path = xstrdup(settings->path);
    w->settings.path = w->path;
    w->file.fd = -1;
    buf_init(&w->writing, (uint32_t)settings->waiting_max);
    buf_init(&w->waiting, (uint32_t)settings->waiting_max);
    worker_crew_init(&w->crew, settings->on_news, settings->owner);
    r = audit_file_open(&w->file, w->path, &end, err);
    if (r == 0) {
        w->chain = end.chain;
        w->lacks_newline = end.lacks_newline;
        r = start_thread(w, err);
    }
    if (r < 0) {
        audit_writer_free(w);
        return r;
    }
    *ret_is_torn = end.is_torn;
    *ret_writer = w;
    return 0;
}

bool audit_writer_close(struct audit_writer *w, uint64_t wait_us,
                        struct audit_news *ret_news)
{
    bool has_ended;

    if (w == NULL)
        return true;
    has_ended = worker_crew_end(&w->crew, wait_us);
    /* Works even if the thread hangs, because it hangs without the lock. */
    audit_writer_read_news(w, ret_news);
    if (!has_ended && !ret_news->is_failing)
        err_set(&ret_news->why, "the disk does not answer");
    audit_writer_free(w);
    return has_ended && !ret_news->is_failing && ret_news->waiting == 0;
}

/* Called with the lock. */
static bool queue(struct audit_writer *w, struct slice line,
                  enum log_noise noise)
{
    size_t max = w->settings.waiting_max;

    if (w->held + line.len + log_noise_leaves(noise, max) > max ||
        buf_append(&w->waiting, line) < 0)
        return false;
    if (w->held == 0)
        worker_wake(&w->crew);
    w->held += line.len;
    w->news.waiting++;
    return true;
}

uint64_t audit_writer_put(struct audit_writer *w,
                          const struct log_record *record, enum log_noise noise)
{
    struct audit_chain next = w->chain;
    char line[LOG_RECORD_MAX];
    size_t len = audit_chain_add(&next, line, record);

    worker_lock(&w->crew);
    if (queue(w, slice_of(line, len), noise)) {
        w->chain = next;
    } else {
        (void)audit_chain_skip(&w->chain);
        w->news.lost++;
    }
    worker_unlock(&w->crew);
    return w->chain.number;
}

void audit_writer_reopen(struct audit_writer *w)
{
    worker_lock(&w->crew);
    w->wants_reopen = true;
    w->news.is_in_former = false;
    worker_wake(&w->crew);
    worker_unlock(&w->crew);
}

void audit_writer_read_news(struct audit_writer *w, struct audit_news *ret_news)
{
    uint64_t since_us;

    worker_lock(&w->crew);
    *ret_news = w->news;
    since_us = w->busy_since_us;
    worker_unlock(&w->crew);
    if (since_us == 0 || clock_now_us() - since_us < AUDIT_HANG_US)
        return;
    ret_news->is_failing = true;
    err_set(&ret_news->why, "the disk does not answer");
}
