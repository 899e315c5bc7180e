#include "api/output/output_reads.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/console_log.h"
#include "conlog/reading/conlog_following.h"
#include "core/directory.h"

#include <stdlib.h>
#include <string.h>

struct output_reads {
    struct api_jobs *jobs;
    struct directory *directory;
    struct deadline_queue waits;      /* struct output_reading.wait */
    struct deadline_queue past_waits; /* struct past_work.wait */
    struct list pasts;                /* struct past_work.node */
    unsigned readings, files, past_count;
};

static void reading_wait_due(struct deadline *d, void *owner);
static void past_wait_due(struct deadline *d, void *owner);

int output_reads_open(struct output_reads **ret_reads, struct loop *loop,
                      struct directory *directory)
{
    static const unsigned threads[] = {
        [OUTPUT_PASTS] = OUTPUT_THREADS,
        [OUTPUT_READINGS] = OUTPUT_READING_THREADS,
    };
    struct output_reads *all = xcalloc(1, sizeof *all);
    int r = api_jobs_open(&all->jobs, loop, directory, threads,
                          sizeof threads / sizeof *threads);

    if (r < 0) {
        free(all);
        return r;
    }
    all->directory = directory;
    list_init(&all->pasts);
    deadline_queue_open(&all->waits, OUTPUT_WAIT_US, reading_wait_due, all);
    deadline_queue_open(&all->past_waits, OUTPUT_WAIT_US, past_wait_due, all);
    loop_watch(loop, &all->waits);
    loop_watch(loop, &all->past_waits);
    *ret_reads = all;
    return 0;
}

struct api_jobs *output_reads_enter(struct output_reads *all, unsigned files)
{
    if (all->readings >= OUTPUT_READINGS_MAX ||
        all->files + files > OUTPUT_FILES_MAX)
        return NULL;
    all->readings++;
    all->files += files;
    return all->jobs;
}

void output_reads_leave(struct output_reads *all, unsigned files)
{
    all->readings--;
    all->files -= files;
}

/* ---- readings --------------------------------------------------------- */

struct reading_work {
    struct api_job job;
    struct output_reads *all;
    unsigned files; /* that it may have open */
    struct output_reading reading;
};

static struct reading_work *of_reading(struct output_reading *r)
{
    return CONTAINER_OF(r, struct reading_work, reading);
}

static struct reading_work *of_job(struct api_job *job)
{
    return CONTAINER_OF(job, struct reading_work, job);
}

static void free_reading(struct api_job *job)
{
    struct reading_work *r = of_job(job);

    output_reads_leave(r->all, r->files);
    conlog_reading_done(&r->reading.log);
    free(r);
}

static void run_reading(struct api_job *job)
{
    conlog_reading_step(&of_job(job)->reading.log);
}

static void reading_done(struct api_job *job)
{
    struct output_reading *r = &of_job(job)->reading;

    r->is_asked = false;
    if (r->is_closed)
        free_reading(job);
    else
        r->on_step(r->owner);
}

static const struct api_job_kind reading_kind = {
    .lane = OUTPUT_READINGS,
    .run = run_reading,
    .on_done = reading_done,
    .free = free_reading,
};

struct output_reading *output_reading_open(struct output_reads *all,
                                           const struct conlog_wish *wish,
                                           void (*on_step)(void *owner),
                                           void *owner)
{
    unsigned files = wish->with_rotated ? CONLOG_SERIES_MAX : 1;
    struct reading_work *r;

    if (output_reads_enter(all, files) == NULL)
        return NULL;
    r = malloc(sizeof *r);
    if (r == NULL) {
        output_reads_leave(all, files);
        return NULL;
    }
    memset(r, 0, offsetof(struct reading_work, reading));
    r->files = files;
    r->all = all;
    api_job_init(&r->job, all->jobs, &reading_kind);
    deadline_init(&r->reading.wait);
    conlog_reading_init(&r->reading.log);
    r->reading.log.wish = *wish;
    r->reading.all = all;
    r->reading.is_asked = false;
    r->reading.is_closed = false;
    r->reading.on_step = on_step;
    r->reading.owner = owner;
    return &r->reading;
}

bool output_reading_ask(struct output_reading *r)
{
    r->is_asked = true;
    return api_job_ask(&of_reading(r)->job);
}

void output_reading_wait(struct output_reading *r)
{
    r->is_asked = true;
    deadline_start(&r->all->waits, &r->wait, clock_now_us());
}

static void reading_wait_due(struct deadline *d, void *owner)
{
    struct output_reading *r = CONTAINER_OF(d, struct output_reading, wait);
    struct output_reads *all = owner;

    deadline_stop(d);
    r->is_asked = false;
    r->on_step(r->owner);
    directory_settle(all->directory);
}

