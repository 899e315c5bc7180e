#include "proto/telauth.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

enum { BODY_MAX = 300 };

static enum telauth_kind kind_of(struct slice body)
{
    return (enum telauth_kind)telauth_parse(body).kind;
}

static void each_message_has_its_bytes(void **state)
{
    static const struct {
        enum telauth_kind kind;
        struct slice bytes;
    } rows[] = {
        { TELAUTH_SEND, { (const uint8_t *)"\xff\xfa\x25\1\7\0\xff\xf0", 8 } },
        { TELAUTH_START,
          { (const uint8_t *)"\xff\xfa\x25\0\7\0\1\xff\xf0", 9 } },
        { TELAUTH_NULL, { (const uint8_t *)"\xff\xfa\x25\0\0\0\xff\xf0", 8 } },
        { TELAUTH_ACCEPT,
          { (const uint8_t *)"\xff\xfa\x25\2\7\0\2\xff\xf0", 9 } },
        { TELAUTH_REJECT,
          { (const uint8_t *)"\xff\xfa\x25\2\7\0\3\xff\xf0", 9 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out;
        struct slice got, body;

        buf_init(&out, TELAUTH_MAX);
        assert_int_equal(telauth_put(&out, rows[i].kind), 0);
        got = buf_bytes(&out);
        assert_int_equal(got.len, rows[i].bytes.len);
        assert_memory_equal(got.data, rows[i].bytes.data, got.len);
        body = slice_of(got.data + 3, got.len - 5);
        assert_int_equal(kind_of(body), rows[i].kind);
        buf_done(&out);
    }
}

static void what_does_not_fit_is_not_put_in_part(void **state)
{
    (void)state;
    for (uint32_t room = 0; room < 9; room++) {
        struct buf out;

        buf_init(&out, room);
        assert_int_equal(telauth_put(&out, TELAUTH_START), -ENOBUFS);
        assert_int_equal(out.len, 0);
        buf_done(&out);
    }
}

static void send_offers_pairs(void **state)
{
    (void)state;
    assert_true(telauth_parse(BYTES("\1\7\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\2\0\7\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\7\0\2\0")).offers_ssl);
    assert_true(telauth_parse(BYTES("\1\2\0\7\0\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\7")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\7\1")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\2\7\0\2")).offers_ssl);
    assert_false(telauth_parse(BYTES("\1\2\0\7")).offers_ssl);
    assert_int_equal(kind_of(BYTES("\1")), TELAUTH_SEND);
}

static void any_other_pair_or_step_is_a_refusal(void **state)
{
    (void)state;
    for (int n = 0; n < 256; n++) {
        uint8_t body[4] = { 0, 7, 0, 1 };

        for (int at = 1; at < 4; at++) {
            uint8_t right = body[at];

            body[at] = (uint8_t)n;
            body[0] = 0;
            assert_int_equal(kind_of(slice_of(body, 4)),
                             n == right ? TELAUTH_START : TELAUTH_NULL);
            body[at] = right;
        }
        body[0] = 2;
        body[3] = (uint8_t)n;
        assert_int_equal(kind_of(slice_of(body, 4)),
                         n == 2 ? TELAUTH_ACCEPT : TELAUTH_REJECT);
    }
}

static void a_short_one_is_a_refusal_too(void **state)
{
    (void)state;
    for (size_t len = 1; len < 4; len++) {
        assert_int_equal(kind_of(slice_of("\0\7\0\1", len)), TELAUTH_NULL);
        assert_int_equal(kind_of(slice_of("\2\7\0\2", len)), TELAUTH_REJECT);
    }
}

static void a_long_one_is_what_it_begins_with(void **state)
{
    uint8_t body[BODY_MAX] = { 0, 7, 0, 1 };

    (void)state;
    for (size_t len = 4; len <= BODY_MAX; len++)
        assert_int_equal(kind_of(slice_of(body, len)), TELAUTH_START);
}

static void the_rest_says_nothing(void **state)
{
    (void)state;
    assert_int_equal(kind_of(slice_of(NULL, 0)), TELAUTH_OTHER);
    for (int n = 3; n < 256; n++) {
        uint8_t body[] = { (uint8_t)n, 7, 0, 1 };

        for (size_t len = 1; len <= sizeof body; len++)
            assert_int_equal(kind_of(slice_of(body, len)), TELAUTH_OTHER);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_bytes),
        cmocka_unit_test(what_does_not_fit_is_not_put_in_part),
        cmocka_unit_test(send_offers_pairs),
        cmocka_unit_test(any_other_pair_or_step_is_a_refusal),
        cmocka_unit_test(a_short_one_is_a_refusal_too),
        cmocka_unit_test(a_long_one_is_what_it_begins_with),
        cmocka_unit_test(the_rest_says_nothing),
    };

    return cmocka_run_group_tests_name("telauth", tests, NULL, NULL);
}
