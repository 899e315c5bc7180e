/* Durations in ranges. */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct histogram_bounds two = { { 10, 100 } };
static const struct histogram_bounds all = {
    { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
};

static void a_bound_belongs_to_its_range(void **state)
{
    static const uint64_t durations[] = { 0, 10, 11, 100, 101, 1000000 };
    struct histogram h;

    (void)state;
    histogram_init(&h, &two);
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        histogram_add(&h, durations[i]);
    assert_int_equal(h.count[0], 2);
    assert_int_equal(h.count[1], 2);
    assert_int_equal(h.count[2], 2);
    assert_int_equal(h.count[3], 0);
    assert_int_equal(h.sum_us, 1000222);
}

static void all_bounds_may_be_in_use(void **state)
{
    struct histogram h;

    (void)state;
    histogram_init(&h, &all);
    histogram_add(&h, 16);
    histogram_add(&h, 17);
    assert_int_equal(h.count[HISTOGRAM_BOUNDS_MAX - 1], 1);
    assert_int_equal(h.count[HISTOGRAM_BOUNDS_MAX], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_belongs_to_its_range),
        cmocka_unit_test(all_bounds_may_be_in_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
