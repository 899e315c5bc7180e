/* What all logs take, and which rotated files go first. */
#include "conlog/file/conlog_sweep.h"

#include "conlog_files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct files files;
static const char *kept; /* the log whose turn is taken */
static int turns;
static atomic_bool stop;

static int set_up(void **state)
{
    (void)state;
    files_init(&files);
    kept = NULL;
    turns = 0;
    stop = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(turns, 0);
    files_done(&files);
    return 0;
}

static bool take_turn(void *owner, const char *path)
{
    (void)owner;
    if (kept != NULL && strcmp(path, kept) == 0)
        return false;
    turns++;
    return true;
}

static void give_turn(void *owner, const char *path)
{
    (void)owner;
    (void)path;
    turns--;
}

static struct conlog_sweep_result sweep(uint64_t mark, uint64_t target)
{
    struct conlog_sweep_result result;
    const struct conlog_sweep asked = {
        .directory = files.path,
        .mark = mark,
        .target = target,
        .take_turn = take_turn,
        .give_turn = give_turn,
        .stop = &stop,
    };

    assert_int_equal(conlog_sweep(&asked, &result), 0);
    return result;
}

static void all_files_count(void **state)
{
    struct conlog_sweep_result result;
    int fd;

    (void)state;
    files_make(&files, "web=123 web.1=45 web.3=6 .hidden=7 other.txt=89");
    assert_int_equal(mkdirat(files.directory, "vm", 0700), 0);
    fd = openat(files.directory, "vm/log.2", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "abcd", 4), 4);
    close(fd);
    assert_int_equal(symlinkat("/", files.directory, "root"), 0);
    result = sweep(13, 0);
    assert_int_equal(result.bytes, 13);
    assert_int_equal(result.files, 0);
    assert_int_equal(unlinkat(files.directory, "vm/log.2", 0), 0);
}

static void oldest_of_the_largest_goes_first(void **state)
{
    struct conlog_sweep_result result;

    (void)state;
    files_make(&files, "big=12345 big.1=12345 big.2=12345 big.3=12345 "
                       "old=1 old.1=12345 old.7=1");
    result = sweep(26, 16);
    files_expect(&files, "big=12345 old=1 old.1=12345 old.7=1");
    assert_int_equal(result.bytes, 12);
    assert_int_equal(result.freed, 15);
    assert_int_equal(result.files, 3);
    assert_string_equal(result.path, "big");
}

static void it_ends_at_the_target(void **state)
{
    (void)state;
    files_make(&files, "big=123 big.1=123 big.2=123");
    assert_int_equal(sweep(9, 0).files, 0);
    assert_int_equal(sweep(8, 6).files, 1);
    files_expect(&files, "big=123 big.1=123");
}

/* No file but those that rotation makes is touched, whatever is asked for. */
static void only_rotated_files_are_deleted(void **state)
{
    (void)state;
    files_make(&files, "web=1 web.0=1 web.01=1 web.1000=1 web.1.txt=1 .1=1 "
                       "web.x1=1 web.12=12 web.999=123");
    assert_int_equal(sweep(1, 0).files, 2);
    files_expect(&files, "web=1 web.0=1 web.01=1 web.1.txt=1 web.1000=1 "
                         "web.x1=1");
    assert_int_equal(faccessat(files.directory, ".1", F_OK, 0), 0);
}

static void compressed_files_are_deleted_too(void **state)
{
    (void)state;
    files_make(&files, "web=1 web.1=12 web.2.gz=123 web.3.gz=1234");
    assert_int_equal(sweep(1, 1).files, 3);
    files_expect(&files, "web=1");
}

/* It is being rotated or compressed just now, which ends. A log that is
 * compressed all the time, because its VM prints without end, must not cost
 * others their files. */
static void log_whose_turn_is_taken_is_waited_for(void **state)
{
    (void)state;
    files_make(&files, "big=1 big.1=12345 small=1 small.1=1");
    kept = "big";
    assert_int_equal(sweep(1, 0).files, 0);
    files_expect(&files, "big=1 big.1=12345 small=1 small.1=1");
    kept = NULL;
    assert_int_equal(sweep(1, 3).files, 1);
    files_expect(&files, "big=1 small=1 small.1=1");
}

