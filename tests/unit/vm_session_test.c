/* A VM's connection, played by the VM. */
#include "session_peer.h"

#include "session/vm/vm_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WILL_PROXY "SB 232 71"
#define WONT_PROXY "SB 232 73"
#define GREETING "WILL 0, WILL 3, WILL 1, DO 0, DO 3, DO 232"
#define KNOWN_2                                                                \
    "SB 232 1 0 1 2 3 40 41 43 44 45 46 48 70 71 73 80 81 84 85 86 87 82 83"
#define GET_ALL "SB 232 81, SB 232 83, SB 232 85, SB 232 87"
#define PURPOSE                                                                \
    "[vspcd: this port is for VMs; each console has a telnet port of its "     \
    "own]\r\n"

#define ANSWERS                                                                \
    EXT(VC_UUID UUID_TEXT)                                                     \
    EXT(VM_NAME "vm-0001")                                                     \
    EXT(BIOS_UUID "b105") EXT(LOCATION_UUID "10ca")
#define START ESXI_OPTIONS ESXI_KNOWN ESXI_PROXY ANSWERS "lo\xff\xffgin: "

static int setup(void **state)
{
    static struct site s;
    struct directory_settings settings = site_settings();

    site_open(&s, &settings);
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    site_close(*state);
    return 0;
}

static struct peer *vm_ready_for_proxy(struct site *s)
{
    struct peer *vm = vm_connect(s);

    peer_give(vm, BYTES(ESXI_OPTIONS ESXI_KNOWN));
    peer_forget(vm);
    return vm;
}

/* All of what its console has kept. */
static bool history_is(const struct console *c, struct slice expected)
{
    struct ring_span span;
    uint64_t at = ring_tail(&c->output);

    ring_peek(&c->output, &at, &span);
    return span.part[1].len == 0 && slice_is_equal(span.part[0], expected);
}

static void check_started(struct site *s, struct peer *vm)
{
    struct console *c = site_console(s);

    assert_true(peer_heard(vm, GREETING ", DONT 37, " KNOWN_2 ", " WILL_PROXY
                                        ", " GET_ALL));
    assert_non_null(c);
    assert_non_null(c->link);
    assert_string_equal(c->name, "vm-0001");
    assert_true(history_is(c, BYTES("lo\xffgin: ")));
}

static void greets_before_the_vm_has_said_anything(void **state)
{
    assert_true(peer_heard(vm_connect(*state), GREETING));
}

static void start_in_one_segment(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(START));
    check_started(*state, vm);
}

static void start_as_segmented_by_esxi(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(IAC WILL AUTHENTICATION));
    peer_give(vm, BYTES(IAC DO BINARY));
    peer_give(vm, BYTES(IAC DO SGA IAC DO ECHO IAC WILL BINARY));
    peer_give(vm, BYTES(IAC WILL SGA));
    peer_give(vm, BYTES(IAC WILL VMWARE));
    peer_give(vm, BYTES(ESXI_KNOWN ESXI_PROXY));
    peer_give(vm, BYTES(EXT(VC_UUID UUID_TEXT)));
    peer_give(vm, BYTES(EXT(VM_NAME "vm-0001")));
    peer_give(vm, BYTES(EXT(BIOS_UUID "b105")));
    peer_give(vm, BYTES(EXT(LOCATION_UUID "10ca")));
    peer_give(vm, BYTES("lo"));
    peer_give(vm, BYTES("\xff\xffgin: "));
    check_started(*state, vm);
}

static void start_cut_in_two_anywhere(void **state)
{
    struct slice all = BYTES(START);

    teardown(state);
    for (size_t cut = 1; cut < all.len; cut++) {
        struct peer *vm;

        setup(state);
        vm = vm_connect(*state);
        peer_give(vm, slice_of(all.data, cut));
        peer_give(vm, slice_after(all, cut));
        check_started(*state, vm);
        teardown(state);
    }
    setup(state);
}

