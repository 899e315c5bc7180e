/*
 * What is known of the consoles: changes that wait, the file, the thread that
 * writes it, and disks that do not take it.
 */
#include "store/store.h"

#include "store/rescue.h"
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { US_PER_S = 1000 * 1000, WAIT_US = 30 * US_PER_S };

static const uint64_t seed[2] = { 1, 2 };

/* ---- changes that wait ------------------------------------------------ */

static struct store_record record_of(const char *uuid, const char *label,
                                     uint16_t port)
{
    return (struct store_record){
        .uuid = uuid,
        .label = label,
        .name = "web",
        .address = "192.0.2.1:1",
        .first_seen_s = 100,
        .last_seen_s = 100,
        .port = port,
    };
}

static const struct pending_change *nth(const struct pending *p, int n)
{
    const struct list *node = p->changes.next;

    while (n-- > 0)
        node = node->next;
    return CONTAINER_OF(node, struct pending_change, node);
}

static void there_is_one_change_a_console(void **state)
{
    struct store_record a = record_of("a", "s0", 1);
    struct store_record b = record_of("b", "s0", 2);
    struct pending p;

    (void)state;
    pending_init(&p, seed, 10);
    pending_put(&p, &a);
    pending_put(&p, &b);
    a.port = 0;
    a.address = "";
    a.last_seen_s = 0;
    a.name = "renamed";
    a.left_s = 300;
    pending_put(&p, &a);
    assert_int_equal(p.count, 2);
    assert_string_equal(nth(&p, 0)->record.uuid, "a");
    assert_string_equal(nth(&p, 0)->record.name, "renamed");
    assert_string_equal(nth(&p, 0)->record.address, "192.0.2.1:1");
    assert_int_equal(nth(&p, 0)->record.port, 1);
    assert_int_equal(nth(&p, 0)->record.last_seen_s, 100);
    assert_int_equal(nth(&p, 0)->record.left_s, 300);
    pending_done(&p);
}

static void the_labels_of_a_vm_are_different_consoles(void **state)
{
    struct store_record s0 = record_of("a", "s0", 1);
    struct store_record s1 = record_of("a", "s1", 2);
    struct pending p;

    (void)state;
    pending_init(&p, seed, 10);
    pending_put(&p, &s0);
    pending_put(&p, &s1);
    assert_int_equal(p.count, 2);
    pending_done(&p);
}

static void what_is_forgotten_is_not_inherited(void **state)
{
    struct store_record a = record_of("a", "s0", 1);
    struct pending p;

    (void)state;
    pending_init(&p, seed, 10);
    pending_put(&p, &a);
    pending_forget(&p, "a", "s0");
    assert_int_equal(p.count, 1);
    assert_true(nth(&p, 0)->forgets && !nth(&p, 0)->puts);
    a.port = 0;
    pending_put(&p, &a);
    assert_true(nth(&p, 0)->forgets && nth(&p, 0)->puts);
    assert_int_equal(nth(&p, 0)->record.port, 0);
    pending_done(&p);
}

static void what_was_not_written_goes_beneath_what_came_since(void **state)
{
    struct store_record a = record_of("a", "s0", 1);
    struct store_record b = record_of("b", "s0", 2);
    struct store_record c = record_of("c", "s0", 3);
    struct pending p, taken;

    (void)state;
    pending_init(&p, seed, 10);
    pending_put(&p, &a);
    pending_put(&p, &b);
    pending_take(&p, &taken);
    assert_int_equal(p.count, 0);
    pending_put(&p, &c);
    a.name = "later";
    a.port = 0;
    pending_put(&p, &a);
    pending_forget(&p, "b", "s0");
    pending_return(&p, &taken);
    assert_int_equal(p.count, 3);
    assert_string_equal(nth(&p, 0)->record.name, "later");
    assert_int_equal(nth(&p, 0)->record.port, 1);
    assert_true(nth(&p, 1)->forgets && !nth(&p, 1)->puts);
    assert_string_equal(nth(&p, 2)->record.uuid, "c");
    pending_done(&p);
}

static void there_is_a_most(void **state)
{
    struct store_record a = record_of("a", "s0", 1);
    struct store_record b = record_of("b", "s0", 2);
    struct pending p;

    (void)state;
    pending_init(&p, seed, 1);
    pending_put(&p, &a);
    pending_put(&p, &b);
    pending_forget(&p, "c", "s0");
    pending_put(&p, &a);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.dropped, 2);
    pending_done(&p);
}

