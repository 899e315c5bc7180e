#include "store/tokens/token_store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/worker.h"
#include "store/rescue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct uses {
    struct token_use *item; /* room for TOKEN_FILE_HOLDING_MAX */
    size_t count;
};

struct token_store {
    struct token_store_settings settings;
    char path[TOKEN_STORE_PATH_MAX];
    struct worker worker;

    /* The thread's, once it runs. */
    struct token_file *file; /* NULL: to be opened */
    bool has_tokens;         /* the last list was of a file that was there */
    uint64_t write_us;       /* uses are not written before */
    struct uses writing; /* taken; still there: the disk did not take them */
    struct web_session_list writing_sessions; /* the same */
    bool has_sessions;                        /* they are to be written */
    struct err trouble; /* why the disk did not take something */

    struct worker_crew crew; /* its lock protects all members below */
    struct token_store_news news;
    struct uses uses;
    struct web_session_list sessions; /* to be written, or read at first */
    bool are_sessions_new;            /* they are to be written */
    struct list jobs;                 /* struct token_job.node */
    struct list done; /* the same; at most TOKEN_STORE_JOBS_MAX in both */
    unsigned job_count;
};

/* ---- the file: without the lock --------------------------------------- */

static int open_file(struct token_store *s, struct token_store_news *found,
                     struct err *err)
{
    int r = token_file_open(&s->file, s->path, false, err);
    struct err why = *err;

    if (r != DATABASE_DAMAGED)
        return r;
    /* Never deleted: somebody may recover more from it than we can. */
    r = rescue_move_aside(s->path, found->aside, sizeof found->aside, err);
    if (r < 0) {
        found->aside[0] = '\0';
        return r;
    }
    memcpy(found->trouble, why.text, sizeof found->trouble);
    return -ENOENT;
}

/* -ENOENT: there is no file. */
static int read_file(struct token_store *s, struct token_store_news *found,
                     bool is_changed, struct err *err)
{
    bool is_new = false;
    int r = 0;

    if (s->file == NULL)
        r = open_file(s, found, err);
    if (r == 0)
        r = token_file_look(s->file, &is_new, err);
    if (r == 0 && (is_new || is_changed)) {
        r = token_file_load(s->file, &found->list, &found->damaged, err);
        found->has_list = r == 0;
        s->has_tokens = s->has_tokens || r == 0;
    }
    /* Whatever failed, opening the file again is a fresh start. */
    if (r != 0) {
        token_file_close(s->file);
        s->file = NULL;
    }
    return r;
}

/* A file that has been replaced by another one, such as a backup, is read at
 * once: nobody's tokens end in between. */
static int look(struct token_store *s, struct token_store_news *found,
                bool is_changed, struct err *err)
{
    bool was_open = s->file != NULL;
    int r = read_file(s, found, is_changed, err);

    if (r == -ENOENT && was_open)
        r = read_file(s, found, is_changed, err);
    if (r != -ENOENT)
        return r;
    found->has_list = s->has_tokens;
    s->has_tokens = false;
    return 0;
}

/* What cannot be written stays, and the next uses come on top of it. Without a
 * file, there is no token that it is about. */
static void write_uses(struct token_store *s)
{
    if (s->file == NULL ||
        token_file_note_uses(s->file, s->writing.item, s->writing.count,
                             &s->trouble) == 0) {
        s->writing.count = 0;
        return;
    }
    token_file_close(s->file);
    s->file = NULL;
}

/* Nobody's sessions need no file. */
static void write_sessions(struct token_store *s)
{
    int r = 0;

    if (s->file == NULL && s->writing_sessions.count > 0)
        r = token_file_open(&s->file, s->path, true, &s->trouble);
    if (r == 0 && s->file != NULL)
        r = web_session_rows_replace(token_file_sqlite(s->file),
                                     &s->writing_sessions, &s->trouble);
    if (r == 0) {
        web_session_list_done(&s->writing_sessions);
        s->has_sessions = false;
        return;
    }
    token_file_close(s->file);
    s->file = NULL;
}

/* ---- the thread ------------------------------------------------------- */

