/* The audit log's queue, thread and file. A disk that fails is a limit of the
 * size of files. */
#include "audit/audit_check.h"
#include "audit/audit_writer.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_US = 20 * 1000 * 1000, WAIT_US = 10 * 1000 * 1000 };

static char folder[PATH_MAX];
static char path[PATH_MAX + 16];
static atomic_uint calls;

static void on_news(void *owner)
{
    (void)owner;
    calls++;
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/vspcd-audit-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/audit.log", folder);
    signal(SIGXFSZ, SIG_IGN);
    return 0;
}

static int remove_folder(void **state)
{
    char command[PATH_MAX + 32];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static int open_at(const char *at, struct audit_writer **ret, bool *ret_is_torn,
                   size_t waiting_max)
{
    const struct audit_settings settings = { .path = at,
                                             .waiting_max = waiting_max,
                                             .on_news = on_news };
    struct err err = { "" };
    int r = audit_writer_open(ret, &settings, ret_is_torn, &err);

    assert_true(r == 0 || strstr(err.text, at) != NULL);
    return r;
}

static struct audit_writer *open_log(void)
{
    struct audit_writer *w;
    bool is_torn;

    assert_int_equal(open_at(path, &w, &is_torn, AUDIT_WAITING_MAX), 0);
    assert_false(is_torn);
    return w;
}

static uint64_t put(struct audit_writer *w, const char *text)
{
    const struct log_record r = { .level = LOG_INFO,
                                  .text = text,
                                  .utc = "2026-01-31T23:59:59.123Z" };

    return audit_writer_put(w, &r, LOG_QUIET);
}

static struct audit_news news_of(struct audit_writer *w)
{
    struct audit_news news;

    audit_writer_read_news(w, &news);
    return news;
}

/* Waits until all events are written, failing or not failing. */
static struct audit_news wait_until(struct audit_writer *w, bool is_failing)
{
    uint64_t until_us = clock_now_us() + PATIENCE_US;
    struct audit_news news = news_of(w);

    while (news.is_failing != is_failing || (!is_failing && news.waiting > 0)) {
        assert_true(clock_now_us() < until_us);
        usleep(1000);
        news = news_of(w);
    }
    return news;
}

static void wait_reopened(struct audit_writer *w, uint64_t times)
{
    uint64_t until_us = clock_now_us() + PATIENCE_US;

    while (news_of(w).reopened < times) {
        assert_true(clock_now_us() < until_us);
        usleep(1000);
    }
}

static void close_log(struct audit_writer *w)
{
    struct audit_news news;

    assert_true(audit_writer_close(w, WAIT_US, &news));
    assert_int_equal(news.waiting, 0);
}

/* ---- files -------------------------------------------------------------- */

static char *read_file(const char *at)
{
    static char text[1 << 20];
    FILE *file = fopen(at, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *at, const char *text)
{
    FILE *file = fopen(at, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Findings of the file's lines. */
struct found {
    struct audit_check check;
    unsigned of[AUDIT_BROKEN + 1];
    uint64_t lost;
};

static void check_file(struct found *f, const char *at)
{
    char *line = read_file(at);
    char *end;

    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        f->of[audit_check_line(&f->check,
                               slice_of(line, (size_t)(end - line)))]++;
        f->lost += f->check.lost;
    }
    assert_string_equal(line, "");
}

static void begin_found(struct found *f)
{
    *f = (struct found){ .lost = 0 };
    audit_check_begin(&f->check);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* ---- writing ------------------------------------------------------------ */

static void events_are_written_in_order(void **state)
{
    struct audit_writer *w = open_log();
    struct found found;
    struct stat st;

    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(put(w, "attached console=web"), i);
    assert_int_equal(wait_until(w, false).written, 1000);
    close_log(w);
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 1000);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void numbers_go_on_over_restarts(void **state)
{
    struct found found;

    (void)state;
    for (uint64_t run = 0; run < 3; run++) {
        struct audit_writer *w = open_log();

        assert_int_equal(put(w, "start"), 2 * run + 1);
        assert_int_equal(put(w, "stop"), 2 * run + 2);
        close_log(w);
    }
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 6);
}

static void a_torn_end_is_completed(void **state)
{
    struct audit_writer *w = open_log();
    struct found found;
    bool is_torn;
    struct stat st;

    (void)state;
    put(w, "one");
    put(w, "two");
    close_log(w);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 7), 0);
    assert_int_equal(open_at(path, &w, &is_torn, AUDIT_WAITING_MAX), 0);
    assert_true(is_torn);
    assert_int_equal(put(w, "three"), 3);
    close_log(w);
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 1);
    assert_int_equal(found.of[AUDIT_TORN], 1);
    assert_int_equal(found.of[AUDIT_LOST], 1);
    assert_int_equal(found.lost, 1);
}

