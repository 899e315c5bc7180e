/*
 * The token file: what it keeps, what two processes do to it, and the thread
 * that watches it.
 */
#include "store/tokens/token_store.h"

#include "store/schema.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW_S = 1000, CLOSE_US = 10 * 1000 * 1000 };

struct bench {
    char directory[64];
    char path[128];
    struct token_file *file;
    struct token_store *store;
    struct token_store_news news;
    pthread_mutex_t lock;
    pthread_cond_t called;
    bool is_called;
    struct err err;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    snprintf(b->directory, sizeof b->directory, "/tmp/token-test-XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->path, sizeof b->path, "%s/state.db.tokens", b->directory);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->called, NULL);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];

    token_store_close(b->store, CLOSE_US);
    token_file_close(b->file);
    token_list_done(&b->news.list);
    snprintf(command, sizeof command, "rm -r %s", b->directory);
    assert_int_equal(system(command), 0);
    pthread_cond_destroy(&b->called);
    pthread_mutex_destroy(&b->lock);
    free(b);
    return 0;
}

/* ---- the file ----------------------------------------------------------- */

static struct token_record record_of(const char *name, uint8_t digest)
{
    struct token_record r = {
        .name = name,
        .owner = "alice",
        .rights = "write",
        .consoles = "web-*",
        .created_s = NOW_S,
        .created_by = "root",
        .expires_s = NOW_S + 100,
    };

    memset(r.digest, digest, sizeof r.digest);
    return r;
}

static void open_file(struct bench *b)
{
    assert_int_equal(token_file_open(&b->file, b->path, true, &b->err), 0);
}

static int create(struct bench *b, const char *name, uint8_t digest)
{
    struct token_record r = record_of(name, digest);

    return token_file_create(b->file, &r, &b->err);
}

static struct token_list load(struct bench *b)
{
    struct token_list list;
    unsigned damaged;