/* ---- a store in a directory of its own -------------------------------- */

struct bench {
    char directory[64];
    char path[96];
    struct store *store;
    struct store_news news;
    struct err err;
    pthread_mutex_t lock;
    pthread_cond_t told;
    int told_count;
    int loaded;
    char notes[512]; /* that were loaded: "KIND:ID=TEXT " */
    bool keeps;      /* what on_record says */
    char last_uuid[64], last_name[64], last_address[64];
    struct store_record last; /* but for its text */
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    snprintf(b->directory, sizeof b->directory, "/tmp/store-test-XXXXXX");
    assert_non_null(mkdtemp(b->directory));
    snprintf(b->path, sizeof b->path, "%s/state.db", b->directory);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->told, NULL);
    b->keeps = true;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char command[96];

    if (b->store != NULL)
        store_close(b->store, WAIT_US, &b->news);
    snprintf(command, sizeof command, "rm -r %s", b->directory);
    assert_int_equal(system(command), 0);
    pthread_cond_destroy(&b->told);
    pthread_mutex_destroy(&b->lock);
    free(b);
    return 0;
}

static void on_news(void *owner)
{
    struct bench *b = owner;

    pthread_mutex_lock(&b->lock);
    b->told_count++;
    pthread_cond_signal(&b->told);
    pthread_mutex_unlock(&b->lock);
}

static bool on_record(void *owner, const struct store_record *r)
{
    struct bench *b = owner;

    b->loaded++;
    b->last = *r;
    snprintf(b->last_uuid, sizeof b->last_uuid, "%s", r->uuid);
    snprintf(b->last_name, sizeof b->last_name, "%s", r->name);
    snprintf(b->last_address, sizeof b->last_address, "%s", r->address);
    return b->keeps;
}

static void on_note(void *owner, const struct store_note *note)
{
    struct bench *b = owner;
    size_t len = strlen(b->notes);

    snprintf(b->notes + len, sizeof b->notes - len, "%d:%llu=%s ",
             (int)note->kind, (unsigned long long)note->id, note->text);
}

static int try_open(struct bench *b, bool is_own_place)
{
    struct store_settings settings = {
        .path = b->path,
        .is_own_place = is_own_place,
        .pending_max = 100000,
        .each_note = on_note,
        .on_news = on_news,
        .owner = b,
    };

    b->loaded = 0;
    b->notes[0] = '\0';
    return store_open(&b->store, &settings, on_record, b, &b->err);
}

static void open_store(struct bench *b)
{
    assert_int_equal(try_open(b, true), 0);
    store_take_news(b->store, &b->news);
}

static void close_store(struct bench *b)
{
    assert_true(store_close(b->store, WAIT_US, &b->news));
    b->store = NULL;
}

/* Until is_true of the news, or for ever: then meson ends us. */
static void wait_news(struct bench *b,
                      bool (*is_true)(const struct store_news *, uint64_t),
                      uint64_t number)
{
    int seen = 0;

    for (;;) {
        store_take_news(b->store, &b->news);
        if (is_true(&b->news, number))
            return;
        pthread_mutex_lock(&b->lock);
        while (b->told_count == seen)
            pthread_cond_wait(&b->told, &b->lock);
        seen = b->told_count;
        pthread_mutex_unlock(&b->lock);
    }
}

static bool is_written(const struct store_news *news, uint64_t number)
{
    return news->written >= number;
}

static bool is_failing(const struct store_news *news, uint64_t number)
{
    (void)number;
    return news->is_failing;
}

static bool wants_all(const struct store_news *news, uint64_t number)
{
    (void)number;
    return news->wants_all;
}

static uint64_t put(struct bench *b, const char *uuid, uint16_t port)
{
    struct store_record r = record_of(uuid, "s0", port);

    return store_put(b->store, &r);
}

static void put_and_wait(struct bench *b, const char *uuid, uint16_t port)
{
    wait_news(b, is_written, put(b, uuid, port));
}

