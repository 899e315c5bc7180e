/*
 * The book of alerts: what is an alert, what counts with one, what is muted,
 * what goes when it is full, and what it is after a restart.
 */
#include "alert/book/alert_book.h"
#include "base/mem.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { T0 = 1000 * 1000 };

/* A book, its consoles, and what the keeper has, as texts by id. */
struct fixture {
    struct directory directory;
    struct alert_book book;
    struct console *web, *db;
    char *kept[ALERT_BOOK_MAX + 100]; /* by id */
    char *kept_mute[ALERT_BOOK_MAX + 100];
    unsigned keeps; /* calls */
};

static void set_text(char **at, char *text)
{
    free(*at);
    *at = text;
}

static void test_keep(void *owner, const struct alert_item *item)
{
    struct fixture *f = owner;
    json_t *json = alert_item_json(item, true);

    f->keeps++;
    set_text(&f->kept[item->id], json_dumps(json, 0));
    json_decref(json);
}

static void test_drop(void *owner, uint64_t id)
{
    set_text(&((struct fixture *)owner)->kept[id], NULL);
}

static void test_keep_mute(void *owner, const struct alert_mute *mute)
{
    struct fixture *f = owner;
    json_t *json = alert_mute_json(mute, true);

    set_text(&f->kept_mute[mute->id], json_dumps(json, 0));
    json_decref(json);
}

static void test_drop_mute(void *owner, uint64_t id)
{
    set_text(&((struct fixture *)owner)->kept_mute[id], NULL);
}

static void begin(struct fixture *f)
{
    static const uint64_t seed[2] = { 1, 2 };
    const struct alert_book_keeper keeper = {
        .keep = test_keep,
        .drop = test_drop,
        .keep_mute = test_keep_mute,
        .drop_mute = test_drop_mute,
        .owner = f,
    };

    alert_book_init(&f->book, seed, &keeper);
    alert_book_set_repeat(&f->book, 600);
}

static struct console *add_console(struct fixture *f, const char *uuid,
                                   const char *name)
{
    const struct vm_identity identity = { uuid, "s0", name };
    const struct console_past past = { .is_proven = true };
    struct console *c = directory_restore(&f->directory, &identity, &past);

    assert_non_null(c);
    return c;
}

static int setup(void **state)
{
    const struct directory_settings settings = {
        .seed = { 1, 2 },
        .ring_max = 4096,
    };
    struct fixture *f = xcalloc(1, sizeof *f);

    directory_init(&f->directory, &settings);
    f->web = add_console(f, "42390ae0-0000-0000-0000-000000000001", "web-01");
    f->db = add_console(f, "42390ae0-0000-0000-0000-000000000002", "db \"1\"");
    begin(f);
    *state = f;
    return 0;
}

static void forget_kept(struct fixture *f)
{
    for (size_t i = 0; i < sizeof f->kept / sizeof f->kept[0]; i++) {
        set_text(&f->kept[i], NULL);
        set_text(&f->kept_mute[i], NULL);
    }
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    alert_book_done(&f->book);
    directory_done(&f->directory);
    forget_kept(f);
    free(f);
    return 0;
}

static struct alert_found found_on(const struct console *c, const char *rule,
                                   int64_t time_ms)
{
    return (struct alert_found){
        .rule = rule,
        .severity = ALERT_CRITICAL,
        .cause = ALERT_OUTPUT,
        .console = c,
        .time_ms = time_ms,
        .epoch = 0xabc,
        .position = 4711,
        .text = "Kernel panic - not syncing: Attempted to kill init!",
        .before = { "before 1", "before \xc3\xa4" },
        .after = { "after \"1\"" },
        .before_count = 2,
        .after_count = 1,
    };
}

static const struct alert_item *add(struct fixture *f, const struct console *c,
                                    const char *rule, int64_t time_ms)
{
    const struct alert_found found = found_on(c, rule, time_ms);

    return alert_book_add(&f->book, &found);
}