    assert_int_equal(token_file_load(b->file, &list, &damaged, &b->err), 0);
    assert_int_equal(damaged, 0);
    return list;
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_was_put_is_there(void **state)
{
    struct bench *b = *state;
    struct token_list list;
    const struct token_record *r;
    struct stat s;

    open_file(b);
    assert_int_equal(create(b, "ci", 7), 0);
    token_file_close(b->file);
    open_file(b);
    list = load(b);
    assert_int_equal(list.count, 1);
    r = list.item[0];
    assert_int_equal(r->id, 1);
    assert_string_equal(r->name, "ci");
    assert_string_equal(r->owner, "alice");
    assert_string_equal(r->rights, "write");
    assert_string_equal(r->consoles, "web-*");
    assert_string_equal(r->created_by, "root");
    assert_int_equal(r->digest[0], 7);
    assert_int_equal(r->digest[31], 7);
    assert_int_equal(r->created_s, NOW_S);
    assert_int_equal(r->expires_s, NOW_S + 100);
    assert_int_equal(r->used_s, 0);
    assert_string_equal(r->used_from, "");
    assert_int_equal(r->revoked_s, 0);
    assert_true(token_record_holds(r, NOW_S + 99));
    assert_false(token_record_holds(r, NOW_S + 100));
    token_list_done(&list);
    assert_int_equal(stat(b->path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_name_is_of_one_token_that_holds(void **state)
{
    struct bench *b = *state;
    struct token_record r = record_of("ci", 3);
    struct token_list list;

    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    assert_int_equal(create(b, "ci", 2), TOKEN_FILE_NAME_TAKEN);
    assert_int_equal(
        token_file_revoke(b->file, "ci", "bob", NOW_S + 1, &b->err), 0);
    assert_int_equal(create(b, "ci", 2), 0);
    r.created_s = NOW_S + 100; /* the second one has expired */
    r.expires_s = 0;
    assert_int_equal(token_file_create(b->file, &r, &b->err), 0);
    list = load(b);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.item[0]->revoked_s, NOW_S + 1);
    assert_string_equal(list.item[0]->revoked_by, "bob");
    assert_int_equal(list.item[2]->id, 3);
    assert_int_equal(list.item[2]->expires_s, 0);
    token_list_done(&list);
}

static void what_does_not_hold_is_not_revoked(void **state)
{
    struct bench *b = *state;

    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    assert_int_equal(token_file_revoke(b->file, "c", "bob", NOW_S, &b->err),
                     TOKEN_FILE_NO_SUCH_NAME);
    assert_int_equal(
        token_file_revoke(b->file, "ci", "bob", NOW_S + 100, &b->err),
        TOKEN_FILE_NO_SUCH_NAME);
}

static void what_ended_long_ago_is_removed(void **state)
{
    struct bench *b = *state;
    struct token_record r = record_of("new", 9);
    struct token_list list;

    open_file(b);
    assert_int_equal(create(b, "expired", 1), 0);
    assert_int_equal(create(b, "revoked", 2), 0);
    assert_int_equal(
        token_file_revoke(b->file, "revoked", "bob", NOW_S + 1, &b->err), 0);
    r.created_s = NOW_S + 100 + TOKEN_FILE_ENDED_S;
    r.expires_s = 0;
    assert_int_equal(token_file_create(b->file, &r, &b->err), 0);
    list = load(b);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.item[0]->name, "expired");
    token_list_done(&list);
    r.name = "newer";
    r.digest[0]++;
    r.created_s++;
    assert_int_equal(token_file_create(b->file, &r, &b->err), 0);
    list = load(b);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.item[0]->name, "new");
    /* An id is never used again. */
    assert_int_equal(list.item[1]->id, 4);
    token_list_done(&list);
}

static void there_is_a_most(void **state)
{
    struct bench *b = *state;
    struct token_list list;

    open_file(b);
    execute(b->path,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 1024) INSERT INTO tokens (name, digest, owner, rights,"
            " created, created_by) SELECT 'n' || i, randomblob(32), 'a',"
            " 'read', 1, 'root' FROM n");
    assert_int_equal(create(b, "one", 1), TOKEN_FILE_FULL);
    assert_int_equal(token_file_revoke(b->file, "n7", "bob", 2, &b->err), 0);
    assert_int_equal(create(b, "one", 1), 0);
    execute(b->path,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 5000) INSERT INTO tokens (name, digest, owner, rights,"
            " created, created_by, revoked) SELECT 'x' || i, randomblob(32),"
            " 'a', 'read', 1, 'root', 1 FROM n");
    list = load(b);
    assert_int_equal(list.count, TOKEN_FILE_ROWS_MAX);
    assert_string_equal(list.item[0]->name, "n1");
    token_list_done(&list);
}

/* Somebody who makes tokens that end at once: they neither fill the disk, nor
 * are they read in the place of an older one that holds. */
static void tokens_that_have_ended_have_a_most(void **state)
{
    struct bench *b = *state;
    struct token_record r = record_of("holds", 1);
    struct token_list list;

    open_file(b);
    r.expires_s = 0;
    assert_int_equal(token_file_create(b->file, &r, &b->err), 0);
    execute(b->path,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 5000) INSERT INTO tokens (name, digest, owner, rights,"
            " created, created_by, expires) SELECT 'x' || i, randomblob(32),"
            " 'a', 'read', 998, 'a', 999 FROM n");
    assert_int_equal(create(b, "new", 2), 0);
    list = load(b);
    assert_int_equal(list.count, TOKEN_FILE_ENDED_MAX + 2);
    assert_string_equal(list.item[0]->name, "holds");
    assert_string_equal(list.item[1]->name, "x1929");
    token_list_done(&list);
}

static void damaged_rows_are_left_out_and_long_texts_cut(void **state)
{
    struct bench *b = *state;
    struct token_list list;
    unsigned damaged;

    open_file(b);
    execute(b->path,
            "INSERT INTO tokens (name, digest, owner, rights, created,"
            " created_by) VALUES ('short', x'00', 'a', 'read', 1, ''),"
            " ('long', zeroblob(33), 'a', 'read', 1, ''),"
            " ('whole', zeroblob(32), hex(zeroblob(5000)), 'read', 1, '')");
    assert_int_equal(token_file_load(b->file, &list, &damaged, &b->err), 0);
    assert_int_equal(damaged, 2);
    assert_int_equal(list.count, 1);
    assert_int_equal(strlen(list.item[0]->owner), TOKEN_FILE_TEXT_MAX);
    token_list_done(&list);
}

static void only_what_others_have_written_is_a_change(void **state)
{
    struct bench *b = *state;
    const struct token_use use = { .id = 1, .used_s = 5, .from = "192.0.2.1" };
    struct token_file *other;
    struct token_record r = record_of("other", 2);
    bool is_changed = false;

    open_file(b);
    assert_int_equal(token_file_look(b->file, &is_changed, &b->err), 0);
    assert_true(is_changed);
    assert_int_equal(create(b, "ci", 1), 0);
    assert_int_equal(token_file_note_uses(b->file, &use, 1, &b->err), 0);
    assert_int_equal(token_file_look(b->file, &is_changed, &b->err), 0);
    assert_false(is_changed);
    assert_int_equal(token_file_open(&other, b->path, false, &b->err), 0);
    assert_int_equal(token_file_create(other, &r, &b->err), 0);
    token_file_close(other);
    assert_int_equal(token_file_look(b->file, &is_changed, &b->err), 0);
    assert_true(is_changed);
    assert_int_equal(unlink(b->path), 0);
    assert_int_equal(token_file_look(b->file, &is_changed, &b->err), -ENOENT);
}

static void other_files_are_refused(void **state)
{
    struct bench *b = *state;

    assert_int_equal(token_file_open(&b->file, b->path, false, &b->err),
                     -ENOENT);
    assert_int_equal(access(b->path, F_OK), -1);
    execute(b->path, "CREATE TABLE consoles (a); PRAGMA user_version = 1;"
                     "PRAGMA application_id = 1987277923");
    assert_int_equal(token_file_open(&b->file, b->path, true, &b->err),
                     DATABASE_FOREIGN);
    assert_int_equal(unlink(b->path), 0);
    open_file(b);
    token_file_close(b->file);
    b->file = NULL;
    execute(b->path, "PRAGMA user_version = 99");
    assert_int_equal(token_file_open(&b->file, b->path, true, &b->err),
                     DATABASE_NEWER);
}

/* ---- the thread --------------------------------------------------------- */

static void on_news(void *owner)
{
    struct bench *b = owner;

    pthread_mutex_lock(&b->lock);
    b->is_called = true;
    pthread_cond_signal(&b->called);
    pthread_mutex_unlock(&b->lock);
}

static void take_news(struct bench *b)
{
    token_list_done(&b->news.list);
    token_store_take_news(b->store, &b->news);
}

static void wait_news(struct bench *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->is_called)
        pthread_cond_wait(&b->called, &b->lock);
    b->is_called = false;
    pthread_mutex_unlock(&b->lock);
    take_news(b);
}

static void open_store(struct bench *b)
{
    const struct token_store_settings settings = { b->path, on_news, b };

    b->is_called = false;
    assert_int_equal(token_store_open(&b->store, &settings, &b->err), 0);
    take_news(b);
}

static void close_store(struct bench *b)
{
    token_store_close(b->store, CLOSE_US);
    b->store = NULL;
}

static void a_server_without_tokens_makes_no_file(void **state)
{
    struct bench *b = *state;

    open_store(b);
    assert_false(b->news.has_list || b->news.is_failing);
    close_store(b);
    assert_int_equal(access(b->path, F_OK), -1);
}

static void what_others_do_is_news(void **state)
{
    struct bench *b = *state;

    open_store(b);
    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    /* The thread may have found the file before the token was in it. */
    do
        wait_news(b);
    while (b->news.list.count == 0);
    assert_string_equal(b->news.list.item[0]->name, "ci");
    assert_int_equal(token_file_revoke(b->file, "ci", "bob", NOW_S, &b->err),
                     0);
    wait_news(b);
    assert_true(b->news.has_list);
    assert_int_equal(b->news.list.item[0]->revoked_s, NOW_S);
    assert_int_equal(unlink(b->path), 0);
    wait_news(b);
    assert_true(b->news.has_list);
    assert_int_equal(b->news.list.count, 0);
    assert_false(b->news.is_failing);
}

static void a_file_that_replaces_another_is_read_at_once(void **state)
{
    struct bench *b = *state;
    char copy[256];

    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    open_store(b);
    assert_int_equal(b->news.list.count, 1);
    snprintf(copy, sizeof copy,
             "cd %s && cp state.db.tokens copy && "
             "mv copy state.db.tokens",
             b->directory);
    assert_int_equal(system(copy), 0);
    wait_news(b);
    assert_true(b->news.has_list);
    assert_int_equal(b->news.list.count, 1);
}

static void uses_are_written(void **state)
{
    struct bench *b = *state;
    struct token_use use = { .id = 1, .used_s = 50, .from = "192.0.2.1" };
    struct token_list list;

    open_file(b);
    assert_int_equal(create(b, "a", 1), 0);
    assert_int_equal(create(b, "b", 2), 0);
    open_store(b);
    token_store_note_use(b->store, &use);
    use.used_s = 60;
    token_store_note_use(b->store, &use);
    use.id = 2;
    use.used_s = 70;
    snprintf(use.from, sizeof use.from, "2001:db8::1");
    token_store_note_use(b->store, &use);
    close_store(b);
    list = load(b);
    assert_int_equal(list.item[0]->used_s, 60);
    assert_string_equal(list.item[0]->used_from, "192.0.2.1");
    assert_int_equal(list.item[1]->used_s, 70);
    assert_string_equal(list.item[1]->used_from, "2001:db8::1");
    token_list_done(&list);
}

static void set_disk_full(bool is_full)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = is_full ? 0 : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The list is read all the same. */
static void uses_that_a_full_disk_did_not_take_are_written_later(void **state)
{
    struct bench *b = *state;
    const struct token_use use = { .id = 1, .used_s = 50, .from = "192.0.2.1" };
    struct token_list list;

    open_file(b);
    assert_int_equal(create(b, "a", 1), 0);
    open_store(b);
    set_disk_full(true);
    token_store_note_use(b->store, &use);
    wait_news(b);
    assert_true(b->news.is_failing && !b->news.has_list);
    assert_true(b->news.trouble[0] != '\0');
    set_disk_full(false);
    assert_int_equal(create(b, "b", 2), 0);
    wait_news(b);
    assert_true(b->news.has_list && b->news.is_failing);
    assert_int_equal(b->news.list.count, 2);
    close_store(b);
    list = load(b);
    assert_int_equal(list.item[0]->used_s, 50);
    token_list_done(&list);
}

static void write_at(const char *path, long at, const char *text)
{
    FILE *f = fopen(path, "r+");

    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    fputs(text, f);
    fclose(f);
}

static void a_damaged_file_is_moved_aside(void **state)
{
    struct bench *b = *state;

    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    token_file_close(b->file);
    b->file = NULL;
    write_at(b->path, 4096 + 3, "this is not what was here");
    open_store(b);
    assert_true(b->news.aside[0] != '\0' && b->news.trouble[0] != '\0');
    assert_int_equal(access(b->news.aside, F_OK), 0);
    assert_int_equal(access(b->path, F_OK), -1);
    assert_int_equal(b->news.list.count, 0);
    assert_false(b->news.is_failing);
    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    do
        wait_news(b);
    while (b->news.list.count == 0);
}

/* What is known stays true. */
static void a_file_that_cannot_be_read_is_tried_again(void **state)
{
    struct bench *b = *state;

    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    token_file_close(b->file);
    b->file = NULL;
    open_store(b);
    assert_int_equal(b->news.list.count, 1);
    execute(b->path, "PRAGMA user_version = 99; DROP TABLE tokens");
    wait_news(b);
    assert_true(b->news.is_failing);
    assert_false(b->news.has_list);
    assert_true(b->news.trouble[0] != '\0');
    assert_int_equal(unlink(b->path), 0);
    open_file(b);
    assert_int_equal(create(b, "ci", 1), 0);
    do
        wait_news(b);
    while (b->news.is_failing || b->news.list.count == 0);
}

/* ---- jobs --------------------------------------------------------------- */

/* What is news with it is left. */
static struct token_job *ask(struct bench *b, struct token_job *job)
{
    struct token_job *done;