static void write_file(const char *path, const char *text, long at)
{
    FILE *f = fopen(path, at < 0 ? "w" : "r+");

    assert_non_null(f);
    fseek(f, at < 0 ? 0 : at, SEEK_SET);
    fputs(text, f);
    fclose(f);
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void a_console_is_there_again(void **state)
{
    struct bench *b = *state;
    struct store_record r = record_of("a", "s0", 50007);
    struct stat s;

    open_store(b);
    assert_int_equal(b->loaded, 0);
    store_put(b->store, &r);
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 1);
    assert_string_equal(b->last_uuid, "a");
    assert_string_equal(b->last_name, "web");
    assert_string_equal(b->last_address, "192.0.2.1:1");
    assert_int_equal(b->last.port, 50007);
    assert_int_equal(b->last.first_seen_s, 100);
    assert_int_equal(b->last.last_seen_s, 100);
    assert_int_equal(b->last.left_s, 0);
    assert_int_equal(stat(b->path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_later_change_leaves_what_it_does_not_know(void **state)
{
    struct bench *b = *state;
    struct store_record r = {
        .uuid = "a",
        .label = "s0",
        .name = "renamed",
        .address = "",
        .first_seen_s = 900,
        .left_s = 800,
    };

    open_store(b);
    put_and_wait(b, "a", 50007);
    store_put(b->store, &r);
    close_store(b);
    open_store(b);
    assert_string_equal(b->last_name, "renamed");
    assert_string_equal(b->last_address, "192.0.2.1:1");
    assert_int_equal(b->last.port, 50007);
    assert_int_equal(b->last.first_seen_s, 100);
    assert_int_equal(b->last.last_seen_s, 100);
    assert_int_equal(b->last.left_s, 800);
}

static void what_was_found_out_is_kept_and_changed(void **state)
{
    struct bench *b = *state;
    struct store_record r = record_of("a", "s0", 50007);

    open_store(b);
    r.is_proven = true;
    r.came_by_tls = true;
    r.is_keyed = true;
    store_put(b->store, &r);
    close_store(b);
    open_store(b);
    assert_true(b->last.is_proven);
    assert_true(b->last.came_by_tls);
    assert_true(b->last.is_keyed);
    r.is_proven = false;
    r.came_by_tls = false;
    r.is_keyed = false;
    store_put(b->store, &r);
    close_store(b);
    open_store(b);
    assert_false(b->last.is_proven);
    assert_false(b->last.came_by_tls);
}

/* Opens and closes the file with these steps. */
static int convert(const char *path, const struct schema *schema)
{
    const struct sqlite_kind kind = { schema, "", "" };
    struct sqlite_file f;
    struct err err;
    int r = sqlite_file_open(&f, path, &kind, &err);

    sqlite_file_close(&f);
    return r;
}

/* Its consoles have been used. */
static void a_file_of_the_first_version_is_converted(void **state)
{
    struct bench *b = *state;
    struct schema first = schema_state;

    first.count = 1;
    assert_int_equal(convert(b->path, &first), 0);
    execute(b->path, "INSERT INTO consoles (uuid, label, name, port, "
                     "first_seen, last_seen, address) VALUES "
                     "('a', 's0', 'web', 50007, 1, 1, '192.0.2.1:1')");
    open_store(b);
    assert_int_equal(b->loaded, 1);
    assert_int_equal(b->last.port, 50007);
    assert_true(b->last.is_proven);
    assert_false(b->last.came_by_tls);
}

static void a_console_that_is_forgotten_is_gone(void **state)
{
    struct bench *b = *state;

    open_store(b);
    put_and_wait(b, "a", 1);
    put_and_wait(b, "b", 2);
    store_forget(b->store, "a", "s0");
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 1);
    assert_string_equal(b->last_uuid, "b");
    close_store(b);
    b->keeps = false; /* by whoever loads it */
    open_store(b);
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 0);
}

/* ---- notes -------------------------------------------------------------- */

static uint64_t put_note(struct bench *b, enum store_note_kind kind,
                         uint64_t id, const char *text)
{
    const struct store_note note = { kind, id, text };

    return store_put_note(b->store, &note);
}

static void notes_are_there_again(void **state)
{
    struct bench *b = *state;

    open_store(b);
    assert_string_equal(b->notes, "");
    put_note(b, STORE_NOTE_ALERT, 7, "first");
    put_note(b, STORE_NOTE_ALERT, 7, "seven");
    put_note(b, STORE_NOTE_MUTE, 7, "mute");
    wait_news(b, is_written, put_note(b, STORE_NOTE_ALERT, 3, "three"));
    put_note(b, STORE_NOTE_ALERT, 3, NULL);
    put_note(b, STORE_NOTE_ALERT, 4, NULL);
    put_note(b, STORE_NOTE_ALERT, INT64_MAX, "last");
    close_store(b);
    open_store(b);
    assert_string_equal(b->notes,
                        "1:7=seven 1:9223372036854775807=last 2:7=mute ");
    assert_int_equal(b->loaded, 0);
}

static void a_file_without_notes_gets_them(void **state)
{
    struct bench *b = *state;
    struct schema third = schema_state;

    third.count = 3;
    assert_int_equal(convert(b->path, &third), 0);
    open_store(b);
    wait_news(b, is_written, put_note(b, STORE_NOTE_ALERT, 1, "one"));
    close_store(b);
    open_store(b);
    assert_string_equal(b->notes, "1:1=one ");
}

static void notes_that_were_not_written_go_beneath_what_came_since(void **state)
{
    const struct store_note one = { STORE_NOTE_ALERT, 1, "one" };
    const struct store_note two = { STORE_NOTE_ALERT, 2, "two" };
    const struct store_note later = { STORE_NOTE_ALERT, 1, "later" };
    const struct store_note gone = { STORE_NOTE_ALERT, 2, NULL };
    struct store_record a = record_of("a", "s0", 1);
    struct pending p, taken;

    (void)state;
    pending_init(&p, seed, 10);
    pending_notes_put(&p.notes, &one);
    pending_notes_put(&p.notes, &two);
    pending_put(&p, &a);
    assert_int_equal(pending_total(&p), 3);
    pending_take(&p, &taken);
    assert_int_equal(pending_total(&p), 0);
    assert_int_equal(pending_total(&taken), 3);
    pending_notes_put(&p.notes, &later);
    pending_notes_put(&p.notes, &gone);
    pending_return(&p, &taken);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.notes.count, 2);
    pending_take(&p, &taken);
    assert_string_equal(
        CONTAINER_OF(taken.notes.changes.next, struct pending_note, node)
            ->note.text,
        "later");
    assert_null(
        CONTAINER_OF(taken.notes.changes.prev, struct pending_note, node)
            ->note.text);
    /* Nothing came since: what there was is there. */
    pending_return(&p, &taken);
    assert_int_equal(p.notes.count, 2);
    pending_done(&p);
}