/* ---- disks that fail ---------------------------------------------------- */

static void a_full_disk_loses_nothing_that_there_is_room_for(void **state)
{
    struct audit_writer *w = open_log();
    struct audit_news news;
    struct found found;
    unsigned before;

    (void)state;
    limit_files(1000);
    for (int i = 0; i < 50; i++)
        put(w, "attached console=web");
    news = wait_until(w, true);
    assert_int_equal(news.lost, 0);
    assert_true(news.written > 0 && news.waiting > 0);
    assert_string_equal(news.why.text, strerror(EFBIG));
    before = calls;
    limit_files(RLIM_INFINITY);
    assert_int_equal(wait_until(w, false).written, 50);
    assert_true(calls > before);
    close_log(w);
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 50);
}

static void what_there_is_no_room_for_is_a_gap(void **state)
{
    struct audit_writer *w;
    struct audit_news news;
    struct found found;
    bool is_torn;

    (void)state;
    assert_int_equal(open_at(path, &w, &is_torn, 4096), 0);
    limit_files(0);
    for (uint64_t i = 1; i <= 100; i++)
        assert_int_equal(put(w, "attached console=web"), i);
    news = wait_until(w, true);
    assert_int_equal(news.lost + news.waiting, 100);
    assert_true(news.lost > 0 && news.waiting > 0);
    limit_files(RLIM_INFINITY);
    (void)wait_until(w, false);
    assert_int_equal(put(w, "again"), 101);
    close_log(w);
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_BROKEN], 0);
    assert_int_equal(found.of[AUDIT_LOST], 1);
    assert_int_equal(found.lost, news.lost);
}

static void a_noisy_source_leaves_room(void **state)
{
    const struct log_record r = { .level = LOG_INFO,
                                  .text = "noise",
                                  .utc = "2026-01-31T23:59:59.123Z" };
    struct audit_writer *w;
    struct audit_news news;
    bool is_torn;

    (void)state;
    assert_int_equal(open_at(path, &w, &is_torn, 4096), 0);
    limit_files(0);
    for (int i = 0; i < 100; i++)
        (void)audit_writer_put(w, &r, LOG_NOISY);
    news = news_of(w);
    assert_true(news.lost > 0);
    put(w, "quiet");
    assert_int_equal(news_of(w).lost, news.lost);
    limit_files(RLIM_INFINITY);
    (void)wait_until(w, false);
    close_log(w);
    assert_non_null(strstr(read_file(path), "\"quiet\""));
}

static void an_end_that_cannot_be_written_is_told(void **state)
{
    struct audit_writer *w = open_log();
    struct audit_news news;

    (void)state;
    limit_files(0);
    put(w, "one");
    assert_false(audit_writer_close(w, WAIT_US, &news));
    assert_int_equal(news.waiting, 1);
    assert_string_equal(news.why.text, strerror(EFBIG));
    limit_files(RLIM_INFINITY);
}

/* ---- rotation ----------------------------------------------------------- */

static void a_renamed_file_is_left(void **state)
{
    struct audit_writer *w = open_log();
    char former[PATH_MAX + 32];
    struct found found;

    (void)state;
    snprintf(former, sizeof former, "%s.1", path);
    put(w, "one");
    audit_writer_reopen(w); /* it is in place */
    (void)wait_until(w, false);
    assert_int_equal(rename(path, former), 0);
    put(w, "two");
    (void)wait_until(w, false);
    audit_writer_reopen(w);
    wait_reopened(w, 1);
    put(w, "three");
    close_log(w);
    assert_null(strstr(read_file(former), "three"));
    begin_found(&found);
    check_file(&found, former);
    check_file(&found, path);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 3);
}