static void start_byte_by_byte(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give_pieces(vm, BYTES(START), 1);
    check_started(*state, vm);
}

static void start_cut_at_random(void **state)
{
    teardown(state);
    for (uint32_t seed = 1; seed <= 200; seed++) {
        struct slice left = BYTES(START);
        uint32_t random = seed;
        struct peer *vm;

        setup(state);
        vm = vm_connect(*state);
        while (left.len > 0) {
            size_t len;

            random = random * 1664525 + 1013904223;
            len = 1 + (random >> 16) % 40;
            if (len > left.len)
                len = left.len;
            peer_give(vm, slice_of(left.data, len));
            left = slice_after(left, len);
        }
        check_started(*state, vm);
        teardown(state);
    }
    setup(state);
}

static void start_with_a_vm_that_takes_one_byte_at_a_time(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_block(vm);
    peer_give(vm, BYTES(START));
    peer_take(vm, 1);
    check_started(*state, vm);
}

static void name_may_come_before_the_uuid(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(ESXI_PROXY EXT(VM_NAME "first") EXT(LOCATION_UUID "1")
                            EXT(BIOS_UUID "2")));
    assert_null(site_console(*state));
    peer_give(vm, BYTES(EXT(VC_UUID UUID_TEXT)));
    assert_string_equal(site_console(*state)->name, "first");
}

static void is_asked_only_for_what_it_listed(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm,
              BYTES(ESXI_OPTIONS EXT("\0\0\1\2\3\x46\x47\x49\x52\x53\x55")));
    peer_forget(vm);
    peer_give(vm, BYTES(ESXI_PROXY));
    assert_true(peer_heard(vm, WILL_PROXY ", SB 232 83, SB 232 85"));
}

static void who_listed_nothing_is_asked_for_uuid_and_name(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(ESXI_OPTIONS));
    peer_forget(vm);
    peer_give(vm, BYTES(ESXI_PROXY));
    assert_true(peer_heard(vm, WILL_PROXY ", SB 232 81, SB 232 83"));
}

#define UNKNOWN(code) EXT("\2" code)

static void without_vc_uuid_it_is_known_by_its_bios_uuid(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_ready_for_proxy(s);

    peer_give(vm, BYTES(ESXI_PROXY UNKNOWN("\x51") EXT(VM_NAME "n")
                            EXT(BIOS_UUID "b105") EXT(LOCATION_UUID "10ca")));
    assert_non_null(directory_find(&s->directory, "b105", LABEL));
}

static void without_both_it_is_known_by_its_location_uuid(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_ready_for_proxy(s);

    peer_give(vm, BYTES(ESXI_PROXY UNKNOWN("\x51") UNKNOWN("\x55")
                            EXT(VM_NAME "n") EXT(LOCATION_UUID "10ca")));
    assert_non_null(directory_find(&s->directory, "10ca", LABEL));
}

static void without_any_uuid_it_is_closed(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(ESXI_PROXY EXT(VM_NAME "n") UNKNOWN("\x51")
                            UNKNOWN("\x55") UNKNOWN("\x57")));
    assert_true(vm->stream.is_closed);
}

static void without_a_name_it_is_called_by_its_uuid(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(ESXI_PROXY UNKNOWN("\x53") EXT(VC_UUID UUID_TEXT)
                            EXT(BIOS_UUID "2") EXT(LOCATION_UUID "1")));
    assert_string_equal(site_console(*state)->name, UUID);
}

static void name_is_not_waited_for_beyond_the_deadline(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_ready_for_proxy(s);

    peer_give(vm, BYTES(ESXI_PROXY EXT(VC_UUID UUID_TEXT) EXT(BIOS_UUID "2")
                            EXT(LOCATION_UUID "1") "boot"));
    assert_null(site_console(s));
    site_identities_due(s);
    assert_string_equal(site_console(s)->name, UUID);
    assert_true(history_is(site_console(s), BYTES("boot")));
}

