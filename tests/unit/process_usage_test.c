/* What the kernel says of the process, and files that are counted. */
#include "base/process_usage.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void a_process_uses_something(void **state)
{
    struct process_usage usage = process_read_usage();
    struct process_usage later;

    (void)state;
    assert_true(usage.resident_bytes > 0);
    assert_true(usage.virtual_bytes >= usage.resident_bytes);
    do
        later = process_read_usage();
    while (later.cpu_us == usage.cpu_us);
    assert_true(later.cpu_us > usage.cpu_us);
}

static uint64_t count_open(void)
{
    struct process_files files = { .count = 0 };

    while (!process_count_files(&files, "/proc/self/fd"))
        continue;
    return files.count;
}

/* Both ways, where the kernel has both. */
static void open_files_are_counted(void **state)
{
    uint64_t said = process_read_usage().open_files;
    uint64_t counted = count_open();
    int fd = dup(0);

    (void)state;
    assert_true(said == 0 || said == counted);
    assert_int_equal(count_open(), counted + 1);
    close(fd);
    assert_int_equal(count_open(), counted);
}

static void many_files_take_several_calls(void **state)
{
    enum { COUNT = 1200 };
    char folder[] = "/tmp/vspcd-usage-XXXXXX";
    struct process_files files = { .count = 0 };
    char path[64];
    int calls = 1;

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "%s/%d", folder, 10000 + i);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    while (!process_count_files(&files, folder))
        calls++;
    assert_int_equal(files.count, COUNT);
    assert_true(calls > 2);
    /* Half counted, and given up. */
    files.count = 0;
    assert_false(process_count_files(&files, folder));
    process_files_done(&files);
    process_files_done(&files);
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "%s/%d", folder, 10000 + i);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void a_folder_that_cannot_be_read_has_none(void **state)
{
    struct process_files files = { .count = 0 };

    (void)state;
    assert_true(process_count_files(&files, "/nonexistent"));
    assert_int_equal(files.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_uses_something),
        cmocka_unit_test(open_files_are_counted),
        cmocka_unit_test(many_files_take_several_calls),
        cmocka_unit_test(a_folder_that_cannot_be_read_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