static void the_former_file_is_kept_until_another_can_be_opened(void **state)
{
    struct audit_writer *w = open_log();
    char former[PATH_MAX + 32];
    uint64_t until_us = clock_now_us() + PATIENCE_US;

    (void)state;
    snprintf(former, sizeof former, "%s.1", path);
    assert_int_equal(rename(path, former), 0);
    assert_int_equal(symlink("/dev/null", path), 0);
    audit_writer_reopen(w);
    while (!news_of(w).is_in_former) {
        assert_true(clock_now_us() < until_us);
        usleep(1000);
    }
    assert_non_null(strstr(news_of(w).why.text, "symbolic link"));
    put(w, "one");
    assert_false(wait_until(w, false).is_failing);
    assert_non_null(strstr(read_file(former), "one"));
    assert_int_equal(unlink(path), 0);
    wait_reopened(w, 1);
    assert_false(news_of(w).is_in_former);
    put(w, "two");
    close_log(w);
    assert_non_null(strstr(read_file(path), "two"));
}

/* A part of a line is in the former file; the next has all of it. */
static void a_line_is_not_divided_between_files(void **state)
{
    struct audit_writer *w = open_log();
    char former[PATH_MAX + 32];
    struct found found;

    (void)state;
    snprintf(former, sizeof former, "%s.1", path);
    limit_files(150);
    put(w, "one");
    put(w, "two");
    (void)wait_until(w, true);
    assert_int_equal(rename(path, former), 0);
    audit_writer_reopen(w);
    (void)wait_until(w, false);
    assert_int_equal(news_of(w).reopened, 1);
    limit_files(RLIM_INFINITY);
    put(w, "three");
    close_log(w);
    assert_non_null(strstr(read_file(former), "\"n\":2"));
    begin_found(&found);
    check_file(&found, path);
    assert_int_equal(found.check.first, 2);
    assert_int_equal(found.of[AUDIT_FOLLOWS], 2);
}

static void a_deleted_file_is_replaced(void **state)
{
    struct audit_writer *w = open_log();

    (void)state;
    assert_int_equal(unlink(path), 0);
    put(w, "one");
    wait_reopened(w, 1);
    assert_int_equal(news_of(w).deleted, 1);
    put(w, "two");
    close_log(w);
    assert_non_null(strstr(read_file(path), "\"n\":2"));
}

/* ---- what is no file for it --------------------------------------------- */

static void other_files_are_refused_and_left_alone(void **state)
{
    char other[PATH_MAX + 32];
    struct audit_writer *w;
    bool is_torn;

    (void)state;
    snprintf(other, sizeof other, "%s/other", folder);
    write_file(other, "");
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(open_at(path, &w, &is_torn, 4096), -ELOOP);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(other, path), 0);
    assert_int_equal(open_at(path, &w, &is_torn, 4096), -EINVAL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(open_at(path, &w, &is_torn, 4096), -EINVAL);
    assert_int_equal(unlink(path), 0);
    write_file(path, "root:x:0:0:root:/root:/bin/bash\n");
    assert_int_equal(open_at(path, &w, &is_torn, 4096), -EINVAL);
    assert_string_equal(read_file(path), "root:x:0:0:root:/root:/bin/bash\n");
    assert_int_equal(open_at("/dev/full", &w, &is_torn, 4096), -EINVAL);
    assert_int_equal(open_at("/nonexistent/audit.log", &w, &is_torn, 4096),
                     -ENOENT);
}

static void a_second_writer_is_refused(void **state)
{
    struct audit_writer *first = open_log();
    struct audit_writer *second;
    bool is_torn;

    (void)state;
    assert_int_equal(open_at(path, &second, &is_torn, 4096), -EBUSY);
    close_log(first);
    second = open_log();
    close_log(second);
}

#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_FOLDER(events_are_written_in_order),
        IN_FOLDER(numbers_go_on_over_restarts),
        IN_FOLDER(a_torn_end_is_completed),
        IN_FOLDER(a_full_disk_loses_nothing_that_there_is_room_for),
        IN_FOLDER(what_there_is_no_room_for_is_a_gap),
        IN_FOLDER(a_noisy_source_leaves_room),
        IN_FOLDER(an_end_that_cannot_be_written_is_told),
        IN_FOLDER(a_renamed_file_is_left),
        IN_FOLDER(the_former_file_is_kept_until_another_can_be_opened),
        IN_FOLDER(a_line_is_not_divided_between_files),
        IN_FOLDER(a_deleted_file_is_replaced),
        IN_FOLDER(other_files_are_refused_and_left_alone),
        IN_FOLDER(a_second_writer_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
