/* RFC 1143 section 7, in the RFC's own words and order. */
#include "proto/telopt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(enum telopt_state state, enum telopt_input input,
                  enum telopt_state next, enum telopt_reply reply)
{
    struct telopt_step step = telopt_step(state, input);

    assert_int_equal(step.state, next);
    assert_int_equal(step.reply, reply);
}

/* WILL, whatever we think of it. */
static void check_yes(enum telopt_state state, enum telopt_state next,
                      enum telopt_reply reply)
{
    check(state, TELOPT_PEER_YES_AGREED, next, reply);
    check(state, TELOPT_PEER_YES_REFUSED, next, reply);
}

static void test_will_when_off_is_answered_as_we_agree(void **state)
{
    (void)state;
    check(TELOPT_OFF, TELOPT_PEER_YES_AGREED, TELOPT_ON, TELOPT_SAY_YES);
    check(TELOPT_OFF, TELOPT_PEER_YES_REFUSED, TELOPT_OFF, TELOPT_SAY_NO);
}

static void test_will_when_on_is_ignored(void **state)
{
    (void)state;
    check_yes(TELOPT_ON, TELOPT_ON, TELOPT_SAY_NOTHING);
}

static void test_will_in_answer_to_dont_is_an_error_and_off(void **state)
{
    (void)state;
    check_yes(TELOPT_WANT_OFF, TELOPT_OFF, TELOPT_SAY_NOTHING);
}

static void test_will_in_answer_to_dont_is_on_if_we_want_it_again(void **state)
{
    (void)state;
    check_yes(TELOPT_WANT_OFF_THEN_ON, TELOPT_ON, TELOPT_SAY_NOTHING);
}

static void test_will_in_answer_to_do_is_on(void **state)
{
    (void)state;
    check_yes(TELOPT_WANT_ON, TELOPT_ON, TELOPT_SAY_NOTHING);
}

static void test_will_that_we_no_longer_want_is_taken_back(void **state)
{
    (void)state;
    check_yes(TELOPT_WANT_ON_THEN_OFF, TELOPT_WANT_OFF, TELOPT_SAY_NO);
}

static void test_wont_when_off_is_ignored(void **state)
{
    (void)state;
    check(TELOPT_OFF, TELOPT_PEER_NO, TELOPT_OFF, TELOPT_SAY_NOTHING);
}

static void test_wont_when_on_is_confirmed(void **state)
{
    (void)state;
    check(TELOPT_ON, TELOPT_PEER_NO, TELOPT_OFF, TELOPT_SAY_NO);
}

static void test_wont_in_answer_to_dont_is_off(void **state)
{
    (void)state;
    check(TELOPT_WANT_OFF, TELOPT_PEER_NO, TELOPT_OFF, TELOPT_SAY_NOTHING);
}

static void test_wont_starts_the_request_that_waited_for_it(void **state)
{
    (void)state;
    check(TELOPT_WANT_OFF_THEN_ON, TELOPT_PEER_NO, TELOPT_WANT_ON,
          TELOPT_SAY_YES);
}

static void test_wont_in_answer_to_do_is_off(void **state)
{
    (void)state;
    check(TELOPT_WANT_ON, TELOPT_PEER_NO, TELOPT_OFF, TELOPT_SAY_NOTHING);
    check(TELOPT_WANT_ON_THEN_OFF, TELOPT_PEER_NO, TELOPT_OFF,
          TELOPT_SAY_NOTHING);
}

static void test_enable_asks_only_when_off(void **state)
{
    (void)state;
    check(TELOPT_OFF, TELOPT_ENABLE, TELOPT_WANT_ON, TELOPT_SAY_YES);
    check(TELOPT_ON, TELOPT_ENABLE, TELOPT_ON, TELOPT_SAY_NOTHING);
    check(TELOPT_WANT_ON, TELOPT_ENABLE, TELOPT_WANT_ON, TELOPT_SAY_NOTHING);
}

static void test_enable_waits_for_the_answer_to_a_disable(void **state)
{
    (void)state;
    check(TELOPT_WANT_OFF, TELOPT_ENABLE, TELOPT_WANT_OFF_THEN_ON,
          TELOPT_SAY_NOTHING);
    check(TELOPT_WANT_OFF_THEN_ON, TELOPT_ENABLE, TELOPT_WANT_OFF_THEN_ON,
          TELOPT_SAY_NOTHING);
}

static void test_enable_drops_a_disable_that_waits(void **state)
{
    (void)state;
    check(TELOPT_WANT_ON_THEN_OFF, TELOPT_ENABLE, TELOPT_WANT_ON,
          TELOPT_SAY_NOTHING);
}

static void test_disable_asks_only_when_on(void **state)
{
    (void)state;
    check(TELOPT_ON, TELOPT_DISABLE, TELOPT_WANT_OFF, TELOPT_SAY_NO);
    check(TELOPT_OFF, TELOPT_DISABLE, TELOPT_OFF, TELOPT_SAY_NOTHING);
    check(TELOPT_WANT_OFF, TELOPT_DISABLE, TELOPT_WANT_OFF, TELOPT_SAY_NOTHING);
}

