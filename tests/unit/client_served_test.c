/* A connection to a console's port before it is a client: until it is served,
 * it is nothing to the VM and takes nothing from others. */
#include "client_fixture.h"

#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COM_PORT "\x2c"
#define BRK "\xf3"
#define SB_MODEMSTATE "SB 44 107 "

static void vm_sends(struct fixture *f, size_t from, size_t to)
{
    peer_send(f->vm, part(from, to));
}

/* It neither holds the VM nor is seen by it. */
static void one_that_is_not_served_yet_is_nothing_to_the_vm(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES(IAC WILL COM_PORT));
    assert_true(peer_heard(f->vm, "DO 44, " SB_MODEMSTATE "48"));
    client = client_connect(&f->site, f->console);
    assert_int_equal(f->console->client_count, 0);
    assert_true(list_is_empty(&f->console->readers));
    peer_block(client);
    vm_sends(f, 0, sizeof output);
    assert_int_equal(f->vm->stream.to_session.len, 0);
    assert_true(peer_heard(f->vm, ""));
    client->is_raw = true;
    peer_unblock(client);
    site_negotiations_due(&f->site);
    assert_int_equal(f->console->client_count, 1);
    assert_true(peer_heard(f->vm, SB_MODEMSTATE "184"));
}

/* As far as the VM would not have had to wait for it. */
static void it_is_shown_what_came_meanwhile(void **state)
{
    static const size_t amounts[] = { 0, 1, RING / 4, RING / 4 + 1, 3 * RING };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        struct peer *client = client_connect(&f->site, f->console);
        size_t len = amounts[i];
        size_t shown = len < RING / 4 ? len : RING / 4;

        vm_sends(f, 0, len);
        peer_give(client, BYTES(YES));
        assert_true(peer_got(client, part(len - shown, len)));
        peer_break(client);
    }
}

static void what_it_says_for_the_console_attaches_it(void **state)
{
    const struct {
        struct slice said, heard;
    } cases[] = {
        { BYTES(IAC WILL "\x18"
                         "typed"),
          BYTES("typed") },
        { BYTES("typed"), BYTES("typed") },
        { BYTES(IAC BRK), BYTES("") },
        { BYTES(IAC WILL COM_PORT IAC SB COM_PORT "\x05\x07" IAC SE),
          BYTES("") },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *client = client_connect(&f->site, f->console);

        peer_give(client, cases[i].said);
        assert_int_equal(f->console->client_count, 1);
        assert_true(peer_got(f->vm, cases[i].heard));
        peer_break(client);
        assert_int_equal(f->console->client_count, 0);
    }
}

/* A health check: it connects, and closes or resets. */
static void one_that_leaves_before_it_is_served_was_no_client(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_half_close(client);
    assert_int_equal(f->console->client_count, 0);
    assert_false(client->stream.is_closed);
    peer_break(client);
    assert_true(client->stream.is_closed);
    client = client_connect(&f->site, f->console);
    peer_break(client);
    assert_true(client->stream.is_closed);
    assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 0);
    assert_int_equal(f->site.directory.last_client_number, 0);
}

/* nc -N </dev/null */
static void one_that_says_nothing_and_stays_is_a_reader(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_half_close(client);
    peer_give(f->vm, BYTES("a"));
    site_negotiations_due(&f->site);
    peer_give(f->vm, BYTES("b"));
    assert_true(peer_got(client, BYTES("ab")));
    assert_int_equal(f->console->client_count, 1);
    peer_end(client);
    assert_true(client->stream.is_closed);
}

/* Nothing keeps a console that is not used, and whoever waits learns it. */
static void one_that_waits_does_not_keep_its_console(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_end(f->vm);
    client = client_connect(&f->site, f->console);
    assert_true(deadline_is_running(&f->console->expiry));
    directory_remove(f->console);
    site_run(&f->site);
    assert_true(client->stream.is_closed);
}

/* Neither a name nor a line of it. */
static void nothing_of_a_console_goes_out_before_tls(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    f->site.policy = TLS_REQUIRED;
    client = client_connect(&f->site, f->console);
    peer_give(client, BYTES(IAC WILL COM_PORT YES));
    assert_non_null(memmem(client->said.data, client->said.len, "DO 44", 5));
    assert_null(memmem(client->said.data, client->said.len, "SB 44", 5));
    peer_give(client, BYTES(IAC SB COM_PORT "\x05\x07" IAC SE));
    assert_true(client->stream.is_closed);
    assert_null(memmem(client->said.data, client->said.len, "SB 44", 5));
    assert_null(memmem(client->data.data, client->data.len, "vm-0001", 7));
    assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 0);
}

static void nothing_of_a_vms_line_goes_out_before_tls(void **state)
{
    static const char *const said[] = { IAC SB COM_PORT "\x05\x07" IAC SE,
                                        IAC BRK };
    struct fixture *f = *state;

    f->site.policy = TLS_REQUIRED;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct peer *vm = vm_connect(&f->site);

        peer_give(vm, BYTES(IAC WILL COM_PORT));
        assert_non_null(memmem(vm->said.data, vm->said.len, "DO 44", 5));
        assert_false(vm->stream.is_closed);
        peer_give(vm, slice_of_text(said[i]));
        assert_true(vm->stream.is_closed);
        assert_null(memmem(vm->said.data, vm->said.len, "SB 44", 5));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(one_that_is_not_served_yet_is_nothing_to_the_vm),
        TEST(it_is_shown_what_came_meanwhile),
        TEST(what_it_says_for_the_console_attaches_it),
        TEST(one_that_leaves_before_it_is_served_was_no_client),
        TEST(one_that_says_nothing_and_stays_is_a_reader),
        TEST(one_that_waits_does_not_keep_its_console),
        TEST(nothing_of_a_console_goes_out_before_tls),
        TEST(nothing_of_a_vms_line_goes_out_before_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
