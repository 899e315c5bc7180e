/*
 * The small pure parts of vspc-vm: who it says it is, how long it waits, and
 * which keys are for itself.
 */
#include "base/backoff.h"
#include "vm/ends/keys.h"
#include "vm/host/identity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ESXI_UUID "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3"

static void check_uuid(const char *given, const char *sent)
{
    char uuid[TEXT_ID_MAX + 1];
    char text[TEXT_ID_MAX + 1];

    assert_true(identity_read_uuid(uuid, given));
    identity_format_uuid(text, uuid);
    assert_string_equal(text, sent);
}

static void test_any_notation_goes_out_as_esxi_writes_it(void **state)
{
    (void)state;
    check_uuid("500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3", ESXI_UUID);
    check_uuid("500C1E2F33415A6B7C8D9EAFB0C1D2E3", ESXI_UUID);
    check_uuid(ESXI_UUID, ESXI_UUID);
}

static void test_other_text_goes_out_as_it_is(void **state)
{
    (void)state;
    check_uuid("my-machine", "my-machine");
}

static void test_what_is_no_text_is_refused(void **state)
{
    char uuid[TEXT_ID_MAX + 1];
    char longer[TEXT_ID_MAX + 2];

    (void)state;
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(identity_read_uuid(uuid, ""));
    assert_false(identity_read_uuid(uuid, longer));
    assert_false(identity_read_uuid(uuid, "bell\a"));
}

static void test_the_default_uuid_is_stable_and_ones_own(void **state)
{
    char first[TEXT_UUID_LEN + 1];
    char other[TEXT_UUID_LEN + 1];

    (void)state;
    identity_make_uuid(first, "host", "vm");
    /* Version 8; a change of this value would move everybody's consoles. */
    assert_string_equal(first, "87338918-b75b-8db4-b744-643b6f5920b5");
    identity_make_uuid(other, "host", "vm2");
    assert_string_not_equal(first, other);
    identity_make_uuid(other, "hostv", "m");
    assert_string_not_equal(first, other);
}

static void test_waits_double_up_to_a_limit(void **state)
{
    struct backoff b = { 0 };

    (void)state;
    assert_int_equal(backoff_next_ms(&b, 0, 0), 500);
    assert_int_equal(backoff_next_ms(&b, 0, 0), 1000);
    assert_int_equal(backoff_next_ms(&b, 1000, 0), 2000);
    for (int i = 0; i < 100; i++)
        backoff_next_ms(&b, 0, 0);
    assert_int_equal(backoff_next_ms(&b, 0, 0), 30000);
}

static void test_a_good_session_makes_the_next_wait_short(void **state)
{
    struct backoff b = { .tries = 5 };

    (void)state;
    assert_int_equal(backoff_next_ms(&b, BACKOFF_GOOD_US, 0), 500);
}

static void test_chance_shortens_by_less_than_a_quarter(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 1000; random++) {
        struct backoff b = { 0 };
        unsigned wait_ms = backoff_next_ms(&b, 0, random * 4294967u);

        assert_in_range(wait_ms, 376, 500);
    }
}

/* Feeds keys one by one and all at once. */
static void check_keys(const char *typed, const char *kept,
                       enum keys_event last)
{
    size_t len = strlen(typed);

    for (int is_whole = 0; is_whole < 2; is_whole++) {
        struct keys k = { 0 };
        enum keys_event event = KEYS_NONE;
        uint8_t got[64];
        size_t at = 0;
        size_t step = is_whole ? len : 1;

        for (size_t i = 0; i < len && event != KEYS_QUIT; i += step) {
            size_t n;

            memcpy(got + at, typed + i, step);
            event = keys_filter(&k, got + at, step, &n);
            at += n;
        }
        assert_int_equal(at, strlen(kept));
        assert_memory_equal(got, kept, at);
        assert_int_equal(event, last);
    }
}

static void test_keys(void **state)
{
    (void)state;
    check_keys("plain", "plain", KEYS_NONE);
    check_keys("a\x1d\x1d", "a\x1d", KEYS_NONE);
    check_keys("a\x1dq", "a", KEYS_QUIT);
    check_keys("a\x1dx", "a", KEYS_HELP);
    check_keys("a\x1d\x1dq", "a\x1dq", KEYS_NONE);
    check_keys("a\x1d", "a", KEYS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_notation_goes_out_as_esxi_writes_it),
        cmocka_unit_test(test_other_text_goes_out_as_it_is),
        cmocka_unit_test(test_what_is_no_text_is_refused),
        cmocka_unit_test(test_the_default_uuid_is_stable_and_ones_own),
        cmocka_unit_test(test_waits_double_up_to_a_limit),
        cmocka_unit_test(test_a_good_session_makes_the_next_wait_short),
        cmocka_unit_test(test_chance_shortens_by_less_than_a_quarter),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
