/* A log's file: jobs are written whole, once and in order, wherever a write
 * stops. RLIMIT_FSIZE plays the full disk. */
#include "conlog/file/conlog_file.h"

#include "base/mem.h"
#include "conlog/file/conlog_error.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONTENT_MAX = 4096 };

struct fixture {
    struct conlog_settings settings;
    struct conlog_file file;
    uint8_t scratch[CONLOG_FILE_SCRATCH];
    char content[CONTENT_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->settings.directory, sizeof f->settings.directory,
             "/tmp/vspcd-log-file-XXXXXX");
    assert_non_null(mkdtemp(f->settings.directory));
    f->settings.mode = 0600;
    f->settings.uid = (uid_t)-1;
    f->settings.gid = (gid_t)-1;
    conlog_file_init(&f->file, "web");
    signal(SIGXFSZ, SIG_IGN);
    *state = f;
    return 0;
}

static void limit_file_size(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void path_of(const struct fixture *f, const char *name, char to[1100])
{
    snprintf(to, 1100, "%s/%s", f->settings.directory, name);
}

static int teardown(void **state)
{
    static const char *const names[] = { "web", "web.1" };
    struct fixture *f = *state;
    char path[1100];

    limit_file_size(RLIM_INFINITY);
    conlog_file_done(&f->file);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(f, names[i], path);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->settings.directory), 0);
    free(f);
    return 0;
}

static struct conlog_job *job(const char *text)
{
    size_t len = strlen(text);
    struct conlog_job *j = xcalloc(1, sizeof *j + len);

    j->len = (uint32_t)len;
    memcpy(j->bytes, text, len);
    return j;
}

static int try_once(struct fixture *f, struct conlog_job *j)
{
    struct conlog_file_batch batch = { .last = j, .is_whole = true };

    return conlog_file_write(&f->file, j, &batch, &f->settings, 1, false,
                             f->scratch);
}

static void write_whole(struct fixture *f, struct conlog_job *j)
{
    assert_int_equal(try_once(f, j), CONLOG_FILE_WRITTEN);
    free(j);
}

static const char *content(struct fixture *f, const char *name)
{
    char path[1100];
    ssize_t n;
    int fd;

    path_of(f, name, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    n = read(fd, f->content, sizeof f->content - 1);
    assert_true(n >= 0);
    f->content[n] = '\0';
    close(fd);
    return f->content;
}

static void partial_writes_double_and_lose_nothing(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("one two three four five");

    for (rlim_t limit = 1; limit < 24; limit += 5) {
        limit_file_size(limit);
        assert_int_equal(try_once(f, j), -EFBIG);
    }
    limit_file_size(RLIM_INFINITY);
    write_whole(f, j);
    assert_string_equal(content(f, "web"), "one two three four five");
}

static void a_stamp_that_was_cut_is_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("one\ntwo\n");

    f->settings.is_stamped = true;
    for (rlim_t limit = 1; limit < 58; limit += 3) {
        limit_file_size(limit);
        assert_int_equal(try_once(f, j), -EFBIG);
    }
    limit_file_size(RLIM_INFINITY);
    write_whole(f, j);
    assert_string_equal(content(f, "web"), "1970-01-01T00:00:00.000Z one\n"
                                           "1970-01-01T00:00:00.000Z two\n");
}

static void file_with_another_name_is_left_alone(void **state)
{
    struct fixture *f = *state;
    char path[1100], other[1100];
    struct conlog_job *j = job("new");

    write_whole(f, job("old "));
    conlog_file_close(&f->file);
    path_of(f, "web", path);
    path_of(f, "web.1", other);
    assert_int_equal(link(path, other), 0);
    assert_int_equal(try_once(f, j), -CONLOG_ERROR_LINKED);
    assert_string_equal(content(f, "web"), "old ");
    assert_int_equal(unlink(other), 0);
    write_whole(f, j);
    assert_string_equal(content(f, "web"), "old new");
}

