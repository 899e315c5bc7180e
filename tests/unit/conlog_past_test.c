/* The end of a log, from before this run: which bytes of which files. */
#include "conlog/file/conlog_past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define T1 "2026-01-31T23:59:59.123Z "
#define T2 "2026-02-01T00:00:00.000Z "

enum { ALL = 4096 };

struct fixture {
    struct conlog_settings settings;
};

static const char *const names[] = { "web", "web.1", "folder/web" };

static void path_of(const struct fixture *f, const char *name, char to[1100])
{
    snprintf(to, 1100, "%s/%s", f->settings.directory, name);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    snprintf(f->settings.directory, sizeof f->settings.directory,
             "/tmp/vspcd-log-past-XXXXXX");
    assert_non_null(mkdtemp(f->settings.directory));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[1100];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(f, names[i], path);
        (void)unlink(path);
    }
    path_of(f, "folder", path);
    (void)rmdir(path);
    assert_int_equal(rmdir(f->settings.directory), 0);
    free(f);
    return 0;
}

static void make(const struct fixture *f, const char *name, const char *text)
{
    char path[1100];
    FILE *file;

    path_of(f, name, path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, true);
    assert_int_equal(fclose(file), 0);
}

/* This run has come to the file when it was so long. */
static struct conlog_origin origin_of(const struct fixture *f, const char *name,
                                      uint64_t size)
{
    char path[1100];
    struct stat st;

    path_of(f, name, path);
    assert_int_equal(stat(path, &st), 0);
    return (struct conlog_origin){ conlog_file_identity(&st), size };
}

static const struct conlog_origin unknown;

static void expect_of(const struct fixture *f, const char *path,
                      const struct conlog_origin *origin,
                      struct history_wish wish, const char *text)
{
    struct past *past = conlog_past_read(&f->settings, path, origin, &wish);

    if (text == NULL) {
        assert_null(past);
        return;
    }
    assert_non_null(past);
    assert_int_equal(past->users, 1);
    if (past->len != strlen(text) || memcmp(past->bytes, text, past->len) != 0)
        fail_msg("\"%.*s\", not \"%s\"", (int)past->len, past->bytes, text);
    past_leave(past);
}

static void expect(const struct fixture *f, const struct conlog_origin *origin,
                   uint32_t bytes, const char *text)
{
    expect_of(f, "web", origin, (struct history_wish){ 24, bytes }, text);
}

static void its_last_bytes(void **state)
{
    struct fixture *f = *state;

    make(f, "web", "one\ntwo\n");
    expect(f, &unknown, ALL, "one\ntwo\n");
    expect(f, &unknown, 8, "one\ntwo\n");
    expect(f, &unknown, 3, "wo\n");
}

static void nothing_there(void **state)
{
    struct fixture *f = *state;
    char path[1100];

    expect(f, &unknown, ALL, NULL);
    make(f, "web", "");
    expect(f, &unknown, ALL, NULL);
    path_of(f, "web", path);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(f, &unknown, ALL, NULL);
    expect_of(f, "folder/web", &unknown, (struct history_wish){ 24, ALL },
              NULL);
    path_of(f, "folder", path);
    assert_int_equal(access(path, F_OK), -1); /* nothing is made */
    assert_int_equal(mkdir(path, 0700), 0);
    make(f, "folder/web", "in it");
    expect_of(f, "folder/web", &unknown, (struct history_wish){ 24, ALL },
              "in it");
}

static void up_to_this_run(void **state)
{
    struct fixture *f = *state;
    struct conlog_origin origin;

    make(f, "web", "old,new");
    origin = origin_of(f, "web", 4);
    expect(f, &origin, ALL, "old,");
    expect(f, &origin, 2, "d,");
    origin.size = 0;
    expect(f, &origin, ALL, NULL);
    origin.size = 100; /* it was cut since */
    expect(f, &origin, ALL, NULL);
}

static void the_one_before_is_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct conlog_origin origin;

    make(f, "web.1", "one,two,");
    make(f, "web", "three,new");
    origin = origin_of(f, "web", 6);
    expect(f, &origin, ALL, "one,two,three,");
    expect(f, &origin, 8, "o,three,");
    expect(f, &origin, 6, "three,");
    expect(f, &origin, 3, "ee,");
}

