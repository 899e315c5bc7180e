/* Recordings as files: what is in them, when they begin and end, parts, gaps,
 * keys. Times are left out. */
#include "record/record.h"

#include "base/clock.h"
#include "core/directory.h"
#include "record/record_private.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum {
    RING = 64 * KIB,
    CONTENT_MAX = 4 * 1024 * 1024,
    WAIT_US = 20 * 1000 * 1000
};

struct fixture {
    struct directory directory;
    struct vm_link vm;
    struct client client;
    struct console *console;
    struct recorder *recorder;
    struct record_settings settings;
    struct access_recording rule;
    unsigned started, ended, said;
    uint64_t missing;
    int error;
    char why[128];
    char content[CONTENT_MAX];
};

static void on_client(struct client *client)
{
    (void)client;
}

static void on_say(struct client *client, const char *text)
{
    assert_non_null(strstr(text, "recorded"));
    CONTAINER_OF(client, struct fixture, client)->said++;
}

static const struct client_ops client_ops = {
    .pull = on_client,
    .input_changed = on_client,
    .lines_changed = on_client,
    .say = on_say,
};

static size_t on_input(struct vm_link *link, struct slice bytes)
{
    (void)link;
    return bytes.len;
}

static void on_link(struct vm_link *link)
{
    (void)link;
}

static void on_line_break(struct vm_link *link, bool is_on)
{
    (void)link;
    (void)is_on;
}

static const struct vm_link_ops link_ops = {
    .input = on_input,
    .input_end = on_link,
    .line_break = on_line_break,
    .lines_changed = on_link,
    .resume = on_link,
};

/* ---- the daemon's part ------------------------------------------------- */

static struct access_recording on_rules(void *owner, const struct console *c)
{
    (void)c;
    return ((struct fixture *)owner)->rule;
}

static void on_started(void *owner, const struct record_info *info)
{
    assert_non_null(info->console);
    ((struct fixture *)owner)->started++;
}

static void on_ended(void *owner, const struct record_info *info,
                     const char *why)
{
    struct fixture *f = owner;

    assert_non_null(info->console);
    f->ended++;
    snprintf(f->why, sizeof f->why, "%s", why);
}

static void on_state(void *owner, const struct console *c, const char *path,
                     int error)
{
    (void)c;
    (void)path;
    ((struct fixture *)owner)->error = error;
}

static void on_gap(void *owner, const struct console *c, const char *path,
                   uint64_t bytes, int error)
{
    (void)c;
    (void)path;
    (void)error;
    ((struct fixture *)owner)->missing += bytes;
}

static void wake(void *owner)
{
    (void)owner;
}

static const uint64_t seed[2] = { 1, 2 };

static void open_recorder(struct fixture *f)
{
    const struct record_callbacks callbacks = {
        .rules = on_rules,
        .on_started = on_started,
        .on_ended = on_ended,
        .on_state = on_state,
        .on_gap = on_gap,
        .wake = wake,
        .owner = f,
    };

    f->recorder = record_open(&f->settings, &callbacks, seed);
}

