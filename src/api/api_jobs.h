/*
 * api_jobs.h - what commands have to wait for a disk for, done on threads: a
 * job is a piece of such work, again and again for whoever wants the next one.
 * A job that nobody asks for more costs no thread.
 *
 *     api_job_ask -> run, on a thread -> on_done, on the loop -> api_job_ask
 *
 * The job is its owner's but between api_job_ask and on_done, when it is the
 * thread's. on_done comes in a call of the loop of its own; then what it has
 * done to core is settled.
 *
 * All functions are for the loop's thread.
 */
#ifndef API_API_JOBS_H
#define API_API_JOBS_H

#include "net/queries.h"

struct directory;
struct api_jobs;
struct api_job;

struct api_job_kind {
    unsigned lane;                    /* jobs of lane 0 go first */
    void (*run)(struct api_job *job); /* on a thread; may block */
    void (*on_done)(struct api_job *job);
    void (*free)(struct api_job *job);
};

/* Part of the struct of whoever works. */
struct api_job {
    struct query query;
    struct asker asker;
    struct api_jobs *all;
    const struct api_job_kind *kind;
};

/* threads: so many work for a lane and those behind it together, as in struct
 * queries_kind. 0 or -errno. */
int api_jobs_open(struct api_jobs **ret_jobs, struct loop *loop,
                  struct directory *directory, const unsigned *threads,
                  unsigned lanes);
/* A thread that hangs is left behind, with its job. Takes NULL. */
void api_jobs_close(struct api_jobs *all);

void api_job_init(struct api_job *job, struct api_jobs *all,
                  const struct api_job_kind *kind);

/* False: there is no thread, and the job was freed. */
bool api_job_ask(struct api_job *job);

/* Nobody waits for the job any more: it is freed, now or, when a thread works
 * on it, by on_done. */
void api_job_cancel(struct api_job *job);

#endif