static void without_its_uuid_it_is_closed_at_the_deadline(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(ESXI_PROXY EXT(VM_NAME "n")));
    site_identities_due(*state);
    assert_true(vm->stream.is_closed);
}

/* Known by that one it would be another console than the time before. */
static void another_uuid_does_not_do_at_the_deadline(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(ESXI_PROXY EXT(VM_NAME "n") EXT(BIOS_UUID "2")
                            EXT(LOCATION_UUID "1")));
    site_identities_due(*state);
    assert_true(vm->stream.is_closed);
}

static void silent_connection_is_closed_at_the_deadline(void **state)
{
    struct peer *vm = vm_connect(*state);

    site_identities_due(*state);
    assert_true(vm->stream.is_closed);
}

static void serving_vm_has_no_deadline(void **state)
{
    struct peer *vm = vm_start(*state);

    site_identities_due(*state);
    assert_false(vm->stream.is_closed);
}

static void time_of_the_last_output_is_known(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_start(s);
    struct console *c = site_console(s);

    assert_int_equal(c->last_output_s, 0);
    peer_give(vm, BYTES(IAC "\xf1")); /* NOP */
    assert_int_equal(c->last_output_s, 0);
    peer_send(vm, BYTES("login: "));
    assert_int_not_equal(c->last_output_s, 0);
    console_note_output(c, 1);
    assert_int_equal(c->last_output_s, 1);
    console_note_output(c, 7999999);
    assert_int_equal(c->last_output_s, 7);
}

static void ports_of_a_vm_are_consoles_of_their_own(void **state)
{
    struct site *s = *state;

    vm_start_as(s, UUID_TEXT, "com1");
    vm_start_as(s, UUID_TEXT, "com2");
    assert_string_equal(
        console_name(directory_find(&s->directory, UUID, "com2")).text,
        "vm-0001/com2");
    assert_non_null(directory_find(&s->directory, UUID, "com1")->link);
}

static void uri_of_our_own_port_is_a_label(void **state)
{
    struct site *s = *state;

    vm_start_as(s, UUID_TEXT, "telnet://vSPC.py:13370");
    assert_non_null(
        directory_find(&s->directory, UUID, "telnet://vSPC.py:13370"));
}

static void name_may_change_while_it_runs(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES(EXT(VM_NAME "renamed")));
    assert_string_equal(site_console(*state)->name, "renamed");
}

static void console_is_refused_where_there_are_too_many(void **state)
{
    struct site *s = *state;
    struct peer *one, *two;

    s->directory.settings.console_limit = 1;
    one = vm_start_as(s, "1", LABEL);
    two = vm_start_as(s, "2", LABEL);
    assert_true(two->stream.is_closed);
    assert_false(one->stream.is_closed);
}

static void unknown_code_is_answered_and_the_connection_stays(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES(EXT("\xc8 what is this")));
    assert_true(peer_heard(vm, "SB 232 3 200"));
    assert_false(vm->stream.is_closed);
}

static void malformed_message_is_ignored(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES(EXT("") EXT("\2") "x"));
    assert_true(peer_heard(vm, ""));
    assert_true(history_is(site_console(*state), BYTES("x")));
}

static void endless_subnegotiation_closes(void **state)
{
    struct peer *vm = vm_start(*state);
    uint8_t *body = calloc(1, TELNET_SUBOPTION_MAX + 1);

    peer_give(vm, BYTES(IAC SB VMWARE VM_NAME));
    peer_give(vm, slice_of(body, TELNET_SUBOPTION_MAX + 1));
    free(body);
    assert_true(vm->stream.is_closed);
}

static void output_before_an_error_still_reaches_the_clients(void **state)
{
    static uint8_t bytes[TELNET_SUBOPTION_MAX + 100];
    struct peer *vm = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));

    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "panic" IAC SB VMWARE, 8);
    peer_give(vm, slice_of(bytes, sizeof bytes));
    assert_true(vm->stream.is_closed);
    assert_true(peer_got(client, BYTES("panic")));
}