    assert_true(token_store_ask(b->store, job));
    while ((done = token_store_take_done(b->store)) == NULL)
        wait_news(b);
    assert_ptr_equal(done, job);
    return done;
}

static struct token_job *job_of(enum token_job_kind kind, const char *name,
                                const char *owner)
{
    struct token_job *job = token_job_new(kind);

    snprintf(job->name, sizeof job->name, "%s", name);
    snprintf(job->owner, sizeof job->owner, "%s", owner);
    snprintf(job->rights, sizeof job->rights, "write");
    snprintf(job->by, sizeof job->by, "root");
    job->now_s = NOW_S;
    job->expires_s = NOW_S + 100;
    snprintf((char *)job->digest, sizeof job->digest, "%s", name);
    return job;
}

static int run_job(struct bench *b, struct token_job *job)
{
    int r = ask(b, job)->result;

    token_job_free(job);
    return r;
}

/* The list is news before the answer: whoever has the answer can use it. */
static void a_job_creates_a_token(void **state)
{
    struct bench *b = *state;
    struct token_job *job = job_of(TOKEN_JOB_CREATE, "ci", "alice");

    open_store(b);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_LIST, "", "")), 0);
    assert_int_equal(access(b->path, F_OK), -1);
    job->expires_s = 0;
    ask(b, job);
    assert_int_equal(job->result, 0);
    assert_string_equal(token_job_record(job)->name, "ci");
    assert_string_equal(token_job_record(job)->owner, "alice");
    assert_string_equal(token_job_record(job)->created_by, "root");
    assert_int_equal(token_job_record(job)->expires_s, 0);
    token_job_free(job);
    assert_int_equal(b->news.list.count, 1);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_CREATE, "ci", "alice")),
                     TOKEN_FILE_NAME_TAKEN);
}