/* A thread that reads is let read. */
void output_reading_close(struct output_reading *r)
{
    struct reading_work *w = of_reading(r);

    if (deadline_is_running(&r->wait))
        r->is_asked = false;
    deadline_stop(&r->wait);

    r->is_closed = true;
    if (r->is_asked)
        api_job_cancel(&w->job);
    else
        free_reading(&w->job);
}

/* ---- places ----------------------------------------------------------- */

struct past_work {
    struct api_job job;
    struct output_reads *all;
    struct list node; /* in all->pasts */
    struct list asks; /* the one past_ask.node; empty: it was cancelled */
    struct console_ref console;
    struct conlog_source source;
    struct past_place place;
    struct past *past;
    struct deadline wait;
    unsigned waits;
    bool is_late; /* what it asks for was in the file at the last look */
};

static struct past_work *past_of(struct api_job *job)
{
    return CONTAINER_OF(job, struct past_work, job);
}

static void free_past(struct api_job *job)
{
    struct past_work *p = past_of(job);

    p->all->past_count--;
    list_remove(&p->node);
    list_remove(&p->asks);
    deadline_stop(&p->wait);
    console_ref_set(&p->console, NULL);
    past_leave(p->past);
    free(p);
}

static void run_past(struct api_job *job)
{
    struct past_work *p = past_of(job);

    p->past = conlog_following_read(p->source.directory, p->source.path,
                                    p->source.epoch, &p->place);
}

static void past_console_gone(struct console_ref *ref)
{
    (void)ref;
}

/* The log has nothing behind the place: because that is not written yet, or was
 * not when the file was read. */
static bool is_underway(struct past_work *p)
{
    const struct console *c = p->console.console;
    bool was_late = p->is_late;

    if (p->past == NULL || p->past->len > 0 || c == NULL || c->log == NULL ||
        list_is_empty(&p->asks) || p->waits++ == OUTPUT_WAITS_MAX)
        return false;
    if (p->past->next.epoch != p->place.epoch ||
        p->past->next.position != p->place.position ||
        p->place.epoch != p->source.epoch ||
        p->place.position >= ring_tail(&c->output))
        return false;
    p->is_late =
        console_log_seam(c->log, clock_now_us()).position > p->place.position;
    return !was_late;
}

static void past_wait_due(struct deadline *d, void *owner)
{
    struct past_work *p = CONTAINER_OF(d, struct past_work, wait);

    struct output_reads *all = owner;
    struct past_ask *a =
        list_is_empty(&p->asks)
            ? NULL
            : CONTAINER_OF(p->asks.next, struct past_ask, node);

    deadline_stop(d);
    past_leave(p->past);
    p->past = NULL;
    if (api_job_ask(&p->job) || a == NULL)
        return;
    a->on_answer(a, NULL);
    directory_settle(all->directory);
}

static void past_done(struct api_job *job)
{
    struct past_work *p = past_of(job);

    if (is_underway(p)) {
        deadline_start(&p->all->past_waits, &p->wait, clock_now_us());
        return;
    }
    if (!list_is_empty(&p->asks)) {
        struct past_ask *a = CONTAINER_OF(p->asks.next, struct past_ask, node);

        list_remove(&a->node);
        a->on_answer(a, p->past);
    }
    free_past(job);
}

static const struct api_job_kind past_kind = {
    .lane = OUTPUT_PASTS,
    .run = run_past,
    .on_done = past_done,
    .free = free_past,
};

bool output_reads_ask_past(void *owner, struct console *c,
                           const struct past_place *place, struct past_ask *a)
{
    struct output_reads *all = owner;
    struct past_work *p;

    if (c->log == NULL || all->past_count >= PAST_READERS_MAX)
        return false;
    all->past_count++;
    p = xcalloc(1, sizeof *p);
    list_init(&p->node);
    list_add_tail(&all->pasts, &p->node);
    p->all = all;
    api_job_init(&p->job, all->jobs, &past_kind);
    list_init(&p->asks);
    deadline_init(&p->wait);
    console_ref_init(&p->console, past_console_gone);
    console_ref_set(&p->console, c);
    p->place = *place;
    console_log_find(c->log, &p->source, clock_now_us());
    /* So that what was printed is in the file soon. */
    (void)console_log_seam(c->log, clock_now_us());
    if (!api_job_ask(&p->job))
        return false;
    list_add_tail(&p->asks, &a->node);
    return true;
}

/* Nobody waits for a past any more. One that a thread reads is freed by
 * queries_close, or left to it. */
static void leave_pasts(struct output_reads *all)
{
    LIST_EACH (node, after, &all->pasts) {
        struct past_work *p = CONTAINER_OF(node, struct past_work, node);

        console_ref_set(&p->console, NULL);
        if (deadline_is_running(&p->wait))
            free_past(&p->job);
    }
}

void output_reads_close(struct output_reads *all)
{
    if (all == NULL)
        return;
    leave_pasts(all);
    deadline_queue_close(&all->waits);
    deadline_queue_close(&all->past_waits);
    api_jobs_close(all->jobs);
    free(all);
}
