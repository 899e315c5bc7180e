/*
 * How a rehearsed move goes: the table, by the ways through it.
 */
#include "vm/host/rehearsal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct path {
    enum rehearsal_state state;
    struct rehearsal_step last;
};

static void expect(struct path *p, enum rehearsal_input input,
                   enum rehearsal_action action, enum rehearsal_state state)
{
    p->last = rehearsal_next(p->state, input);
    assert_int_equal(p->last.action, action);
    assert_int_equal(p->last.state, state);
    p->state = p->last.state;
}

/* Up to a destination that connects. */
static struct path join(void)
{
    struct path p = { .state = REHEARSAL_NONE };

    expect(&p, REHEARSAL_REQUEST, REHEARSAL_WAIT, REHEARSAL_ASKED);
    expect(&p, REHEARSAL_ALL_SENT, REHEARSAL_BEGIN, REHEARSAL_BEGUN);
    expect(&p, REHEARSAL_GOAHEAD, REHEARSAL_JOIN, REHEARSAL_JOINING);
    return p;
}

static void test_a_move_that_works(void **state)
{
    struct path p = join();

    (void)state;
    expect(&p, REHEARSAL_PEER_OK, REHEARSAL_COMPLETE, REHEARSAL_LEAVING);
    expect(&p, REHEARSAL_SOURCE_LOST, REHEARSAL_ARRIVE, REHEARSAL_NONE);
    assert_null(p.last.why);
}

static void test_a_source_that_stays_is_closed(void **state)
{
    struct path p = join();

    (void)state;
    expect(&p, REHEARSAL_PEER_OK, REHEARSAL_COMPLETE, REHEARSAL_LEAVING);
    expect(&p, REHEARSAL_TIMEOUT, REHEARSAL_ARRIVE, REHEARSAL_NONE);
}

static void test_without_a_source_there_is_none_to_leave(void **state)
{
    struct path p = join();

    (void)state;
    expect(&p, REHEARSAL_SOURCE_LOST, REHEARSAL_WAIT, REHEARSAL_ORPHANED);
    expect(&p, REHEARSAL_PEER_OK, REHEARSAL_COMPLETE, REHEARSAL_NONE);
}

static void test_a_destination_may_be_followed_by_another(void **state)
{
    struct path p = join();

    (void)state;
    expect(&p, REHEARSAL_PEER_OK_AGAIN, REHEARSAL_JOIN_AGAIN,
           REHEARSAL_JOINING);
    expect(&p, REHEARSAL_PEER_OK, REHEARSAL_COMPLETE, REHEARSAL_LEAVING);
}

static void test_only_one_move_at_a_time(void **state)
{
    (void)state;
    for (int i = REHEARSAL_NONE + 1; i < REHEARSAL_STATE_COUNT; i++)
        assert_int_equal(
            rehearsal_next((enum rehearsal_state)i, REHEARSAL_REQUEST).action,
            REHEARSAL_IGNORE);
}

static void test_an_input_that_means_nothing_changes_nothing(void **state)
{
    (void)state;
    for (int s = 0; s < REHEARSAL_STATE_COUNT; s++)
        for (int i = 0; i < REHEARSAL_INPUT_COUNT; i++) {
            struct rehearsal_step next = rehearsal_next(
                (enum rehearsal_state)s, (enum rehearsal_input)i);

            if (next.action == REHEARSAL_IGNORE)
                assert_int_equal(next.state, s);
        }
}

/* Whenever the guest is stopped, something makes it run again, or says that
 * there is nothing left for it to run on. */
static void test_every_wait_ends_with_a_reason(void **state)
{
    (void)state;
    for (int i = 0; i < REHEARSAL_STATE_COUNT; i++) {
        struct rehearsal_step next =
            rehearsal_next((enum rehearsal_state)i, REHEARSAL_TIMEOUT);

        if (!rehearsal_is_guest_stopped((enum rehearsal_state)i))
            continue;
        assert_int_equal(next.state, REHEARSAL_NONE);
        assert_int_not_equal(next.action, REHEARSAL_IGNORE);
        assert_non_null(next.why);
    }
}

static void test_nobody_is_aborted_who_is_lost(void **state)
{
    (void)state;
    for (int i = 0; i < REHEARSAL_INPUT_COUNT; i++) {
        enum rehearsal_action action =
            rehearsal_next(REHEARSAL_ORPHANED, (enum rehearsal_input)i).action;

        assert_int_not_equal(action, REHEARSAL_ABORT);
        assert_int_not_equal(action, REHEARSAL_RUN_ON);
    }
}

static void test_the_last_connection_lost_is_told(void **state)
{
    static const struct {
        enum rehearsal_state state;
        enum rehearsal_input input;
    } ends[] = {
        { REHEARSAL_NONE, REHEARSAL_SOURCE_LOST },
        { REHEARSAL_ASKED, REHEARSAL_SOURCE_LOST },
        { REHEARSAL_BEGUN, REHEARSAL_SOURCE_LOST },
        { REHEARSAL_ORPHANED, REHEARSAL_DESTINATION_LOST },
        { REHEARSAL_LEAVING, REHEARSAL_DESTINATION_LOST },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct rehearsal_step next =
            rehearsal_next(ends[i].state, ends[i].input);

        assert_int_equal(next.action, REHEARSAL_GIVE_UP);
        assert_int_equal(next.state, REHEARSAL_NONE);
    }
}

static void test_ways_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(rehearsal_find_way("complete"), &rehearsal_ways[0]);
    assert_true(rehearsal_find_way("wrong-secret")->has_wrong_secret);
    assert_null(rehearsal_find_way("Complete"));
    assert_null(rehearsal_find_way(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_move_that_works),
        cmocka_unit_test(test_a_source_that_stays_is_closed),
        cmocka_unit_test(test_without_a_source_there_is_none_to_leave),
        cmocka_unit_test(test_a_destination_may_be_followed_by_another),
        cmocka_unit_test(test_only_one_move_at_a_time),
        cmocka_unit_test(test_an_input_that_means_nothing_changes_nothing),
        cmocka_unit_test(test_every_wait_ends_with_a_reason),
        cmocka_unit_test(test_nobody_is_aborted_who_is_lost),
        cmocka_unit_test(test_the_last_connection_lost_is_told),
        cmocka_unit_test(test_ways_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