static void it_was_rotated_since(void **state)
{
    struct fixture *f = *state;
    struct conlog_origin origin;

    make(f, "web.1", "old,new");
    make(f, "web", "newer");
    origin = origin_of(f, "web.1", 4);
    expect(f, &origin, ALL, "old,");
    /* And is out of reach, or is another one. */
    origin.identity = CONLOG_FILE_LOST;
    expect(f, &origin, ALL, NULL);
}

static void it_was_moved_away_before(void **state)
{
    struct fixture *f = *state;

    make(f, "web.1", "old");
    expect(f, &unknown, ALL, "old");
}

static void stamps_are_taken_off(void **state)
{
    struct fixture *f = *state;

    f->settings.is_stamped = true;
    make(f, "web", T1 "one\n" T1 "two\n" T2 "\n" T2 "log");
    expect(f, &unknown, ALL, "one\ntwo\n\nlog");
    expect(f, &unknown, 4, "\nlog");
    make(f, "web", "raw\n" T1 "one\n");
    expect(f, &unknown, ALL, "raw\none\n");
    f->settings.is_stamped = false;
    expect(f, &unknown, ALL, "raw\n" T1 "one\n");
}

/* A file of many lines, begun anywhere: no piece of a stamp is left. */
static void no_stamp_is_cut(void **state)
{
    struct fixture *f = *state;
    char text[100 * (CONLOG_STAMP_LEN + 4) + 1] = "";

    f->settings.is_stamped = true;
    for (int i = 0; i < 100; i++)
        strcat(text, T1 "abc\n");
    make(f, "web", text);
    for (uint32_t bytes = 1; bytes < 40; bytes++) {
        for (uint32_t lines = 1; lines < 12; lines++) {
            struct history_wish wish = { lines, bytes };
            struct past *past =
                conlog_past_read(&f->settings, "web", &unknown, &wish);

            assert_non_null(past);
            assert_true(past->len <= bytes);
            assert_true(past->len == bytes || past->len >= 4 * lines);
            assert_null(memchr(past->bytes, '2', past->len));
            past_leave(past);
        }
    }
}

/* Of one that is longer than all that is wanted. */
static void nor_that_of_a_long_line(void **state)
{
    struct fixture *f = *state;
    char text[CONLOG_STAMP_LEN + 300] = T1;

    f->settings.is_stamped = true;
    memset(text + CONLOG_STAMP_LEN, 'x', 299);
    make(f, "web", text);
    for (uint32_t bytes = 1; bytes < 400; bytes++) {
        struct history_wish wish = { 1, bytes };
        struct past *past =
            conlog_past_read(&f->settings, "web", &unknown, &wish);

        assert_non_null(past);
        assert_int_equal(past->len, bytes < 299 ? bytes : 299);
        assert_int_equal(past->bytes[0], 'x');
        past_leave(past);
    }
}

/* A line that goes over the edge has a stamp in both. */
static void stamps_of_a_file_that_goes_on(void **state)
{
    struct fixture *f = *state;

    f->settings.is_stamped = true;
    make(f, "web.1", T1 "one\n" T1 "lo");
    make(f, "web", T2 "gin: ");
    expect(f, &unknown, ALL, "one\nlogin: ");
}

static void the_beginning_is_known(void **state)
{
    struct fixture *f = *state;
    struct history_wish wish = { 24, ALL };
    struct past *past;

    make(f, "web", "one");
    past = conlog_past_read(&f->settings, "web", &unknown, &wish);
    assert_true(past->is_beginning);
    past_leave(past);
    wish.bytes = 2;
    past = conlog_past_read(&f->settings, "web", &unknown, &wish);
    assert_false(past->is_beginning);
    past_leave(past);
    wish.bytes = ALL;
    make(f, "web.1", "none");
    past = conlog_past_read(&f->settings, "web", &unknown, &wish);
    assert_false(past->is_beginning);
    past_leave(past);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_last_bytes),          TEST(nothing_there),
        TEST(up_to_this_run),          TEST(the_one_before_is_gone_on_with),
        TEST(it_was_rotated_since),    TEST(it_was_moved_away_before),
        TEST(stamps_are_taken_off),    TEST(no_stamp_is_cut),
        TEST(nor_that_of_a_long_line), TEST(stamps_of_a_file_that_goes_on),
        TEST(the_beginning_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
