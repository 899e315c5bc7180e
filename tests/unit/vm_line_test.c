/*
 * The VM's serial port: a terminal's settings in the RFC's numbers, a break's
 * place in a queue, and the keys that make one.
 */
#include "proto/comport.h"
#include "vm/common/uart.h"
#include "vm/common/waiting_break.h"
#include "vm/ends/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <termios.h>

#include <cmocka.h>

static struct uart uart_of(tcflag_t cflag, tcflag_t iflag, speed_t speed)
{
    struct termios t = { .c_cflag = cflag, .c_iflag = iflag };
    struct uart u;

    uart_init(&u, 1234, UART_BOTH);
    assert_int_equal(cfsetspeed(&t, speed), 0);
    uart_take_termios(&u, &t);
    return u;
}

static void test_settings_of_a_terminal(void **state)
{
    struct uart u = uart_of(CS8, 0, B115200);

    (void)state;
    assert_int_equal(u.baud, 115200);
    assert_int_equal(u.data_bits, 8);
    assert_int_equal(u.parity, 1);
    assert_int_equal(u.stop_bits, 1);
    assert_int_equal(u.flow, COMPORT_FLOW_NONE);
    assert_int_equal(u.lines, UART_BOTH);
    u = uart_of(CS7 | PARENB | CSTOPB, IXON, B50);
    assert_int_equal(u.baud, 50);
    assert_int_equal(u.data_bits, 7);
    assert_int_equal(u.parity, 3);
    assert_int_equal(u.stop_bits, 2);
    assert_int_equal(u.flow, COMPORT_FLOW_XON_XOFF);
    assert_int_equal(uart_of(CS5 | PARENB | PARODD, 0, B9600).parity, 2);
    assert_int_equal(uart_of(CS6 | PARENB | PARODD | CMSPAR, 0, B9600).parity,
                     4);
    assert_int_equal(uart_of(CS6 | PARENB | CMSPAR, 0, B9600).parity, 5);
    assert_int_equal(uart_of(CRTSCTS, IXON, B9600).flow, COMPORT_FLOW_HARDWARE);
}

static void test_speed_0_hangs_up(void **state)
{
    struct uart u = uart_of(CS8, 0, B0);

    (void)state;
    assert_int_equal(u.baud, 1234);
    assert_int_equal(u.lines, 0);
}

static void test_a_break_waits_for_what_is_before_it(void **state)
{
    struct waiting_break w = { 0 };
    struct slice queue = slice_of_text("abcd");

    (void)state;
    assert_int_equal(waiting_break_limit(&w, queue).len, 4);
    assert_false(waiting_break_put(&w, UART_BREAK_OFF, 4));
    assert_true(waiting_break_put(&w, UART_BREAK_ON, 3));
    assert_int_equal(waiting_break_limit(&w, queue).len, 3);
    waiting_break_went(&w, 2);
    assert_false(waiting_break_is_due(&w));
    waiting_break_went(&w, 1);
    assert_true(waiting_break_is_due(&w));
    assert_int_equal(waiting_break_limit(&w, queue).len, 0);
    assert_int_equal(waiting_break_take(&w), UART_BREAK_ON);
    assert_false(waiting_break_is_there(&w));
    assert_int_equal(waiting_break_limit(&w, queue).len, 4);
}

static void test_a_break_that_ends_while_it_waits_is_a_pulse(void **state)
{
    struct waiting_break w = { 0 };

    (void)state;
    assert_true(waiting_break_put(&w, UART_BREAK_ON, 1));
    assert_true(waiting_break_put(&w, UART_BREAK_OFF, 5));
    assert_int_equal(w.before, 1);
    assert_int_equal(waiting_break_take(&w), UART_BREAK_PULSE);
}

static void test_keys_make_a_break_in_its_place(void **state)
{
    uint8_t typed[] = "ab\x1d"
                      "bc\x1d\x1d";
    struct keys k = { 0 };
    size_t kept;

    (void)state;
    assert_int_equal(keys_filter(&k, typed, sizeof typed - 1, &kept),
                     KEYS_NONE);
    assert_int_equal(kept, 4);
    assert_memory_equal(typed, "abc\x1d", 4);
    assert_true(k.has_break);
    assert_int_equal(k.break_at, 2);
    /* Cut in two. */
    memcpy(typed, "x\x1d", 2);
    assert_int_equal(keys_filter(&k, typed, 2, &kept), KEYS_NONE);
    assert_false(k.has_break);
    typed[0] = 'b';
    assert_int_equal(keys_filter(&k, typed, 1, &kept), KEYS_NONE);
    assert_true(k.has_break);
    assert_int_equal(kept, 0);
    assert_int_equal(k.break_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_of_a_terminal),
        cmocka_unit_test(test_speed_0_hangs_up),
        cmocka_unit_test(test_a_break_waits_for_what_is_before_it),
        cmocka_unit_test(test_a_break_that_ends_while_it_waits_is_a_pulse),
        cmocka_unit_test(test_keys_make_a_break_in_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