/* Ends the book, and begins another one with what the keeper has. */
static void restart(struct fixture *f)
{
    alert_book_done(&f->book);
    begin(f);
    for (size_t i = sizeof f->kept / sizeof f->kept[0]; i-- > 0;) {
        json_t *json =
            f->kept[i] != NULL ? json_loads(f->kept[i], 0, NULL) : NULL;
        json_t *mute = f->kept_mute[i] != NULL
                           ? json_loads(f->kept_mute[i], 0, NULL)
                           : NULL;

        if (json != NULL) {
            struct alert_item *item = alert_item_read(json);

            assert_non_null(item);
            alert_book_load(&f->book, item);
        }
        if (mute != NULL) {
            struct alert_mute *read = alert_mute_read(mute);

            assert_non_null(read);
            alert_book_load_mute(&f->book, read);
        }
        json_decref(json);
        json_decref(mute);
    }
}

static size_t count_kept(const struct fixture *f)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof f->kept / sizeof f->kept[0]; i++)
        count += f->kept[i] != NULL;
    return count;
}

/* ---- alerts ------------------------------------------------------------- */

static void a_find_is_an_alert_with_the_lines_around_it(void **state)
{
    struct fixture *f = *state;
    const struct alert_item *item = add(f, f->web, "kernel-panic", T0);
    char *text;
    json_t *json;

    assert_int_equal(item->id, 1);
    json = alert_item_json(item, false);
    text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(
        text,
        "{\"id\":1,\"rule\":\"kernel-panic\",\"severity\":\"critical\","
        "\"cause\":\"output\",\"console\":{"
        "\"id\":\"42390ae0-0000-0000-0000-000000000001/s0\","
        "\"uuid\":\"42390ae0-0000-0000-0000-000000000001\","
        "\"label\":\"s0\",\"name\":\"web-01\"},"
        "\"time\":\"1970-01-01T00:16:40.000Z\","
        "\"last_time\":\"1970-01-01T00:16:40.000Z\",\"count\":1,"
        "\"text\":\"Kernel panic - not syncing: Attempted to kill init!\","
        "\"before\":[\"before 1\",\"before \xc3\xa4\"],"
        "\"after\":[\"after \\\"1\\\"\"],"
        "\"place\":\"0000000000000abc:4711\",\"state\":\"open\","
        "\"acknowledged_by\":null,\"acknowledged_at\":null,\"comment\":null,"
        "\"link\":\"/#/console/42390ae0-0000-0000-0000-000000000001%2Fs0"
        "?at=0000000000000abc:4711\"}");
    free(text);
    json_decref(json);
}

static void a_find_within_the_time_counts_with_its_alert(void **state)
{
    struct fixture *f = *state;
    const struct alert_item *item = add(f, f->web, "panic", T0);
    struct alert_found others = found_on(f->web, "panic", T0 + 599 * 1000);

    others.others = 7;
    assert_null(alert_book_add(&f->book, &others));
    assert_int_equal(item->count, 9);
    assert_int_equal(item->last_ms, T0 + 599 * 1000);
    assert_int_equal(item->time_ms, T0);
    /* Another rule, another console, and later: each is an alert. */
    assert_non_null(add(f, f->web, "oops", T0));
    assert_non_null(add(f, f->db, "panic", T0));
    assert_non_null(add(f, f->web, "panic", T0 + 600 * 1000));
    assert_int_equal(item->count, 9);
    /* That one is what counts from now on. */
    assert_null(add(f, f->web, "panic", T0 + 601 * 1000));
    assert_int_equal(item->count, 9);
    assert_int_equal(f->book.told, 4);
    assert_int_equal(f->book.total_count, 2);
    assert_string_equal(f->book.total[0].rule, "panic");
    assert_int_equal(f->book.total[0].told, 3);
    assert_int_equal(f->book.total[1].told, 1);
    assert_int_equal(f->book.repeated, 9);
}

