/*
 * The writers' files: found by their path, each in one place, freed when nobody
 * needs them. Everything is called with the crew's lock.
 *
 * A log whose file is closed costs nothing here: a file exists only while it is
 * open or busy, or has jobs, news, or a turn that somebody holds. A later file
 * for its path knows nothing of it, so a file must stay as long as any of these
 * is under way (conlog_writer_file_may_go).
 *
 * held is the memory of files and jobs. Only this file counts it, except for
 * the job that conlog_writers_put adds.
 */
#include "base/mem.h"
#include "conlog/conlog_writers_private.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of large jobs that are kept for the next ones. */
enum { SPARE_MAX = 64 };

/* ---- files ------------------------------------------------------------ */

/* The only function that changes a file's place, because two places have
 * counts. */
void conlog_writer_file_move(struct conlog_writers *w,
                             struct conlog_writer_file *f, enum place place)
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

const char *conlog_writer_file_place_name(enum place place)
{
    static const char *const names[PLACES] = {
        [NOWHERE] = "nowhere", [READY] = "ready",         [FAILING] = "failing",
        [OPEN] = "open",       [LINGERING] = "lingering",
    };

    return (unsigned)place < PLACES ? names[place] : "?";
}

static uint64_t hash_of(const struct conlog_writers *w, const char *path)
{
    return map_hash(&w->paths, slice_of_text(path));
}

static bool conlog_writer_file_has_path(const void *value, const void *path)
{
    return strcmp(((const struct conlog_writer_file *)value)->log.path, path) ==
           0;
}

struct conlog_writer_file *conlog_writer_file_find(
    const struct conlog_writers *w, const char *path)
{
    return map_find(&w->paths, hash_of(w, path), conlog_writer_file_has_path,
                    path);
}

static size_t cost_of(const struct conlog_writer_file *f)
{
    return sizeof *f + strlen(f->log.path);
}

struct conlog_writer_file *conlog_writer_file_new(struct conlog_writers *w,
                                                  const char *path)
{
    struct conlog_writer_file *f = xcalloc(1, sizeof *f);

    list_init(&f->node);
    list_init(&f->told);
    list_add_tail(&w->all, &f->whole);
    conlog_file_init(&f->log, path);
    map_add(&w->paths, hash_of(w, path), f);
    w->held += cost_of(f);
    return f;
}

/* f must be idle, closed and without jobs. */
void conlog_writer_file_free(struct conlog_writers *w,
                             struct conlog_writer_file *f)
{
    conlog_writer_file_move(w, f, NOWHERE);
    list_remove(&f->told);
    list_remove(&f->whole);
    map_remove(&w->paths, hash_of(w, f->log.path), f);
    w->held -= cost_of(f);
    w->failing -= f->error != 0;
    if (f->slot != NULL)
        f->slot->file = NULL;
    conlog_file_done(&f->log);
    past_leave(f->past);
    free(f->trouble);
    free(f->compression);
    free(f);
}

/* True if f needs a thread. */
bool conlog_writer_file_has_work(const struct conlog_writer_file *f)
{
    return f->first != NULL || f->wish.bytes > 0;
}

/* told: the news point to f. The turn: the compressor has its address. */
bool conlog_writer_file_may_go(const struct conlog_writer_file *f)
{
    return !conlog_writer_file_has_work(f) && !f->is_busy && f->log.fd < 0 &&
           list_is_empty(&f->told) && !conlog_rotation_turn_is_taken(&f->turn);
}

void conlog_writer_file_tell(struct conlog_writers *w,
                             struct conlog_writer_file *f)
{
    list_remove(&f->told);
    list_add_tail(&w->news, &f->told);
    worker_call_owner(&w->crew);
}

void conlog_writer_file_set_error(struct conlog_writers *w,
                                  struct conlog_writer_file *f, int error)
{
    if (f->error == error)
        return;
    w->failing += error != 0;
    w->failing -= f->error != 0;
    f->error = error;
    conlog_writer_file_tell(w, f);
}

void conlog_writer_file_make_ready(struct conlog_writers *w,
                                   struct conlog_writer_file *f)
{
    conlog_writer_file_move(w, f, READY);
}

void conlog_writer_file_retry_all(struct conlog_writers *w)
{
    while (!conlog_writers_have_none(w, FAILING))
        conlog_writer_file_make_ready(w, conlog_writers_first(w, FAILING));
}

/* ---- jobs ------------------------------------------------------------- */

static void free_job(struct conlog_writers *w, struct conlog_job *job)
{
    uint32_t size = conlog_writers_job_size(job->len);

    w->held -= sizeof *job + size;
    if (size == CONLOG_WRITER_JOB_MAX && w->spare_count < SPARE_MAX) {
        job->next = w->spare;
        w->spare = job;
        w->spare_count++;
    } else {
        free(job);
    }
}

/* The first job is written. Its settled bytes were subtracted from waiting
 * before. */
static void finish_job(struct conlog_writers *w, struct conlog_writer_file *f)
{
    struct conlog_job *job = f->first;

    f->first = job->next;
    f->waiting -= job->len - f->settled;
    f->settled = 0;
    f->jobs--;
    free_job(w, job);
}

/* A thread increments job->done while it writes, without the lock; waiting
 * follows here, with the lock. settled is the part of done that was already
 * counted. */
void conlog_writer_file_settle(struct conlog_writers *w,
                               struct conlog_writer_file *f, unsigned written)
{
    while (written-- > 0)
        finish_job(w, f);
    if (f->first == NULL)
        return;
    f->waiting -= f->first->done - f->settled;
    f->settled = f->first->done;
}
