/* What waits to be written: bounded in memory, and in order for each path. */
#include "conlog/conlog_writers.h"
#include "conlog/file/conlog_error.h"
#include "conlog/file/conlog_space.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLOSE_US = 5 * 1000 * 1000 };

struct fixture {
    struct conlog_settings settings;
    struct conlog_writers *writers;
    char content[256];
};

static void wake(void *owner)
{
    (void)owner;
}

/* In a directory that is not there: all fails, until it is made. */
static int setup(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->settings.directory, sizeof f->settings.directory,
             "/tmp/vspcd-writers-XXXXXX");
    assert_non_null(mkdtemp(f->settings.directory));
    assert_int_equal(rmdir(f->settings.directory), 0);
    f->settings.mode = 0600;
    f->settings.uid = (uid_t)-1;
    f->settings.gid = (gid_t)-1;
    f->settings.open_max = 8;
    assert_int_equal(
        conlog_writers_open(&f->writers, &f->settings, wake, f, seed), 0);
    *state = f;
    return 0;
}

static void ignore_left(void *owner, const struct conlog_writers_news *left)
{
    (void)owner;
    (void)left;
}

static void close_all(struct fixture *f)
{
    conlog_writers_close(f->writers, CLOSE_US, ignore_left, NULL);
    f->writers = NULL;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_all(f);
    free(f);
    return 0;
}

static void put(struct fixture *f, struct conlog_writer_slot *slot,
                const char *path, const char *text)
{
    size_t len = strlen(text);
    struct conlog_job *job = conlog_writers_new_job(f->writers, (uint32_t)len);

    memcpy(job->bytes, text, len);
    conlog_writers_put(f->writers, slot, job, path);
}

static const char *take(struct fixture *f, const char *name)
{
    char path[1100];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%s/%s", f->settings.directory, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    n = read(fd, f->content, sizeof f->content - 1);
    assert_true(n >= 0);
    f->content[n] = '\0';
    close(fd);
    assert_int_equal(unlink(path), 0);
    return f->content;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
}

/* A prompt now and then, for days, on a disk that is dead. */
static void jobs_of_a_byte_take_no_more_memory_than_large_ones(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot slot = { 0 };
    size_t count = 0;

    while (conlog_writers_room(f->writers, &slot, 1) > 0) {
        put(f, &slot, "web", "x");
        count++;
        assert_true(count * sizeof(struct conlog_job) <= CONLOG_WRITER_LOG_MAX);
    }
    assert_true(count > 1000);
    conlog_writers_leave(f->writers, &slot, false);
}

/* VMs that come, print and go, each under a name of its own. */
static void logs_that_were_left_have_a_bound_in_all(void **state)
{
    static char text[CONLOG_WRITER_GRANT + 1];
    struct fixture *f = *state;
    uint64_t bytes = 0;

    memset(text, 'x', CONLOG_WRITER_GRANT);
    for (unsigned n = 0;; n++) {
        struct conlog_writer_slot slot = { 0 };
        char path[16];

        if (conlog_writers_room(f->writers, &slot, CONLOG_WRITER_GRANT) <
            CONLOG_WRITER_GRANT)
            break;
        snprintf(path, sizeof path, "web-%u", n);
        put(f, &slot, path, text);
        conlog_writers_leave(f->writers, &slot, false);
        bytes += CONLOG_WRITER_GRANT;
        assert_true(bytes <= CONLOG_WRITER_HELD_MAX);
    }
    assert_true(bytes >= CONLOG_WRITER_TOTAL_MAX);
    assert_true(conlog_writers_are_full(f->writers));
}

static void who_takes_a_path_over_is_written_behind_it(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot one = { 0 };
    struct conlog_writer_slot two = { 0 };
    uint64_t waiting;

    put(f, &one, "web", "1");
    conlog_writers_flush(f->writers, &one);
    while (conlog_writers_state(f->writers, &one, &waiting) != ENOENT)
        pause_a_little();
    put(f, &two, "web", "2"); /* while one has it still */
    put(f, &one, "old", "a");
    conlog_writers_leave(f->writers, &two, false);
    put(f, &two, "web", "3"); /* while nobody has it */
    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    conlog_writers_leave(f->writers, &one, false);
    conlog_writers_leave(f->writers, &two, false);
    close_all(f);
    assert_string_equal(take(f, "web"), "123");
    assert_string_equal(take(f, "old"), "a");
    assert_int_equal(rmdir(f->settings.directory), 0);
}

static void set(struct fixture *f)
{
    conlog_writers_set(f->writers, &f->settings);
}

static void nothing_is_written_that_would_not_stay_free(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot slot = { 0 };
    uint64_t waiting, held, failing;

    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    f->settings.keep_free = UINT64_C(1) << 60;
    set(f);
    put(f, &slot, "web", "kept");
    conlog_writers_flush(f->writers, &slot);
    while (conlog_writers_state(f->writers, &slot, &waiting) !=
           CONLOG_ERROR_KEEP_FREE)
        pause_a_little();
    assert_int_equal(waiting, 4);
    conlog_writers_count(f->writers, &held, &failing);
    assert_true(held > 4);
    assert_int_equal(failing, 1);
    assert_int_equal(rmdir(f->settings.directory), 0); /* it was empty */
    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    f->settings.keep_free = 0;
    set(f);
    while (conlog_writers_state(f->writers, &slot, &waiting) != 0)
        pause_a_little();
    conlog_writers_count(f->writers, &held, &failing);
    assert_int_equal(failing, 0);
    conlog_writers_leave(f->writers, &slot, false);
    close_all(f);
    assert_string_equal(take(f, "web"), "kept");
    assert_int_equal(rmdir(f->settings.directory), 0);
}