/* ---- batches ---------------------------------------------------------- */

enum { JOB_LEN = 60 * 1000, JOBS = 10 };

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * 31 + at / 251);
}

/* Jobs of so many bytes each, one behind the other. */
static void make_jobs(struct conlog_job *jobs[JOBS])
{
    for (size_t i = 0; i < JOBS; i++) {
        struct conlog_job *j = xcalloc(1, sizeof *j + JOB_LEN);

        j->len = JOB_LEN;
        for (size_t n = 0; n < JOB_LEN; n++)
            j->bytes[n] = byte_at(i * JOB_LEN + n);
        jobs[i] = j;
        if (i > 0)
            jobs[i - 1]->next = j;
    }
}

static void free_jobs(struct conlog_job *jobs[JOBS])
{
    for (size_t i = 0; i < JOBS; i++)
        free(jobs[i]);
}

/* As a writer thread does. Returns what the last call came to, and in *at which
 * job is next. */
static int write_batch(struct fixture *f, struct conlog_job *jobs[JOBS],
                       size_t *at, size_t last, bool is_whole)
{
    struct conlog_file_batch batch = { .last = jobs[last],
                                       .is_whole = is_whole };

    while (*at <= last) {
        int r = conlog_file_write(&f->file, jobs[*at], &batch, &f->settings, 1,
                                  false, f->scratch);

        if (r != CONLOG_FILE_WRITTEN)
            return r;
        ++*at;
    }
    return CONLOG_FILE_WRITTEN;
}

static off_t size_of(struct fixture *f, const char *name)
{
    char path[1100];
    struct stat st;

    path_of(f, name, path);
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void assert_is_as_printed(struct fixture *f, const char *name,
                                 size_t len)
{
    uint8_t *got = xmalloc(len + 1);
    char path[1100];
    int fd;

    path_of(f, name, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, len + 1), len);
    close(fd);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(got[i], byte_at(i));
    free(got);
}

static void batch_is_written_in_whole_blocks(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *jobs[JOBS];
    size_t at = 0;

    make_jobs(jobs);
    assert_int_equal(write_batch(f, jobs, &at, 2, false), CONLOG_FILE_KEPT);
    assert_int_equal(size_of(f, "web"), 0);
    assert_int_equal(at, 0);
    assert_int_equal(write_batch(f, jobs, &at, 5, false), CONLOG_FILE_KEPT);
    assert_int_equal(size_of(f, "web"), CONLOG_FILE_BLOCK);
    assert_int_equal(at, CONLOG_FILE_BLOCK / JOB_LEN);
    /* From the middle of a block to its end. */
    assert_int_equal(write_batch(f, jobs, &at, 6, true), CONLOG_FILE_WRITTEN);
    assert_int_equal(size_of(f, "web"), 7 * JOB_LEN);
    assert_int_equal(write_batch(f, jobs, &at, 9, false), CONLOG_FILE_KEPT);
    assert_int_equal(size_of(f, "web"), 2 * CONLOG_FILE_BLOCK);
    assert_int_equal(write_batch(f, jobs, &at, 9, true), CONLOG_FILE_WRITTEN);
    assert_is_as_printed(f, "web", sizeof(uint8_t[JOBS][JOB_LEN]));
    free_jobs(jobs);
}

static void batch_that_fails_in_the_middle_doubles_and_loses_nothing(
    void **state)
{
    struct fixture *f = *state;
    struct conlog_job *jobs[JOBS];
    size_t at = 0;

    make_jobs(jobs);
    for (rlim_t limit = 1; limit < JOBS * JOB_LEN; limit += 77777) {
        limit_file_size(limit);
        assert_int_equal(write_batch(f, jobs, &at, JOBS - 1, true), -EFBIG);
        assert_int_equal(size_of(f, "web"), limit);
        assert_int_equal(at, limit / JOB_LEN);
    }
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(write_batch(f, jobs, &at, JOBS - 1, true),
                     CONLOG_FILE_WRITTEN);
    assert_is_as_printed(f, "web", sizeof(uint8_t[JOBS][JOB_LEN]));
    free_jobs(jobs);
}

