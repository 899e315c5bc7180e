/* What the scripts (tests/script) cannot say: slices, memory, failures. */
#include "proto/telpeer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define IAC "\xff"
#define SB "\xfa"
#define SE "\xf0"
#define WILL "\xfb"
#define WONT "\xfc"
#define DO "\xfd"
#define DONT "\xfe"
#define BINARY "\0"
#define ECHO "\1"
#define VMWARE "\xe8"

static const struct telpeer_policy policy = {
    .options = {
        { .option = TELNET_OPTION_BINARY, .may_us = true, .may_peer = true },
        { .option = TELNET_OPTION_ECHO, .may_us = true },
        { .option = TELNET_OPTION_VMWARE, .may_peer = true },
    },
    .count = 3,
    .nvt_lines = TELNET_LINES_KEYBOARD,
};

struct fixture {
    struct telpeer peer;
    struct buf out;
    struct telpeer_item item;
    enum telpeer_event event;
};

static int setup(void **state)
{
    static struct fixture f;

    telpeer_init(&f.peer, &policy);
    buf_init(&f.out, 1000);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    telpeer_done(&f->peer);
    buf_done(&f->out);
    return 0;
}

static enum telpeer_event next(struct fixture *f, struct slice *in)
{
    assert_int_equal(telpeer_next(&f->peer, in, &f->out, &f->event, &f->item),
                     0);
    return f->event;
}

/* Takes the bytes in and forgets what they meant. */
static void feed(struct fixture *f, struct slice in)
{
    while (in.len > 0)
        next(f, &in);
}

static void check_said(struct fixture *f, struct slice expected)
{
    assert_true(slice_is_equal(buf_bytes(&f->out), expected));
    buf_take(&f->out, f->out.len);
}

static void check_option(struct fixture *f, struct slice in, uint8_t option,
                         enum telpeer_side side, bool is_on)
{
    assert_int_equal(next(f, &in), TELPEER_OPTION);
    assert_int_equal(f->item.option, option);
    assert_int_equal(f->item.side, side);
    assert_int_equal(f->item.is_on, is_on);
    assert_int_equal(next(f, &in), TELPEER_NEED_MORE);
}

static void check_silent(struct fixture *f, struct slice in)
{
    assert_int_equal(next(f, &in), TELPEER_NEED_MORE);
    check_said(f, BYTES(""));
}

static void test_endpoint_is_small(void **state)
{
    (void)state;
    assert_in_range(sizeof(struct telpeer), 1, 64);
}

static void test_data_is_a_slice_of_the_input(void **state)
{
    struct fixture *f = *state;
    struct slice bytes = BYTES("data"), in = bytes;

    assert_int_equal(next(f, &in), TELPEER_DATA);
    assert_ptr_equal(f->item.body.data, bytes.data);
    assert_int_equal(f->item.body.len, bytes.len);
}

static void test_option_we_agree_to_goes_on_and_is_told(void **state)
{
    struct fixture *f = *state;

    check_option(f, BYTES(IAC WILL VMWARE), 232, TELPEER_PEER, true);
    check_said(f, BYTES(IAC DO VMWARE));
    assert_true(telpeer_is_on(&f->peer, TELPEER_PEER, 232));
    assert_false(telpeer_is_on(&f->peer, TELPEER_US, 232));
}

static void test_option_is_agreed_to_in_its_direction_only(void **state)
{
    struct fixture *f = *state;
    struct slice in = BYTES(IAC DO VMWARE IAC WILL ECHO);

    assert_int_equal(next(f, &in), TELPEER_NEED_MORE);
    check_said(f, BYTES(IAC WONT VMWARE IAC DONT ECHO));
}

static void test_unknown_option_is_refused_each_time(void **state)
{
    struct fixture *f = *state;
    struct slice in = BYTES(IAC WILL "\x18" IAC DO "\x18" IAC WILL "\x18");

    assert_int_equal(next(f, &in), TELPEER_NEED_MORE);
    check_said(f, BYTES(IAC DONT "\x18" IAC WONT "\x18" IAC DONT "\x18"));
    assert_int_equal(telpeer_state(&f->peer, TELPEER_PEER, 24), TELOPT_OFF);
}

static void test_refusal_of_an_unknown_option_is_not_answered(void **state)
{
    check_silent(*state, BYTES(IAC WONT "\x18" IAC DONT "\x18"));
}

static void test_request_is_said_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(telpeer_enable(&f->peer, TELPEER_PEER, 232, &f->out), 0);
    assert_int_equal(telpeer_enable(&f->peer, TELPEER_PEER, 232, &f->out), 0);
    check_said(f, BYTES(IAC DO VMWARE));
    assert_int_equal(telpeer_state(&f->peer, TELPEER_PEER, 232),
                     TELOPT_WANT_ON);
    check_option(f, BYTES(IAC WILL VMWARE), 232, TELPEER_PEER, true);
    check_said(f, BYTES(""));
}

static void test_request_needs_no_leave_of_the_policy(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(telpeer_enable(&f->peer, TELPEER_PEER, 1, &f->out), 0);
    check_said(f, BYTES(IAC DO ECHO));
    check_option(f, BYTES(IAC WILL ECHO), 1, TELPEER_PEER, true);
}

static void test_refused_request_is_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(telpeer_enable(&f->peer, TELPEER_US, 1, &f->out), 0);
    check_said(f, BYTES(IAC WILL ECHO));
    check_option(f, BYTES(IAC DONT ECHO), 1, TELPEER_US, false);
    check_said(f, BYTES(""));
}