static void check_refused(struct site *s, struct slice request)
{
    struct peer *vm = vm_ready_for_proxy(s);

    peer_give(vm, request);
    assert_true(peer_heard(vm, WONT_PROXY));
    assert_false(vm->stream.is_closed);
}

static void direction_client_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "Ctelnet://host:23")));
}

static void unknown_direction_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "Xs0")));
}

static void request_without_direction_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY)));
}

static void request_without_uri_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "S")));
}

static void label_of_control_characters_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "S\1\2\3")));
}

static void listener_of_its_own_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "Stelnet://host:9999")));
}

static void uri_with_a_password_is_refused(void **state)
{
    check_refused(*state, BYTES(EXT(DO_PROXY "Stelnet://a:b@host:13370")));
}

static void who_was_refused_may_ask_again(void **state)
{
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, BYTES(EXT(DO_PROXY "Xs0")));
    peer_give(vm, BYTES(ESXI_PROXY ANSWERS));
    assert_non_null(site_console(*state)->link);
}

static void refused_request_changes_nothing_for_a_serving_vm(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES(EXT(DO_PROXY "Xs0") EXT(VM_NAME "renamed") "x"));
    assert_true(history_is(site_console(*state), BYTES("x")));
    assert_string_equal(site_console(*state)->name, "renamed");
}

static void serving_vm_may_become_another_console(void **state)
{
    struct site *s = *state;
    struct peer *vm = vm_start(s);

    peer_give(vm, BYTES(EXT(DO_PROXY "Sother") "x" ANSWERS "y"));
    assert_null(site_console(s)->link);
    assert_true(
        history_is(directory_find(&s->directory, UUID, "other"), BYTES("xy")));
}

static void who_does_not_speak_the_extension_is_told_and_closed(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(IAC WONT VMWARE));
    assert_true(peer_got(vm, BYTES(PURPOSE)));
    assert_true(vm->stream.is_closed);
}

static void who_does_not_speak_telnet_is_told_and_closed(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES("GET / HTTP/1.1\r\n"));
    assert_true(peer_got(vm, BYTES(PURPOSE)));
    assert_true(vm->stream.is_closed);
}

static void tls_hello_is_closed_without_a_word(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES("\x16\x03\x01"));
    assert_true(peer_got(vm, BYTES("")));
    assert_true(vm->stream.is_closed);
}

#define AGAIN ESXI_KNOWN ESXI_PROXY ANSWERS

static void input_waits_while_the_extension_is_off(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_give(vm, BYTES(IAC WONT VMWARE));
    peer_give(client, BYTES("one"));
    assert_true(peer_got(vm, BYTES("")));
    peer_give(client, BYTES("two"));
    peer_give(vm, BYTES(IAC WILL VMWARE));
    assert_true(peer_got(vm, BYTES("")));
    peer_give(vm, BYTES(AGAIN));
    peer_give(client, BYTES("three"));
    assert_true(peer_got(vm, BYTES("onetwothree")));
}

static void output_waits_while_the_extension_is_off(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_give(vm, BYTES("a" IAC WONT VMWARE "b"));
    assert_true(peer_got(client, BYTES("a")));
    peer_give(vm, BYTES(IAC WILL VMWARE "c" AGAIN "d"));
    assert_true(peer_got(client, BYTES("bcd")));
}

static void extension_that_comes_back_starts_from_known_suboptions(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES(IAC WONT VMWARE IAC WILL VMWARE));
    assert_true(peer_heard(vm, "DONT 232, DO 232, " KNOWN_2));
    peer_give(vm, BYTES(AGAIN));
    assert_true(peer_heard(vm, WILL_PROXY ", " GET_ALL));
}

