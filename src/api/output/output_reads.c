#include "api/output/output_reads.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/console_log.h"
#include "conlog/reading/conlog_following.h"
#include "core/directory.h"

#include <stdlib.h>
#include <string.h>

enum lane { PASTS, READINGS };

struct output_reads {
    struct queries *queries;
    struct directory *directory;
    unsigned readings, files, pasts;
};

/* What a thread does: a step of a reading, or an answer about a place. */
struct work {
    struct query query;
    struct asker asker;
    struct output_reads *all;
    void (*run)(struct work *w);     /* on the thread */
    void (*on_done)(struct work *w); /* on the loop; w is the user's again */
    void (*free)(struct work *w);
};

static struct work *work_of(struct query *q)
{
    return CONTAINER_OF(q, struct work, query);
}

static bool is_same(const struct query *a, const struct query *b)
{
    return a == b;
}

static void answer(struct query *q)
{
    work_of(q)->run(work_of(q));
}

static void tell(struct asker *a, struct query *q)
{
    (void)a;
    (void)q;
}

static void on_told(void *owner, struct query *q)
{
    struct output_reads *all = owner;

    work_of(q)->on_done(work_of(q));
    directory_settle(all->directory);
}

static void free_query(struct query *q)
{
    work_of(q)->free(work_of(q));
}

static const struct queries_kind kind = {
    .lanes = 2,
    .threads_max = { OUTPUT_THREADS, OUTPUT_READING_THREADS },
    .is_same = is_same,
    .answer = answer,
    .tell = tell,
    .on_told = on_told,
    .free = free_query,
};

int output_reads_open(struct output_reads **ret_reads, struct loop *loop,
                      struct directory *directory)
{
    struct output_reads *all = xcalloc(1, sizeof *all);
    int r = queries_open(&all->queries, loop, &kind, all);

    if (r < 0) {
        free(all);
        return r;
    }
    all->directory = directory;
    *ret_reads = all;
    return 0;
}

void output_reads_close(struct output_reads *all)
{
    if (all == NULL)
        return;
    queries_close(all->queries);
    free(all);
}

static bool ask(struct work *w, unsigned lane)
{
    query_init(&w->query, lane);
    return queries_ask(w->all->queries, &w->query, &w->asker) == 0;
}

/* ---- readings --------------------------------------------------------- */

struct reading_work {
    struct work work;
    unsigned files; /* that it may have open */
    struct output_reading reading;
};

static struct reading_work *of_reading(struct output_reading *r)
{
    return CONTAINER_OF(r, struct reading_work, reading);
}

static struct reading_work *of_work(struct work *w)
{
    return CONTAINER_OF(w, struct reading_work, work);
}

static void free_reading(struct work *w)
{
    struct reading_work *r = of_work(w);

    w->all->readings--;
    w->all->files -= r->files;
    conlog_reading_done(&r->reading.log);
    free(r);
}

static void run_reading(struct work *w)
{
    conlog_reading_step(&of_work(w)->reading.log);
}

static void reading_done(struct work *w)
{
    struct output_reading *r = &of_work(w)->reading;

    r->is_asked = false;
    if (r->is_closed)
        free_reading(w);
    else
        r->on_step(r->owner);
}

struct output_reading *output_reading_open(struct output_reads *all,
                                           const struct conlog_wish *wish,
                                           void (*on_step)(void *owner),
                                           void *owner)
{
    unsigned files = wish->with_rotated ? CONLOG_SERIES_MAX : 1;
    struct reading_work *r = NULL;

    if (all->readings < OUTPUT_READINGS_MAX &&
        all->files + files <= OUTPUT_FILES_MAX)
        r = malloc(sizeof *r);
    if (r == NULL)
        return NULL;
    all->readings++;
    all->files += files;
    memset(r, 0, offsetof(struct reading_work, reading));
    r->files = files;
    r->work.all = all;
    r->work.run = run_reading;
    r->work.on_done = reading_done;
    r->work.free = free_reading;
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
    return ask(&of_reading(r)->work, READINGS);
}

/* A thread that reads is let read. */
void output_reading_close(struct output_reading *r)
{
    struct reading_work *w = of_reading(r);

    r->is_closed = true;
    if (r->is_asked)
        queries_cancel(&w->work.asker);
    else
        free_reading(&w->work);
}

/* ---- places ----------------------------------------------------------- */

struct past_work {
    struct work work;
    struct list asks; /* the one past_ask.node; empty: it was cancelled */
    struct conlog_source source;
    struct past_place place;
    struct past *past;
};

static struct past_work *past_of(struct work *w)
{
    return CONTAINER_OF(w, struct past_work, work);
}

static void free_past(struct work *w)
{
    struct past_work *p = past_of(w);

    w->all->pasts--;
    list_remove(&p->asks);
    past_leave(p->past);
    free(p);
}

static void run_past(struct work *w)
{
    struct past_work *p = past_of(w);

    p->past = conlog_following_read(p->source.directory, p->source.path,
                                    p->source.epoch, &p->place);
}

static void past_done(struct work *w)
{
    struct past_work *p = past_of(w);

    if (!list_is_empty(&p->asks)) {
        struct past_ask *a = CONTAINER_OF(p->asks.next, struct past_ask, node);

        list_remove(&a->node);
        a->on_answer(a, p->past);
    }
    free_past(w);
}

bool output_reads_ask_past(void *owner, struct console *c,
                           const struct past_place *place, struct past_ask *a)
{
    struct output_reads *all = owner;
    struct past_work *p;

    if (c->log == NULL || all->pasts >= PAST_READERS_MAX)
        return false;
    all->pasts++;
    p = xcalloc(1, sizeof *p);
    p->work.all = all;
    p->work.run = run_past;
    p->work.on_done = past_done;
    p->work.free = free_past;
    list_init(&p->asks);
    p->place = *place;
    console_log_find(c->log, &p->source, clock_now_us());
    /* So that what was printed is in the file soon. */
    (void)console_log_seam(c->log, clock_now_us());
    if (!ask(&p->work, PASTS))
        return false;
    list_add_tail(&p->asks, &a->node);
    return true;
}
