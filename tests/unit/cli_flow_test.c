/* Positions and acknowledgements of an attached console, and when a lost one is
 * connected to again. */
#include "remote/link/come_again.h"
#include "remote/link/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char epoch[] = "0123456789abcdef";

static void place(struct flow *f, uint64_t at, bool is_live)
{
    flow_set_place(f, epoch, &at, is_live);
}

static void the_next_place_follows_the_bytes(void **state)
{
    char text[FLOW_PLACE_MAX + 1];
    struct flow f;

    (void)state;
    flow_init(&f);
    assert_false(flow_format_place(&f, text));
    place(&f, 100, true);
    flow_came(&f, 23);
    assert_true(flow_format_place(&f, text));
    assert_string_equal(text, "0123456789abcdef:123");
    flow_skip(&f, 1000);
    flow_came(&f, 1);
    assert_true(flow_format_place(&f, text));
    assert_string_equal(text, "0123456789abcdef:1001");
    flow_done(&f);
}

static void what_was_taken_is_acknowledged_in_steps(void **state)
{
    struct flow f;
    uint64_t at = 0;

    (void)state;
    flow_init(&f);
    place(&f, 100, true);
    flow_came(&f, 2 * FLOW_ACK_STEP);
    assert_false(flow_take_ack(&f, true, &at));
    flow_took(&f, FLOW_ACK_STEP - 1);
    assert_false(flow_take_ack(&f, false, &at));
    assert_true(flow_take_ack(&f, true, &at));
    assert_int_equal(at, 100 + FLOW_ACK_STEP - 1);
    flow_took(&f, FLOW_ACK_STEP);
    assert_true(flow_take_ack(&f, false, &at));
    assert_int_equal(at, 100 + 2 * FLOW_ACK_STEP - 1);
    assert_false(flow_take_ack(&f, false, &at));
    flow_done(&f);
}

static void output_of_a_log_is_not_acknowledged(void **state)
{
    struct flow f;
    uint64_t at;

    (void)state;
    flow_init(&f);
    place(&f, 100, false);
    flow_came(&f, 3 * FLOW_ACK_STEP);
    flow_took(&f, 3 * FLOW_ACK_STEP);
    assert_false(flow_take_ack(&f, true, &at));
    flow_set_place(&f, epoch, NULL, true);
    flow_came(&f, 5);
    flow_took(&f, 5);
    assert_false(flow_take_ack(&f, true, &at));
    flow_done(&f);
}

/* What a server has got of the input, over connections that break at random. */
static void input_arrives_once_over_lost_connections(void **state)
{
    static uint8_t sent[200000];
    static uint8_t got[200000];
    size_t typed = 0;
    size_t arrived = 0;
    size_t passed = 0;
    struct flow f;

    (void)state;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)rand();
    flow_init(&f);
    flow_resume(&f, false, 0, FLOW_WINDOW);
    while (arrived < sizeof sent) {
        struct slice out;
        size_t on_wire = 0;

        /* One connection: some is typed, some of what is sent arrives. */
        typed += flow_type(
            &f, slice_of(sent + typed,
                         (sizeof sent - typed) / 3 + 1 < sizeof sent - typed
                             ? (sizeof sent - typed) / 3 + 1
                             : sizeof sent - typed));
        out = flow_to_send(&f);
        on_wire = out.len > 0 ? (size_t)rand() % out.len + 1 : 0;
        if (on_wire > 0)
            memcpy(got + arrived, out.data, on_wire);
        flow_sent(&f, out.len);
        arrived += on_wire;
        passed += (size_t)rand() % (arrived - passed + 1);
        if (rand() % 2 == 0)
            assert_true(flow_passed(&f, passed));
        assert_int_equal(flow_resume(&f, true, arrived, FLOW_WINDOW), 0);
    }
    assert_int_equal(arrived, sizeof sent);
    assert_memory_equal(got, sent, sizeof sent);
    assert_true(flow_passed(&f, arrived));
    assert_true(flow_is_all_passed(&f));
    flow_done(&f);
}

static void nothing_is_sent_twice_to_another_session(void **state)
{
    struct flow f;

    (void)state;
    flow_init(&f);
    assert_int_equal(flow_type(&f, slice_of_text("abcdef")), 6);
    flow_sent(&f, 4);
    assert_true(flow_passed(&f, 1));
    assert_int_equal(flow_resume(&f, false, 0, FLOW_WINDOW), 3);
    assert_true(slice_is_equal(flow_to_send(&f), slice_of_text("ef")));
    flow_sent(&f, 2);
    assert_true(flow_passed(&f, 2));
    assert_true(flow_is_all_passed(&f));
    flow_done(&f);
}

