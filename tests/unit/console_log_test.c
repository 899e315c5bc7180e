/* How a VM's new names become files of its console's log. */
#include "base/clock.h"
#include "conlog/conlog_private.h"
#include "conlog/console_log.h"
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t second = UINT64_C(1000) * 1000;
static const uint64_t hour = UINT64_C(3600) * 1000 * 1000;

static const struct directory_settings settings = {
    .seed = { 1, 2 },
    .hold_us = 1000 * 1000,
    .held_input_max = 4096,
    .ring_max = 65536,
    .history_total = 1 << 20,
};

struct fixture {
    struct directory directory;
    struct console *console;
    struct conlog *conlog;
    struct conlog_settings log_settings;
    uint64_t now_us;
};

static void on_state(void *owner, const struct console *console,
                     const char *path, int error)
{
    (void)owner;
    (void)console;
    (void)path;
    (void)error;
}

static void on_gap(void *owner, const struct console *console, const char *path,
                   uint64_t bytes, int error)
{
    (void)bytes;
    on_state(owner, console, path, error);
}

static void wake(void *owner)
{
    (void)owner;
}

static int setup(void **state)
{
    static const struct vm_identity identity = { "u1", "s0", "web" };
    static const struct console_past past = { .is_proven = true };
    const struct conlog_callbacks callbacks = {
        .on_state = on_state,
        .on_gap = on_gap,
        .wake = wake,
    };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->log_settings = (struct conlog_settings){
        .directory = "/tmp/vspcd-console-log-XXXXXX",
        .pattern = "%{name}",
        .mode = 0600,
        .uid = (uid_t)-1,
        .gid = (gid_t)-1,
        .open_max = 1,
    };
    assert_non_null(mkdtemp(f->log_settings.directory));
    directory_init(&f->directory, &settings);
    f->console = directory_restore(&f->directory, &identity, &past);
    assert_int_equal(
        conlog_open(&f->conlog, &f->log_settings, &callbacks, settings.seed),
        0);
    f->console->log =
        console_log_open(f->conlog, f->console, CONSOLE_LOG_IS_NEW);
    f->now_us = clock_now_us();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[CONLOG_DIRECTORY_MAX + 16];

    console_log_close(f->console->log, false, f->now_us);
    conlog_close(f->conlog, 20 * second, NULL, NULL);
    directory_done(&f->directory);
    snprintf(command, sizeof command, "rm -r %s", f->log_settings.directory);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static void rename_to(struct fixture *f, const char *name)
{
    free(f->console->name);
    f->console->name = strdup(name);
    console_log_renamed(f->console->log, f->now_us);
}

/* The file that output of this moment goes to. */
static const char *print(struct fixture *f)
{
    console_output(f->console, slice_of_text("x"));
    conlog_tap_take_batch(&f->console->log->tap, f->now_us);
    return console_log_state(f->console->log).path;
}

static void new_name_has_to_last(void **state)
{
    struct fixture *f = *state;

    rename_to(f, "short");
    f->now_us += second - 1;
    assert_string_equal(print(f), "web");
    rename_to(f, "long");
    f->now_us += second - 1;
    assert_string_equal(print(f), "web");
    f->now_us += 1;
    assert_string_equal(print(f), "long");
}

/* Until then the log goes on in the file that it has. */
static void names_of_a_console_are_bounded(void **state)
{
    struct fixture *f = *state;
    char name[16];
    unsigned files = 0;
    char former[16] = "web";

    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "n%d", i);
        rename_to(f, name);
        f->now_us += second;
        if (strcmp(print(f), former) != 0)
            files++;
        snprintf(former, sizeof former, "%s", print(f));
    }
    assert_int_equal(files, 4);
    assert_string_equal(former, "n3");
    f->now_us += hour;
    assert_string_equal(print(f), "n999");
    /* It was taken late, but once. */
    rename_to(f, "again");
    f->now_us += second;
    assert_string_equal(print(f), "n999");
}

static void name_that_comes_back_costs_nothing(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 10; i++) {
        rename_to(f, "other");
        rename_to(f, "web");
        f->now_us += second;
        assert_string_equal(print(f), "web");
    }
    rename_to(f, "other");
    f->now_us += second;
    assert_string_equal(print(f), "other");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(new_name_has_to_last),
        TEST(names_of_a_console_are_bounded),
        TEST(name_that_comes_back_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
