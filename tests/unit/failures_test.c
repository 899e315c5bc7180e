/* Guessing is slow, and only for the guesser. */
#include "access/failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { S = 1000 * 1000, PATIENCE = FAILURES_MAX_US };

static const uint64_t seed[2] = { 1, 2 };

static struct ip address(const char *text)
{
    struct ip ip;

    assert_true(ip_parse(text, &ip));
    return ip;
}

static int setup(void **state)
{
    static struct failures f;

    failures_init(&f, seed);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    failures_done(*state);
    return 0;
}

/* How long an attempt waits that begins now; it takes its turn. */
static uint64_t wait_of(struct failures *f, const char *ip, const char *name,
                        uint64_t now_us)
{
    uint64_t of_name_us = failures_wait(f, name, now_us);
    uint64_t wait_us = UINT64_MAX;

    (void)failures_take_turn(f, address(ip), name, now_us, PATIENCE, &wait_us);
    return wait_us > of_name_us ? wait_us : of_name_us;
}

/* Waits its time, and fails. Returns when. */
static uint64_t guess(struct failures *f, const char *ip, const char *name,
                      uint64_t now_us)
{
    now_us += wait_of(f, ip, name, now_us);
    failures_add(f, address(ip), name, now_us);
    return now_us;
}

static void the_wait_doubles_from_the_third_failure_up_to_a_minute(void **state)
{
    static const uint64_t waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60 };
    uint64_t now_us = 0;

    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        uint64_t then_us = guess(*state, "192.0.2.1", "alice", now_us);

        assert_int_equal(then_us - now_us, waits[i] * S);
        now_us = then_us;
    }
}

static enum failures_turn take_turn(struct failures *f, const char *name,
                                    uint64_t now_us, uint64_t *ret_us)
{
    return failures_take_turn(f, address("192.0.2.1"), name, now_us, 8 * S,
                              ret_us);
}

static void many_connections_guess_no_faster_than_one(void **state)
{
    uint64_t wait_us;

    for (int i = 0; i < 5; i++)
        failures_add(*state, address("192.0.2.1"), "alice", 0);
    /* One waits, and no other one does: not with another name either. */
    assert_int_equal(take_turn(*state, "alice", S, &wait_us), FAILURES_TAKEN);
    assert_int_equal(wait_us, 3 * S);
    assert_int_equal(take_turn(*state, "alice", S, &wait_us), FAILURES_NO_TURN);
    assert_int_equal(wait_us, 7 * S);
    assert_int_equal(take_turn(*state, "bob", 2 * S, &wait_us),
                     FAILURES_NO_TURN);
    assert_int_equal(wait_us, 6 * S);
    /* Its time has come: it is checked, and another one may wait. */
    assert_int_equal(take_turn(*state, "bob", 4 * S, &wait_us), FAILURES_TAKEN);
    assert_int_equal(wait_us, 4 * S);
}

static void with_few_failures_no_turn_is_needed(void **state)
{
    uint64_t wait_us;

    failures_add(*state, address("192.0.2.1"), "alice", 0);
    failures_add(*state, address("192.0.2.1"), "alice", 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(take_turn(*state, "alice", 0, &wait_us), FAILURES_FEW);
        assert_int_equal(wait_us, 0);
    }
}

static void a_wait_beyond_patience_is_no_turn(void **state)
{
    uint64_t wait_us;

    for (int i = 0; i < 7; i++)
        failures_add(*state, address("192.0.2.1"), "alice", 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(take_turn(*state, "alice", 0, &wait_us),
                         FAILURES_NO_TURN);
        assert_int_equal(wait_us, 16 * S);
    }
    assert_int_equal(take_turn(*state, "alice", 8 * S, &wait_us),
                     FAILURES_TAKEN);
    assert_int_equal(wait_us, 8 * S);
}

static void the_names_of_a_site_wait_for_each_other(void **state)
{
    uint64_t now_us = 0;

    for (int i = 0; i < 8; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "user%d", i);
        now_us = guess(*state, "192.0.2.1", name, now_us);
    }
    assert_int_equal(wait_of(*state, "192.0.2.1", "bob", now_us), 32 * S);
    assert_int_equal(wait_of(*state, "192.0.2.2", "bob", now_us), 0);
}

/* A thousand addresses guess alice's password; she comes from another one. */
static void nobody_locks_others_out(void **state)
{
    for (int i = 0; i < 1000; i++) {
        char ip[32];

        (void)snprintf(ip, sizeof ip, "10.0.%d.%d", i / 250, i % 250);
        (void)guess(*state, ip, "alice", 0);
    }
    assert_int_equal(wait_of(*state, "192.0.2.1", "alice", 0), 2 * S);
    /* In no row: it does not get longer by asking. */
    assert_int_equal(wait_of(*state, "192.0.2.1", "alice", 0), 2 * S);
    assert_int_equal(wait_of(*state, "192.0.2.1", "bob", 0), 0);
}

