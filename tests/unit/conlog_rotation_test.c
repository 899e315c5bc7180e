/* Rotation: when, what it makes of the files, and what a crash leaves. */
#include "conlog/file/conlog_rotation.h"

#include "conlog_files.h"

#include "conlog/file/conlog_compress.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct files files;

static int set_up(void **state)
{
    (void)state;
    files_init(&files);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_done(&files);
    return 0;
}

/* ---- when ------------------------------------------------------------- */

static void it_is_due_by_size_or_age(void **state)
{
    const struct conlog_rotation_rules by_size = { .size_max = 100 };
    const struct conlog_rotation_rules by_age = { .age_s = 60 };
    const struct conlog_rotation_rules never = { 0 };

    (void)state;
    assert_false(conlog_rotation_is_due(&by_size, 99, 0, 1000));
    assert_true(conlog_rotation_is_due(&by_size, 100, 0, 1000));
    assert_false(conlog_rotation_is_due(&by_age, 1, 1000, 1059));
    assert_true(conlog_rotation_is_due(&by_age, 1, 1000, 1060));
    assert_false(conlog_rotation_is_due(&never, UINT64_MAX, 0, INT64_MAX));
    assert_int_equal(conlog_rotation_due_s(&by_age, 1000), 1060);
    assert_true(conlog_rotation_due_s(&by_size, 1000) == INT64_MAX);
}

static void an_empty_file_and_one_of_the_future_are_not_due(void **state)
{
    const struct conlog_rotation_rules rules = { .size_max = 1, .age_s = 60 };
    const struct conlog_rotation_rules for_ever = { .age_s = UINT64_MAX };

    (void)state;
    assert_false(conlog_rotation_is_due(&rules, 0, 0, INT64_MAX));
    assert_false(conlog_rotation_is_due(&for_ever, 1, INT64_MAX, INT64_MIN));
    assert_false(conlog_rotation_is_due(&for_ever, 1, INT64_MIN, INT64_MAX));
}

static void a_file_knows_its_birth(void **state)
{
    int64_t born_s = 0;
    struct statx st;
    int64_t now_s;

    (void)state;
    files_make(&files, "web=a web.1=b");
    assert_int_equal(conlog_rotation_born(files.directory, "none", &born_s),
                     -ENOENT);
    assert_int_equal(conlog_rotation_born(files.directory, "web", &born_s), 0);
    assert_int_equal(statx(files.directory, "web", 0, STATX_BTIME, &st), 0);
    if ((st.stx_mask & STATX_BTIME) == 0) {
        assert_int_equal(born_s, 1001); /* when web.1 was last written */
        return;
    }
    /* It has just been made, whatever its mtime says. */
    now_s = (int64_t)time(NULL);
    assert_true(born_s > now_s - 60 && born_s <= now_s);
}

/* ---- what it does ----------------------------------------------------- */

static void rotate(unsigned keep)
{
    const struct conlog_rotation_rules rules = { .keep = keep };
    struct err err = { "" };

    assert_int_equal(
        conlog_rotation_rotate(files.directory, "web", &rules, &err),
        CONLOG_ROTATION_DONE);
    assert_string_equal(err.text, "");
}

static void expect_nothing_to_rotate(unsigned keep, const char *before)
{
    const struct conlog_rotation_rules rules = { .keep = keep };

    files_make(&files, before);
    assert_int_equal(
        conlog_rotation_rotate(files.directory, "web", &rules, NULL),
        CONLOG_ROTATION_NO_FILE);
    files_expect(&files, before);
}

static void expect_rotated(unsigned keep, const char *before, const char *after)
{
    files_make(&files, before);
    rotate(keep);
    files_expect(&files, after);
}

static void each_file_has_the_next_number(void **state)
{
    (void)state;
    expect_rotated(3, "web=a", "web.1=a");
    expect_rotated(3, "web=b web.1=a", "web.1=b web.2=a");
    expect_rotated(3, "web=c web.1=b web.2=a", "web.1=c web.2=b web.3=a");
    expect_rotated(3, "web=d web.1=c web.2=b web.3=a",
                   "web.1=d web.2=c web.3=b");
    expect_rotated(1, "web=b web.1=a", "web.1=b");
}