static void batch_ends_before_a_gap(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *first = job("1");
    struct conlog_job *second = job("2");
    struct conlog_file_batch batch = { .last = second, .is_whole = false };

    first->next = second;
    second->lost = 7;
    assert_int_equal(conlog_file_write(&f->file, first, &batch, &f->settings, 1,
                                       false, f->scratch),
                     CONLOG_FILE_WRITTEN);
    assert_string_equal(content(f, "web"), "1");
    batch.is_whole = true;
    assert_int_equal(conlog_file_write(&f->file, second, &batch, &f->settings,
                                       1, false, f->scratch),
                     CONLOG_FILE_WRITTEN);
    assert_string_equal(content(f, "web"),
                        "1\n[vspcd: 7 bytes are missing here: the disk is too "
                        "slow]\n2");
    free(first);
    free(second);
}

static void batch_does_not_go_beyond_a_rotation(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *first = job("012");
    struct conlog_job *second = job("345");
    struct conlog_file_batch batch = { .last = second, .is_whole = true };

    f->settings.rotation =
        (struct conlog_rotation_rules){ .size_max = 3, .keep = 1 };
    first->next = second;
    assert_int_equal(conlog_file_write(&f->file, first, &batch, &f->settings, 1,
                                       true, f->scratch),
                     CONLOG_FILE_WRITTEN);
    assert_string_equal(content(f, "web"), "012");
    assert_int_equal(conlog_file_write(&f->file, second, &batch, &f->settings,
                                       1, true, f->scratch),
                     CONLOG_FILE_IS_DUE);
    free(first);
    free(second);
}

static void gap_is_on_a_line_of_its_own_in_a_file_that_was_there(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("after");

    write_whole(f, job("before"));
    conlog_file_done(&f->file);
    conlog_file_init(&f->file, "web");
    j->lost = 1;
    write_whole(f, j);
    assert_string_equal(content(f, "web"),
                        "before\n[vspcd: 1 bytes are missing here: the disk is "
                        "too slow]\nafter");
}

static void gap_has_a_line_of_its_own(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("after\n");

    write_whole(f, job("before"));
    j->lost = 12345;
    j->lost_error = ENOSPC;
    for (rlim_t limit = 7; limit < 70; limit += 7) {
        limit_file_size(limit);
        assert_int_equal(try_once(f, j), -EFBIG);
    }
    limit_file_size(RLIM_INFINITY);
    write_whole(f, j);
    assert_string_equal(content(f, "web"),
                        "before\n[vspcd: 12345 bytes are missing here: no "
                        "space left on device]\nafter\n");
}

static void line_of_who_was_killed_is_ended_where_lines_have_times(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j;

    write_whole(f, job("half a line"));
    conlog_file_done(&f->file);
    conlog_file_init(&f->file, "web");
    f->settings.is_stamped = true;
    j = job("new");
    j->is_first = true;
    write_whole(f, j);
    assert_string_equal(content(f, "web"),
                        "half a line\n1970-01-01T00:00:00.000Z new");
    /* A file that was closed meanwhile is gone on with in its line. */
    conlog_file_close(&f->file);
    write_whole(f, job(" one\n"));
    assert_string_equal(content(f, "web"),
                        "half a line\n1970-01-01T00:00:00.000Z new one\n");
}

/* The disk is full in the midst of a job, and then SIGHUP changes the format.
 */
