#include "proto/comport.h"
#include "proto/telnet_decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define SB44 "\xff\xfa\x2c"
#define SE "\xff\xf0"

enum { OFFSET = 100 }; /* of the server's commands */

static void check_equal(struct slice got, struct slice expected)
{
    assert_int_equal(got.len, expected.len);
    assert_memory_equal(got.data, expected.data, expected.len);
}

static void check_put(enum comport_end sender, const struct comport_message *m,
                      struct slice expected)
{
    struct buf out;

    buf_init(&out, 1000);
    assert_int_equal(comport_put(&out, sender, m), 0);
    check_equal(buf_bytes(&out), expected);
    buf_done(&out);
}

/* What the client says, as the server reads it; to a client it means
 * nothing. */
static struct comport_message request(struct slice body)
{
    struct comport_message m;

    assert_int_equal(comport_parse(COMPORT_CLIENT, body, &m), COMPORT_UNKNOWN);
    assert_int_equal(comport_parse(COMPORT_SERVER, body, &m), COMPORT_OK);
    assert_int_equal(m.command, body.data[0]);
    return m;
}

/* The same the other way. */
static struct comport_message answer(struct slice body)
{
    struct comport_message m;

    assert_int_equal(comport_parse(COMPORT_SERVER, body, &m), COMPORT_UNKNOWN);
    assert_int_equal(comport_parse(COMPORT_CLIENT, body, &m), COMPORT_OK);
    assert_int_equal(m.command + OFFSET, body.data[0]);
    return m;
}

static void check_malformed(enum comport_end receiver, struct slice body)
{
    struct comport_message m;

    assert_int_equal(comport_parse(receiver, body, &m), COMPORT_MALFORMED);
}

static void test_signature_is_text_to_the_end(void **state)
{
    struct comport_message m = request(BYTES("\x00"
                                             "a\0text \xff"));

    (void)state;
    check_equal(m.text, BYTES("a\0text \xff"));
    check_put(COMPORT_CLIENT, &m,
              BYTES(SB44 "\x00"
                         "a\0text \xff\xff" SE));
    m = answer(BYTES("\x64vspcd 2"));
    check_equal(m.text, BYTES("vspcd 2"));
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x64vspcd 2" SE));
}

static void test_empty_signature_asks_for_it(void **state)
{
    struct comport_message m = request(BYTES("\x00"));

    (void)state;
    assert_int_equal(m.text.len, 0);
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x00" SE));
}

static void test_signature_is_not_copied(void **state)
{
    struct slice body = BYTES("\x00signature");

    (void)state;
    assert_ptr_equal(request(body).text.data, body.data + 1);
}

static void test_baud_rate_is_four_bytes_the_most_significant_first(
    void **state)
{
    struct comport_message m = request(BYTES("\x01\x00\x01\xc2\x00"));

    (void)state;
    assert_int_equal(m.value, 115200);
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x01\x00\x01\xc2\x00" SE));
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x65\x00\x01\xc2\x00" SE));
    assert_int_equal(answer(BYTES("\x65\x12\x34\x56\x78")).value, 0x12345678);
    assert_int_equal(request(BYTES("\x01\0\0\0\0")).value, 0);
}

static void test_255_in_a_baud_rate_is_doubled(void **state)
{
    struct comport_message m = request(BYTES("\x01\xff\xff\xff\xff"));

    (void)state;
    assert_int_equal(m.value, UINT32_MAX);
    check_put(COMPORT_SERVER, &m,
              BYTES(SB44 "\x65\xff\xff\xff\xff\xff\xff\xff\xff" SE));
    m.value = 0x00ff0100;
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x01\x00\xff\xff\x01\x00" SE));
}

static const uint8_t commands_of_one_byte[] = {
    COMPORT_SET_DATASIZE,       COMPORT_SET_PARITY,
    COMPORT_SET_STOPSIZE,       COMPORT_SET_CONTROL,
    COMPORT_SET_LINESTATE_MASK, COMPORT_SET_MODEMSTATE_MASK,
    COMPORT_PURGE_DATA,
};

static void test_most_values_are_one_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands_of_one_byte; i++) {
        uint8_t command = commands_of_one_byte[i];
        uint8_t said[] = { command, 0xab };
        uint8_t back[] = { (uint8_t)(command + OFFSET), 0xab };
        uint8_t wire[] = { 255, 250, 44, command, 0xab, 255, 240 };
        struct comport_message m = request(slice_of(said, sizeof said));

        assert_int_equal(m.value, 0xab);
        assert_int_equal(m.text.len, 0);
        check_put(COMPORT_CLIENT, &m, slice_of(wire, sizeof wire));
        m = answer(slice_of(back, sizeof back));
        assert_int_equal(m.value, 0xab);
        wire[3] = back[0];
        check_put(COMPORT_SERVER, &m, slice_of(wire, sizeof wire));
    }
}

static void test_a_mask_of_255_is_doubled(void **state)
{
    const struct comport_message m = request(BYTES("\x0b\xff"));

    (void)state;
    assert_int_equal(m.value, 255);
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x0b\xff\xff" SE));
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x6f\xff\xff" SE));
}

static void test_client_asks_for_states_with_nothing(void **state)
{
    struct comport_message m = request(BYTES("\x06"));

    (void)state;
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x06" SE));
    m = request(BYTES("\x07"));
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x07" SE));
}

static void test_client_that_sends_a_state_asks_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(request(BYTES("\x06\xff")).value, 0);
    assert_int_equal(request(BYTES("\x07\xff")).value, 0);
}