static void what_was_not_sent_can_be_dropped(void **state)
{
    struct flow f;

    (void)state;
    flow_init(&f);
    flow_type(&f, slice_of_text("sent"));
    flow_sent(&f, 4);
    flow_type(&f, slice_of_text("later"));
    assert_int_equal(flow_drop_unsent(&f), 5);
    assert_int_equal(flow_to_send(&f).len, 0);
    assert_int_equal(flow_resume(&f, true, 1, FLOW_WINDOW), 0);
    assert_true(slice_is_equal(flow_to_send(&f), slice_of_text("ent")));
    flow_done(&f);
}

static void a_server_cannot_confirm_what_was_not_sent(void **state)
{
    struct flow f;

    (void)state;
    flow_init(&f);
    flow_type(&f, slice_of_text("abc"));
    flow_sent(&f, 2);
    assert_false(flow_passed(&f, 3));
    assert_int_equal(flow_resume(&f, true, 3, FLOW_WINDOW), 2);
    flow_done(&f);
}

static void the_window_bounds_what_is_kept(void **state)
{
    static uint8_t much[FLOW_WINDOW + 1];
    struct flow f;

    (void)state;
    flow_init(&f);
    flow_resume(&f, false, 0, 1000);
    assert_int_equal(flow_type(&f, slice_of(much, sizeof much)), 1000);
    assert_int_equal(flow_room(&f), 0);
    flow_resume(&f, false, 0, UINT64_MAX);
    assert_int_equal(flow_room(&f), FLOW_WINDOW - 1000);
    flow_done(&f);
}

/* ---- coming again -------------------------------------------------------- */

static void waits_grow_up_to_15_seconds(void **state)
{
    struct come_again c = { 0 };

    (void)state;
    assert_int_equal(come_again_wait_ms(&c, false, 0), 500);
    assert_int_equal(come_again_wait_ms(&c, false, 0), 1000);
    assert_in_range(come_again_wait_ms(&c, false, UINT32_MAX), 1500, 2000);
    for (int i = 0; i < 20; i++)
        assert_in_range(come_again_wait_ms(&c, false, (uint32_t)i * 997), 1500,
                        15000);
    assert_int_equal(come_again_wait_ms(&c, false, 0), 15000);
    assert_in_range(come_again_wait_ms(&c, true, 7), 1, COME_AGAIN_AT_ONCE_MS);
    assert_int_equal(come_again_wait_ms(&c, false, 0), 500);
}

static void codes_say_whether_to_come_again(void **state)
{
    (void)state;
    assert_true(come_again_is_useful(1006, true));
    assert_true(come_again_is_useful(1012, true));
    assert_true(come_again_is_useful(4004, true));
    assert_false(come_again_is_useful(1006, false));
    assert_false(come_again_is_useful(4001, true));
    assert_false(come_again_is_useful(4003, true));
    assert_false(come_again_is_useful(1008, true));
    assert_int_equal(come_again_exits(4003), EXITS_NOT_ALLOWED);
    assert_int_equal(come_again_exits(4004), EXITS_NO_CONSOLE);
    assert_int_equal(come_again_exits(4009), EXITS_BUSY);
    assert_int_equal(come_again_exits(1006), EXITS_NO_SERVER);
    assert_int_equal(come_again_exits(4001), EXITS_FAILED);
    assert_int_equal(come_again_exits(come_again_code_of(401)),
                     EXITS_NOT_ALLOWED);
    assert_int_equal(come_again_exits(come_again_code_of(404)),
                     EXITS_NO_CONSOLE);
    assert_true(come_again_is_useful(come_again_code_of(503), true));
    assert_true(come_again_is_useful(come_again_code_of(502), true));
    assert_int_equal(come_again_exits(come_again_code_of(504)),
                     EXITS_NO_SERVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_place_follows_the_bytes),
        cmocka_unit_test(what_was_taken_is_acknowledged_in_steps),
        cmocka_unit_test(output_of_a_log_is_not_acknowledged),
        cmocka_unit_test(input_arrives_once_over_lost_connections),
        cmocka_unit_test(nothing_is_sent_twice_to_another_session),
        cmocka_unit_test(what_was_not_sent_can_be_dropped),
        cmocka_unit_test(a_server_cannot_confirm_what_was_not_sent),
        cmocka_unit_test(the_window_bounds_what_is_kept),
        cmocka_unit_test(waits_grow_up_to_15_seconds),
        cmocka_unit_test(codes_say_whether_to_come_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