static void files_of_folders_have_their_path(void **state)
{
    struct conlog_sweep_result result;
    int fd;

    (void)state;
    assert_int_equal(mkdirat(files.directory, "vm", 0700), 0);
    fd = openat(files.directory, "vm/log.1", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "abcd", 4), 4);
    close(fd);
    result = sweep(1, 0);
    assert_int_equal(result.files, 1);
    assert_string_equal(result.path, "vm/log");
    assert_int_equal(faccessat(files.directory, "vm/log.1", F_OK, 0), -1);
}

/* Begun at second 1000 of the clock. */
static struct conlog_sweep_result sweep_parts(uint64_t target, uint64_t keep_s)
{
    struct conlog_sweep_result result;
    const struct conlog_sweep asked = {
        .directory = files.path,
        .mark = target,
        .target = target,
        .part_end = ".cast",
        .keep_s = keep_s,
        .begun_s = 1000,
        .take_turn = take_turn,
        .give_turn = give_turn,
        .stop = &stop,
    };

    assert_int_equal(conlog_sweep(&asked, &result), 0);
    return result;
}

static void oldest_parts_go_first_whosever_they_are(void **state)
{
    struct conlog_sweep_result result;

    (void)state;
    files_make(&files, "a.cast=12345 b.cast=1 c.cast=12");
    files_set_mtime(&files, "a.cast", 30, 0);
    files_set_mtime(&files, "b.cast", 10, 0);
    files_set_mtime(&files, "c.cast", 20, 0);
    result = sweep_parts(5, 0);
    assert_int_equal(result.files, 2);
    assert_int_equal(result.freed, 3);
    assert_string_equal(result.path, "b.cast");
    files_expect(&files, "a.cast=12345");
}

static void a_part_that_is_written_stays(void **state)
{
    (void)state;
    files_make(&files, "live.cast=1 torn.cast=1 done.cast.gz=1");
    files_set_mtime(&files, "live.cast", 1000, 0);
    files_set_mtime(&files, "torn.cast", 999, 0);
    files_set_mtime(&files, "done.cast.gz", 1001, 0);
    assert_int_equal(sweep_parts(0, 0).files, 2);
    files_expect(&files, "live.cast=1");
}

static void parts_are_kept_for_their_time(void **state)
{
    (void)state;
    files_make(&files, "old.cast.gz=1 new.cast.gz=2 x.cast.gz.tmp=3 notes=4");
    files_set_mtime(&files, "old.cast.gz", 10, 0);
    files_set_mtime(&files, "new.cast.gz", INT64_C(1) << 33, 0);
    files_set_mtime(&files, "x.cast.gz.tmp", 10, 0);
    files_set_mtime(&files, "notes", 10, 0);
    assert_int_equal(sweep_parts(UINT64_MAX, 3600).files, 2);
    files_expect(&files, "new.cast.gz=2 notes=4");
}

static void a_part_is_not_deleted_while_it_is_compressed(void **state)
{
    (void)state;
    files_make(&files, "a.cast.gz=1 b.cast.gz=1");
    files_set_mtime(&files, "a.cast.gz", 10, 0);
    files_set_mtime(&files, "b.cast.gz", 20, 0);
    kept = "a.cast";
    assert_int_equal(sweep_parts(0, 0).files, 1);
    files_expect(&files, "a.cast.gz=1");
}

static void a_directory_that_is_gone_is_an_error(void **state)
{
    struct conlog_sweep_result result;
    const struct conlog_sweep asked = {
        .directory = "/nonexistent/logs",
        .stop = &stop,
    };

    (void)state;
    assert_int_equal(conlog_sweep(&asked, &result), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(all_files_count),
        TEST(oldest_of_the_largest_goes_first),
        TEST(it_ends_at_the_target),
        TEST(only_rotated_files_are_deleted),
        TEST(compressed_files_are_deleted_too),
        TEST(log_whose_turn_is_taken_is_waited_for),
        TEST(files_of_folders_have_their_path),
        TEST(oldest_parts_go_first_whosever_they_are),
        TEST(a_part_that_is_written_stays),
        TEST(parts_are_kept_for_their_time),
        TEST(a_part_is_not_deleted_while_it_is_compressed),
        TEST(a_directory_that_is_gone_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