static void an_owner_has_so_many_at_most(void **state)
{
    struct bench *b = *state;
    struct token_job *job = job_of(TOKEN_JOB_CREATE, "b", "alice");

    open_store(b);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_CREATE, "a", "alice")), 0);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_CREATE, "c", "bob")), 0);
    job->owner_max = 1;
    assert_int_equal(run_job(b, job), TOKEN_FILE_FULL);
    job = job_of(TOKEN_JOB_CREATE, "b", "alice");
    job->owner_max = 2;
    assert_int_equal(run_job(b, job), 0);
}

static void a_job_revokes_a_token(void **state)
{
    struct bench *b = *state;
    struct token_job *job;
    char id[32];

    open_store(b);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_REVOKE, "ci", "")),
                     TOKEN_FILE_NO_SUCH_NAME);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_CREATE, "ci", "alice")), 0);
    assert_int_equal(run_job(b, job_of(TOKEN_JOB_CREATE, "cd", "alice")), 0);
    job = job_of(TOKEN_JOB_REVOKE, "ci", "bob");
    job->is_owners_only = true;
    assert_int_equal(run_job(b, job), TOKEN_FILE_NO_SUCH_NAME);
    job = ask(b, job_of(TOKEN_JOB_REVOKE, "ci", ""));
    assert_int_equal(job->result, 0);
    assert_int_equal(token_job_record(job)->revoked_s, NOW_S);
    assert_string_equal(token_job_record(job)->revoked_by, "root");
    snprintf(id, sizeof id, "%llu", (unsigned long long)job->id + 1);
    token_job_free(job);
    job = ask(b, job_of(TOKEN_JOB_REVOKE, id, ""));
    assert_string_equal(token_job_record(job)->name, "cd");
    assert_int_equal(token_job_record(job)->revoked_s, NOW_S);
    token_job_free(job);
    /* What has ended stays as it ended. */
    job = job_of(TOKEN_JOB_REVOKE, "ci", "");
    job->now_s = NOW_S + 50;
    assert_int_equal(ask(b, job)->result, 0);
    assert_int_equal(token_job_record(job)->revoked_s, NOW_S);
    token_job_free(job);
}