static void a_clock_that_is_set_back_does_not_silence_a_rule(void **state)
{
    struct fixture *f = *state;

    assert_non_null(add(f, f->web, "panic", T0));
    assert_non_null(add(f, f->web, "panic", T0 - 1));
}

static void without_a_repeat_time_each_find_is_an_alert(void **state)
{
    struct fixture *f = *state;

    alert_book_set_repeat(&f->book, 0);
    assert_non_null(add(f, f->web, "panic", T0));
    assert_non_null(add(f, f->web, "panic", T0));
}

static void the_keeper_is_told_of_counts_once_a_minute(void **state)
{
    struct fixture *f = *state;

    add(f, f->web, "panic", T0);
    assert_int_equal(f->keeps, 1);
    for (int i = 1; i <= 59; i++)
        add(f, f->web, "panic", T0 + i * 1000);
    assert_int_equal(f->keeps, 1);
    add(f, f->web, "panic", T0 + ALERT_BOOK_KEEP_MS);
    assert_int_equal(f->keeps, 2);
}

static void an_alert_is_acknowledged_by_somebody(void **state)
{
    struct fixture *f = *state;
    const struct alert_item *item = add(f, f->web, "panic", T0);

    assert_int_equal(f->book.open_count, 1);
    alert_book_acknowledge(&f->book, item->id, "alice", "on\x1b it", T0 + 5);
    assert_string_equal(alert_item_state(item), "acknowledged");
    assert_string_equal(item->by, "alice");
    assert_string_equal(item->comment, "on it");
    assert_int_equal(item->acknowledged_ms, T0 + 5);
    assert_int_equal(f->book.open_count, 0);
    /* Again: the last one counts. */
    alert_book_acknowledge(&f->book, item->id, "bob", NULL, T0 + 6);
    assert_string_equal(item->by, "bob");
    assert_null(item->comment);
    assert_int_equal(f->book.open_count, 0);
    /* It counts on in its time, silently. */
    assert_null(add(f, f->web, "panic", T0 + 7));
    assert_int_equal(item->count, 2);
}

static void a_full_book_forgets_acknowledged_ones_first(void **state)
{
    struct fixture *f = *state;

    alert_book_set_repeat(&f->book, 0);
    for (int i = 0; i < ALERT_BOOK_MAX; i++)
        assert_non_null(add(f, f->web, "panic", T0 + i));
    alert_book_acknowledge(&f->book, 17, "alice", NULL, T0);
    alert_book_acknowledge(&f->book, 5, "alice", NULL, T0);
    add(f, f->db, "panic", T0);
    assert_null(alert_book_find(&f->book, 5));
    assert_null(f->kept[5]);
    assert_non_null(alert_book_find(&f->book, 17));
    add(f, f->db, "panic", T0);
    assert_null(alert_book_find(&f->book, 17));
    assert_non_null(alert_book_find(&f->book, 1));
    add(f, f->db, "panic", T0);
    assert_null(alert_book_find(&f->book, 1));
    assert_non_null(alert_book_find(&f->book, 2));
    assert_int_equal(f->book.count, ALERT_BOOK_MAX);
    assert_int_equal(f->book.open_count, ALERT_BOOK_MAX);
    assert_int_equal(count_kept(f), ALERT_BOOK_MAX);
}

static void long_lines_do_not_fill_the_memory(void **state)
{
    struct fixture *f = *state;
    char line[ALERT_LINE_MAX];
    struct alert_found found = found_on(f->web, "panic", T0);
    uint64_t made = 0;

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    found.text = line;
    found.before_count = found.after_count = ALERT_LINES_MAX;
    for (int i = 0; i < ALERT_LINES_MAX; i++)
        found.before[i] = found.after[i] = line;
    alert_book_set_repeat(&f->book, 0);
    while (made < ALERT_BOOK_MAX) {
        made = alert_book_add(&f->book, &found)->id;
        assert_true(f->book.bytes <= ALERT_BOOK_BYTES);
    }
    assert_true(f->book.count < ALERT_BOOK_MAX);
    assert_true(f->book.count > ALERT_BOOK_BYTES / (13 * KIB));
    assert_int_equal(count_kept(f), f->book.count);
}