static void compressed_ones_too(void **state)
{
    (void)state;
    expect_rotated(3, "web=d web.1=c web.2.gz=b web.3.gz=a",
                   "web.1=d web.2=c web.3.gz=b");
    expect_rotated(2, "web=c web.1.gz=b web.2=a", "web.1=c web.2.gz=b");
}

static void nothing_is_kept_with_keep_0(void **state)
{
    (void)state;
    expect_rotated(0, "web=a", "");
    expect_rotated(0, "web=c web.1=b web.2.gz=a", "");
}

static void what_is_above_keep_goes(void **state)
{
    (void)state;
    expect_rotated(1, "web=e web.1=d web.2=c web.3.gz=b web.4=a", "web.1=e");
}

static void other_logs_stay(void **state)
{
    (void)state;
    expect_rotated(2, "web=b web.1=a web.log=x web.log.1=y web2=z web2.1=w",
                   "web.1=b web.2=a web.log=x web.log.1=y web2=z web2.1=w");
    expect_rotated(1, "web=a web.01=x web.1.bak=y web.10=z",
                   "web.01=x web.1=a web.1.bak=y web.10=z");
}

static void there_may_be_no_file(void **state)
{
    (void)state;
    expect_nothing_to_rotate(3, "web.1=a");
    expect_nothing_to_rotate(0, "web.1=a");
}

static void files_in_folders_are_rotated_there(void **state)
{
    const struct conlog_rotation_rules rules = { .keep = 2 };
    struct stat st;

    (void)state;
    assert_int_equal(mkdirat(files.directory, "vm", 0700), 0);
    files_write(&files, "vm/web", "a", 1, 0600);
    assert_int_equal(
        conlog_rotation_rotate(files.directory, "vm/web", &rules, NULL), 0);
    assert_int_equal(fstatat(files.directory, "vm/web.1", &st, 0), 0);
    assert_int_equal(fstatat(files.directory, "vm/web", &st, 0), -1);
    assert_int_equal(unlinkat(files.directory, "vm/web.1", 0), 0);
}

static void a_rotation_can_be_undone(void **state)
{
    const struct conlog_rotation_rules rules = { .keep = 3 };
    struct err err;

    (void)state;
    files_make(&files, "web=c web.1=b web.2=a");
    rotate(3);
    assert_int_equal(conlog_rotation_undo(files.directory, "web", &rules, &err),
                     0);
    files_expect(&files, "web=c web.2=b web.3=a");
    rotate(3);
    files_expect(&files, "web.1=c web.2=b web.3=a");
    files_write(&files, "web", "d", 1, 0600);
    assert_int_equal(conlog_rotation_undo(files.directory, "web", &rules, &err),
                     -EEXIST);
    assert_string_equal(err.text, "there is a new web");
    files_expect(&files, "web=d web.1=c web.2=b web.3=a");
}

static void the_first_to_be_compressed_is_found(void **state)
{
    (void)state;
    files_make(&files, "web=c web.1.gz=b web.3=a web.4=x");
    assert_int_equal(conlog_rotation_uncompressed(files.directory, "web", 3),
                     3);
    assert_int_equal(conlog_rotation_uncompressed(files.directory, "web", 2),
                     0);
}

/* ---- what goes wrong -------------------------------------------------- */

static void what_is_no_file_is_not_rotated(void **state)
{
    const struct conlog_rotation_rules rules = { .keep = 3 };
    struct err err;

    (void)state;
    assert_int_equal(mkfifoat(files.directory, "web", 0600), 0);
    assert_int_equal(
        conlog_rotation_rotate(files.directory, "web", &rules, &err), -EINVAL);
    assert_string_equal(err.text, "web is no regular file, and is not rotated");
    assert_int_equal(unlinkat(files.directory, "web", 0), 0);
    assert_int_equal(symlinkat("/dev/null", files.directory, "web"), 0);
    assert_int_equal(
        conlog_rotation_rotate(files.directory, "web", &rules, &err), -EINVAL);
}

