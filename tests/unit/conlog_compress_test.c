/* Rotated logs compressed: by gzip's own program, stopped, on full disks. */
#include "conlog/file/conlog_compress.h"

#include "conlog_files.h"

#include "conlog/file/conlog_rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CHUNK = 64 * 1024, MOST = 5 * CHUNK };

static struct files files;
static atomic_bool never, stopped = true;

static uint8_t content[MOST], back[MOST + 1];

static int set_up(void **state)
{
    (void)state;
    files_init(&files);
    /* What is random does not get smaller, so that each chunk is written. */
    srand(3);
    for (size_t i = 0; i < MOST; i++)
        content[i] = (uint8_t)(rand() >> 8);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_done(&files);
    return 0;
}

static void compress_ok(const char *path, unsigned number)
{
    struct err err = { "" };

    assert_int_equal(
        conlog_compress_file(files.directory, path, number, &never, &err),
        CONLOG_COMPRESS_DONE);
    assert_string_equal(err.text, "");
}

static void any_length_comes_back(void **state)
{
    static const size_t lengths[] = { 0,         1,         CHUNK - 1, CHUNK,
                                      CHUNK + 1, 2 * CHUNK, MOST };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        files_make(&files, "");
        files_write(&files, "web.1", content, lengths[i], 0600);
        compress_ok("web", 1);
        assert_int_equal(files_unpack(&files, "web.1.gz", back, sizeof back),
                         lengths[i]);
        assert_memory_equal(back, content, lengths[i]);
        assert_int_equal(faccessat(files.directory, "web.1", F_OK, 0), -1);
        assert_int_equal(faccessat(files.directory, "web.gz.tmp", F_OK, 0), -1);
    }
}

static void gunzip_accepts_it(void **state)
{
    char command[256];

    (void)state;
    files_write(&files, "web.2", content, MOST, 0600);
    compress_ok("web", 2);
    snprintf(command, sizeof command, "gzip -t %s/web.2.gz", files.path);
    assert_int_equal(system(command), 0);
}

static void mode_and_time_stay(void **state)
{
    struct stat before, after;

    (void)state;
    files_write(&files, "web.1", "abc", 3, 0640);
    if (geteuid() == 0)
        assert_int_equal(fchownat(files.directory, "web.1", 12, 34, 0), 0);
    files_set_mtime(&files, "web.1", 1234567, 890);
    assert_int_equal(fstatat(files.directory, "web.1", &before, 0), 0);
    compress_ok("web", 1);
    assert_int_equal(fstatat(files.directory, "web.1.gz", &after, 0), 0);
    assert_int_equal(after.st_mode, before.st_mode);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(after.st_gid, before.st_gid);
    assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

static void files_in_folders_are_compressed_there(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(files.directory, "vm", 0700), 0);
    files_write(&files, "vm/web.1", "abc", 3, 0600);
    compress_ok("vm/web", 1);
    assert_int_equal(files_unpack(&files, "vm/web.1.gz", back, 10), 3);
    assert_int_equal(unlinkat(files.directory, "vm/web.1.gz", 0), 0);
}

static void there_may_be_nothing_to_do(void **state)
{
    (void)state;
    files_make(&files, "web=a web.1.gz=b");
    compress_ok("web", 1);
    compress_ok("web", 2);
    files_expect(&files, "web=a web.1.gz=b");
}

static void a_leftover_is_overwritten(void **state)
{
    (void)state;
    files_make(&files, "web.1=a web.gz.tmp=half-done");
    compress_ok("web", 1);
    files_expect(&files, "web.1.gz=a");
}

static void a_copy_that_was_left_goes(void **state)
{
    (void)state;
    files_make(&files, "web.1=a web.1.gz=a");
    files_set_mtime(&files, "web.1", 500, 7);
    files_set_mtime(&files, "web.1.gz", 500, 7);
    compress_ok("web", 1);
    files_expect(&files, "web.1.gz=a");
}

static void another_file_is_not_overwritten(void **state)
{
    struct err err;

    (void)state;
    files_make(&files, "web.1=b web.1.gz=a");
    assert_int_equal(
        conlog_compress_file(files.directory, "web", 1, &never, &err), -EEXIST);
    assert_string_equal(err.text, "web.1.gz is there, and is of another file");
    files_expect(&files, "web.1=b web.1.gz=a");
}

