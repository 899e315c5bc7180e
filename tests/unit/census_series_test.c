/* Numbers over time: levels and counts, as often as they are kept, and what was
 * not taken. */
#include "core/census/census_series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S UINT64_C(1000000)

struct fixture {
    struct census census;
    struct census_series series;
    uint64_t now_us;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->now_us = 1000 * S;
    f->census.moves_completed = 100;
    census_series_init(&f->series, &f->census, f->now_us);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void take_after(struct fixture *f, uint64_t us)
{
    f->now_us += us;
    census_series_take(&f->series, &f->census, f->now_us);
}

static unsigned find(const char *name)
{
    for (unsigned i = 0; i < census_series_count(); i++) {
        if (strcmp(census_series_name(i), name) == 0)
            return i;
    }
    fail_msg("there are no %s", name);
    return 0;
}

static void expect(const struct census_series_ring *ring, const char *name,
                   uint64_t number, double value)
{
    double got = census_series_value(ring, find(name), number);

    if (isnan(value) ? !isnan(got) : got != value)
        fail_msg("%s %u is %f, not %f", name, (unsigned)number, got, value);
}

static void levels_and_counts(void **state)
{
    struct fixture *f = *state;
    const struct census_series_ring *ring = census_series_ring(&f->series, 5);

    f->census.vms = 7;
    f->census.moves_completed = 103;
    f->census.vms_refused_address = 1;
    f->census.vms_refused_rate = 2;
    take_after(f, 5 * S);
    f->census.vms = 6;
    take_after(f, 5 * S + S / 10);
    assert_int_equal(ring->count, 2);
    expect(ring, "vms", 0, 7);
    expect(ring, "vms", 1, 6);
    expect(ring, "moves", 0, 3);
    expect(ring, "moves", 1, 0);
    expect(ring, "refused_vms", 0, 3);
    expect(ring, "vms", 2, NAN);
}

/* A minute is as long as a minute, however late each step is. */
static void a_value_each_minute(void **state)
{
    struct fixture *f = *state;
    const struct census_series_ring *ring = census_series_ring(&f->series, 60);

    for (int i = 0; i < 12 * 100; i++) {
        f->census.moves_completed++;
        take_after(f, 5 * S + 3000);
    }
    assert_int_equal(ring->count, 100);
    for (uint64_t i = 0; i < ring->count; i++)
        expect(ring, "moves", i, 12);
    assert_ptr_equal(census_series_ring(&f->series, 6), ring);
}

static void old_values_go(void **state)
{
    struct fixture *f = *state;
    const struct census_series_ring *ring = census_series_ring(&f->series, 0);

    for (int i = 0; i < SERIES_SHORT_ROOM + 10; i++) {
        f->census.vms = (uint64_t)i;
        take_after(f, 5 * S);
    }
    assert_int_equal(census_series_first(ring), 10);
    expect(ring, "vms", 9, NAN);
    expect(ring, "vms", 10, 10);
    expect(ring, "vms", SERIES_SHORT_ROOM + 9, SERIES_SHORT_ROOM + 9);
}

static void what_was_not_taken_has_no_value(void **state)
{
    struct fixture *f = *state;
    const struct census_series_ring *ring = census_series_ring(&f->series, 5);

    f->census.vms = 1;
    take_after(f, 5 * S);
    take_after(f, 20 * S);
    assert_int_equal(ring->count, 5);
    expect(ring, "vms", 0, 1);
    for (uint64_t i = 1; i < 4; i++)
        expect(ring, "vms", i, NAN);
    expect(ring, "vms", 4, 1);
    /* Too early for another one. */
    take_after(f, S);
    assert_int_equal(ring->count, 5);
    /* A machine that slept for a year. */
    take_after(f, 365 * 86400 * S);
    expect(ring, "vms", ring->count - 1, 1);
    expect(ring, "vms", ring->count - 2, NAN);
    assert_int_equal(census_series_first(ring), ring->count - ring->room);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(levels_and_counts),
        TEST(a_value_each_minute),
        TEST(old_values_go),
        TEST(what_was_not_taken_has_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