static void clients_are_not_read_when_much_input_waits(void **state)
{
    static uint8_t input[5 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    pattern_fill(input, sizeof input, 0);
    peer_give(vm, BYTES(IAC WONT VMWARE));
    peer_send(client, slice_of(input, sizeof input));
    assert_true(client->stream.to_session.len > 3 * LIMIT_READ);
    peer_give(vm, BYTES(IAC WILL VMWARE AGAIN));
    assert_true(peer_got(vm, slice_of(input, sizeof input)));
}

static void input_that_waits_is_gone_with_its_vm(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_give(vm, BYTES(IAC WONT VMWARE));
    peer_give(client, BYTES("old"));
    peer_end(vm);
    vm = vm_start(*state);
    peer_give(client, BYTES("new"));
    assert_true(peer_got(vm, BYTES("new")));
}

static void early_data_comes_first(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(IAC WILL AUTHENTICATION
                        "1" ESXI_OPTIONS "2" ESXI_KNOWN ESXI_PROXY "3" ANSWERS
                        "4"));
    assert_true(history_is(site_console(*state), BYTES("1234")));
    assert_int_not_equal(site_console(*state)->last_output_s, 0);
}

static void early_data_reaches_a_client_that_waits(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));

    peer_end(vm);
    vm = vm_connect(*state);
    peer_give(vm, BYTES(ESXI_OPTIONS "1" ESXI_KNOWN ESXI_PROXY "2"));
    assert_true(peer_got(client, BYTES("")));
    peer_give(vm, BYTES(ANSWERS));
    assert_true(peer_got(client, BYTES("12")));
}

static void too_much_early_data_closes(void **state)
{
    static const uint8_t data[LIMIT_EARLY_DATA];
    struct peer *vm = vm_ready_for_proxy(*state);

    peer_give(vm, slice_of(data, sizeof data));
    assert_false(vm->stream.is_closed);
    peer_give(vm, BYTES("x"));
    assert_true(vm->stream.is_closed);
}

static void newest_connection_wins(void **state)
{
    struct peer *old = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));
    struct peer *new;

    peer_give(old, BYTES("old"));
    assert_true(peer_got(client, BYTES("old")));
    new = vm_start(*state);
    assert_true(old->stream.is_closed);
    peer_forget(client);
    peer_give(new, BYTES("new"));
    assert_true(peer_got(client, BYTES("new")));
    peer_give(client, BYTES("typed"));
    assert_true(peer_got(new, BYTES("typed")));
}

static void newer_connection_may_come_while_the_old_one_is_held(void **state)
{
    static const uint8_t output[2 * LIMIT_READ];
    struct peer *old = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));
    struct peer *new;

    peer_block(client);
    peer_give(old, slice_of(output, sizeof output));
    assert_true(old->stream.to_session.len > 0);
    new = vm_start(*state);
    assert_true(old->stream.is_closed);
    peer_give(new, BYTES("new"));
    peer_unblock(client);
    assert_int_equal(client->data.len, site_console(*state)->output.head);
}

static void console_outlives_its_vm(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_give(vm, BYTES("last words"));
    peer_end(vm);
    assert_null(site_console(*state)->link);
    assert_true(history_is(site_console(*state), BYTES("last words")));
}

static void reset_detaches_the_vm(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_break(vm);
    assert_true(vm->stream.is_closed);
    assert_null(site_console(*state)->link);
}

static void shutdown_closes_all(void **state)
{
    struct site *s = *state;
    struct peer *serving = vm_start(s);
    struct peer *starting = vm_connect(s);

    session_shut_down(&s->ctx.all, "shutting down");
    site_run(s);
    assert_true(serving->stream.is_closed);
    assert_true(starting->stream.is_closed);
    assert_true(session_is_quiet(&s->ctx.all));
}

