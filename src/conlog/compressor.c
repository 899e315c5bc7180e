#include "conlog/compressor.h"

#include "base/clock.h"
#include "base/mem.h"
#include "conlog/compress.h"
#include "conlog/log_place.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { US_PER_S = 1000 * 1000 };

struct request {
    struct request *next;
    struct rotation_turn *turn;
    unsigned keep;
    char *directory;
    char *path;
};

struct compressor {
    void (*failed)(void *owner, struct rotation_turn *turn, const char *reason);
    void *owner;
    pthread_mutex_t lock; /* for all below but stop */
    pthread_cond_t changed;
    struct request *first;
    struct request **last;
    pthread_t thread;
    pthread_cond_t ended;
    bool was_started;
    bool is_running;
    atomic_bool stop;
};

static void end_request(struct request *r)
{
    rotation_turn_give(r->turn);
    free(r->directory);
    free(r->path);
    free(r);
}

/* COMPRESS_DONE: all of them. Negative: -errno with err filled. */
static int compress_all(struct compressor *c, const struct request *request,
                        struct err *err)
{
    const char *name;
    int folder = log_place_folder(request->directory, request->path, &name);
    int r = COMPRESS_DONE;

    if (folder < 0) {
        err_set(err, "cannot open its folder: %s", strerrordesc_np(-folder));
        return folder;
    }
    for (unsigned i = 0; i < request->keep && r == COMPRESS_DONE; i++) {
        unsigned number = rotation_uncompressed(folder, name, request->keep);

        if (number == 0)
            break;
        r = compress_file(folder, name, number, &c->stop, err);
    }
    close(folder);
    return r;
}

/* What fails now is tried again after the next rotation. */
static void serve(struct compressor *c, const struct request *request)
{
    struct err err;

    if (!c->stop && compress_all(c, request, &err) < 0)
        c->failed(c->owner, request->turn, err.text);
}

static void *run(void *arg)
{
    struct compressor *c = arg;

    pthread_mutex_lock(&c->lock);
    for (;;) {
        struct request *request = c->first;

        if (request == NULL && c->stop)
            break;
        if (request == NULL) {
            pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        c->first = request->next;
        if (c->first == NULL)
            c->last = &c->first;
        pthread_mutex_unlock(&c->lock);
        serve(c, request);
        end_request(request);
        pthread_mutex_lock(&c->lock);
    }
    c->is_running = false;
    pthread_cond_signal(&c->ended);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

int compressor_open(struct compressor **ret_compressor,
                    void (*failed)(void *owner, struct rotation_turn *turn,
                                   const char *reason),
                    void *owner)
{
    struct compressor *c = xcalloc(1, sizeof *c);
    pthread_condattr_t monotonic;

    c->failed = failed;
    c->owner = owner;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    c->last = &c->first;
    *ret_compressor = c;
    return 0;
}

bool compressor_close(struct compressor *c, uint64_t wait_us)
{
    uint64_t until_us = clock_now_us() + wait_us;
    struct timespec until = {
        .tv_sec = (time_t)(until_us / US_PER_S),
        .tv_nsec = (long)(until_us % US_PER_S) * 1000,
    };
    bool has_ended;

    if (c == NULL)
        return true;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_signal(&c->changed);
    while (c->is_running && clock_now_us() < until_us)
        pthread_cond_timedwait(&c->ended, &c->lock, &until);
    has_ended = !c->is_running;
    pthread_mutex_unlock(&c->lock);
    if (!has_ended)
        return false;
    if (c->was_started)
        pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->ended);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
    return true;
}

/* With the lock. Signals are the loop's. */
static void start_thread(struct compressor *c)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    c->is_running = pthread_create(&c->thread, NULL, run, c) == 0;
    c->was_started = c->is_running;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void compressor_add(struct compressor *c, const char *directory,
                    const char *path, unsigned keep, struct rotation_turn *turn)
{
    struct request *request = xcalloc(1, sizeof *request);
    bool is_running;

    request->turn = turn;
    request->keep = keep;
    request->directory = xstrdup(directory);
    request->path = xstrdup(path);
    pthread_mutex_lock(&c->lock);
    if (!c->is_running)
        start_thread(c);
    is_running = c->is_running;
    if (is_running) {
        *c->last = request;
        c->last = &request->next;
        pthread_cond_signal(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    /* Without a thread it stays as it is until the next rotation. */
    if (!is_running)
        end_request(request);
}
