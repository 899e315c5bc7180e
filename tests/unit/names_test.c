/*
 * Every state has a name, and no two of one kind have the same: what a log or a
 * debugger shows of a state can be told apart. scripts/check-shape.py sees to
 * it that no kind of states is without a function for that; those of proto/ and
 * of vspc-vm have their tests beside what else is tested of them.
 */
#include "access/admission.h"
#include "conlog/conlog_writers_private.h"
#include "core/census/census.h"
#include "core/client.h"
#include "core/move.h"
#include "core/told/fact.h"
#include "hook/hook_process.h"
#include "net/tls/tls_engine.h"
#include "session/client/client_end.h"
#include "session/client/client_session_private.h"
#include "session/login.h"
#include "session/menu/menu.h"
#include "session/secure.h"
#include "session/service/service.h"
#include "session/telnet_link.h"
#include "session/vm/vm_end.h"
#include "session/vm/vm_session_private.h"
#include "state_names.h"
#include "vm/host/auth_client.h"
#include "web/socket/console_socket_private.h"

static void states_of_core_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(fact_kind_name, enum fact_kind, FACT_KIND_COUNT);
    CHECK_STATE_NAMES(move_state_name, enum move_state, MOVE_STATE_COUNT);
    CHECK_STATE_NAMES(move_input_name, enum move_input, MOVE_INPUT_COUNT);
    CHECK_STATE_NAMES(move_verdict_name, enum move_verdict, MOVE_VERDICT_COUNT);
    CHECK_STATE_NAMES(reader_pace_name, enum reader_pace, READER_PACE_COUNT);
    CHECK_STATE_NAMES(client_door_name, enum client_door, CLIENT_DOOR_COUNT);
    CHECK_STATE_NAMES(census_vm_name, enum census_vm, CENSUS_VM_COUNT);
    CHECK_STATE_NAMES(admission_verdict_name, enum admission_verdict,
                      ADMISSION_VERDICTS);
}

static void who_may_what_has_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(right_name, enum right, RIGHT_COUNT);
    CHECK_STATE_NAMES(lock_mode_name, enum lock_mode, LOCK_MODE_COUNT);
    CHECK_STATE_NAMES(principal_proof_name, enum principal_proof, PROOF_COUNT);
    CHECK_STATE_NAMES(authenticate_outcome_name, enum authenticate_outcome,
                      AUTHENTICATE_OUTCOME_COUNT);
}

static void states_of_sessions_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(client_phase_name, enum client_phase, CLIENT_PHASE_COUNT);
    CHECK_STATE_NAMES(client_mode_name, enum client_mode, CLIENT_MODE_COUNT);
    CHECK_STATE_NAMES(socket_phase_name, enum socket_phase, SOCKET_PHASE_COUNT);
    CHECK_STATE_NAMES(client_end_text, enum client_end, CLIENT_END_COUNT);
    CHECK_STATE_NAMES(login_stage_name, enum login_stage, LOGIN_STAGE_COUNT);
    CHECK_STATE_NAMES(menu_key_name, enum menu_key, MENU_KEY_COUNT);
    CHECK_STATE_NAMES(menu_sort_name, enum menu_sort, MENU_SORT_COUNT);
    CHECK_STATE_NAMES(vm_phase_name, enum vm_phase, VM_PHASE_COUNT);
    CHECK_STATE_NAMES(vm_end_text, enum vm_end, VM_END_COUNT);
    CHECK_STATE_NAMES(service_state_name, enum service_state,
                      SERVICE_STATE_COUNT);
    CHECK_STATE_NAMES(telnet_link_pace_name, enum telnet_link_pace,
                      TELNET_LINK_PACE_COUNT);
}

static void states_of_tls_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(secure_state_name, enum secure_state, SECURE_STATE_COUNT);
    CHECK_STATE_NAMES(tls_policy_name, enum tls_policy, TLS_POLICY_COUNT);
    CHECK_STATE_NAMES(tls_state_name, enum tls_state, TLS_STATE_COUNT);
    CHECK_STATE_NAMES(auth_policy_name, enum auth_policy, AUTH_POLICY_COUNT);
}

static void states_of_logs_and_hooks_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(conlog_writer_file_place_name, enum place, PLACES);
    CHECK_STATE_NAMES(hook_kind_name, enum hook_kind, HOOK_KINDS);
    CHECK_STATE_NAMES(hook_stage_name, enum hook_stage, HOOK_STAGE_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_of_core_have_names),
        cmocka_unit_test(who_may_what_has_names),
        cmocka_unit_test(states_of_sessions_have_names),
        cmocka_unit_test(states_of_tls_have_names),
        cmocka_unit_test(states_of_logs_and_hooks_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