static void a_failure_leaves_the_log_where_it_is(void **state)
{
    const struct conlog_rotation_rules rules = { .keep = 2 };
    struct err err;

    (void)state;
    files_make(&files, "web=a web.1=b");
    assert_int_equal(mkdirat(files.directory, "web.2", 0700), 0);
    assert_true(conlog_rotation_rotate(files.directory, "web", &rules, &err) <
                0);
    assert_non_null(strstr(err.text, "cannot delete web.2: "));
    assert_int_equal(unlinkat(files.directory, "web.2", AT_REMOVEDIR), 0);
    files_expect(&files, "web=a web.1=b");
}

static void a_name_that_is_too_long_is_refused(void **state)
{
    const struct conlog_rotation_rules rules = { .keep = 2 };
    char name[CONLOG_ROTATION_PATH_MAX + 1];

    (void)state;
    memset(name, 'x', sizeof name);
    name[CONLOG_ROTATION_PATH_MAX] = '\0';
    assert_int_equal(
        conlog_rotation_rotate(files.directory, name, &rules, NULL),
        -ENAMETOOLONG);
}

/* ---- what a crash leaves ---------------------------------------------- */

static void a_missing_number_is_filled(void **state)
{
    (void)state;
    expect_rotated(3, "web=c web.2=b web.3=a", "web.1=c web.2=b web.3=a");
    expect_rotated(3, "web=c web.1=b web.3=a", "web.1=c web.2=b web.3=a");
    expect_rotated(4, "web=d web.1=c web.2.gz=b web.4=a",
                   "web.1=d web.2=c web.3.gz=b web.4=a");
}

/* Every rename of a rotation, as it does them, and a kill behind each. */
static void a_rotation_that_was_killed_is_gone_on_with(void **state)
{
    static const char *const steps[] = {
        "web=e web.1=d web.2.gz=c web.3.gz=b web.4.gz=a",
        "web=e web.1=d web.2.gz=c web.3.gz=b",
        "web=e web.1=d web.2.gz=c web.4.gz=b",
        "web=e web.1=d web.3.gz=c web.4.gz=b",
        "web=e web.2=d web.3.gz=c web.4.gz=b",
    };

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        expect_rotated(4, steps[i], "web.1=e web.2=d web.3.gz=c web.4.gz=b");
    /* Behind the last step: there is no web, and a second is no rotation. */
    expect_nothing_to_rotate(4, "web.1=e web.2=d web.3.gz=c web.4.gz=b");
}

static void what_compression_has_left_is_put_right(void **state)
{
    (void)state;
    /* Killed before its last step: a copy. */
    files_make(&files, "web=b web.1=a web.1.gz=a web.gz.tmp=half");
    files_set_mtime(&files, "web.1", 500, 7);
    files_set_mtime(&files, "web.1.gz", 500, 7);
    rotate(3);
    files_expect(&files, "web.1=b web.2.gz=a");
}

static void different_files_of_one_number_stay_together(void **state)
{
    (void)state;
    files_make(&files, "web=c web.1=b web.1.gz=a");
    files_set_mtime(&files, "web.1", 500, 7);
    files_set_mtime(&files, "web.1.gz", 500, 8);
    rotate(3);
    files_expect(&files, "web.1=c web.2=b web.2.gz=a");
    files_write(&files, "web", "d", 1, 0600);
    rotate(2);
    files_expect(&files, "web.1=d web.2=c");
}

/* A child rotates and compresses without end, and is killed at a random
 * instant, many times over. Of the numbers it writes, the newest are all there
 * in their order: none is lost, and none is there twice but for a copy. */