static int setup(void **state)
{
    static const struct directory_settings settings = {
        .seed = { 1, 2 },
        .hold_us = 1000,
        .ring_max = RING,
        .history_total = UINT64_C(1) << 30,
        .held_input_max = 64 * KIB,
    };
    static const struct vm_identity who = { "u1", "s0", "web" };
    static const struct client_origin origin = {
        .right = RIGHT_BREAK,
        .peer = "192.0.2.7:1",
        .door = CLIENT_DOOR_PORT,
    };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    directory_init(&f->directory, &settings);
    f->vm.ops = &link_ops;
    client_init(&f->client, &client_ops, &origin);
    assert_int_equal(directory_attach_vm(&f->directory, &f->vm, &who, 0),
                     DIRECTORY_ATTACHED);
    f->console = f->vm.console;
    snprintf(f->settings.directory, sizeof f->settings.directory,
             "/tmp/vspcd-record-XXXXXX");
    assert_non_null(mkdtemp(f->settings.directory));
    f->settings.open_max = 4;
    f->rule.record = ACCESS_RECORD_ALWAYS;
    open_recorder(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[RECORD_DIRECTORY_MAX + 16];

    assert_int_equal(record_close(f->recorder, WAIT_US), 0);
    client_detach(&f->client, 0);
    console_detach_vm(&f->vm, "end", 0);
    directory_done(&f->directory);
    snprintf(command, sizeof command, "rm -rf %s", f->settings.directory);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* ---- steps ------------------------------------------------------------- */

static void judge(struct fixture *f, enum access_record record)
{
    f->rule.record = record;
    record_judge(f->recorder, f->console, false, clock_now_us());
}

static void attach(struct fixture *f)
{
    struct err why;

    assert_int_equal(client_attach(&f->client, f->console, 0, &why),
                     CLIENT_ATTACHED);
}

static void print(struct fixture *f, const void *bytes, size_t len)
{
    console_output(f->console, slice_of(bytes, len));
    directory_settle(&f->directory);
}

static void print_text(struct fixture *f, const char *text)
{
    print(f, text, strlen(text));
}

static void type(struct fixture *f, const char *keys)
{
    assert_true(client_input(&f->client, slice_of_text(keys), 0));
    directory_settle(&f->directory);
}

static struct console_record *only_record(struct fixture *f)
{
    assert_false(list_is_empty(&f->recorder->all));
    return CONTAINER_OF(f->recorder->all.next, struct console_record, node);
}

static void end_batch(struct fixture *f)
{
    conlog_tap_take_batch(&only_record(f)->tap, clock_now_us());
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

static void wait_until_written(struct fixture *f)
{
    uint64_t waiting = 1;

    end_batch(f);
    while (conlog_writers_state(f->recorder->taps.writers,
                                &only_record(f)->tap.slot, &waiting),
           waiting > 0)
        pause_a_little();
}

/* ---- files ------------------------------------------------------------- */

static int is_cast(const struct dirent *entry)
{
    return strstr(entry->d_name, ".cast") != NULL;
}

static size_t read_file(struct fixture *f, const char *name, size_t at)
{
    char path[2 * RECORD_DIRECTORY_MAX];
    gzFile file;
    int n;

    snprintf(path, sizeof path, "%s/u1/s0/%s", f->settings.directory, name);
    file = gzopen(path, "rb"); /* it also reads what is not compressed */
    assert_non_null(file);
    n = gzread(file, f->content + at, (unsigned)(CONTENT_MAX - 1 - at));
    assert_true(n >= 0);
    gzclose(file);
    return at + (size_t)n;
}

/* "[0.123456," becomes "[", and a header "{}". */
static void leave_out_times(char *content)
{
    char *to = content;

    for (char *line = content; *line != '\0';) {
        char *end = strchr(line, '\n');
        char *text;

        assert_non_null(end); /* no file is torn */
        if (line[0] == '{') {
            to = stpcpy(to, "{}\n");
        } else {
            text = strchr(line, ',') + 1;
            *to++ = '[';
            memmove(to, text, (size_t)(end + 1 - text));
            to += end + 1 - text;
        }
        line = end + 1;
    }
    *to = '\0';
}

/* All files in the order of their names, without times and headers. Ends all
 * recordings; compression goes on or not. */
static const char *finish(struct fixture *f)
{
    char path[2 * RECORD_DIRECTORY_MAX];
    struct dirent **entries;
    size_t len = 0;
    int count;

    assert_int_equal(record_close(f->recorder, WAIT_US), 0);
    f->recorder = NULL;
    snprintf(path, sizeof path, "%s/u1/s0", f->settings.directory);
    count = scandir(path, &entries, is_cast, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        len = read_file(f, entries[i]->d_name, len);
        free(entries[i]);
    }
    free(entries);
    f->content[len] = '\0';
    leave_out_times(f->content);
    return f->content;
}

/* ---- tests ------------------------------------------------------------- */

static void output_and_what_happened_are_in_order(void **state)
{
    struct fixture *f = *state;
    const struct fact_client who = {
        .peer = "192.0.2.7:1",
        .name = (char[]){ "alice" },
        .door = CLIENT_DOOR_WEBSOCKET,
    };

    judge(f, ACCESS_RECORD_ALWAYS);
    print_text(f, "a\r\n");
    attach(f);
    record_mark_client(f->recorder, f->console, &who, true, clock_now_us());
    print_text(f, "b");
    client_break(&f->client, true);
    directory_settle(&f->directory);
    print_text(f, "c");
    console_break_output(f->console, true);
    directory_settle(&f->directory);
    record_mark(f->recorder, f->console, RECORD_CAST_VM_MOVED, "from h1 to h2",
                clock_now_us());
    assert_string_equal(
        finish(f),
        "{}\n[\"o\",\"a\\r\\n\"]\n"
        "[\"m\",\"client attached: alice by websocket from 192.0.2.7:1\"]\n"
        "[\"o\",\"b\"]\n[\"m\",\"break: by 192.0.2.7:1\"]\n"
        "[\"o\",\"c\"]\n[\"m\",\"break: by the VM\"]\n"
        "[\"m\",\"VM moved: from h1 to h2\"]\n"
        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

static void a_character_waits_for_its_rest(void **state)
{
    struct fixture *f = *state;

    judge(f, ACCESS_RECORD_ALWAYS);
    print_text(f, "a\xe2\x82");
    end_batch(f);
    print_text(f, "\xac");
    end_batch(f);
    /* It does not come. */
    print_text(f, "b\xe2");
    end_batch(f);
    end_batch(f);
    print_text(f, "c");
    assert_string_equal(finish(f),
                        "{}\n[\"o\",\"a\"]\n[\"o\",\"\xe2\x82\xac\"]\n"
                        "[\"o\",\"b\"]\n[\"o\",\"\xef\xbf\xbd\"]\n"
                        "[\"o\",\"c\"]\n"
                        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

static void a_session_is_from_the_first_client_to_the_last(void **state)
{
    struct fixture *f = *state;

    judge(f, ACCESS_RECORD_SESSIONS);
    assert_int_equal(f->started, 0);
    print_text(f, "before");
    attach(f);
    judge(f, ACCESS_RECORD_SESSIONS);
    assert_int_equal(f->started, 1);
    assert_int_equal(only_record(f)->reason, RECORD_SESSION);
    print_text(f, "seen");
    client_detach(&f->client, 0);
    judge(f, ACCESS_RECORD_SESSIONS);
    assert_int_equal(f->ended, 1);
    print_text(f, "after");
    assert_string_equal(
        finish(f),
        "{}\n[\"o\",\"seen\"]\n"
        "[\"m\",\"recording ended: the last client has detached\"]\n");
}

/* A VM that hangs says nothing more: what was on the screen is the recording.
 */
static void a_session_begins_with_what_a_client_is_shown(void **state)
{
    struct fixture *f = *state;

    f->settings.history = (struct history_wish){ .lines = 1, .bytes = 100 };
    record_set(f->recorder, &f->settings, clock_now_us());
    judge(f, ACCESS_RECORD_SESSIONS);
    print_text(f, "long ago\r\nOops: it hangs");
    attach(f);
    judge(f, ACCESS_RECORD_SESSIONS);
    end_batch(f);
    assert_string_equal(finish(f),
                        "{}\n[\"o\",\"Oops: it hangs\"]\n"
                        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

/* Then the next client finds the last one; and it ends a minute after a client
 * that stays away. */
static void clients_that_come_and_go_make_few(void **state)
{
    struct fixture *f = *state;
    uint64_t now_us = clock_now_us();

    f->rule.record = ACCESS_RECORD_SESSIONS;
    for (int i = 0; i < 2 * RECORD_OFTEN_BURST; i++) {
        attach(f);
        record_judge(f->recorder, f->console, false, now_us);
        client_detach(&f->client, now_us);
        record_judge(f->recorder, f->console, false, now_us);
    }
    assert_int_equal(f->started, RECORD_OFTEN_BURST + 1);
    assert_int_equal(f->ended, RECORD_OFTEN_BURST);
    attach(f);
    record_judge(f->recorder, f->console, false, now_us);
    deadline_queue_fire(&f->recorder->seconds, now_us + 2 * RECORD_LINGER_US);
    assert_int_equal(f->ended, RECORD_OFTEN_BURST);
    client_detach(&f->client, now_us);
    record_judge(f->recorder, f->console, false, now_us);
    assert_int_equal(f->ended, RECORD_OFTEN_BURST);
    deadline_queue_fire(&f->recorder->seconds, now_us + RECORD_LINGER_US);
    assert_int_equal(f->ended, RECORD_OFTEN_BURST + 1);
    assert_string_equal(f->why, "the last client has detached");
}

static void those_on_demand_are_not_begun_too_often(void **state)
{
    static const struct record_wish wish = { .by = "alice" };
    struct fixture *f = *state;
    struct record_info info;
    enum record_outcome outcome = RECORD_STARTED;
    unsigned count = 0;

    while (count < 2 * RECORD_OFTEN_BURST && outcome == RECORD_STARTED) {
        outcome = record_start(f->recorder, f->console, &wish, &info);
        count++;
        (void)record_stop(f->recorder, f->console, "alice", &info);
    }
    assert_int_equal(outcome, RECORD_TOO_OFTEN);
    assert_true(count > RECORD_OFTEN_BURST);
}

static void a_rule_that_changes_ends_it(void **state)
{
    struct fixture *f = *state;

    judge(f, ACCESS_RECORD_ALWAYS);
    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(f->started, 1);
    f->rule.has_input = true;
    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(f->started, 2);
    judge(f, ACCESS_RECORD_OFF);
    assert_int_equal(f->ended, 2);
    assert_string_equal(f->why, "the rules have changed");
    assert_int_equal(record_count(f->recorder).live, 0);
}

static void a_console_that_goes_ends_both(void **state)
{
    static const struct record_wish wish = { .by = "alice" };
    struct fixture *f = *state;
    struct record_info info;

    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_STARTED);
    assert_int_equal(record_count(f->recorder).live, 2);
    record_forget(f->recorder, f->console, clock_now_us());
    assert_int_equal(f->ended, 2);
    assert_string_equal(f->why, "the console is forgotten");
}

static void somebody_starts_and_stops_one(void **state)
{
    struct record_wish wish = { .by = "alice", .has_input = true };
    struct fixture *f = *state;
    struct record_info info, found;

    judge(f, ACCESS_RECORD_OFF);
    assert_false(record_stop(f->recorder, f->console, "bob", &info));
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_NO_INPUT);
    wish.has_input = false;
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_STARTED);
    assert_string_equal(info.by, "alice");
    assert_string_equal(info.folder.text, "u1/s0");
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_GOES_ON);
    assert_true(record_find(f->recorder, info.id.text, &found));
    assert_ptr_equal(found.console, f->console);
    assert_int_equal(found.reason, RECORD_DEMAND);
    assert_true(record_find_on_demand(f->recorder, f->console, &found));
    assert_string_equal(found.id.text, info.id.text);
    print_text(f, "x");
    assert_true(record_stop(f->recorder, f->console, "bob", &found));
    assert_false(record_find_on_demand(f->recorder, f->console, &found));
    assert_false(record_find(f->recorder, info.id.text, &found));
    assert_string_equal(
        finish(f),
        "{}\n[\"o\",\"x\"]\n[\"m\",\"recording ended: stopped by bob\"]\n");
}

static void one_with_an_end_ends_by_itself(void **state)
{
    static const struct record_wish wish = { .by = "a", .length_us = 5000000 };
    struct fixture *f = *state;
    struct record_info info;

    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_STARTED);
    deadline_queue_fire(&f->recorder->seconds, clock_now_us() + 2000000);
    assert_int_equal(f->ended, 0);
    deadline_queue_fire(&f->recorder->seconds, clock_now_us() + 6000000);
    assert_int_equal(f->ended, 1);
    assert_false(deadline_is_running(&f->recorder->second));
}

static void without_a_directory_there_are_none(void **state)
{
    static const struct record_wish wish = { .by = "alice" };
    struct fixture *f = *state;
    struct record_info info;
    char directory[RECORD_DIRECTORY_MAX];

    memcpy(directory, f->settings.directory, sizeof directory);
    assert_int_equal(record_close(f->recorder, WAIT_US), 0);
    f->settings.directory[0] = '\0';
    open_recorder(f);
    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_IS_OFF);
    assert_int_equal(f->started, 0);
    assert_null(record_directory(f->recorder));
    memcpy(f->settings.directory, directory, sizeof directory);
}

/* 3,000 bytes in parts of 1,000: nothing is lost or doubled between them. */
static void parts_follow_each_other(void **state)
{
    struct fixture *f = *state;
    char expected[8192] = "{}\n";
    char *to = expected + strlen(expected);

    f->settings.rotate_size = 1000;
    record_set(f->recorder, &f->settings, clock_now_us());
    judge(f, ACCESS_RECORD_ALWAYS);
    for (int i = 0; i < 30; i++) {
        char text[101];
        uint32_t part = only_record(f)->part;

        memset(text, 'a' + i % 26, 100);
        text[100] = '\0';
        wait_until_written(f);
        print_text(f, text);
        end_batch(f);
        if (only_record(f)->part != part)
            to +=
                sprintf(to, "[\"m\",\"recording continues in part: %u\"]\n{}\n",
                        only_record(f)->part);
        to += sprintf(to, "[\"o\",\"%s\"]\n", text);
    }
    assert_true(only_record(f)->part >= 3 && only_record(f)->part < 9);
    sprintf(to, "[\"m\",\"recording ended: vspcd stops\"]\n");
    assert_string_equal(finish(f), expected);
}

static void the_format_is_that_of_the_next_recording(void **state)
{
    struct fixture *f = *state;
    struct record_info info;
    static const struct record_wish wish = { .by = "alice" };

    f->settings.is_v3 = true;
    record_set(f->recorder, &f->settings, clock_now_us());
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_STARTED);
    assert_true(info.is_v3);
}

/* The disk takes nothing, until it does. */
static void what_is_missing_is_told(void **state)
{
    static uint8_t much[RING];
    struct fixture *f = *state;
    char expected[128];
    const char *content;

    f->settings.keep_free = UINT64_C(1) << 60;
    record_set(f->recorder, &f->settings, clock_now_us());
    judge(f, ACCESS_RECORD_ALWAYS);
    memset(much, 'x', sizeof much);
    for (int i = 0; i < 16; i++)
        print(f, much, sizeof much);
    record_mark(f->recorder, f->console, RECORD_CAST_VM_AWAY, "gone",
                clock_now_us());
    while (f->error == 0) {
        record_wake(f->recorder, clock_now_us());
        pause_a_little();
    }
    f->settings.keep_free = 0;
    record_set(f->recorder, &f->settings, clock_now_us());
    while (only_record(f)->tap.is_refused) {
        record_wake(f->recorder, clock_now_us());
        conlog_writers_tick(f->recorder->taps.writers, clock_now_us());
        pause_a_little();
    }
    assert_true(f->missing > 0 && f->missing < 16 * sizeof much);
    print_text(f, "y");
    content = finish(f);
    snprintf(expected, sizeof expected,
             "[\"m\",\"gap: %llu bytes and 1 events are missing: ",
             (unsigned long long)f->missing);
    assert_non_null(strstr(content, expected));
    assert_non_null(strstr(content, "y\"]\n[\"m\",\"recording ended"));
}

static void keys_are_recorded_when_they_are_shown(void **state)
{
    struct fixture *f = *state;

    attach(f);
    f->rule.has_input = true;
    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(f->said, 1);
    type(f, "ls");
    print_text(f, "ls");
    type(f, "\r");
    print_text(f, "\r\nPassword: ");
    type(f, "secret\r");
    print_text(f, "\r\n$ ");
    assert_string_equal(
        finish(f), "{}\n[\"o\",\"ls\"]\n[\"i\",\"ls\"]\n"
                   "[\"o\",\"\\r\\nPassword: \"]\n[\"i\",\"\\r\"]\n"
                   "[\"o\",\"\\r\\n$ \"]\n"
                   "[\"m\",\"keys not recorded: the VM did not show them\"]\n"
                   "[\"m\",\"recording ended: vspcd stops\"]\n");
}

static void keys_without_an_answer_are_dropped_in_time(void **state)
{
    struct fixture *f = *state;

    attach(f);
    f->rule.has_input = true;
    judge(f, ACCESS_RECORD_ALWAYS);
    type(f, "secret");
    assert_true(deadline_is_running(&only_record(f)->echo_wait));
    deadline_queue_fire(&f->recorder->echoes,
                        clock_now_us() + 2 * RECORD_ECHO_US);
    assert_false(deadline_is_running(&only_record(f)->echo_wait));
    assert_string_equal(
        finish(f),
        "{}\n[\"m\",\"keys not recorded: the VM did not show them\"]\n"
        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

static void without_a_rule_no_key_is_recorded(void **state)
{
    struct fixture *f = *state;

    attach(f);
    judge(f, ACCESS_RECORD_ALWAYS);
    assert_int_equal(f->said, 0);
    type(f, "ls");
    print_text(f, "ls");
    assert_string_equal(finish(f),
                        "{}\n[\"o\",\"ls\"]\n"
                        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

static void a_rule_that_forbids_keys_ends_them_alone(void **state)
{
    static const struct record_wish wish = { .by = "alice", .has_input = true };
    struct fixture *f = *state;
    struct record_info info;

    attach(f);
    f->rule.has_input = true;
    assert_int_equal(record_start(f->recorder, f->console, &wish, &info),
                     RECORD_STARTED);
    f->rule.has_input = false;
    judge(f, ACCESS_RECORD_OFF);
    type(f, "ls");
    print_text(f, "ls");
    assert_string_equal(finish(f),
                        "{}\n[\"m\",\"keys not recorded: the rules forbid it\"]"
                        "\n[\"o\",\"ls\"]\n"
                        "[\"m\",\"recording ended: vspcd stops\"]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(output_and_what_happened_are_in_order),
        TEST(a_character_waits_for_its_rest),
        TEST(a_session_is_from_the_first_client_to_the_last),
        TEST(a_session_begins_with_what_a_client_is_shown),
        TEST(clients_that_come_and_go_make_few),
        TEST(those_on_demand_are_not_begun_too_often),
        TEST(a_rule_that_changes_ends_it),
        TEST(a_console_that_goes_ends_both),
        TEST(somebody_starts_and_stops_one),
        TEST(one_with_an_end_ends_by_itself),
        TEST(without_a_directory_there_are_none),
        TEST(parts_follow_each_other),
        TEST(the_format_is_that_of_the_next_recording),
        TEST(what_is_missing_is_told),
        TEST(keys_are_recorded_when_they_are_shown),
        TEST(keys_without_an_answer_are_dropped_in_time),
        TEST(without_a_rule_no_key_is_recorded),
        TEST(a_rule_that_forbids_keys_ends_them_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
