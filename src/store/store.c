/*
 * The store's thread, and what the loop gives it.
 *
 * A change is in pending until it is on the disk, at most one for each console:
 * so a disk that fails for a day costs memory for the consoles, not for the
 * changes. The thread takes all changes at once and writes one transaction,
 * while new changes gather. Changes that could not be written go back beneath
 * the new ones (pending_return), because the newer change is the truth.
 *
 * Changes are numbered. All changes up to news.written are on the disk; the
 * caller waits for a number, never for the disk.
 *
 * Until the thread runs, the database is the loop's (load); from then on it is
 * the thread's alone, because SQLite's handles are not shared. Every call of
 * database.h and rescue.h blocks, so the lock is released around it.
 */
#include "store/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "store/rescue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_PER_S = 1000 * 1000,
    /* How long a transaction collects changes: a commit costs more disk and
     * processor time than a change. With 10 ms, a new VM costs 4 us more. Only
     * a log line waits for it. */
    COLLECT_US = 25 * 1000,
    /* First pause after a failure; it doubles. A full disk is retried a few
     * times a minute, so the store works again within seconds after it was
     * cleared. */
    RETRY_FIRST_US = 500 * 1000,
    RETRY_LONGEST_US = 8 * US_PER_S,
};

struct store {
    struct store_settings settings;
    char path[STORE_PATH_MAX];
    struct worker worker;

    /* The thread's, once it runs. */
    struct database *db; /* NULL: to be opened */
    bool is_damaged;     /* to be moved aside before it is opened */
    uint64_t retry_us;   /* pause before the next try */

    struct worker_crew crew; /* its lock protects all members below */
    struct pending pending;
    struct store_news news;
    uint64_t issued; /* the newest change's number */
};

/* ---- the file: without the lock --------------------------------------- */

/* Sets wants_all: earlier changes are in the file that was moved, and pending
 * has only the changes since. */
static int move_aside(struct store *s, struct err *err)
{
    char aside[sizeof s->news.aside];
    struct err why = *err;
    int r = rescue_move_aside(s->path, aside, sizeof aside, err);

    if (r < 0)
        return r;
    worker_lock(&s->crew);
    memcpy(s->news.aside, aside, sizeof aside);
    snprintf(s->news.trouble, sizeof s->news.trouble, "%s", why.text);
    s->news.wants_all = true;
    worker_unlock(&s->crew);
    return 0;
}

/* Called each time the file is opened, also on the thread: the directory may
 * have been deleted with the file. */
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

/*
 * A damaged file is moved aside, never deleted: somebody may recover more from
 * it than we can. A file that is no state file is moved only from our own
 * place; elsewhere a person has named the wrong file, and must be told.
 * is_damaged stays set until the file has really been moved.
 */
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

/* Called without the lock. 0, or the failure with err filled. If somebody has
 * deleted the file, a new one is made, and wants_all is set. */
static int write_changes(struct store *s, const struct pending *changes,
                         struct err *err)
{
    int r = 0;

    if (s->db == NULL) {
        r = open_file(s, err);
        if (r == 0 && database_is_new(s->db)) {
            worker_lock(&s->crew);
            s->news.wants_all = true;
            worker_unlock(&s->crew);
        }
    }
    if (r == 0 && pending_total(changes) > 0)
        r = database_write(s->db, changes, err);
    if (r == 0)
        return 0;
    /* Whatever failed, opening the file again is a fresh start. */
    close_file(s);
    s->is_damaged = r == DATABASE_DAMAGED;
    return r;
}

/*
 * Called with the lock. Waits until there is a change or a retry is due, then
 * for the time in which changes are collected. Further changes must not shorten
 * that second wait, which exists to collect them. While the store is failing,
 * the file is tried even without changes: otherwise the news of its recovery
 * would depend on a console's next change.
 */
static void wait_for_work(struct store *s)
{
    uint64_t wait_us = s->news.is_failing ? s->retry_us : COLLECT_US;
    uint64_t until_us;

    while (!s->news.is_failing && pending_total(&s->pending) == 0 &&
           worker_wait(&s->crew))
        ;
    until_us = clock_now_us() + wait_us;
    while (worker_wait_until(&s->crew, until_us))
        ;
}