static void rotate_until_killed(unsigned first)
{
    const struct conlog_rotation_rules rules = { .keep = 5 };
    static atomic_bool stop;

    for (unsigned n = first;; n++) {
        struct conlog_rotation_name name = { "web" };
        char text[16];
        int fd = openat(files.directory, name.text, O_WRONLY | O_CREAT | O_EXCL,
                        0600);

        snprintf(text, sizeof text, "%u", n);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
            _exit(1);
        close(fd);
        if (conlog_rotation_rotate(files.directory, "web", &rules, NULL) < 0 ||
            conlog_compress_file(files.directory, "web", 1, &stop, NULL) < 0)
            _exit(1);
    }
}

/* The number in a file; 0: none, or it is empty. */
static unsigned number_in(const char *name)
{
    char text[32] = "";

    if (faccessat(files.directory, name, F_OK, 0) < 0)
        return 0;
    files_unpack(&files, name, text, sizeof text - 1);
    return (unsigned)strtoul(text, NULL, 10);
}

/* Returns the newest number; the files are checked to go down from it. */
static unsigned check_files(void)
{
    unsigned newest = number_in("web");
    unsigned last = newest;
    unsigned count = newest > 0;

    for (unsigned n = 1; n <= 5; n++) {
        struct conlog_rotation_name plain =
            conlog_rotation_name("web", n, false);
        struct conlog_rotation_name packed =
            conlog_rotation_name("web", n, true);
        unsigned a = number_in(plain.text);
        unsigned b = number_in(packed.text);
        unsigned found = a > 0 ? a : b;

        assert_true(a == 0 || b == 0 || a == b);
        if (found == 0)
            continue;
        if (last > 0)
            assert_int_equal(found, last - 1);
        else
            newest = found;
        last = found;
        count++;
    }
    assert_true(count >= (newest < 4 ? newest : 4));
    return newest;
}

static void no_kill_loses_or_doubles_anything(void **state)
{
    unsigned newest = 0;

    (void)state;
    srand(7);
    for (int round = 0; round < 60; round++) {
        const struct conlog_rotation_rules rules = { .keep = 5 };
        const struct timespec wait = { .tv_nsec = rand() % 8000000 };
        pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0)
            rotate_until_killed(newest + 1);
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        /* A file without its number yet was never written. */
        if (number_in("web") == 0)
            unlinkat(files.directory, "web", 0);
        newest = check_files();
        assert_true(
            conlog_rotation_rotate(files.directory, "web", &rules, NULL) >= 0);
        assert_int_equal(check_files(), newest);
    }
    assert_true(newest > 0);
}

static void the_turn_is_ones_alone(void **state)
{
    struct conlog_rotation_turn turn = { 0 };

    (void)state;
    assert_true(conlog_rotation_turn_take(&turn));
    assert_false(conlog_rotation_turn_take(&turn));
    conlog_rotation_turn_give(&turn);
    assert_true(conlog_rotation_turn_take(&turn));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_due_by_size_or_age),
        cmocka_unit_test(an_empty_file_and_one_of_the_future_are_not_due),
        TEST(a_file_knows_its_birth),
        TEST(each_file_has_the_next_number),
        TEST(compressed_ones_too),
        TEST(nothing_is_kept_with_keep_0),
        TEST(what_is_above_keep_goes),
        TEST(other_logs_stay),
        TEST(there_may_be_no_file),
        TEST(files_in_folders_are_rotated_there),
        TEST(a_rotation_can_be_undone),
        TEST(the_first_to_be_compressed_is_found),
        TEST(what_is_no_file_is_not_rotated),
        TEST(a_failure_leaves_the_log_where_it_is),
        TEST(a_name_that_is_too_long_is_refused),
        TEST(a_missing_number_is_filled),
        TEST(a_rotation_that_was_killed_is_gone_on_with),
        TEST(what_compression_has_left_is_put_right),
        TEST(different_files_of_one_number_stay_together),
        TEST(no_kill_loses_or_doubles_anything),
        cmocka_unit_test(the_turn_is_ones_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
