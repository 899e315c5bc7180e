/* How much of the disk console logs may take: pure, with times of our own. */
#include "conlog/file/conlog_error.h"
#include "conlog/file/conlog_space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { US_PER_S = 1000 * 1000 };

struct fixture {
    struct conlog_settings settings;
    struct conlog_space space;
    uint64_t now_us;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->now_us = 5 * US_PER_S;
    conlog_space_reset(&f->space, 1);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static bool begins_look(struct fixture *f, uint64_t bytes)
{
    return conlog_space_begin_look(&f->space, &f->settings, bytes, f->now_us);
}

static void looked(struct fixture *f, uint64_t free_bytes)
{
    conlog_space_looked(&f->space, &f->settings, 1, free_bytes, f->now_us);
}

static int error_of(struct fixture *f, uint64_t bytes)
{
    return conlog_space_error(&f->space, &f->settings, bytes);
}

static void without_settings_nothing_is_looked_at(void **state)
{
    struct fixture *f = *state;

    assert_false(begins_look(f, UINT64_MAX));
    assert_false(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    assert_int_equal(error_of(f, UINT64_MAX), 0);
}

static void what_is_to_stay_free_stays_free(void **state)
{
    struct fixture *f = *state;

    f->settings.keep_free = 1000;
    assert_true(begins_look(f, 10));
    looked(f, 1100);
    assert_int_equal(error_of(f, 100), 0);
    assert_int_equal(error_of(f, 101), CONLOG_ERROR_KEEP_FREE);
    conlog_space_wrote(&f->space, 60);
    assert_int_equal(error_of(f, 41), CONLOG_ERROR_KEEP_FREE);
    conlog_space_wrote(&f->space, 60);
    assert_int_equal(error_of(f, 1), CONLOG_ERROR_KEEP_FREE);
}

/* A look is a system call, and on some disks a message to a server. */
static void a_look_is_good_for_a_second(void **state)
{
    struct fixture *f = *state;

    f->settings.keep_free = 1000;
    assert_true(begins_look(f, 10));
    assert_false(begins_look(f, 10)); /* another thread */
    assert_int_equal(error_of(f, 10), 0);
    looked(f, 2000);
    f->now_us += US_PER_S - 1;
    assert_false(begins_look(f, 10));
    /* Without room it is looked again sooner, but not for each job. */
    assert_true(begins_look(f, 1001));
    looked(f, 1000);
    f->now_us += US_PER_S / 10 - 1;
    assert_false(begins_look(f, 10));
    assert_int_equal(error_of(f, 10), CONLOG_ERROR_KEEP_FREE);
    f->now_us++;
    assert_true(begins_look(f, 10));
    looked(f, 5000);
    assert_int_equal(error_of(f, 10), 0);
}

static void a_system_that_does_not_tell_stops_nothing(void **state)
{
    struct fixture *f = *state;

    f->settings.keep_free = 1000;
    assert_true(begins_look(f, 10));
    looked(f, UINT64_MAX);
    assert_int_equal(error_of(f, UINT32_MAX), 0);
}

/* The files may be on another disk now. */
static void results_of_former_settings_do_not_count(void **state)
{
    struct fixture *f = *state;

    f->settings.keep_free = 1000;
    f->settings.total = 1000;
    assert_true(begins_look(f, 10));
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    conlog_space_reset(&f->space, 2);
    assert_false(begins_look(f, 10));
    looked(f, 0);
    conlog_space_counted(&f->space, &f->settings, 1, 5000, 1, f->now_us);
    assert_int_equal(error_of(f, 10), 0);
    assert_true(begins_look(f, 10));
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
}

static void total_is_counted_once_and_then_near_the_mark(void **state)
{
    struct fixture *f = *state;

    f->settings.total = 1600;
    assert_int_equal(conlog_space_mark(&f->settings), 1500);
    assert_int_equal(conlog_space_target(&f->settings), 1400);
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    conlog_space_wrote(&f->space, 100); /* it may be counted or not */
    conlog_space_counted(&f->space, &f->settings, 1, 1200, 1, f->now_us);
    f->now_us += 10 * US_PER_S;
    assert_false(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    assert_int_equal(error_of(f, 300), 0);
    assert_int_equal(error_of(f, 301), CONLOG_ERROR_TOTAL);
    conlog_space_wrote(&f->space, 200);
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    /* Written on, while it is counted. */
    assert_int_equal(error_of(f, 100), 0);
    conlog_space_counted(&f->space, &f->settings, 1, 1400, 1, f->now_us);
    assert_int_equal(error_of(f, 200), 0);
}

static void counting_takes_a_small_part_of_the_time(void **state)
{
    struct fixture *f = *state;

    f->settings.total = 1600;
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    conlog_space_counted(&f->space, &f->settings, 1, 1600, 3 * US_PER_S,
                         f->now_us);
    assert_int_equal(error_of(f, 1), CONLOG_ERROR_TOTAL);
    f->now_us += 60 * US_PER_S - 1;
    assert_false(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    f->now_us++;
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
}

static void what_is_kept_for_a_time_is_looked_at_now_and_then(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(conlog_space_expiry_us(&f->settings), 0);
    f->settings.keep_s = 2;
    assert_int_equal(conlog_space_expiry_us(&f->settings), US_PER_S);
    f->settings.keep_s = UINT64_MAX;
    assert_int_equal(conlog_space_expiry_us(&f->settings), 3600ll * US_PER_S);
    f->settings.keep_s = 160;
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    conlog_space_counted(&f->space, &f->settings, 1, UINT64_MAX / 2, 1,
                         f->now_us);
    assert_int_equal(error_of(f, 1), 0); /* there is no bound */
    f->now_us += 10 * US_PER_S - 1;
    assert_false(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
    f->now_us++;
    assert_true(conlog_space_begin_count(&f->space, &f->settings, f->now_us));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(without_settings_nothing_is_looked_at),
        TEST(what_is_to_stay_free_stays_free),
        TEST(a_look_is_good_for_a_second),
        TEST(a_system_that_does_not_tell_stops_nothing),
        TEST(results_of_former_settings_do_not_count),
        TEST(total_is_counted_once_and_then_near_the_mark),
        TEST(counting_takes_a_small_part_of_the_time),
        TEST(what_is_kept_for_a_time_is_looked_at_now_and_then),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
