#include "proto/telnet_decode.h"
#include "proto/vmext.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define SB232 "\xff\xfa\xe8"
#define SE "\xff\xf0"

static void check_equal(struct slice got, struct slice expected)
{
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
}

static void check_put(const struct vmext_message *m, struct slice expected)
{
    struct buf out;

    buf_init(&out, 1000);
    assert_int_equal(vmext_put(&out, m), 0);
    check_equal(buf_bytes(&out), expected);
    buf_done(&out);
}

/* Takes body as the end that it is for; its other end does not know it. */
static struct vmext_message parse(enum vmext_end end, struct slice body)
{
    enum vmext_end other = end == VMEXT_VM ? VMEXT_PROXY : VMEXT_VM;
    struct vmext_message m;

    assert_int_equal(vmext_parse(other, body, &m), VMEXT_UNKNOWN);
    assert_int_equal(m.unknown, body.data[0]);
    assert_int_equal(vmext_parse(end, body, &m), VMEXT_OK);
    assert_int_equal(m.code, body.data[0]);
    return m;
}

static void check_malformed(enum vmext_end end, struct slice body)
{
    struct vmext_message m;

    assert_int_equal(vmext_parse(end, body, &m), VMEXT_MALFORMED);
}

static void test_known_suboptions_is_a_list_of_codes(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("\x00"
                                                      "\x00\x28\x46"));

    (void)state;
    check_equal(m.codes, BYTES("\x00\x28\x46"));
    m = parse(VMEXT_VM, BYTES("\x01"
                              "\x01\x47"));
    check_equal(m.codes, BYTES("\x01\x47"));
    check_put(&m, BYTES(SB232 "\x01\x01\x47" SE));
}

static void test_unknown_suboption_names_the_code(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("\x02\x54"));

    (void)state;
    assert_int_equal(m.unknown, VMEXT_VM_BIOS_UUID);
    m = parse(VMEXT_VM, BYTES("\x03\xff"));
    assert_int_equal(m.unknown, 255);
    check_put(&m, BYTES(SB232 "\x03\xff\xff" SE));
}

static void test_do_proxy_is_direction_and_uri(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("FSvSPC.py"));

    (void)state;
    assert_int_equal(m.code, VMEXT_DO_PROXY);
    assert_int_equal(m.direction, 'S');
    check_equal(m.text, BYTES("vSPC.py"));
    check_put(&m, BYTES(SB232 "FSvSPC.py" SE));
}

static void test_do_proxy_without_direction_or_uri_can_be_refused(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("F"));

    (void)state;
    assert_int_equal(m.direction, 0);
    assert_int_equal(m.text.len, 0);
    m = parse(VMEXT_PROXY, BYTES("FC"));
    assert_int_equal(m.direction, 'C');
    assert_int_equal(m.text.len, 0);
}

static void test_proxy_answers_are_codes_alone(void **state)
{
    (void)state;
    assert_int_equal(parse(VMEXT_VM, BYTES("G")).code, VMEXT_WILL_PROXY);
    assert_int_equal(parse(VMEXT_VM, BYTES("I")).code, VMEXT_WONT_PROXY);
}

static void test_sequence_is_all_there_is(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("\x28"
                                                      "abcdef"));

    (void)state;
    check_equal(m.sequence, BYTES("abcdef"));
    m = parse(VMEXT_VM, BYTES("\x2b"
                              "\xff\xff\0\1"));
    check_equal(m.sequence, BYTES("\xff\xff\0\1"));
    m = parse(VMEXT_VM, BYTES("\x2d"
                              "abcd"));
    check_equal(m.sequence, BYTES("abcd"));
    m = parse(VMEXT_PROXY, BYTES("\x2e"
                                 "abcd"));
    check_equal(m.sequence, BYTES("abcd"));
    check_put(&m, BYTES(SB232 "\x2e"
                              "abcd" SE));
}

static void test_secret_is_what_follows_four_bytes_of_sequence(void **state)
{
    struct vmext_message m = parse(VMEXT_VM, BYTES("\x29"
                                                   "abcd"
                                                   "12345678"));

    (void)state;
    check_equal(m.sequence, BYTES("abcd"));
    check_equal(m.secret, BYTES("12345678"));
    m = parse(VMEXT_PROXY, BYTES("\x2c"
                                 "abcd"
                                 "1"));
    check_equal(m.sequence, BYTES("abcd"));
    check_equal(m.secret, BYTES("1"));
}