/* The later use of a token replaces the earlier one. */
static void put_use(struct uses *uses, const struct token_use *use)
{
    size_t i = 0;

    while (i < uses->count && uses->item[i].id != use->id)
        i++;
    if (i < TOKEN_FILE_HOLDING_MAX)
        uses->item[i] = *use;
    if (i == uses->count && i < TOKEN_FILE_HOLDING_MAX)
        uses->count++;
}

/* Called with the lock. True: there are uses, and it is time to write them. */
static bool take_uses(struct token_store *s)
{
    uint64_t now_us = clock_now_us();

    if (s->uses.count + s->writing.count == 0 ||
        (now_us < s->write_us && !s->crew.is_ending))
        return false;
    for (size_t i = 0; i < s->uses.count; i++)
        put_use(&s->writing, &s->uses.item[i]);
    s->uses.count = 0;
    s->write_us = now_us + TOKEN_STORE_WRITE_US;
    return true;
}

/* Called with the lock. */
static void take_sessions(struct token_store *s)
{
    if (!s->are_sessions_new)
        return;
    web_session_list_done(&s->writing_sessions);
    s->writing_sessions = s->sessions;
    s->sessions = (struct web_session_list){ 0 };
    s->are_sessions_new = false;
    s->has_sessions = true;
}

/* Before the thread is there. What cannot be read is lost: people log in again.
 */
static void read_sessions(struct token_store *s)
{
    struct err err;

    if (s->file != NULL)
        (void)web_session_rows_load(token_file_sqlite(s->file), &s->sessions,
                                    &err);
}

/* Called with the lock. True if the loop has something to learn. */
static bool keep_news(struct token_store *s, struct token_store_news *found,
                      int r, const struct err *err)
{
    struct token_store_news *news = &s->news;
    bool is_news = found->has_list || found->aside[0] != '\0' ||
                   news->is_failing != (r != 0);

    if (found->has_list) {
        token_list_done(&news->list);
        news->list = found->list;
        news->damaged = found->damaged;
        news->has_list = true;
    }
    if (found->aside[0] != '\0') {
        memcpy(news->aside, found->aside, sizeof news->aside);
        memcpy(news->trouble, found->trouble, sizeof news->trouble);
    }
    news->is_failing = r != 0;
    if (r != 0)
        memcpy(news->trouble, err->text, sizeof news->trouble);
    return is_news;
}

/* True: they have perhaps written, which token_file_look does not tell. */
static bool do_jobs(struct token_store *s, struct list *jobs)
{
    bool any = false;

    LIST_EACH (node, after, jobs) {
        struct token_job *job = CONTAINER_OF(node, struct token_job, node);

        token_job_run(job, &s->file, s->path);
        any = any || job->kind == TOKEN_JOB_CREATE ||
              job->kind == TOKEN_JOB_REVOKE;
    }
    return any;
}

/* Called with the lock, which is released while the disk works. Reads before it
 * writes: a revocation counts, whether the disk is full or not. */
static bool turn(struct token_store *s)
{
    struct token_store_news found = { 0 };
    struct err err = { "" };
    bool is_due = take_uses(s);
    struct list jobs;
    bool is_changed;
    int r;

    take_sessions(s);
    list_init(&jobs);
    list_move_all(&s->jobs, &jobs);
    worker_unlock(&s->crew);
    is_changed = do_jobs(s, &jobs);
    r = look(s, &found, is_changed, &err);
    if (r == 0 && is_due)
        write_uses(s);
    if (r == 0 && s->has_sessions)
        write_sessions(s);
    /* Until they are written, the disk fails. */
    if (r == 0 && (s->writing.count > 0 || s->has_sessions)) {
        r = -EIO;
        err = s->trouble;
    }
    worker_lock(&s->crew);
    is_changed = !list_is_empty(&jobs);
    list_move_all(&jobs, &s->done);
    return keep_news(s, &found, r, &err) || is_changed;
}

static void token_store_run(void *arg)
{
    struct token_store *s = arg;
    bool is_last;

    do {
        uint64_t until_us = clock_now_us() + TOKEN_STORE_LOOK_US;

        while (list_is_empty(&s->jobs) && !s->are_sessions_new &&
               worker_wait_until(&s->crew, until_us))
            ;
        is_last = s->crew.is_ending; /* may be set during the turn */
        if (turn(s))
            worker_call_owner(&s->crew);
    } while (!is_last);
    worker_unlock(&s->crew);
    token_file_close(s->file);
    s->file = NULL;
    worker_lock(&s->crew);
}