/* Called with the lock, which is released while the disk works. */
static void write_pending(struct store *s)
{
    struct pending changes;
    uint64_t number = s->issued;
    struct err err = { "" };
    int r;

    /* number was read under the lock that also covers pending_take: so every
     * change up to number is among the taken ones, and none that is issued
     * later. */
    pending_take(&s->pending, &changes);
    worker_unlock(&s->crew);
    r = write_changes(s, &changes, &err);
    worker_lock(&s->crew);
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

/*
 * The thread ends after one more write, without a retry: a disk that fails now
 * would fail then. Closing the file may block as long as a write does (SQLite
 * empties its log into it). So the thread counts as running until the file is
 * closed, and the time of worker_crew_end bounds that too.
 */
static void store_run(void *arg)
{
    struct store *s = arg;

    do {
        wait_for_work(s);
        if (pending_total(&s->pending) > 0 || s->news.is_failing)
            write_pending(s);
        worker_call_owner(&s->crew);
    } while (!s->crew.is_ending);
    /* Changes that came during the last write. */
    if (pending_total(&s->pending) > 0 && !s->news.is_failing)
        write_pending(s);
    worker_unlock(&s->crew);
    close_file(s);
    worker_lock(&s->crew);
}

static int start_thread(struct store *s)
{
    int r;

    worker_lock(&s->crew);
    r = worker_start(&s->worker, &s->crew, store_run, s);
    worker_unlock(&s->crew);
    return r;
}

/* ---- from the loop ---------------------------------------------------- */

/* Runs before the thread starts, so it needs no lock. A disk that is read-only
 * or full can still be read. */
static void load_what_can_be_read(struct store *s, database_each_fn *each,
                                  void *owner, const struct err *why)
{
    struct err err = *why;
    int r = rescue_load(s->path, each, s->settings.each_note, owner,
                        &s->pending, &err);

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
    if (r == 0 && s->settings.each_note != NULL)
        r = database_load_notes(s->db, s->settings.each_note, owner, err);
    if (r == DATABASE_DAMAGED) {
        /* Consoles that were read before the damage are known, and are written
         * again. */
        close_file(s);
        s->is_damaged = true;
        r = open_file(s, err);
    }
    /* A person must handle outcomes (> 0). A failing disk is no such outcome:
     * the program runs without it, and the thread retries. */
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

    s->settings = *settings;
    snprintf(s->path, sizeof s->path, "%s", settings->path);
    s->settings.path = s->path;
    s->retry_us = RETRY_FIRST_US;
    worker_crew_init(&s->crew, settings->on_news, settings->owner);
    pending_init(&s->pending, settings->seed, settings->pending_max);
    return s;
}

/* A thread that hangs in the disk keeps all of s. */
static void store_free(struct store *s)
{
    if (!worker_crew_done(&s->crew))
        return;
    close_file(s);
    pending_done(&s->pending);
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

bool store_close(struct store *s, uint64_t wait_us, struct store_news *ret_news)
{
    bool has_ended, is_written;

    if (s == NULL)
        return true;
    has_ended = worker_crew_end(&s->crew, wait_us);
    /* Works even if the thread hangs, because it hangs without the lock. */
    store_take_news(s, ret_news);
    is_written = ret_news->written == s->issued;
    if (!has_ended && !ret_news->is_failing)
        snprintf(ret_news->trouble, sizeof ret_news->trouble,
                 "the disk does not answer");
    store_free(s);
    return is_written;
}

/* Called with the lock. */
static uint64_t issue(struct store *s)
{
    /* The thread waits without a time limit only if nothing is pending;
     * otherwise its time comes without a wake-up, and a wake-up for each of
     * 10,000 changes would cost more than writing them. */
    if (pending_total(&s->pending) == 1)
        worker_wake(&s->crew);
    return ++s->issued;
}

uint64_t store_put(struct store *s, const struct store_record *record)
{
    uint64_t number;

    worker_lock(&s->crew);
    pending_put(&s->pending, record);
    number = issue(s);
    worker_unlock(&s->crew);
    return number;
}

uint64_t store_forget(struct store *s, const char *uuid, const char *label)
{
    uint64_t number;

    worker_lock(&s->crew);
    pending_forget(&s->pending, uuid, label);
    number = issue(s);
    worker_unlock(&s->crew);
    return number;
}

uint64_t store_put_note(struct store *s, const struct store_note *note)
{
    uint64_t number;

    worker_lock(&s->crew);
    pending_notes_put(&s->pending.notes, note);
    number = issue(s);
    worker_unlock(&s->crew);
    return number;
}

void store_take_news(struct store *s, struct store_news *ret_news)
{
    worker_lock(&s->crew);
    s->news.waiting = pending_total(&s->pending);
    s->news.dropped = s->pending.dropped + s->pending.notes.dropped;
    *ret_news = s->news;
    /* Reported once; the other members stay until they change. */
    s->news.wants_all = false;
    s->news.aside[0] = '\0';
    worker_unlock(&s->crew);
}