static void it_can_be_stopped(void **state)
{
    struct err err;

    (void)state;
    files_make(&files, "web.1=a");
    assert_int_equal(
        conlog_compress_file(files.directory, "web", 1, &stopped, &err),
        CONLOG_COMPRESS_STOPPED);
    files_expect(&files, "web.1=a");
}

static void what_is_no_file_is_refused(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(mkfifoat(files.directory, "web.1", 0600), 0);
    assert_int_equal(
        conlog_compress_file(files.directory, "web", 1, &never, &err), -EINVAL);
    assert_int_equal(unlinkat(files.directory, "web.1", 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", files.directory, "web.1"), 0);
    assert_int_equal(
        conlog_compress_file(files.directory, "web", 1, &never, &err), -ELOOP);
}

/* No file may be longer than that, as on a disk that is full. */
static void a_full_disk_leaves_the_file_as_it_was(void **state)
{
    static const size_t limits[] = { 0, 10, CHUNK, 2 * CHUNK, MOST - 1 };
    struct rlimit before, limit;
    struct err err;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    files_write(&files, "web.1", content, MOST, 0600);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int r;

        limit = before;
        limit.rlim_cur = limits[i];
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        r = conlog_compress_file(files.directory, "web", 1, &never, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EFBIG);
        assert_string_equal(err.text,
                            "cannot write web.gz.tmp: File too large");
        assert_int_equal(files_unpack(&files, "web.1", back, sizeof back),
                         MOST);
        assert_memory_equal(back, content, MOST);
        assert_int_equal(faccessat(files.directory, "web.1.gz", F_OK, 0), -1);
        assert_int_equal(faccessat(files.directory, "web.gz.tmp", F_OK, 0), -1);
    }
    compress_ok("web", 1);
}

/* Somebody writes on while it is compressed: that may not be lost. */
static void *write_on(void *owner)
{
    const atomic_bool *ends = owner;
    int fd = openat(files.directory, "web.1", O_WRONLY | O_APPEND | O_CLOEXEC);

    while (!atomic_load(ends) && write(fd, "x", 1) == 1)
        continue;
    close(fd);
    return NULL;
}

static int compress_while_written(struct err *err)
{
    atomic_bool ends = false;
    pthread_t writer;
    struct stat st;
    int r;

    files_make(&files, "");
    /* The last chunk takes a while, after which the size is looked at. */
    files_write(&files, "web.1", content, 2 * CHUNK - CHUNK / 4, 0600);
    assert_int_equal(pthread_create(&writer, NULL, write_on, &ends), 0);
    do {
        assert_int_equal(fstatat(files.directory, "web.1", &st, 0), 0);
    } while (st.st_size == 2 * CHUNK - CHUNK / 4);
    r = conlog_compress_file(files.directory, "web", 1, &never, err);
    atomic_store(&ends, true);
    pthread_join(writer, NULL);
    return r;
}

/* The writer may just not get a processor: then it is done once more. */
static void a_file_that_grows_is_left(void **state)
{
    struct err err;
    int r;

    (void)state;
    do {
        r = compress_while_written(&err);
    } while (r == CONLOG_COMPRESS_DONE);
    assert_int_equal(r, -EBUSY);
    assert_string_equal(err.text, "web.1 is still written to");
    assert_int_equal(faccessat(files.directory, "web.1", F_OK, 0), 0);
    assert_int_equal(faccessat(files.directory, "web.1.gz", F_OK, 0), -1);
    assert_int_equal(faccessat(files.directory, "web.gz.tmp", F_OK, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_length_comes_back),
        TEST(gunzip_accepts_it),
        TEST(mode_and_time_stay),
        TEST(files_in_folders_are_compressed_there),
        TEST(there_may_be_nothing_to_do),
        TEST(a_leftover_is_overwritten),
        TEST(a_copy_that_was_left_goes),
        TEST(another_file_is_not_overwritten),
        TEST(it_can_be_stopped),
        TEST(what_is_no_file_is_refused),
        TEST(a_full_disk_leaves_the_file_as_it_was),
        TEST(a_file_that_grows_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