/* ---- from the loop ---------------------------------------------------- */

static struct token_store *store_new(
    const struct token_store_settings *settings)
{
    struct token_store *s = xcalloc(1, sizeof *s);
    size_t size = sizeof(struct token_use);

    s->settings = *settings;
    snprintf(s->path, sizeof s->path, "%s", settings->path);
    s->settings.path = s->path;
    s->uses.item = xcalloc(TOKEN_FILE_HOLDING_MAX, size);
    s->writing.item = xcalloc(TOKEN_FILE_HOLDING_MAX, size);
    list_init(&s->jobs);
    list_init(&s->done);
    worker_crew_init(&s->crew, settings->on_news, settings->owner);
    return s;
}

static void free_jobs(struct list *jobs)
{
    LIST_EACH (node, after, jobs)
        token_job_free(CONTAINER_OF(node, struct token_job, node));
}

/* A thread that hangs in the disk keeps all of s. */
static void store_free(struct token_store *s)
{
    if (!worker_crew_done(&s->crew))
        return;
    token_file_close(s->file);
    token_list_done(&s->news.list);
    web_session_list_done(&s->sessions);
    web_session_list_done(&s->writing_sessions);
    free_jobs(&s->jobs);
    free_jobs(&s->done);
    free(s->uses.item);
    free(s->writing.item);
    free(s);
}

int token_store_open(struct token_store **ret_store,
                     const struct token_store_settings *settings,
                     struct err *err)
{
    struct token_store *s = store_new(settings);
    int r;

    worker_lock(&s->crew);
    (void)turn(s);
    read_sessions(s);
    r = worker_start(&s->worker, &s->crew, token_store_run, s);
    worker_unlock(&s->crew);
    if (r < 0) {
        err_set(err, "cannot start a thread: %s", strerror(-r));
        store_free(s);
        return r;
    }
    *ret_store = s;
    return 0;
}

void token_store_close(struct token_store *s, uint64_t wait_us)
{
    if (s == NULL)
        return;
    (void)worker_crew_end(&s->crew, wait_us);
    store_free(s);
}

void token_store_take_news(struct token_store *s,
                           struct token_store_news *ret_news)
{
    worker_lock(&s->crew);
    *ret_news = s->news;
    /* Reported once; the other members stay until they change. */
    s->news.has_list = false;
    s->news.list = (struct token_list){ 0 };
    s->news.aside[0] = '\0';
    worker_unlock(&s->crew);
}

void token_store_take_sessions(struct token_store *s,
                               struct web_session_list *ret_list)
{
    worker_lock(&s->crew);
    *ret_list = s->sessions;
    s->sessions = (struct web_session_list){ 0 };
    worker_unlock(&s->crew);
}

void token_store_keep_sessions(struct token_store *s,
                               struct web_session_list *list)
{
    worker_lock(&s->crew);
    web_session_list_done(&s->sessions);
    s->sessions = *list;
    s->are_sessions_new = true;
    *list = (struct web_session_list){ 0 };
    worker_wake(&s->crew);
    worker_unlock(&s->crew);
}

void token_store_note_use(struct token_store *s, const struct token_use *use)
{
    worker_lock(&s->crew);
    put_use(&s->uses, use);
    worker_unlock(&s->crew);
}

bool token_store_ask(struct token_store *s, struct token_job *job)
{
    bool is_taken;

    worker_lock(&s->crew);
    is_taken = s->job_count < TOKEN_STORE_JOBS_MAX;
    if (is_taken) {
        list_add_tail(&s->jobs, &job->node);
        s->job_count++;
        worker_wake(&s->crew);
    }
    worker_unlock(&s->crew);
    return is_taken;
}

struct token_job *token_store_take_done(struct token_store *s)
{
    struct token_job *job = NULL;

    worker_lock(&s->crew);
    if (!list_is_empty(&s->done)) {
        job = CONTAINER_OF(s->done.next, struct token_job, node);
        list_remove(&job->node);
        s->job_count--;
    }
    worker_unlock(&s->crew);
    return job;
}