static void test_255_in_sequence_and_secret_is_doubled(void **state)
{
    const struct vmext_message m = {
        .code = VMEXT_VMOTION_GOAHEAD,
        .sequence = BYTES("\xff\1\xff\2"),
        .secret = BYTES("\xff\xff\3\4\5\6\7\xff"),
    };

    (void)state;
    check_put(&m, BYTES(SB232 "\x29"
                              "\xff\xff\1\xff\xff\2"
                              "\xff\xff\xff\xff\3\4\5\6\7\xff\xff" SE));
}

static void test_abort_has_no_parameters_and_minds_none(void **state)
{
    const struct vmext_message m = { .code = VMEXT_VMOTION_ABORT };

    (void)state;
    parse(VMEXT_PROXY, BYTES("\x30"));
    parse(VMEXT_PROXY, BYTES("\x30"
                             "abcd"));
    check_put(&m, BYTES(SB232 "\x30" SE));
}

static void test_identity_is_text_of_any_length(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("Pa uuid"));

    (void)state;
    assert_int_equal(m.code, VMEXT_VM_VC_UUID);
    check_equal(m.text, BYTES("a uuid"));
    assert_int_equal(parse(VMEXT_PROXY, BYTES("R")).text.len, 0);
    assert_int_equal(parse(VMEXT_PROXY, BYTES("Tx")).code, VMEXT_VM_BIOS_UUID);
    assert_int_equal(parse(VMEXT_PROXY, BYTES("Vx")).code,
                     VMEXT_VM_LOCATION_UUID);
}

static void test_questions_are_codes_alone(void **state)
{
    (void)state;
    assert_int_equal(parse(VMEXT_VM, BYTES("Q")).code, VMEXT_GET_VM_VC_UUID);
    assert_int_equal(parse(VMEXT_VM, BYTES("S")).code, VMEXT_GET_VM_NAME);
    assert_int_equal(parse(VMEXT_VM, BYTES("U")).code, VMEXT_GET_VM_BIOS_UUID);
    assert_int_equal(parse(VMEXT_VM, BYTES("W")).code,
                     VMEXT_GET_VM_LOCATION_UUID);
}

static void test_missing_parameters_are_malformed(void **state)
{
    (void)state;
    check_malformed(VMEXT_PROXY, BYTES(""));
    check_malformed(VMEXT_PROXY, BYTES("\x02"));
    check_malformed(VMEXT_PROXY, BYTES("\x2e"));
    check_malformed(VMEXT_VM, BYTES("\x29"
                                    "abc"));
}

static void test_begin_without_a_sequence_can_be_refused(void **state)
{
    struct vmext_message m = parse(VMEXT_PROXY, BYTES("\x28"));

    (void)state;
    assert_int_equal(m.sequence.len, 0);
}

static void test_peer_without_a_secret_can_be_refused(void **state)
{
    struct vmext_message m;

    (void)state;
    assert_int_equal(vmext_parse(VMEXT_PROXY, BYTES("\x2c"), &m), VMEXT_OK);
    assert_int_equal(m.sequence.len + m.secret.len, 0);
    assert_int_equal(vmext_parse(VMEXT_PROXY,
                                 BYTES("\x2c"
                                       "abcd"),
                                 &m),
                     VMEXT_OK);
    assert_int_equal(m.sequence.len, 4);
    assert_int_equal(m.secret.len, 0);
}

static void test_code_of_nobody_is_unknown_to_both(void **state)
{
    struct vmext_message m;

    (void)state;
    assert_int_equal(vmext_parse(VMEXT_PROXY, BYTES("\x2a"), &m),
                     VMEXT_UNKNOWN);
    assert_int_equal(m.unknown, 42);
    assert_int_equal(vmext_parse(VMEXT_VM, BYTES("\xff"), &m), VMEXT_UNKNOWN);
    assert_int_equal(m.unknown, 255);
}

static void test_each_end_has_its_own_unknown(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(vmext_put_unknown(&out, VMEXT_PROXY, 44), 0);
    assert_int_equal(vmext_put_unknown(&out, VMEXT_VM, 44), 0);
    check_equal(buf_bytes(&out),
                BYTES(SB232 "\x03\x2c" SE SB232 "\x02\x2c" SE));
    buf_done(&out);
}