static void test_disable_waits_for_the_answer_to_an_enable(void **state)
{
    (void)state;
    check(TELOPT_WANT_ON, TELOPT_DISABLE, TELOPT_WANT_ON_THEN_OFF,
          TELOPT_SAY_NOTHING);
    check(TELOPT_WANT_ON_THEN_OFF, TELOPT_DISABLE, TELOPT_WANT_ON_THEN_OFF,
          TELOPT_SAY_NOTHING);
}

static void test_disable_drops_an_enable_that_waits(void **state)
{
    (void)state;
    check(TELOPT_WANT_OFF_THEN_ON, TELOPT_DISABLE, TELOPT_WANT_OFF,
          TELOPT_SAY_NOTHING);
}

struct end {
    enum telopt_state state;
    uint8_t said[64]; /* what is under way to the other end */
    int count;
};

static void act(struct end *e, enum telopt_input input)
{
    struct telopt_step step = telopt_step(e->state, input);

    e->state = (enum telopt_state)step.state;
    if (step.reply == TELOPT_SAY_NOTHING)
        return;
    assert_in_range(e->count, 0, 62);
    e->said[e->count++] = step.reply;
}

static void deliver(struct end *from, struct end *to, bool agrees)
{
    enum telopt_input input = TELOPT_PEER_NO;

    if (from->said[0] == TELOPT_SAY_YES)
        input = agrees ? TELOPT_PEER_YES_AGREED : TELOPT_PEER_YES_REFUSED;
    from->count--;
    for (int i = 0; i < from->count; i++)
        from->said[i] = from->said[i + 1];
    act(to, input);
}

/*
 * Two ends that change their minds and whose words cross on the way: sooner
 * or later both are silent, agree, and nobody waits for an answer.
 */
static void test_two_ends_always_come_to_rest_and_agree(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int run = 0; run < 20000; run++) {
        struct end a = { .count = 0 }, b = { .count = 0 };
        bool agrees;
        int steps = 0;

        for (int i = 0; i < 12; i++) {
            seed = seed * 1664525 + 1013904223;
            struct end *one = seed & 1u << 20 ? &a : &b;
            struct end *other = one == &a ? &b : &a;

            if ((seed >> 24 & 3) == 0)
                act(one, TELOPT_ENABLE);
            else if ((seed >> 24 & 3) == 1)
                act(one, TELOPT_DISABLE);
            else if (one->count > 0)
                deliver(one, other, (seed >> 26 & 1) != 0);
        }
        agrees = (seed >> 27 & 1) != 0;
        while (a.count > 0 || b.count > 0) {
            deliver(a.count > 0 ? &a : &b, a.count > 0 ? &b : &a, agrees);
            assert_true(++steps < 100);
        }
        assert_true(a.state == TELOPT_ON || a.state == TELOPT_OFF);
        assert_int_equal(a.state, b.state);
    }
}

static void test_states_have_names(void **state)
{
    (void)state;
    assert_string_equal(telopt_state_name(TELOPT_OFF), "off");
    assert_string_equal(telopt_state_name(TELOPT_WANT_ON_THEN_OFF),
                        "want-on-then-off");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_will_when_off_is_answered_as_we_agree),
        cmocka_unit_test(test_will_when_on_is_ignored),
        cmocka_unit_test(test_will_in_answer_to_dont_is_an_error_and_off),
        cmocka_unit_test(test_will_in_answer_to_dont_is_on_if_we_want_it_again),
        cmocka_unit_test(test_will_in_answer_to_do_is_on),
        cmocka_unit_test(test_will_that_we_no_longer_want_is_taken_back),
        cmocka_unit_test(test_wont_when_off_is_ignored),
        cmocka_unit_test(test_wont_when_on_is_confirmed),
        cmocka_unit_test(test_wont_in_answer_to_dont_is_off),
        cmocka_unit_test(test_wont_starts_the_request_that_waited_for_it),
        cmocka_unit_test(test_wont_in_answer_to_do_is_off),
        cmocka_unit_test(test_enable_asks_only_when_off),
        cmocka_unit_test(test_enable_waits_for_the_answer_to_a_disable),
        cmocka_unit_test(test_enable_drops_a_disable_that_waits),
        cmocka_unit_test(test_disable_asks_only_when_on),
        cmocka_unit_test(test_disable_waits_for_the_answer_to_an_enable),
        cmocka_unit_test(test_disable_drops_an_enable_that_waits),
        cmocka_unit_test(test_two_ends_always_come_to_rest_and_agree),
        cmocka_unit_test(test_states_have_names),
    };

    return cmocka_run_group_tests_name("telopt", tests, NULL, NULL);
}
