/* A break's place in a stream of bytes. */
#include "core/told/break_mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void without_a_break_all_may_go(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    assert_int_equal(break_mark_before(&b, 0), UINT64_MAX);
    assert_false(break_mark_is_due(&b, 0));
    assert_false(break_mark_is_due(&b, UINT64_MAX));
}

static void what_came_before_goes_before(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    assert_true(break_mark_put(&b, true, 10));
    assert_int_equal(break_mark_before(&b, 7), 3);
    assert_false(break_mark_is_due(&b, 9));
    assert_int_equal(break_mark_before(&b, 10), 0);
    assert_true(break_mark_is_due(&b, 10));
    assert_false(break_mark_take(&b));
    assert_int_equal(break_mark_before(&b, 10), UINT64_MAX);
    assert_false(break_mark_is_due(&b, 10));
}

/* A reader that lost bytes is behind it at once. */
static void a_place_that_was_passed_is_due(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    break_mark_put(&b, true, 10);
    assert_true(break_mark_is_due(&b, 11));
    assert_int_equal(break_mark_before(&b, 11), 0);
}

static void an_end_goes_with_its_break(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    break_mark_put(&b, true, 10);
    assert_true(break_mark_put(&b, false, 15));
    assert_int_equal(break_mark_before(&b, 0), 10);
    assert_true(break_mark_take(&b));
}

static void an_end_whose_break_has_gone_does_not_wait(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    assert_false(break_mark_put(&b, false, 3));
    break_mark_put(&b, true, 10);
    break_mark_take(&b);
    assert_false(break_mark_put(&b, false, 15));
    assert_int_equal(break_mark_before(&b, 0), UINT64_MAX);
}

static void the_last_of_several_is_kept(void **state)
{
    struct break_mark b = { 0 };

    (void)state;
    break_mark_put(&b, true, 10);
    break_mark_put(&b, false, 10);
    break_mark_put(&b, true, 12);
    assert_int_equal(break_mark_before(&b, 10), 2);
    assert_false(break_mark_take(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_break_all_may_go),
        cmocka_unit_test(what_came_before_goes_before),
        cmocka_unit_test(a_place_that_was_passed_is_due),
        cmocka_unit_test(an_end_goes_with_its_break),
        cmocka_unit_test(an_end_whose_break_has_gone_does_not_wait),
        cmocka_unit_test(the_last_of_several_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
