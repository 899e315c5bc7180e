/*
 * One thread for all logs: compression is slow and not urgent, and several
 * threads would take the processor from VMs and the disk from the writers. It
 * is started with the first log, because most installations never rotate.
 *
 * A request holds its log's turn from conlog_compressor_add on, even while it
 * waits in the queue. So a log has at most one request, and the number of logs
 * bounds the queue.
 */
#include "conlog/conlog_compressor.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "conlog/file/conlog_compress.h"
#include "conlog/file/conlog_place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
    struct request *next;
    struct conlog_rotation_turn *turn;
    unsigned keep;
    bool is_of_file; /* itself; else of its rotated files */
    char *directory;
    char *path;
};

struct conlog_compressor {
    void (*failed)(void *owner, struct conlog_rotation_turn *turn,
                   const char *reason);
    void *owner;
    struct worker worker;
    struct worker_crew crew; /* its lock protects all members below */
    struct request *first;
    struct request **last;
};

static void end_request(struct request *r)
{
    conlog_rotation_turn_give(r->turn);
    free(r->directory);
    free(r->path);
    free(r);
}

/* CONLOG_COMPRESS_DONE: all files. Negative: -errno with err filled. Several
 * files may need it, if former compressions have failed; at most keep are
 * tried, whatever else appears in the folder meanwhile. */
static int compress_all(struct conlog_compressor *c,
                        const struct request *request, struct err *err)
{
    const char *name;
    int folder = conlog_place_folder(request->directory, request->path, &name);
    int r = CONLOG_COMPRESS_DONE;

    if (folder < 0) {
        err_set(err, "cannot open its folder: %s", strerrordesc_np(-folder));
        return folder;
    }
    if (request->is_of_file)
        r = conlog_compress_file(folder, name, 0, &c->crew.is_ending, err);
    for (unsigned i = 0; i < request->keep && r == CONLOG_COMPRESS_DONE; i++) {
        unsigned number =
            conlog_rotation_uncompressed(folder, name, request->keep);

        if (number == 0)
            break;
        r = conlog_compress_file(folder, name, number, &c->crew.is_ending, err);
    }
    close(folder);
    return r;
}

/* Called without the lock. A failed compression is retried after the next
 * rotation. The failure is reported while the turn is held: until then the
 * log's file cannot be freed, and the turn identifies it. */
static void serve(struct conlog_compressor *c, const struct request *request)
{
    struct err err;

    if (!c->crew.is_ending && compress_all(c, request, &err) < 0)
        c->failed(c->owner, request->turn, err.text);
}

/* Requests that wait when the end is asked for give their turns back without
 * being served. */
static void conlog_compressor_run(void *arg)
{
    struct conlog_compressor *c = arg;

    for (;;) {
        struct request *request;

        while (c->first == NULL && worker_wait(&c->crew))
            ;
        request = c->first;
        if (request == NULL)
            return;
        c->first = request->next;
        if (c->first == NULL)
            c->last = &c->first;
        worker_unlock(&c->crew);
        serve(c, request);
        end_request(request);
        worker_lock(&c->crew);
    }
}

int conlog_compressor_open(struct conlog_compressor **ret_compressor,
                           void (*failed)(void *owner,
                                          struct conlog_rotation_turn *turn,
                                          const char *reason),
                           void *owner)
{
    struct conlog_compressor *c = xcalloc(1, sizeof *c);

    c->failed = failed;
    c->owner = owner;
    worker_crew_init(&c->crew, NULL, NULL);
    c->last = &c->first;
    *ret_compressor = c;
    return 0;
}

bool conlog_compressor_close(struct conlog_compressor *c, uint64_t wait_us)
{
    if (c == NULL)
        return true;
    (void)worker_crew_end(&c->crew, wait_us);
    if (!worker_crew_done(&c->crew))
        return false;
    free(c);
    return true;
}

/* Takes the request over. */
static void add(struct conlog_compressor *c, struct request *request)
{
    bool is_running;

    worker_lock(&c->crew);
    is_running =
        worker_is_running(&c->worker) ||
        worker_start(&c->worker, &c->crew, conlog_compressor_run, c) == 0;
    if (is_running) {
        *c->last = request;
        c->last = &request->next;
        worker_wake(&c->crew);
    }
    worker_unlock(&c->crew);
    /* Without a thread, the file stays uncompressed: until the next rotation,
     * if it is a rotated one. */
    if (!is_running)
        end_request(request);
}

static struct request *new_request(const char *directory, const char *path,
                                   struct conlog_rotation_turn *turn)
{
    struct request *request = xcalloc(1, sizeof *request);

    request->turn = turn;
    request->directory = xstrdup(directory);
    request->path = xstrdup(path);
    return request;
}

void conlog_compressor_add(struct conlog_compressor *c, const char *directory,
                           const char *path, unsigned keep,
                           struct conlog_rotation_turn *turn)
{
    struct request *request = new_request(directory, path, turn);

    request->keep = keep;
    add(c, request);
}

void conlog_compressor_add_file(struct conlog_compressor *c,
                                const char *directory, const char *path,
                                struct conlog_rotation_turn *turn)
{
    struct request *request = new_request(directory, path, turn);

    request->is_of_file = true;
    add(c, request);
}