/* A file that is as long as it says, and takes nothing of the disk. */
static void make_long(struct fixture *f, const char *name, off_t len)
{
    char path[1100];
    int fd;

    snprintf(path, sizeof path, "%s/%s", f->settings.directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, len), 0);
    close(fd);
}

static void rotated_files_of_the_largest_log_make_room(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot web = { 0 }, gone = { 0 };
    struct conlog_sweep_result swept;

    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    make_long(f, "gone.1", 5 << 20);
    make_long(f, "gone.2", 5 << 20);
    make_long(f, "web.1", 1 << 20);
    f->settings.total = CONLOG_SPACE_TOTAL_MIN;
    set(f);
    put(f, &web, "web", "1");
    conlog_writers_flush(f->writers, &web);
    do {
        /* The log whose files are deleted is written meanwhile. */
        put(f, &gone, "gone", "x");
        conlog_writers_flush(f->writers, &gone);
        pause_a_little();
    } while (!conlog_writers_take_swept(f->writers, &swept));
    assert_int_equal(swept.files, 1);
    assert_int_equal(swept.freed, 5 << 20);
    assert_string_equal(swept.path, "gone");
    conlog_writers_leave(f->writers, &web, false);
    conlog_writers_leave(f->writers, &gone, false);
    close_all(f);
    assert_string_equal(take(f, "web"), "1");
    assert_int_equal(take(f, "gone")[0], 'x');
    (void)take(f, "gone.1");
    (void)take(f, "web.1");
    assert_int_equal(rmdir(f->settings.directory), 0);
}

/* "AB" becomes "<A><B>": two bytes a piece at most. */
static size_t render_in_brackets(struct slice *in, uint8_t *to, size_t size)
{
    size_t len = 0;

    (void)size;
    for (int i = 0; i < 2 && in->len > 0; i++) {
        to[len++] = '<';
        to[len++] = in->data[0];
        to[len++] = '>';
        *in = slice_after(*in, 1);
    }
    return len;
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[1100];

    snprintf(path, sizeof path, "%s/%s", f->settings.directory, name);
    return access(path, F_OK) == 0;
}

static void jobs_are_rendered_on_the_thread(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot slot = { 0 };

    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    f->settings.render = render_in_brackets;
    set(f);
    put(f, &slot, "web", "abc");
    put(f, &slot, "web", "d");
    conlog_writers_leave(f->writers, &slot, false);
    close_all(f);
    assert_string_equal(take(f, "web"), "<a><b><c><d>");
    assert_int_equal(rmdir(f->settings.directory), 0);
}

static void a_part_is_compressed_when_it_has_ended(void **state)
{
    struct fixture *f = *state;
    struct conlog_writer_slot slot = { 0 };

    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    f->settings.part_end = ".cast";
    set(f);
    put(f, &slot, "one.cast", "1");
    conlog_writers_leave(f->writers, &slot, true);
    put(f, &slot, "two.cast", "2");
    conlog_writers_leave(f->writers, &slot, false);
    while (!is_there(f, "one.cast.gz") || is_there(f, "one.cast"))
        pause_a_little();
    close_all(f);
    assert_false(is_there(f, "two.cast.gz"));
    assert_string_equal(take(f, "two.cast"), "2");
    (void)take(f, "one.cast.gz");
    assert_int_equal(rmdir(f->settings.directory), 0);
}

/* Nobody writes; the owner's tick alone wakes a thread. */
static void old_parts_expire_without_a_job(void **state)
{
    struct fixture *f = *state;
    const struct timespec old[2] = { { .tv_sec = 10 }, { .tv_sec = 10 } };
    struct conlog_sweep_result swept;
    char path[1100];

    assert_int_equal(mkdir(f->settings.directory, 0700), 0);
    make_long(f, "old.cast", 5);
    snprintf(path, sizeof path, "%s/old.cast", f->settings.directory);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    f->settings.part_end = ".cast";
    f->settings.keep_s = 3600;
    set(f);
    do {
        conlog_writers_look(f->writers);
        pause_a_little();
    } while (!conlog_writers_take_swept(f->writers, &swept));
    assert_int_equal(swept.files, 1);
    assert_false(is_there(f, "old.cast"));
    assert_int_equal(rmdir(f->settings.directory), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(jobs_of_a_byte_take_no_more_memory_than_large_ones),
        TEST(logs_that_were_left_have_a_bound_in_all),
        TEST(who_takes_a_path_over_is_written_behind_it),
        TEST(nothing_is_written_that_would_not_stay_free),
        TEST(rotated_files_of_the_largest_log_make_room),
        TEST(jobs_are_rendered_on_the_thread),
        TEST(a_part_is_compressed_when_it_has_ended),
        TEST(old_parts_expire_without_a_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