static void test_disable_is_told_when_the_peer_confirms(void **state)
{
    struct fixture *f = *state;

    feed(f, BYTES(IAC DO ECHO));
    check_said(f, BYTES(IAC WILL ECHO));
    assert_int_equal(telpeer_disable(&f->peer, TELPEER_US, 1, &f->out), 0);
    check_said(f, BYTES(IAC WONT ECHO));
    check_option(f, BYTES(IAC DONT ECHO), 1, TELPEER_US, false);
    check_said(f, BYTES(""));
}

static void test_sides_of_an_option_are_independent(void **state)
{
    struct fixture *f = *state;

    feed(f, BYTES(IAC WILL BINARY));
    assert_true(telpeer_is_on(&f->peer, TELPEER_PEER, 0));
    assert_false(telpeer_is_on(&f->peer, TELPEER_US, 0));
    feed(f, BYTES(IAC DO BINARY IAC WONT BINARY));
    assert_false(telpeer_is_on(&f->peer, TELPEER_PEER, 0));
    assert_true(telpeer_is_on(&f->peer, TELPEER_US, 0));
}

static void test_line_ends_follow_the_peers_binary(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_KEYBOARD);
    feed(f, BYTES(IAC WILL BINARY));
    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_BINARY);
    feed(f, BYTES(IAC WONT BINARY));
    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_KEYBOARD);
}

static void test_data_is_copied_only_while_the_peer_sends_binary(void **state)
{
    struct fixture *f = *state;
    struct slice in = BYTES("a" IAC IAC "b"), after = BYTES("c");
    uint8_t to[8];

    assert_int_equal(telpeer_copy_data(&f->peer, &in, to, sizeof to), 0);
    assert_int_equal(in.len, 4);
    feed(f, BYTES(IAC WILL BINARY));
    assert_int_equal(telpeer_copy_data(&f->peer, &in, to, sizeof to), 3);
    assert_int_equal(in.len, 0);
    assert_memory_equal(to, "a" IAC "b", 3);
    feed(f, BYTES(IAC WONT BINARY));
    assert_int_equal(telpeer_copy_data(&f->peer, &after, to, sizeof to), 0);
}

static void test_our_own_binary_leaves_the_peers_line_ends(void **state)
{
    struct fixture *f = *state;

    feed(f, BYTES(IAC DO BINARY));
    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_KEYBOARD);
}

static void test_peer_is_binary_until_it_confirms_our_dont(void **state)
{
    struct fixture *f = *state;

    feed(f, BYTES(IAC WILL BINARY));
    assert_int_equal(telpeer_disable(&f->peer, TELPEER_PEER, 0, &f->out), 0);
    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_BINARY);
    feed(f, BYTES(IAC WONT BINARY));
    assert_int_equal(f->peer.decoder.lines, TELNET_LINES_KEYBOARD);
}

static void test_suboption_of_an_option_that_is_off_is_ignored(void **state)
{
    check_silent(*state, BYTES(IAC SB VMWARE "x" IAC SE));
    check_silent(*state, BYTES(IAC SB "\x18"
                                      "x" IAC SE));
}

static void test_suboption_of_an_option_that_is_on_is_told(void **state)
{
    struct fixture *f = *state;
    struct slice in = BYTES(IAC SB VMWARE "x" IAC SE);

    feed(f, BYTES(IAC WILL VMWARE));
    assert_int_equal(next(f, &in), TELPEER_SUBOPTION);
    assert_int_equal(f->item.option, 232);
    assert_true(slice_is_equal(f->item.body, BYTES("x")));
}

static void test_oversized_suboption_is_told_for_any_option(void **state)
{
    static uint8_t wire[TELNET_SUBOPTION_MAX + 4];
    struct fixture *f = *state;
    struct slice in = slice_of(wire, sizeof wire);

    memset(wire, 'x', sizeof wire);
    memcpy(wire, IAC SB "\x18", 3);
    assert_int_equal(next(f, &in), TELPEER_OVERSIZED);
    assert_int_equal(f->item.option, 24);
}

static void test_answer_that_does_not_fit_fails_and_changes_nothing(
    void **state)
{
    struct fixture *f = *state;
    struct slice in = BYTES(IAC WILL VMWARE);

    buf_init(&f->out, 2);
    assert_int_equal(telpeer_next(&f->peer, &in, &f->out, &f->event, &f->item),
                     -ENOBUFS);
    assert_int_equal(telpeer_state(&f->peer, TELPEER_PEER, 232), TELOPT_OFF);
    assert_int_equal(telpeer_enable(&f->peer, TELPEER_PEER, 232, &f->out),
                     -ENOBUFS);
    assert_int_equal(telpeer_state(&f->peer, TELPEER_PEER, 232), TELOPT_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_endpoint_is_small, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_data_is_a_slice_of_the_input,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_option_we_agree_to_goes_on_and_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_option_is_agreed_to_in_its_direction_only, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_unknown_option_is_refused_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_refusal_of_an_unknown_option_is_not_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request_is_said_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_request_needs_no_leave_of_the_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_request_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_disable_is_told_when_the_peer_confirms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sides_of_an_option_are_independent,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_line_ends_follow_the_peers_binary,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_data_is_copied_only_while_the_peer_sends_binary, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            test_our_own_binary_leaves_the_peers_line_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_peer_is_binary_until_it_confirms_our_dont, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_suboption_of_an_option_that_is_off_is_ignored, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            test_suboption_of_an_option_that_is_on_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_oversized_suboption_is_told_for_any_option, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_answer_that_does_not_fit_fails_and_changes_nothing, setup,
            teardown),
    };

    return cmocka_run_group_tests_name("telpeer", tests, NULL, NULL);
}