/* They belong to the store, which frees them: none is done, or all are. */
static void so_many_jobs_wait_at_most(void **state)
{
    struct bench *b = *state;
    struct token_job *job;

    open_store(b);
    for (int i = 0; i < TOKEN_STORE_JOBS_MAX; i++)
        assert_true(token_store_ask(b->store, job_of(TOKEN_JOB_LIST, "", "")));
    job = job_of(TOKEN_JOB_LIST, "", "");
    assert_false(token_store_ask(b->store, job));
    token_job_free(job);
}

int main(void)
{
#define WITH_BENCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        WITH_BENCH(what_was_put_is_there),
        WITH_BENCH(a_name_is_of_one_token_that_holds),
        WITH_BENCH(what_does_not_hold_is_not_revoked),
        WITH_BENCH(what_ended_long_ago_is_removed),
        WITH_BENCH(tokens_that_have_ended_have_a_most),
        WITH_BENCH(there_is_a_most),
        WITH_BENCH(damaged_rows_are_left_out_and_long_texts_cut),
        WITH_BENCH(only_what_others_have_written_is_a_change),
        WITH_BENCH(other_files_are_refused),
        WITH_BENCH(a_server_without_tokens_makes_no_file),
        WITH_BENCH(what_others_do_is_news),
        WITH_BENCH(a_file_that_replaces_another_is_read_at_once),
        WITH_BENCH(a_job_creates_a_token),
        WITH_BENCH(an_owner_has_so_many_at_most),
        WITH_BENCH(a_job_revokes_a_token),
        WITH_BENCH(so_many_jobs_wait_at_most),
        WITH_BENCH(uses_are_written),
        WITH_BENCH(uses_that_a_full_disk_did_not_take_are_written_later),
        WITH_BENCH(a_damaged_file_is_moved_aside),
        WITH_BENCH(a_file_that_cannot_be_read_is_tried_again),
    };

    return cmocka_run_group_tests_name("token_store", tests, NULL, NULL);
}