static void alerts_are_listed_from_the_newest_on(void **state)
{
    struct fixture *f = *state;
    const struct alert_item *item;

    assert_null(alert_book_before(&f->book, UINT64_MAX));
    add(f, f->web, "a", T0);
    add(f, f->web, "b", T0);
    add(f, f->web, "c", T0);
    item = alert_book_before(&f->book, UINT64_MAX);
    assert_string_equal(item->rule, "c");
    /* From a place whose alert is there or not. */
    assert_string_equal(alert_book_before(&f->book, 3)->rule, "b");
    assert_string_equal(alert_book_before(&f->book, 2)->rule, "a");
    assert_null(alert_book_before(&f->book, 1));
    assert_null(alert_book_find(&f->book, 0));
    assert_null(alert_book_find(&f->book, 4));
}

/* ---- mutes -------------------------------------------------------------- */

static uint64_t mute(struct fixture *f, const char *match, const char *rule,
                     int64_t until_ms)
{
    const struct alert_mute wish = {
        .match = (char *)(uintptr_t)match,
        .rule = (char *)(uintptr_t)rule,
        .reason = (char *)(uintptr_t) "maintenance",
        .by = (char *)(uintptr_t) "alice",
        .until_ms = until_ms,
    };
    const struct alert_mute *made = alert_book_mute(&f->book, &wish, T0);

    return made != NULL ? made->id : 0;
}

static void a_muted_find_is_no_alert(void **state)
{
    struct fixture *f = *state;
    uint64_t id = mute(f, "web-*", "pan*", T0 + 1000);
    struct alert_mute *ended;

    assert_null(add(f, f->web, "panic", T0 + 999));
    assert_int_equal(f->book.mutes.item[0]->count, 1);
    assert_int_equal(f->book.muted, 1);
    assert_non_null(add(f, f->web, "oops", T0));
    assert_non_null(add(f, f->db, "panic", T0));
    /* Its time is over. */
    assert_non_null(add(f, f->web, "panic", T0 + 1000));
    assert_null(alert_book_unmute(&f->book, id, T0 + 1000));
    assert_null(f->kept_mute[id]);
    /* Somebody ends it. */
    id = mute(f, NULL, "oops", 0);
    assert_null(add(f, f->db, "oops", T0 + 1000 * 1000 * 1000));
    assert_non_null(f->kept_mute[id]);
    ended = alert_book_unmute(&f->book, id, T0);
    assert_string_equal(ended->reason, "maintenance");
    alert_mute_free(ended);
    assert_null(f->kept_mute[id]);
    assert_non_null(add(f, f->db, "oops", T0));
}

static void there_are_not_too_many_mutes(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < ALERT_MUTES_MAX; i++)
        assert_int_not_equal(mute(f, "x", NULL, i == 7 ? T0 + 1 : 0), 0);
    assert_int_equal(mute(f, "x", NULL, 0), 0);
    /* One that is over makes room. */
    alert_book_expire(&f->book, T0 + 1);
    assert_int_not_equal(mute(f, "x", NULL, 0), 0);
    assert_int_equal(mute(f, "x", NULL, 0), 0);
}

/* ---- over a restart ----------------------------------------------------- */

