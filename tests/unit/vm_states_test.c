/*
 * Each state of vspc-vm's machines has a name; telauth_test and telnet_test
 * have those of proto's.
 */
#include "vm/bridge.h"
#include "vm/ends/end_device.h"

#include "state_names.h"

static void states_of_a_connection_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(proxy_state_name, enum proxy_state, PROXY_STATE_COUNT);
}

static void states_of_a_move_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(rehearsal_state_name, enum rehearsal_state,
                      REHEARSAL_STATE_COUNT);
}

static void ways_to_end_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(bridge_ending_name, enum bridge_ending,
                      BRIDGE_ENDING_COUNT);
}

static void states_of_a_break_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(end_device_break_name, enum end_device_break,
                      END_DEVICE_BREAK_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_a_connection_have_names),
        cmocka_unit_test(states_of_a_move_have_names),
        cmocka_unit_test(ways_to_end_have_names),
        cmocka_unit_test(states_of_a_break_have_names),
    };

    return cmocka_run_group_tests_name("vm states", tests, NULL, NULL);
}