static void every_byte_of_a_vm_in_any_cut(void **state)
{
    static uint8_t output[20000];
    struct peer *vm = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));

    pattern_fill(output, sizeof output, 0);
    for (size_t cut = 1; cut < 9; cut++) {
        peer_send(vm, slice_of(output, cut));
        assert_true(peer_got(client, slice_of(output, cut)));
    }
    peer_send(vm, slice_of(output, sizeof output));
    assert_true(peer_got(client, slice_of(output, sizeof output)));
    peer_block(vm);
    for (size_t i = 0; i < sizeof output; i++)
        peer_send(vm, slice_of(output + i, 1));
    assert_true(peer_got(client, slice_of(output, sizeof output)));
}

static void without_binary_a_vm_is_a_printer(void **state)
{
    struct peer *vm = vm_connect(*state);

    peer_give(vm, BYTES(IAC WONT BINARY IAC DONT BINARY IAC WILL VMWARE
                            ESXI_KNOWN ESXI_PROXY ANSWERS));
    peer_give(vm, BYTES("a\r"));
    peer_give(vm, BYTES("\nb\r"));
    peer_give(vm, BYTES("\0c"));
    assert_true(history_is(site_console(*state), BYTES("a\r\nb\rc")));
}

static void without_binary_a_cr_to_the_vm_gets_its_nul(void **state)
{
    struct peer *vm = vm_connect(*state);
    struct peer *client;

    peer_give(vm, BYTES(IAC WILL BINARY IAC DONT BINARY IAC WILL VMWARE
                            ESXI_KNOWN ESXI_PROXY ANSWERS));
    client = raw_connect(*state, site_console(*state));
    peer_give(client, BYTES("ls\rpwd\r\n"));
    assert_true(peer_got(vm, BYTES("ls\r\0pwd\r\n")));
}

static void with_binary_every_byte_passes_to_the_vm(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_give(client, BYTES("\0\r\r\n\r\0\n"));
    assert_true(peer_got(vm, BYTES("\0\r\r\n\r\0\n")));
}

/* Halves of doubled bytes are left over at each place where a write can stop,
 * and answers want to get in between. */
static void check_slow_vm(void **state, size_t room)
{
    static uint8_t input[6000];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));
    size_t unknowns = 0;

    pattern_fill(input, sizeof input, 0);
    peer_block(vm);
    for (size_t at = 0; at < sizeof input; at += 3000) {
        peer_send(client, slice_of(input + at, 3000));
        for (int i = 0; i < 500; i++) {
            vm->stream.room = room;
            site_run(*state);
            if (i % 50 == 0 && ++unknowns)
                peer_give(vm, BYTES(EXT("\xc8")));
        }
    }
    peer_take(vm, room);
    assert_true(peer_got(vm, slice_of(input, sizeof input)));
    assert_int_equal(vm->said.len, unknowns * strlen("SB 232 3 200, ") - 2);
    peer_end(vm);
    peer_break(client);
}

static void vm_that_takes_few_bytes_at_a_time(void **state)
{
    for (size_t room = 1; room < 8; room++)
        check_slow_vm(state, room);
}

/* Input of one byte each finds the encoder in every state. */
static void typing_to_a_vm_that_takes_few_bytes_at_a_time(void **state)
{
    static uint8_t input[3000];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    pattern_fill(input, sizeof input, 0);
    for (size_t i = 0; i < sizeof input; i++) {
        vm->stream.room = i % 4;
        peer_send(client, slice_of(input + i, 1));
    }
    peer_take(vm, 1);
    assert_true(peer_got(vm, slice_of(input, sizeof input)));
}

static void clients_are_not_read_while_the_vm_does_not_read(void **state)
{
    static uint8_t input[8 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));
    uint32_t left;

    pattern_fill(input, sizeof input, 0);
    peer_block(vm);
    peer_send(client, slice_of(input, sizeof input));
    left = client->stream.to_session.len;
    assert_true(left > sizeof input - 2 * LIMIT_READ);
    site_run(*state);
    assert_int_equal(client->stream.to_session.len, left);
    assert_true(peer_got(vm, BYTES("")));
}