static void there_is_a_most_of_notes(void **state)
{
    struct store_note note = { STORE_NOTE_ALERT, 0, "x" };
    struct pending_notes p;

    (void)state;
    pending_notes_init(&p, seed);
    for (note.id = 1; note.id <= PENDING_NOTES_MAX + 5; note.id++)
        pending_notes_put(&p, &note);
    assert_int_equal(p.count, PENDING_NOTES_MAX);
    assert_int_equal(p.dropped, 5);
    note.id = 1;
    note.text = NULL;
    pending_notes_put(&p, &note);
    assert_int_equal(p.dropped, 5);
    pending_notes_done(&p);
}

static void one_process_has_it_at_a_time(void **state)
{
    struct bench *b = *state;
    struct store *first;

    open_store(b);
    first = b->store;
    assert_int_equal(try_open(b, true), DATABASE_BUSY);
    assert_string_equal(b->err.text, "another process has it open");
    b->store = first;
}

static void a_later_version_is_refused(void **state)
{
    struct bench *b = *state;

    open_store(b);
    close_store(b);
    execute(b->path, "PRAGMA user_version = 99");
    assert_int_equal(try_open(b, true), DATABASE_NEWER);
    assert_non_null(strstr(b->err.text, "a later version of vspcd"));
}

static void what_is_no_state_file_is_left_alone(void **state)
{
    struct bench *b = *state;

    write_file(b->path, "root:x:0:0:root:/root:/bin/bash\n", -1);
    assert_int_equal(try_open(b, false), DATABASE_FOREIGN);
    assert_int_equal(unlink(b->path), 0);
    execute(b->path, "CREATE TABLE songs (title TEXT)");
    assert_int_equal(try_open(b, false), DATABASE_FOREIGN);
    assert_string_equal(b->err.text, "it is the database of another program");
    execute(b->path, "SELECT * FROM songs");
}

