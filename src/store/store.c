#include "store/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/rescue.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long a transaction collects changes: a commit costs the disk, and
     * the processor, more than a change does. With 10 ms a VM that comes for
     * the first time costs 4 us more; nobody waits for it but a log line. */
    COLLECT_US = 25 * 1000,
    /* After a failure, doubling. */
    RETRY_FIRST_US = 500 * 1000,
    RETRY_LONGEST_US = 8 * US_PER_S,
};

struct store {
    struct store_settings settings;
    char path[STORE_PATH_MAX];
    pthread_t thread;

    /* The thread's, once it runs. */
    struct database *db; /* NULL: to be opened */
    bool is_damaged;     /* to be moved aside before */
    uint64_t retry_us;   /* wait before the next try */

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    struct pending pending;
    struct store_news news;
    uint64_t issued; /* the newest change's number */
    bool is_ending;
    bool has_ended;
};

/* ---- the file --------------------------------------------------------- */

static int move_aside(struct store *s, struct err *err)
{
    char aside[sizeof s->news.aside];
    struct err why = *err;
    int r = rescue_move_aside(s->path, aside, sizeof aside, err);

    if (r < 0)
        return r;
    pthread_mutex_lock(&s->lock);
    memcpy(s->news.aside, aside, sizeof aside);
    snprintf(s->news.trouble, sizeof s->news.trouble, "%s", why.text);
    s->news.wants_all = true;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

static int make_place(const struct store *s, struct err *err)
{
    int r = 0;

    if (s->settings.make_place != NULL)
        r = s->settings.make_place(s->path);
    if (r == 0)
        return 0;
    err_set(err, "its directory cannot be made: %s", strerror(-r));
    return -EIO;
}

static int open_file(struct store *s, struct err *err)
{
    int r = s->is_damaged ? DATABASE_DAMAGED : make_place(s, err);

    if (r == 0)
        r = database_open(&s->db, s->path, err);
    if (r == DATABASE_DAMAGED ||
        (r == DATABASE_FOREIGN && s->settings.is_own_place)) {
        r = move_aside(s, err);
        if (r == 0)
            s->is_damaged = false;
        if (r == 0)
            r = database_open(&s->db, s->path, err);
    }
    return r;
}

static void close_file(struct store *s)
{
    database_close(s->db);
    s->db = NULL;
}

/* ---- the thread ------------------------------------------------------- */

/* 0, or what is wrong, with err filled. */
static int write_changes(struct store *s, const struct pending *changes,
                         struct err *err)
{
    int r = 0;

    if (s->db == NULL) {
        r = open_file(s, err);
        if (r == 0 && database_is_new(s->db)) {
            pthread_mutex_lock(&s->lock);
            s->news.wants_all = true;
            pthread_mutex_unlock(&s->lock);
        }
    }
    if (r == 0 && changes->count > 0)
        r = database_write(s->db, changes, err);
    if (r == 0)
        return 0;
    /* Whatever it was, a file that is opened anew is a fresh start. */
    close_file(s);
    s->is_damaged = r == DATABASE_DAMAGED;
    return r;
}

/* With the lock. */
static void wait_until(struct store *s, uint64_t until_us)
{
    struct timespec until = {
        .tv_sec = (time_t)(until_us / US_PER_S),
        .tv_nsec = (long)(until_us % US_PER_S) * 1000,
    };

    while (!s->is_ending && clock_now_us() < until_us)
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
}

/* With the lock: until there is something to write, and to try. */
static void wait_for_work(struct store *s)
{
    if (s->news.is_failing) {
        wait_until(s, clock_now_us() + s->retry_us);
        return;
    }
    while (s->pending.count == 0 && !s->is_ending)
        pthread_cond_wait(&s->changed, &s->lock);
    wait_until(s, clock_now_us() + COLLECT_US);
}

/* With the lock, which is given back while the disk is at work. */
static void write_pending(struct store *s)
{
    struct pending changes;
    uint64_t number = s->issued;
    struct err err = { "" };
    int r;

    pending_take(&s->pending, &changes);
    pthread_mutex_unlock(&s->lock);
    r = write_changes(s, &changes, &err);
    pthread_mutex_lock(&s->lock);
    if (r == 0) {
        pending_done(&changes);
        s->news.written = number;
        s->retry_us = RETRY_FIRST_US;
    } else {
        pending_return(&s->pending, &changes);
        memcpy(s->news.trouble, err.text, sizeof s->news.trouble);
        if (s->news.is_failing && s->retry_us < RETRY_LONGEST_US)
            s->retry_us *= 2;
    }
    s->news.is_failing = r != 0;
}

static void *run(void *arg)
{
    struct store *s = arg;

    pthread_mutex_lock(&s->lock);
    do {
        wait_for_work(s);
        if (s->pending.count > 0 || s->news.is_failing)
            write_pending(s);
        /* Who is about to close it may not be there any more. */
        if (!s->is_ending)
            s->settings.on_news(s->settings.owner);
    } while (!s->is_ending);
    /* What has come during the last write. */
    if (s->pending.count > 0 && !s->news.is_failing)
        write_pending(s);
    pthread_mutex_unlock(&s->lock);
    close_file(s);
    pthread_mutex_lock(&s->lock);
    s->has_ended = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Signals are the loop's. 0 or -errno. */
static int start_thread(struct store *s)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

/* ---- from the loop ---------------------------------------------------- */

/* A disk that is only readable, or full, still tells what it has. */
static void load_what_can_be_read(struct store *s, database_each_fn *each,
                                  void *owner, const struct err *why)
{
    struct err err = *why;
    int r = rescue_load(s->path, each, owner, &s->pending, &err);

    s->news.is_failing = true;
    if (r == 0)
        snprintf(s->news.trouble, sizeof s->news.trouble, "%s", why->text);
    else
        snprintf(s->news.trouble, sizeof s->news.trouble,
                 "%.100s; it was not read either: %.100s", why->text, err.text);
}

static int load(struct store *s, database_each_fn *each, void *owner,
                struct err *err)
{
    int r = open_file(s, err);

    if (r == 0)
        r = database_load(s->db, each, owner, &s->pending, err);
    if (r == DATABASE_DAMAGED) {
        /* What was read before the damage is known, and is written anew. */
        close_file(s);
        s->is_damaged = true;
        r = open_file(s, err);
    }
    if (r < 0) {
        close_file(s);
        load_what_can_be_read(s, each, owner, err);
        r = 0;
    }
    return r;
}

static struct store *store_new(const struct store_settings *settings)
{
    struct store *s = xcalloc(1, sizeof *s);
    pthread_condattr_t monotonic;

    s->settings = *settings;
    snprintf(s->path, sizeof s->path, "%s", settings->path);
    s->settings.path = s->path;
    s->retry_us = RETRY_FIRST_US;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pending_init(&s->pending, settings->seed, settings->pending_max);
    return s;
}

static void store_free(struct store *s)
{
    close_file(s);
    pending_done(&s->pending);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int store_open(struct store **ret_store, const struct store_settings *settings,
               database_each_fn *each, void *owner, struct err *err)
{
    struct store *s = store_new(settings);
    int r = load(s, each, owner, err);

    if (r == 0) {
        r = start_thread(s);
        if (r < 0)
            err_set(err, "cannot start a thread: %s", strerror(-r));
    }
    if (r != 0) {
        store_free(s);
        return r;
    }
    *ret_store = s;
    return 0;
}

/* False: the thread is still at work. */
static bool wait_for_end(struct store *s, uint64_t wait_us)
{
    uint64_t until_us = clock_now_us() + wait_us;
    struct timespec until = {
        .tv_sec = (time_t)(until_us / US_PER_S),
        .tv_nsec = (long)(until_us % US_PER_S) * 1000,
    };
    bool has_ended;

    pthread_mutex_lock(&s->lock);
    s->is_ending = true;
    pthread_cond_signal(&s->changed);
    while (!s->has_ended && clock_now_us() < until_us)
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
    has_ended = s->has_ended;
    pthread_mutex_unlock(&s->lock);
    return has_ended;
}

bool store_close(struct store *s, uint64_t wait_us, struct store_news *ret_news)
{
    bool has_ended, is_written;

    if (s == NULL)
        return true;
    has_ended = wait_for_end(s, wait_us);
    store_take_news(s, ret_news);
    is_written = ret_news->written == s->issued;
    if (!has_ended) {
        /* Its memory is the thread's for as long as the disk keeps that. */
        if (!ret_news->is_failing)
            snprintf(ret_news->trouble, sizeof ret_news->trouble,
                     "the disk does not answer");
        pthread_detach(s->thread);
        return is_written;
    }
    pthread_join(s->thread, NULL);
    store_free(s);
    return is_written;
}

/* With the lock. */
static uint64_t issue(struct store *s)
{
    /* The thread sleeps without a time only where nothing waits. */
    if (s->pending.count == 1)
        pthread_cond_signal(&s->changed);
    return ++s->issued;
}

uint64_t store_put(struct store *s, const struct store_record *record)
{
    uint64_t number;

    pthread_mutex_lock(&s->lock);
    pending_put(&s->pending, record);
    number = issue(s);
    pthread_mutex_unlock(&s->lock);
    return number;
}

uint64_t store_forget(struct store *s, const char *uuid, const char *label)
{
    uint64_t number;

    pthread_mutex_lock(&s->lock);
    pending_forget(&s->pending, uuid, label);
    number = issue(s);
    pthread_mutex_unlock(&s->lock);
    return number;
}

void store_take_news(struct store *s, struct store_news *ret_news)
{
    pthread_mutex_lock(&s->lock);
    s->news.waiting = s->pending.count;
    s->news.dropped = s->pending.dropped;
    *ret_news = s->news;
    s->news.wants_all = false;
    s->news.aside[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}
