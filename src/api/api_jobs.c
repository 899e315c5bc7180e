#include "api/api_jobs.h"

#include "base/mem.h"
#include "core/directory.h"

#include <stdlib.h>

struct api_jobs {
    struct queries_kind kind;
    struct queries *queries;
    struct directory *directory;
};

static struct api_job *job_of(struct query *q)
{
    return CONTAINER_OF(q, struct api_job, query);
}

/* Each job is for one who waits. */
static bool is_same(const struct query *a, const struct query *b)
{
    return a == b;
}

static void answer(struct query *q)
{
    job_of(q)->kind->run(job_of(q));
}

static void tell(struct asker *a, struct query *q)
{
    (void)a;
    (void)q;
}

static void api_jobs_on_told(void *owner, struct query *q)
{
    struct api_jobs *all = owner;

    job_of(q)->kind->on_done(job_of(q));
    directory_settle(all->directory);
}

static void free_query(struct query *q)
{
    job_of(q)->kind->free(job_of(q));
}

int api_jobs_open(struct api_jobs **ret_jobs, struct loop *loop,
                  struct directory *directory, const unsigned *threads,
                  unsigned lanes)
{
    struct api_jobs *all = xcalloc(1, sizeof *all);
    int r;

    all->directory = directory;
    all->kind = (struct queries_kind){
        .lanes = lanes,
        .is_same = is_same,
        .answer = answer,
        .tell = tell,
        .on_told = api_jobs_on_told,
        .free = free_query,
    };
    for (unsigned lane = 0; lane < lanes; lane++)
        all->kind.threads_max[lane] = threads[lane];
    r = queries_open(&all->queries, loop, &all->kind, all);
    if (r < 0)
        free(all);
    else
        *ret_jobs = all;
    return r;
}

/* A thread that hangs reaches its job and the queries, and looks at no kind any
 * more once it is asked to end. */
void api_jobs_close(struct api_jobs *all)
{
    if (all == NULL)
        return;
    queries_close(all->queries);
    free(all);
}

void api_job_init(struct api_job *job, struct api_jobs *all,
                  const struct api_job_kind *kind)
{
    job->all = all;
    job->kind = kind;
}

bool api_job_ask(struct api_job *job)
{
    query_init(&job->query, job->kind->lane);
    return queries_ask(job->all->queries, &job->query, &job->asker) == 0;
}

void api_job_cancel(struct api_job *job)
{
    queries_cancel(&job->asker);
}