static void test_each_end_lists_every_code(void **state)
{
    static const struct {
        enum vmext_end from, to;
        enum vmext_code code;
    } ways[] = {
        { VMEXT_VM, VMEXT_PROXY, VMEXT_KNOWN_SUBOPTIONS_1 },
        { VMEXT_PROXY, VMEXT_VM, VMEXT_KNOWN_SUBOPTIONS_2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct vmext_message m;
        struct slice bytes;
        struct buf out;

        buf_init(&out, 100);
        assert_int_equal(vmext_put_known(&out, ways[i].from), 0);
        /* No code is 255: between SB 232 and SE stands the body as it is. */
        bytes = buf_bytes(&out);
        bytes = slice_of(bytes.data + 3, bytes.len - 5);
        assert_int_equal(vmext_parse(ways[i].to, bytes, &m), VMEXT_OK);
        assert_int_equal(m.code, ways[i].code);
        for (unsigned code = 0; code < 256; code++)
            assert_int_equal(vmext_knows(m.codes, (enum vmext_code)code),
                             strcmp(vmext_code_name((uint8_t)code), "?") != 0);
        buf_done(&out);
    }
}

static void test_code_alone_has_a_shorthand(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(vmext_put_code(&out, VMEXT_WILL_PROXY), 0);
    check_equal(buf_bytes(&out), BYTES(SB232 "G" SE));
    buf_done(&out);
}

static void test_put_that_does_not_fit_changes_nothing(void **state)
{
    const struct vmext_message m = { .code = VMEXT_VM_NAME,
                                     .text = BYTES("name") };
    struct buf out;

    (void)state;
    buf_init(&out, 9);
    assert_int_equal(vmext_put(&out, &m), -ENOBUFS);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

static void test_knows_finds_a_code_in_a_list(void **state)
{
    (void)state;
    assert_true(vmext_knows(BYTES("\0\1PQ"), VMEXT_GET_VM_VC_UUID));
    assert_false(vmext_knows(BYTES("\0\1PQ"), VMEXT_GET_VM_NAME));
    assert_false(vmext_knows(slice_of(NULL, 0), VMEXT_KNOWN_SUBOPTIONS_1));
}

static void test_codes_have_the_guides_names(void **state)
{
    (void)state;
    assert_string_equal(vmext_code_name(0), "KNOWN-SUBOPTIONS-1");
    assert_string_equal(vmext_code_name(70), "DO-PROXY");
    assert_string_equal(vmext_code_name(87), "GET-VM-LOCATION-UUID");
    assert_string_equal(vmext_code_name(42), "?");
    assert_string_equal(vmext_code_name(255), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_suboptions_is_a_list_of_codes),
        cmocka_unit_test(test_unknown_suboption_names_the_code),
        cmocka_unit_test(test_do_proxy_is_direction_and_uri),
        cmocka_unit_test(test_do_proxy_without_direction_or_uri_can_be_refused),
        cmocka_unit_test(test_proxy_answers_are_codes_alone),
        cmocka_unit_test(test_sequence_is_all_there_is),
        cmocka_unit_test(test_secret_is_what_follows_four_bytes_of_sequence),
        cmocka_unit_test(test_255_in_sequence_and_secret_is_doubled),
        cmocka_unit_test(test_abort_has_no_parameters_and_minds_none),
        cmocka_unit_test(test_identity_is_text_of_any_length),
        cmocka_unit_test(test_questions_are_codes_alone),
        cmocka_unit_test(test_missing_parameters_are_malformed),
        cmocka_unit_test(test_begin_without_a_sequence_can_be_refused),
        cmocka_unit_test(test_peer_without_a_secret_can_be_refused),
        cmocka_unit_test(test_code_of_nobody_is_unknown_to_both),
        cmocka_unit_test(test_each_end_has_its_own_unknown),
        cmocka_unit_test(test_each_end_lists_every_code),
        cmocka_unit_test(test_code_alone_has_a_shorthand),
        cmocka_unit_test(test_put_that_does_not_fit_changes_nothing),
        cmocka_unit_test(test_knows_finds_a_code_in_a_list),
        cmocka_unit_test(test_codes_have_the_guides_names),
    };

    return cmocka_run_group_tests_name("vmext", tests, NULL, NULL);
}