static void a_restart_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const struct alert_item *item;
    uint64_t last = 0;

    add(f, f->web, "panic", T0);
    add(f, f->db, "panic", T0);
    alert_book_acknowledge(&f->book, 1, "alice", "on it", T0 + 5);
    mute(f, "web-*", "oops", T0 + 9000);
    for (int i = 0; i < 3; i++) {
        last = mute(f, NULL, "x", 0);
        alert_mute_free(alert_book_unmute(&f->book, last, T0));
    }
    restart(f);
    assert_int_equal(f->book.count, 2);
    assert_int_equal(f->book.open_count, 1);
    item = alert_book_find(&f->book, 1);
    assert_string_equal(item->by, "alice");
    assert_string_equal(item->comment, "on it");
    assert_string_equal(item->before[1], "before \xc3\xa4");
    assert_string_equal(item->after[0], "after \"1\"");
    assert_int_equal(item->epoch, 0xabc);
    assert_int_equal(item->position, 4711);
    assert_int_equal(item->severity, ALERT_CRITICAL);
    assert_string_equal(alert_book_find(&f->book, 2)->name, "db \"1\"");
    /* What counted with an alert does, what was muted is, and no id of what is
     * kept comes again. */
    assert_null(add(f, f->web, "panic", T0 + 1));
    assert_null(add(f, f->web, "oops", T0 + 1));
    item = add(f, f->db, "oops", T0 + 1);
    assert_non_null(item);
    assert_true(item->id > 3);
}

static void all_can_be_kept_again(void **state)
{
    struct fixture *f = *state;

    add(f, f->web, "panic", T0);
    mute(f, "x", NULL, 0);
    forget_kept(f);
    alert_book_keep_all(&f->book);
    assert_int_equal(count_kept(f), 1);
    assert_non_null(f->kept_mute[2]);
}

/* The file is ours, and still nothing that it has may harm. */
static void what_nobody_can_have_written_is_not_read(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *key;
        const char *json;
    } bad[] = {
        { "id", "0" },
        { "id", "-1" },
        { "id", "\"1\"" },
        { "rule", "\"\"" },
        { "rule", "\"a\\u0007b\"" },
        { "severity", "\"bad\"" },
        { "cause", "\"bad\"" },
        { "count", "0" },
        { "place", "\"x\"" },
        { "place", "\"1\"" },
        { "place", "\"1:2x\"" },
        { "before", "[1]" },
        { "before", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\","
                    "\"10\",\"11\"]" },
        { "console", "{}" },
        { "kept", "{}" },
        { "kept", "{\"name\":\"n\",\"host\":\"\",\"time\":1,\"last_time\":1,"
                  "\"acknowledged\":5}" },
    };
    json_t *good = alert_item_json(add(f, f->web, "panic", T0), true);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_t *json = json_deep_copy(good);

        json_object_set_new(json, bad[i].key,
                            json_loads(bad[i].json, JSON_DECODE_ANY, NULL));
        assert_null(alert_item_read(json));
        json_object_del(json, bad[i].key);
        assert_null(alert_item_read(json));
        json_decref(json);
    }
    json_decref(good);
    good = json_loads("{\"id\":1,\"match\":\"[\",\"rule\":null,\"reason\":null,"
                      "\"by\":null,\"count\":0,"
                      "\"kept\":{\"since\":1,\"until\":0}}",
                      0, NULL);
    assert_null(alert_mute_read(good));
    json_object_set_new(good, "match", json_string("web-*"));
    alert_mute_free(alert_mute_read(good));
    json_decref(good);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_find_is_an_alert_with_the_lines_around_it),
        TEST(a_find_within_the_time_counts_with_its_alert),
        TEST(a_clock_that_is_set_back_does_not_silence_a_rule),
        TEST(without_a_repeat_time_each_find_is_an_alert),
        TEST(the_keeper_is_told_of_counts_once_a_minute),
        TEST(an_alert_is_acknowledged_by_somebody),
        TEST(a_full_book_forgets_acknowledged_ones_first),
        TEST(long_lines_do_not_fill_the_memory),
        TEST(alerts_are_listed_from_the_newest_on),
        TEST(a_muted_find_is_no_alert),
        TEST(there_are_not_too_many_mutes),
        TEST(a_restart_changes_nothing),
        TEST(all_can_be_kept_again),
        TEST(what_nobody_can_have_written_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