static void case_changes_no_name(void **state)
{
    for (int i = 0; i < 10; i++) {
        char ip[32];

        (void)snprintf(ip, sizeof ip, "10.0.0.%d", i);
        failures_add(*state, address(ip), "Alice", 0);
    }
    assert_int_equal(wait_of(*state, "192.0.2.1", "aLICE", 0), 2 * S);
}

static void a_site_is_a_64_of_ipv6(void **state)
{
    for (int i = 0; i < 8; i++) {
        char ip[32], name[16];

        (void)snprintf(ip, sizeof ip, "2001:db8::%x", i);
        (void)snprintf(name, sizeof name, "user%d", i);
        failures_add(*state, address(ip), name, 0);
    }
    assert_int_equal(wait_of(*state, "2001:db8::ffff", "bob", 0), 32 * S);
    assert_int_equal(wait_of(*state, "2001:db8:0:1::1", "bob", 0), 0);
}

static void success_forgets_the_name_at_its_site_alone(void **state)
{
    for (int i = 0; i < 5; i++)
        failures_add(*state, address("192.0.2.1"), "alice", 0);
    failures_forget(*state, address("192.0.2.1"), "alice");
    /* The site has still to wait. */
    assert_int_equal(wait_of(*state, "192.0.2.1", "bob", 0), 4 * S);
    failures_forget(*state, address("192.0.2.9"), "nobody");
}

static void all_is_forgotten_after_a_quiet_time(void **state)
{
    for (int i = 0; i < 10; i++)
        failures_add(*state, address("192.0.2.1"), "alice", 0);
    assert_int_equal(
        wait_of(*state, "192.0.2.1", "alice", FAILURES_QUIET_US - 1),
        FAILURES_NAME_MAX_US);
    assert_int_equal(wait_of(*state, "192.0.2.1", "alice", FAILURES_QUIET_US),
                     0);
    failures_add(*state, address("192.0.2.1"), "alice", FAILURES_QUIET_US);
    assert_int_equal(wait_of(*state, "192.0.2.1", "alice", FAILURES_QUIET_US),
                     0);
}

/* Without a name, as of a token: the site counts, and no name "". */
static void without_a_name_the_site_counts(void **state)
{
    for (int i = 0; i < 8; i++)
        failures_add(*state, address("192.0.2.1"), "", 0);
    assert_int_equal(wait_of(*state, "192.0.2.1", "", 0), 32 * S);
    assert_int_equal(wait_of(*state, "192.0.2.2", "", 0), 0);
}

static void one_failure_makes_a_site_suspect_until_it_is_forgotten(void **state)
{
    assert_false(failures_has(*state, address("192.0.2.1"), 0));
    failures_add(*state, address("192.0.2.1"), "alice", 0);
    assert_true(failures_has(*state, address("192.0.2.1"), 0));
    assert_false(failures_has(*state, address("192.0.2.2"), 0));
    assert_false(failures_has(*state, address("192.0.2.1"), FAILURES_QUIET_US));
}

/* A flood of names and addresses that fail once leaves in the table who has
 * failed often. */
static void a_flood_does_not_wash_a_guesser_away(void **state)
{
    for (int i = 0; i < 9; i++)
        failures_add(*state, address("192.0.2.1"), "alice", 0);
    for (unsigned i = 0; i < 100000; i++) {
        struct ip ip = { 0x20010db800000000 + i, 1 };
        char name[16];

        (void)snprintf(name, sizeof name, "user%u", i);
        failures_add(*state, ip, name, i);
    }
    assert_int_equal(wait_of(*state, "192.0.2.1", "bob", 0), 60 * S);
}

/* The table full of those who have failed often: a new one is counted all the
 * same. */
static void a_full_table_counts_on(void **state)
{
    for (unsigned i = 0; i < 30000; i++) {
        struct ip ip = { 0x20010db800000000 + i, 1 };

        for (int n = 0; n < 4; n++)
            failures_add(*state, ip, "", i);
    }
    for (int i = 0; i < 5; i++)
        failures_add(*state, address("192.0.2.1"), "", 30000);
    assert_int_equal(wait_of(*state, "192.0.2.1", "bob", 30000), 4 * S);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(the_wait_doubles_from_the_third_failure_up_to_a_minute),
        TEST(many_connections_guess_no_faster_than_one),
        TEST(with_few_failures_no_turn_is_needed),
        TEST(a_wait_beyond_patience_is_no_turn),
        TEST(the_names_of_a_site_wait_for_each_other),
        TEST(nobody_locks_others_out),
        TEST(case_changes_no_name),
        TEST(a_site_is_a_64_of_ipv6),
        TEST(success_forgets_the_name_at_its_site_alone),
        TEST(all_is_forgotten_after_a_quiet_time),
        TEST(without_a_name_the_site_counts),
        TEST(one_failure_makes_a_site_suspect_until_it_is_forgotten),
        TEST(a_flood_does_not_wash_a_guesser_away),
        TEST(a_full_table_counts_on),
    };

    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