static void test_server_tells_states_in_one_byte(void **state)
{
    struct comport_message m = answer(BYTES("\x6a\x10"));

    (void)state;
    assert_int_equal(m.value, COMPORT_LINE_BREAK);
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x6a\x10" SE));
    m = answer(BYTES("\x6b\xff"));
    assert_int_equal(m.value, 255);
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x6b\xff\xff" SE));
}

static void test_flow_control_is_commands_alone(void **state)
{
    struct comport_message m = request(BYTES("\x08"));

    (void)state;
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x08" SE));
    m = request(BYTES("\x09"));
    check_put(COMPORT_CLIENT, &m, BYTES(SB44 "\x09" SE));
    m = answer(BYTES("\x6c"));
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x6c" SE));
    m = answer(BYTES("\x6d"));
    check_put(COMPORT_SERVER, &m, BYTES(SB44 "\x6d" SE));
}

static void test_numbers_of_nobody_are_unknown(void **state)
{
    static const uint8_t numbers[] = { 13, 14, 50, 99, 113, 114, 200, 255 };
    struct comport_message m;

    (void)state;
    for (size_t i = 0; i < sizeof numbers; i++) {
        uint8_t body[] = { numbers[i], 1 };

        for (size_t len = 1; len <= sizeof body; len++) {
            struct slice all = slice_of(body, len);

            assert_int_equal(comport_parse(COMPORT_SERVER, all, &m),
                             COMPORT_UNKNOWN);
            assert_int_equal(comport_parse(COMPORT_CLIENT, all, &m),
                             COMPORT_UNKNOWN);
        }
    }
}

static void test_nothing_at_all_is_malformed(void **state)
{
    (void)state;
    check_malformed(COMPORT_SERVER, BYTES(""));
    check_malformed(COMPORT_CLIENT, BYTES(""));
}

static void test_a_baud_rate_of_another_length_is_malformed(void **state)
{
    (void)state;
    check_malformed(COMPORT_SERVER, BYTES("\x01"));
    check_malformed(COMPORT_SERVER, BYTES("\x01\x25\x80"));
    check_malformed(COMPORT_SERVER, BYTES("\x01\0\0\x25"));
    check_malformed(COMPORT_SERVER, BYTES("\x01\0\0\x25\x80\0"));
    check_malformed(COMPORT_CLIENT, BYTES("\x65\x00"));
    check_malformed(COMPORT_CLIENT, BYTES("\x65\0\0\x25\x80\0"));
}

static void test_one_byte_values_of_another_length_are_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands_of_one_byte; i++) {
        uint8_t body[] = { commands_of_one_byte[i], 1, 2 };

        check_malformed(COMPORT_SERVER, slice_of(body, 1));
        check_malformed(COMPORT_SERVER, slice_of(body, 3));
        body[0] += OFFSET;
        check_malformed(COMPORT_CLIENT, slice_of(body, 1));
        check_malformed(COMPORT_CLIENT, slice_of(body, 3));
    }
    check_malformed(COMPORT_CLIENT, BYTES("\x6a"));
    check_malformed(COMPORT_CLIENT, BYTES("\x6b\x00\x00"));
}

static void test_malformed_says_which_command_it_was(void **state)
{
    struct comport_message m;

    (void)state;
    assert_int_equal(comport_parse(COMPORT_SERVER, BYTES("\x0c"), &m),
                     COMPORT_MALFORMED);
    assert_int_equal(m.command, COMPORT_PURGE_DATA);
}

static void test_put_that_does_not_fit_changes_nothing(void **state)
{
    const struct comport_message m = { .command = COMPORT_SET_MODEMSTATE_MASK,
                                       .value = 255 };
    struct buf out;

    (void)state;
    buf_init(&out, 7);
    assert_int_equal(comport_put(&out, COMPORT_SERVER, &m), -ENOBUFS);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

static void test_commands_have_the_rfcs_names(void **state)
{
    (void)state;
    assert_string_equal(comport_command_name(0), "SIGNATURE");
    assert_string_equal(comport_command_name(1), "SET-BAUDRATE");
    assert_string_equal(comport_command_name(7), "NOTIFY-MODEMSTATE");
    assert_string_equal(comport_command_name(12), "PURGE-DATA");
    assert_string_equal(comport_command_name(13), "?");
    assert_string_equal(comport_command_name(100), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_is_text_to_the_end),
        cmocka_unit_test(test_empty_signature_asks_for_it),
        cmocka_unit_test(test_signature_is_not_copied),
        cmocka_unit_test(
            test_baud_rate_is_four_bytes_the_most_significant_first),
        cmocka_unit_test(test_255_in_a_baud_rate_is_doubled),
        cmocka_unit_test(test_most_values_are_one_byte),
        cmocka_unit_test(test_a_mask_of_255_is_doubled),
        cmocka_unit_test(test_client_asks_for_states_with_nothing),
        cmocka_unit_test(test_client_that_sends_a_state_asks_all_the_same),
        cmocka_unit_test(test_server_tells_states_in_one_byte),
        cmocka_unit_test(test_flow_control_is_commands_alone),
        cmocka_unit_test(test_numbers_of_nobody_are_unknown),
        cmocka_unit_test(test_nothing_at_all_is_malformed),
        cmocka_unit_test(test_a_baud_rate_of_another_length_is_malformed),
        cmocka_unit_test(test_one_byte_values_of_another_length_are_malformed),
        cmocka_unit_test(test_malformed_says_which_command_it_was),
        cmocka_unit_test(test_put_that_does_not_fit_changes_nothing),
        cmocka_unit_test(test_commands_have_the_rfcs_names),
    };

    return cmocka_run_group_tests_name("comport", tests, NULL, NULL);
}
