#include "base/mem.h"
#include "conlog/writers_private.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of a whole job that are kept for the next ones. */
enum { SPARE_MAX = 64 };

/* ---- files ------------------------------------------------------------ */

void writer_file_move(struct writers *w, struct writer_file *f,
                      enum place place)
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

struct writer_file *writer_file_find(const struct writers *w, const char *path)
{
    return map_find(&w->paths, hash_of(w, path), has_path, path);
}

static size_t cost_of(const struct writer_file *f)
{
    return sizeof *f + strlen(f->log.path);
}

struct writer_file *writer_file_new(struct writers *w, const char *path)
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
void writer_file_free(struct writers *w, struct writer_file *f)
{
    writer_file_move(w, f, NOWHERE);
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
bool writer_file_has_work(const struct writer_file *f)
{
    return f->first != NULL || f->wish.bytes > 0;
}

bool writer_file_may_go(const struct writer_file *f)
{
    return !writer_file_has_work(f) && !f->is_busy && f->log.fd < 0 &&
           list_is_empty(&f->told) && !rotation_turn_is_taken(&f->turn);
}

void writer_file_tell(struct writers *w, struct writer_file *f)
{
    list_remove(&f->told);
    list_add_tail(&w->news, &f->told);
    worker_call_owner(&w->crew);
}

void writer_file_set_error(struct writers *w, struct writer_file *f, int error)
{
    if (f->error == error)
        return;
    f->error = error;
    writer_file_tell(w, f);
}

void writer_file_make_ready(struct writers *w, struct writer_file *f)
{
    writer_file_move(w, f, READY);
}

void writers_retry_all(struct writers *w)
{
    while (!writers_have_none(w, FAILING))
        writer_file_make_ready(w, writers_first(w, FAILING));
}

/* ---- jobs ------------------------------------------------------------- */

static void free_job(struct writers *w, struct log_job *job)
{
    uint32_t size = writer_job_size(job->len);

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
void writer_file_settle(struct writers *w, struct writer_file *f,
                        unsigned written)
{
    while (written-- > 0)
        finish_job(w, f);
    if (f->first == NULL)
        return;
    f->waiting -= f->first->done - f->settled;
    f->settled = f->first->done;
}