static void a_damaged_file_is_moved_aside(void **state)
{
    struct bench *b = *state;

    open_store(b);
    for (int i = 0; i < 500; i++) {
        char uuid[16];

        snprintf(uuid, sizeof uuid, "vm-%d", i);
        put(b, uuid, (uint16_t)(50000 + i));
    }
    close_store(b);
    write_file(b->path, "this is not what was here", 4096 + 3);
    write_file(b->path, "this is not what was here", 8192 + 3);
    open_store(b);
    assert_int_equal(b->loaded, 0);
    assert_true(b->news.aside[0] != '\0' && b->news.trouble[0] != '\0');
    assert_int_equal(access(b->news.aside, F_OK), 0);
    put_and_wait(b, "a", 1);
    assert_false(b->news.is_failing);
    assert_string_equal(b->news.aside, "");
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 1);
}

static void in_its_own_place_anything_is_a_damaged_file(void **state)
{
    struct bench *b = *state;

    write_file(b->path, "nothing of any use", -1);
    open_store(b);
    assert_int_equal(access(b->news.aside, F_OK), 0);
    put_and_wait(b, "a", 1);
}

/* As a full disk, but for this process alone: no file may grow any more. */
static void set_disk_full(struct bench *b, bool is_full)
{
    struct rlimit limit;
    struct stat log = { 0 };
    char path[128];

    signal(SIGXFSZ, SIG_IGN);
    snprintf(path, sizeof path, "%s-wal", b->path);
    (void)stat(path, &log);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = is_full ? (rlim_t)log.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_a_full_disk_did_not_take_is_written_later(void **state)
{
    struct bench *b = *state;
    uint64_t number;

    open_store(b);
    put_and_wait(b, "before", 1);
    set_disk_full(b, true);
    put(b, "during", 2);
    wait_news(b, is_failing, 0);
    assert_true(b->news.trouble[0] != '\0');
    assert_true(b->news.waiting > 0);
    number = put(b, "during-2", 3);
    store_forget(b->store, "before", "s0");
    set_disk_full(b, false);
    wait_news(b, is_written, number + 1);
    assert_false(b->news.is_failing);
    assert_int_equal(b->news.waiting, 0);
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 2);
    assert_string_equal(b->last_uuid, "during-2");
}

static void a_disk_that_is_full_at_the_end_is_told(void **state)
{
    struct bench *b = *state;

    open_store(b);
    put_and_wait(b, "before", 1);
    set_disk_full(b, true);
    put(b, "during", 2);
    assert_false(store_close(b->store, WAIT_US, &b->news));
    set_disk_full(b, false);
    assert_int_equal(b->news.waiting, 1);
    open_store(b);
    assert_int_equal(b->loaded, 1);
}

static void what_can_only_be_read_is_read(void **state)
{
    struct bench *b = *state;

    open_store(b);
    put_and_wait(b, "a", 50007);
    put_note(b, STORE_NOTE_ALERT, 1, "one");
    close_store(b);
    /* root may write everywhere, but not where there is no room. */
    set_disk_full(b, true);
    open_store(b);
    assert_int_equal(b->loaded, 1);
    assert_int_equal(b->last.port, 50007);
    assert_string_equal(b->notes, "1:1=one ");
    put(b, "b", 2);
    wait_news(b, is_failing, 0);
    set_disk_full(b, false);
    wait_news(b, is_written, 1);
}

static void a_copy_that_finds_no_room_is_no_copy(void **state)
{
    struct bench *b = *state;
    struct rlimit limit;
    struct pending none;

    open_store(b);
    put_and_wait(b, "a", 50007);
    close_store(b);
    pending_init(&none, seed, 10);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 6000; /* some of it, which is no error of write(2) */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    errno = ENOENT;
    assert_true(rescue_load(b->path, on_record, NULL, b, &none, &b->err) < 0);
    set_disk_full(b, false);
    assert_int_equal(rescue_load(b->path, on_record, NULL, b, &none, &b->err),
                     0);
    assert_string_equal(b->last_uuid, "a");
    pending_done(&none);
}

static void a_file_that_was_deleted_is_made_anew(void **state)
{
    struct bench *b = *state;
    uint64_t number;

    open_store(b);
    put_and_wait(b, "a", 1);
    assert_int_equal(unlink(b->path), 0);
    number = put(b, "b", 2);
    wait_news(b, wants_all, 0);
    put(b, "a", 1);
    wait_news(b, is_written, number + 1);
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 2);
}