static void change_format(struct fixture *f, bool is_stamped, rlim_t written,
                          const char *expected)
{
    struct conlog_job *j = job("one two three four\nfive\n");
    struct conlog_file_batch batch = { .last = j, .is_whole = true };

    f->settings.is_stamped = is_stamped;
    limit_file_size(written);
    assert_int_equal(try_once(f, j), -EFBIG);
    limit_file_size(RLIM_INFINITY);
    f->settings.is_stamped = !is_stamped;
    assert_int_equal(conlog_file_write(&f->file, j, &batch, &f->settings, 2,
                                       false, f->scratch),
                     CONLOG_FILE_WRITTEN);
    free(j);
    assert_string_equal(content(f, "web"), expected);
}

static void format_that_changes_in_a_raw_piece_loses_nothing(void **state)
{
    change_format(*state, false, 7,
                  "one two three four\n1970-01-01T00:00:00.000Z five\n");
}

static void format_that_changes_in_a_stamped_piece_loses_nothing(void **state)
{
    change_format(*state, true, 30,
                  "1970-01-01T00:00:00.000Z one two three four\n"
                  "1970-01-01T00:00:00.000Z five\n");
}

/* As a clock that was wrong leaves it. */
static void file_of_the_future_ages_from_now_on(void **state)
{
    struct fixture *f = *state;

    f->settings.rotation =
        (struct conlog_rotation_rules){ .age_s = 60, .keep = 1 };
    write_whole(f, job("1"));
    f->file.born_s = INT64_C(1) << 40;
    f->file.rotate_after_s = INT64_C(1) << 40;
    write_whole(f, job("2"));
    assert_true(f->file.born_s <= clock_utc_s());
    assert_true(f->file.rotate_after_s <= clock_utc_s());
}

static void rotation_goes_on_in_a_new_file(void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("3456");
    struct conlog_file_batch batch = { .last = j, .is_whole = true };
    struct err err;

    f->settings.rotation =
        (struct conlog_rotation_rules){ .size_max = 3, .keep = 1 };
    write_whole(f, job("012"));
    assert_int_equal(conlog_file_write(&f->file, j, &batch, &f->settings, 1,
                                       true, f->scratch),
                     CONLOG_FILE_IS_DUE);
    assert_int_equal(conlog_file_rotate(&f->file, &f->settings, &err), 0);
    write_whole(f, j);
    assert_string_equal(content(f, "web.1"), "012");
    assert_string_equal(content(f, "web"), "3456");
}

static void file_that_was_moved_away_is_left_at_the_next_generation(
    void **state)
{
    struct fixture *f = *state;
    struct conlog_job *j = job("2");
    struct conlog_file_batch batch = { .last = j, .is_whole = true };
    char from[1100];
    char to[1100];

    write_whole(f, job("1"));
    path_of(f, "web", from);
    path_of(f, "web.1", to);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(conlog_file_write(&f->file, j, &batch, &f->settings, 2,
                                       false, f->scratch),
                     CONLOG_FILE_WRITTEN);
    free(j);
    assert_string_equal(content(f, "web.1"), "1");
    assert_string_equal(content(f, "web"), "2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(partial_writes_double_and_lose_nothing),
        TEST(file_with_another_name_is_left_alone),
        TEST(a_stamp_that_was_cut_is_gone_on_with),
        TEST(batch_is_written_in_whole_blocks),
        TEST(batch_that_fails_in_the_middle_doubles_and_loses_nothing),
        TEST(batch_ends_before_a_gap),
        TEST(batch_does_not_go_beyond_a_rotation),
        TEST(gap_is_on_a_line_of_its_own_in_a_file_that_was_there),
        TEST(gap_has_a_line_of_its_own),
        TEST(line_of_who_was_killed_is_ended_where_lines_have_times),
        TEST(format_that_changes_in_a_raw_piece_loses_nothing),
        TEST(format_that_changes_in_a_stamped_piece_loses_nothing),
        TEST(file_of_the_future_ages_from_now_on),
        TEST(rotation_goes_on_in_a_new_file),
        TEST(file_that_was_moved_away_is_left_at_the_next_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