static void clients_are_read_again_when_less_is_kept(void **state)
{
    static uint8_t input[8 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));
    uint32_t left;
    size_t taken = 0;

    pattern_fill(input, sizeof input, 0);
    peer_block(vm);
    peer_send(client, slice_of(input, sizeof input));
    left = client->stream.to_session.len;
    for (; client->stream.to_session.len == left; taken += KIB) {
        vm->stream.room = KIB;
        site_run(*state);
    }
    assert_in_range(taken, KIB, LIMIT_READ + KIB);
    assert_true(client->stream.to_session.len >= left - LIMIT_READ);
}

static void vm_that_reads_late_gets_every_byte_once(void **state)
{
    static uint8_t input[12 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    pattern_fill(input, sizeof input, 0);
    peer_block(vm);
    peer_send(client, slice_of(input, sizeof input));
    peer_take(vm, 1021);
    assert_true(peer_got(vm, slice_of(input, sizeof input)));
}

static void what_a_new_client_types_waits_while_the_vm_does_not_read(
    void **state)
{
    static uint8_t input[4 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *first = telnet_connect(*state, site_console(*state));
    struct peer *second;

    peer_block(vm);
    peer_send(first, slice_of(input, sizeof input));
    second = client_connect(*state, site_console(*state));
    peer_give(second, BYTES("x"));
    assert_int_equal(second->stream.stream.interest & STREAM_READ, 0);
}

static void clients_are_read_when_a_vm_that_does_not_read_is_gone(void **state)
{
    static uint8_t input[4 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_block(vm);
    peer_send(client, slice_of(input, sizeof input));
    assert_true(client->stream.to_session.len > 0);
    peer_end(vm);
    site_run(*state);
    assert_int_equal(client->stream.to_session.len, 0);
    vm = vm_start(*state);
    peer_give(client, BYTES("new"));
    assert_true(peer_got(vm, BYTES("new")));
}

static void vm_that_does_not_read_is_still_heard(void **state)
{
    static uint8_t input[4 * LIMIT_READ];
    struct peer *vm = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));

    peer_block(vm);
    peer_give(client, slice_of(input, sizeof input));
    peer_give(vm, BYTES("boot"));
    assert_true(peer_got(client, BYTES("boot")));
}

static void give_questions(struct peer *vm)
{
    static uint8_t questions[20 * LIMIT_READ];
    size_t len = sizeof(EXT("\xc8")) - 1;
    size_t count = sizeof questions / len;

    for (size_t i = 0; i < count; i++)
        memcpy(questions + i * len, EXT("\xc8"), len);
    peer_give(vm, slice_of(questions, count * len));
}

static void vm_that_only_asks_is_not_read_until_it_listens(void **state)
{
    struct peer *vm = vm_start(*state);

    peer_block(vm);
    give_questions(vm);
    assert_false(vm->stream.is_closed);
    assert_true(vm->stream.to_session.len > 0);
    peer_unblock(vm);
    assert_int_equal(vm->stream.to_session.len, 0);
}

static void same_for_a_vm_that_had_not_taken_its_input(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = raw_connect(*state, site_console(*state));

    peer_block(vm);
    peer_give(client, BYTES("typed"));
    give_questions(vm);
    assert_false(vm->stream.is_closed);
    assert_true(vm->stream.to_session.len > 0);
    peer_unblock(vm);
    assert_int_equal(vm->stream.to_session.len, 0);
    assert_true(peer_got(vm, BYTES("typed")));
}

static void input_without_a_vm_goes_nowhere(void **state)
{
    struct peer *vm = vm_start(*state);
    struct peer *client = telnet_connect(*state, site_console(*state));

    peer_end(vm);
    peer_give(client, BYTES("nobody hears"));
    vm = vm_start(*state);
    assert_true(peer_got(vm, BYTES("")));
    assert_false(client->stream.is_closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(greets_before_the_vm_has_said_anything),
        TEST(start_in_one_segment),
        TEST(start_as_segmented_by_esxi),
        TEST(start_cut_in_two_anywhere),
        TEST(start_byte_by_byte),
        TEST(start_cut_at_random),
        TEST(start_with_a_vm_that_takes_one_byte_at_a_time),
        TEST(name_may_come_before_the_uuid),
        TEST(is_asked_only_for_what_it_listed),
        TEST(who_listed_nothing_is_asked_for_uuid_and_name),
        TEST(without_vc_uuid_it_is_known_by_its_bios_uuid),
        TEST(without_both_it_is_known_by_its_location_uuid),
        TEST(without_any_uuid_it_is_closed),
        TEST(without_a_name_it_is_called_by_its_uuid),
        TEST(name_is_not_waited_for_beyond_the_deadline),
        TEST(without_its_uuid_it_is_closed_at_the_deadline),
        TEST(another_uuid_does_not_do_at_the_deadline),
        TEST(silent_connection_is_closed_at_the_deadline),
        TEST(time_of_the_last_output_is_known),
        TEST(serving_vm_has_no_deadline),
        TEST(ports_of_a_vm_are_consoles_of_their_own),
        TEST(uri_of_our_own_port_is_a_label),
        TEST(name_may_change_while_it_runs),
        TEST(console_is_refused_where_there_are_too_many),
        TEST(unknown_code_is_answered_and_the_connection_stays),
        TEST(malformed_message_is_ignored),
        TEST(endless_subnegotiation_closes),
        TEST(output_before_an_error_still_reaches_the_clients),
        TEST(direction_client_is_refused),
        TEST(unknown_direction_is_refused),
        TEST(request_without_direction_is_refused),
        TEST(request_without_uri_is_refused),
        TEST(label_of_control_characters_is_refused),
        TEST(listener_of_its_own_is_refused),
        TEST(uri_with_a_password_is_refused),
        TEST(who_was_refused_may_ask_again),
        TEST(refused_request_changes_nothing_for_a_serving_vm),
        TEST(serving_vm_may_become_another_console),
        TEST(who_does_not_speak_the_extension_is_told_and_closed),
        TEST(who_does_not_speak_telnet_is_told_and_closed),
        TEST(tls_hello_is_closed_without_a_word),
        TEST(input_waits_while_the_extension_is_off),
        TEST(output_waits_while_the_extension_is_off),
        TEST(extension_that_comes_back_starts_from_known_suboptions),
        TEST(clients_are_not_read_when_much_input_waits),
        TEST(input_that_waits_is_gone_with_its_vm),
        TEST(early_data_comes_first),
        TEST(early_data_reaches_a_client_that_waits),
        TEST(too_much_early_data_closes),
        TEST(newest_connection_wins),
        TEST(newer_connection_may_come_while_the_old_one_is_held),
        TEST(console_outlives_its_vm),
        TEST(reset_detaches_the_vm),
        TEST(shutdown_closes_all),
        TEST(every_byte_of_a_vm_in_any_cut),
        TEST(without_binary_a_vm_is_a_printer),
        TEST(without_binary_a_cr_to_the_vm_gets_its_nul),
        TEST(with_binary_every_byte_passes_to_the_vm),
        TEST(vm_that_takes_few_bytes_at_a_time),
        TEST(typing_to_a_vm_that_takes_few_bytes_at_a_time),
        TEST(clients_are_not_read_while_the_vm_does_not_read),
        TEST(clients_are_read_again_when_less_is_kept),
        TEST(vm_that_reads_late_gets_every_byte_once),
        TEST(what_a_new_client_types_waits_while_the_vm_does_not_read),
        TEST(clients_are_read_when_a_vm_that_does_not_read_is_gone),
        TEST(vm_that_does_not_read_is_still_heard),
        TEST(vm_that_only_asks_is_not_read_until_it_listens),
        TEST(same_for_a_vm_that_had_not_taken_its_input),
        TEST(input_without_a_vm_goes_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