static void a_place_that_is_not_there_yet_is_waited_for(void **state)
{
    struct bench *b = *state;
    char place[96];

    snprintf(place, sizeof place, "%s/disk", b->directory);
    snprintf(b->path, sizeof b->path, "%s/disk/state.db", b->directory);
    open_store(b);
    assert_true(b->news.is_failing);
    put(b, "a", 1);
    assert_int_equal(mkdir(place, 0700), 0);
    wait_news(b, is_written, 1);
    assert_false(b->news.is_failing);
    close_store(b);
    open_store(b);
    assert_int_equal(b->loaded, 1);
}

/* Puts consoles until it is killed; says each time what is on the disk. */
static void put_for_ever(struct bench *b, int to)
{
    open_store(b);
    for (unsigned i = 0;; i++) {
        char uuid[16];

        snprintf(uuid, sizeof uuid, "vm-%06u", i);
        put(b, uuid, (uint16_t)(1 + i));
        store_take_news(b->store, &b->news);
        if (write(to, &b->news.written, sizeof b->news.written) < 0)
            _exit(1);
    }
}

static void what_was_written_survives_sigkill(void **state)
{
    struct bench *b = *state;
    uint64_t written = 0, said;
    int pipes[2];
    pid_t child;
    int status;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    if (child == 0)
        put_for_ever(b, pipes[1]);
    close(pipes[1]);
    while (written < 1000 && read(pipes[0], &said, sizeof said) == sizeof said)
        written = said;
    kill(child, SIGKILL);
    while (read(pipes[0], &said, sizeof said) == sizeof said)
        written = said;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    close(pipes[0]);
    open_store(b);
    assert_false(b->news.is_failing);
    assert_string_equal(b->news.aside, "");
    assert_true((uint64_t)b->loaded >= written);
}

/* ---- versions --------------------------------------------------------- */

static int version_of(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int version;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    version = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return version;
}

static void steps_that_are_missing_are_taken(void **state)
{
    static const char *const steps[] = {
        "CREATE TABLE t (a)",
        "ALTER TABLE t ADD COLUMN b",
        "no SQL at all",
    };
    struct schema one = { steps, 1, 7 }, two = { steps, 2, 7 },
                  three = { steps, 3, 7 };
    const struct bench *b = *state;

    assert_int_equal(convert(b->path, &one), 0);
    assert_int_equal(version_of(b->path), 1);
    assert_int_equal(convert(b->path, &two), 0);
    assert_int_equal(version_of(b->path), 2);
    execute(b->path, "INSERT INTO t VALUES (1, 2)");
    assert_int_equal(convert(b->path, &three), -EIO);
    assert_int_equal(version_of(b->path), 2);
    assert_int_equal(convert(b->path, &one), DATABASE_NEWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_one_change_a_console),
        cmocka_unit_test(the_labels_of_a_vm_are_different_consoles),
        cmocka_unit_test(what_is_forgotten_is_not_inherited),
        cmocka_unit_test(what_was_not_written_goes_beneath_what_came_since),
        cmocka_unit_test(there_is_a_most),
        cmocka_unit_test(
            notes_that_were_not_written_go_beneath_what_came_since),
        cmocka_unit_test(there_is_a_most_of_notes),
#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        WITH_STORE(a_console_is_there_again),
        WITH_STORE(a_later_change_leaves_what_it_does_not_know),
        WITH_STORE(what_was_found_out_is_kept_and_changed),
        WITH_STORE(a_file_of_the_first_version_is_converted),
        WITH_STORE(a_console_that_is_forgotten_is_gone),
        WITH_STORE(notes_are_there_again),
        WITH_STORE(a_file_without_notes_gets_them),
        WITH_STORE(one_process_has_it_at_a_time),
        WITH_STORE(a_later_version_is_refused),
        WITH_STORE(what_is_no_state_file_is_left_alone),
        WITH_STORE(a_damaged_file_is_moved_aside),
        WITH_STORE(in_its_own_place_anything_is_a_damaged_file),
        WITH_STORE(what_a_full_disk_did_not_take_is_written_later),
        WITH_STORE(a_disk_that_is_full_at_the_end_is_told),
        WITH_STORE(what_can_only_be_read_is_read),
        WITH_STORE(a_copy_that_finds_no_room_is_no_copy),
        WITH_STORE(a_file_that_was_deleted_is_made_anew),
        WITH_STORE(a_place_that_is_not_there_yet_is_waited_for),
        WITH_STORE(what_was_written_survives_sigkill),
        WITH_STORE(steps_that_are_missing_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
