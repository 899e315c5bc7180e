/*
 * Sessions on pages in the file of the tokens: what is written is read, older
 * files get their table, and the thread keeps what it was given last.
 */
#include "store/tokens/token_store.h"

#include "store/schema.h"
#include "store/sqlite_file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW_S = 1000, CLOSE_US = 10 * 1000 * 1000 };

struct bench {
    char directory[64];
    char path[128];
    struct token_file *file;
    struct token_store *store;
    struct web_session_list list;
    struct err err;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    snprintf(b->directory, sizeof b->directory, "/tmp/session-test-XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->path, sizeof b->path, "%s/state.db.tokens", b->directory);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[128];

    token_store_close(b->store, CLOSE_US);
    token_file_close(b->file);
    web_session_list_done(&b->list);
    snprintf(command, sizeof command, "rm -r %s", b->directory);
    assert_int_equal(system(command), 0);
    free(b);
    return 0;
}

static struct web_session_record record_of(uint64_t id)
{
    struct web_session_record r = {
        .id = id,
        .has_account = id % 2 != 0,
        .created_s = NOW_S,
        .used_s = NOW_S + (int64_t)id,
        .address = "192.0.2.1",
        .used_address = "2001:db8::1",
    };

    memset(r.digest, (int)id, sizeof r.digest);
    r.digest[0] = (uint8_t)(id >> 8);
    if (id % 2 == 0)
        memset(r.token_digest, 7, sizeof r.token_digest);
    snprintf(r.name, sizeof r.name, "name%llu", (unsigned long long)id);
    snprintf(r.owner, sizeof r.owner, "owner");
    return r;
}

/* Of these ids; the caller's. */
static struct web_session_list list_of(uint64_t first, size_t count)
{
    struct web_session_list list = {
        .item = calloc(count + 1, sizeof *list.item),
        .count = count,
    };

    for (size_t i = 0; i < count; i++)
        list.item[i] = record_of(first + i);
    return list;
}

static void expect(const struct web_session_list *list, uint64_t first,
                   size_t count)
{
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) {
        struct web_session_record r = record_of(first + i);

        assert_memory_equal(&list->item[i], &r, sizeof r);
    }
}

static void replace(struct bench *b, uint64_t first, size_t count)
{
    struct web_session_list list = list_of(first, count);

    assert_int_equal(
        web_session_rows_replace(token_file_sqlite(b->file), &list, &b->err),
        0);
    web_session_list_done(&list);
}

static void load(struct bench *b)
{
    assert_int_equal(
        web_session_rows_load(token_file_sqlite(b->file), &b->list, &b->err),
        0);
}

static void open_file(struct bench *b)
{
    token_file_close(b->file);
    b->file = NULL;
    assert_int_equal(token_file_open(&b->file, b->path, true, &b->err), 0);
}

static void execute(struct bench *b, const char *sql)
{
    if (sqlite_file_run(token_file_sqlite(b->file), sql) != SQLITE_OK)
        fail_msg("%s", sql);
}

/* ---- the file ----------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
    struct bench *b = *state;

    open_file(b);
    load(b);
    expect(&b->list, 0, 0);
    replace(b, 1, WEB_SESSION_ROWS_MAX);
    open_file(b);
    load(b);
    expect(&b->list, 1, WEB_SESSION_ROWS_MAX);
    replace(b, 5, 2);
    load(b);
    expect(&b->list, 5, 2);
    replace(b, 0, 0);
    load(b);
    expect(&b->list, 0, 0);
}

static void older_file_gets_the_table(void **state)
{
    struct bench *b = *state;

    open_file(b);
    execute(b, "DROP TABLE web_sessions");
    execute(b, "PRAGMA user_version = 2");
    execute(b, "INSERT INTO tokens (name, digest, owner, rights, created,"
               " created_by) VALUES ('ci', zeroblob(32), 'a', 'read', 1, 'a')");
    open_file(b);
    replace(b, 1, 1);
    load(b);
    expect(&b->list, 1, 1);
    execute(b, "UPDATE tokens SET name = 'x' WHERE name = 'ci'");
}

static void rows_that_are_none_are_left_out(void **state)
{
    static const char *const wrong[] = {
        "digest = zeroblob(31)",
        "digest = zeroblob(33)",
        "digest = x''",
        "token_digest = zeroblob(1)",
        "id = 0",
        "name = hex(zeroblob(200))",
        "owner = hex(zeroblob(200))",
        "address = hex(zeroblob(200))",
    };
    struct bench *b = *state;
    char sql[256];

    open_file(b);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        replace(b, 1, 2);
        snprintf(sql, sizeof sql, "UPDATE web_sessions SET %s WHERE id = 1",
                 wrong[i]);
        execute(b, sql);
        load(b);
        expect(&b->list, 2, 1);
    }
}

/* ---- the thread --------------------------------------------------------- */

static void on_news(void *owner)
{
    (void)owner;
}

static void open_store(struct bench *b)
{
    const struct token_store_settings settings = { b->path, on_news, b };

    assert_int_equal(token_store_open(&b->store, &settings, &b->err), 0);
    web_session_list_done(&b->list);
    token_store_take_sessions(b->store, &b->list);
}

static void keep(struct bench *b, uint64_t first, size_t count)
{
    struct web_session_list list = list_of(first, count);

    token_store_keep_sessions(b->store, &list);
    assert_int_equal(list.count, 0);
}

static void close_store(struct bench *b)
{
    token_store_close(b->store, CLOSE_US);
    b->store = NULL;
}

static void last_list_is_kept(void **state)
{
    struct bench *b = *state;

    open_store(b);
    expect(&b->list, 0, 0);
    keep(b, 0, 0);
    close_store(b);
    assert_int_equal(access(b->path, F_OK), -1); /* nobody's need no file */
    open_store(b);
    for (uint64_t i = 1; i < 50; i++)
        keep(b, i, 3);
    close_store(b);
    open_store(b);
    expect(&b->list, 49, 3);
    web_session_list_done(&b->list);
    token_store_take_sessions(b->store, &b->list);
    expect(&b->list, 0, 0); /* once */
    keep(b, 0, 0);
    close_store(b);
    open_store(b);
    expect(&b->list, 0, 0);
}

/* The list that a full disk did not take is not forgotten. */
static void full_disk_is_tried_again(void **state)
{
    struct bench *b = *state;
    struct token_store_news news = { 0 };
    struct rlimit before, none;

    open_store(b);
    keep(b, 1, 1);
    close_store(b);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    open_store(b);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    keep(b, 2, 2);
    while (!news.is_failing) {
        usleep(1000);
        token_store_take_news(b->store, &news);
        token_list_done(&news.list);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    close_store(b);
    open_store(b);
    expect(&b->list, 2, 2);
}

int main(void)
{
#define WITH_BENCH(name)                                                       \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_BENCH(what_is_written_is_read),
        WITH_BENCH(older_file_gets_the_table),
        WITH_BENCH(rows_that_are_none_are_left_out),
        WITH_BENCH(last_list_is_kept),
        WITH_BENCH(full_disk_is_tried_again),
    };

    return cmocka_run_group_tests_name("web_session_rows", tests, NULL, NULL);
}
