/* The states of a vMotion: every cell of the table in docs/vmotion.md. */
#include "core/directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct row {
    enum move_state state;
    enum move_input input;
    enum move_verdict verdict;
    enum move_state next;
} accepted[] = {
    { MOVE_NONE, MOVE_BEGIN, MOVE_GOES_ON, MOVE_BEGUN },

    { MOVE_BEGUN, MOVE_PEER, MOVE_GOES_ON, MOVE_JOINED },
    { MOVE_BEGUN, MOVE_ABORT, MOVE_ABORTED, MOVE_NONE },
    { MOVE_BEGUN, MOVE_SOURCE_LOST, MOVE_GOES_ON, MOVE_ORPHANED },
    { MOVE_BEGUN, MOVE_RETURN, MOVE_RETURNED, MOVE_NONE },
    { MOVE_BEGUN, MOVE_TIME_OUT, MOVE_TIMED_OUT, MOVE_NONE },
    { MOVE_BEGUN, MOVE_SHUT_DOWN, MOVE_INTERRUPTED, MOVE_NONE },

    { MOVE_JOINED, MOVE_PEER, MOVE_GOES_ON, MOVE_JOINED },
    { MOVE_JOINED, MOVE_COMPLETE, MOVE_COMPLETED, MOVE_NONE },
    { MOVE_JOINED, MOVE_ABORT, MOVE_ABORTED, MOVE_NONE },
    { MOVE_JOINED, MOVE_SOURCE_LOST, MOVE_GOES_ON, MOVE_ADOPTED },
    { MOVE_JOINED, MOVE_DESTINATION_LOST, MOVE_GOES_ON, MOVE_BEGUN },
    { MOVE_JOINED, MOVE_RETURN, MOVE_RETURNED, MOVE_NONE },
    { MOVE_JOINED, MOVE_TIME_OUT, MOVE_TIMED_OUT, MOVE_NONE },
    { MOVE_JOINED, MOVE_SHUT_DOWN, MOVE_INTERRUPTED, MOVE_NONE },

    { MOVE_ORPHANED, MOVE_PEER, MOVE_GOES_ON, MOVE_ADOPTED },
    { MOVE_ORPHANED, MOVE_RETURN, MOVE_RETURNED, MOVE_NONE },
    { MOVE_ORPHANED, MOVE_TIME_OUT, MOVE_LOST, MOVE_NONE },
    { MOVE_ORPHANED, MOVE_SHUT_DOWN, MOVE_INTERRUPTED, MOVE_NONE },

    { MOVE_ADOPTED, MOVE_PEER, MOVE_GOES_ON, MOVE_ADOPTED },
    { MOVE_ADOPTED, MOVE_COMPLETE, MOVE_COMPLETED, MOVE_NONE },
    { MOVE_ADOPTED, MOVE_DESTINATION_LOST, MOVE_GOES_ON, MOVE_ORPHANED },
    { MOVE_ADOPTED, MOVE_RETURN, MOVE_RETURNED, MOVE_NONE },
    { MOVE_ADOPTED, MOVE_TIME_OUT, MOVE_TAKEN_OVER, MOVE_NONE },
    { MOVE_ADOPTED, MOVE_SHUT_DOWN, MOVE_INTERRUPTED, MOVE_NONE },
};

static void check_cell(enum move_state state, enum move_input input)
{
    struct move_step step = move_step(state, input);
    enum move_verdict verdict = MOVE_REFUSED;
    enum move_state next = state;

    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        if (accepted[i].state == state && accepted[i].input == input) {
            verdict = accepted[i].verdict;
            next = accepted[i].next;
        }
    }
    if (step.verdict != verdict || step.next != next)
        print_message("state %d, input %d\n", (int)state, (int)input);
    assert_int_equal(step.verdict, verdict);
    assert_int_equal(step.next, next);
}

/* What is not in the list above changes nothing. */
static void every_state_with_every_input(void **state)
{
    (void)state;
    for (int s = 0; s < MOVE_STATE_COUNT; s++) {
        for (int i = 0; i < MOVE_INPUT_COUNT; i++)
            check_cell((enum move_state)s, (enum move_input)i);
    }
}

static void a_move_that_is_under_way_can_always_end(void **state)
{
    (void)state;
    for (int s = MOVE_BEGUN; s < MOVE_STATE_COUNT; s++) {
        enum move_state now = (enum move_state)s;

        assert_true(move_step(now, MOVE_RETURN).verdict > MOVE_GOES_ON);
        assert_true(move_step(now, MOVE_TIME_OUT).verdict > MOVE_GOES_ON);
        assert_true(move_step(now, MOVE_SHUT_DOWN).verdict > MOVE_GOES_ON);
    }
}

static void secrets_are_compared_whole(void **state)
{
    (void)state;
    assert_true(slice_is_same_secret(slice_of_text("12345678"),
                                     slice_of_text("12345678")));
    assert_false(slice_is_same_secret(slice_of_text("12345678"),
                                      slice_of_text("12345679")));
    assert_false(slice_is_same_secret(slice_of_text("12345678"),
                                      slice_of_text("02345678")));
    assert_false(slice_is_same_secret(slice_of_text("12345678"),
                                      slice_of_text("1234567")));
    assert_true(slice_is_same_secret(slice_of(NULL, 0), slice_of(NULL, 0)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_with_every_input),
        cmocka_unit_test(a_move_that_is_under_way_can_always_end),
        cmocka_unit_test(secrets_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
