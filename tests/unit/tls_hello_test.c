/*
 * Is it a TLS hello: every answer for every first three bytes there are, and
 * for what has not come whole yet.
 */
#include "proto/first/tls_hello.h"

#include "state_names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum tls_hello look(const char *bytes, size_t len)
{
    return tls_hello_look(slice_of(bytes, len));
}

static void a_hello_is_known_by_three_bytes(void **state)
{
    (void)state;
    for (int minor = 0; minor <= 4; minor++) {
        const char bytes[] = { 0x16, 3, (char)minor, 2, 0, 1 };

        for (size_t len = 3; len <= sizeof bytes; len++)
            assert_int_equal(look(bytes, len), TLS_HELLO_SURE);
    }
}

static void a_part_of_it_may_become_one(void **state)
{
    (void)state;
    assert_int_equal(look("\x16", 1), TLS_HELLO_POSSIBLE);
    assert_int_equal(look("\x16\3", 2), TLS_HELLO_POSSIBLE);
}

static void nothing_is_not_a_hello(void **state)
{
    (void)state;
    assert_int_equal(tls_hello_look(slice_of(NULL, 0)), TLS_HELLO_NOT);
}

static void telnet_and_text_are_not_hellos(void **state)
{
    (void)state;
    assert_int_equal(look("\xff", 1), TLS_HELLO_NOT);
    assert_int_equal(look("\xff\xfb\x25", 3), TLS_HELLO_NOT);
    assert_int_equal(look("GET / HTTP/1.1", 14), TLS_HELLO_NOT);
    assert_int_equal(look("\x16\x16", 2), TLS_HELLO_NOT);
    assert_int_equal(look("\x15\3\1", 3), TLS_HELLO_NOT); /* an alert */
}

/* Whatever is sure, or not, stays so with more bytes; so it does not matter in
 * which pieces they come, once the first two are there. */
static void more_bytes_never_contradict_fewer(void **state)
{
    unsigned sure = 0;

    (void)state;
    for (unsigned n = 0; n < 1U << 24; n++) {
        const uint8_t bytes[] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                                  (uint8_t)n };
        enum tls_hello whole = tls_hello_look(slice_of(bytes, 3));

        for (size_t len = 1; len < 3; len++) {
            enum tls_hello part = tls_hello_look(slice_of(bytes, len));

            if (part == TLS_HELLO_SURE ||
                (part == TLS_HELLO_NOT && whole != TLS_HELLO_NOT))
                fail_msg("%06x cut after %zu", n, len);
        }
        sure += whole == TLS_HELLO_SURE;
    }
    assert_int_equal(sure, 5);
}

static void each_answer_has_a_name(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(tls_hello_name, enum tls_hello, TLS_HELLO_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hello_is_known_by_three_bytes),
        cmocka_unit_test(a_part_of_it_may_become_one),
        cmocka_unit_test(nothing_is_not_a_hello),
        cmocka_unit_test(telnet_and_text_are_not_hellos),
        cmocka_unit_test(more_bytes_never_contradict_fewer),
        cmocka_unit_test(each_answer_has_a_name),
    };

    return cmocka_run_group_tests_name("tls_hello", tests, NULL, NULL);
}
