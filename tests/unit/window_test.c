/* The size of a window, from the clients that have one to a VM that wants it:
 * who is asked, whose size it is, and what goes out. */
#include "client_fixture.h"

#include "core/census/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAWS "\x1f"
#define SIZE(columns, rows) IAC SB NAWS "\0" columns "\0" rows IAC SE
#define SIZE_80_24 SIZE("\x50", "\x18")
#define SIZE_100_40 SIZE("\x64", "\x28")

/* A VM such as vspc-vm: it asks. */
static void want(struct fixture *f)
{
    peer_give(f->vm, BYTES(IAC DO NAWS));
    assert_true(peer_heard(f->vm, "WILL 31"));
}

static struct peer *with_size(struct fixture *f, struct slice size)
{
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC WILL NAWS));
    peer_give(client, size);
    peer_forget(client);
    return client;
}

static void a_client_is_asked_if_the_vm_wants_it(void **state)
{
    struct fixture *f = *state;
    struct peer *before = telnet_connect(&f->site, f->console);
    struct peer *after, *late;

    want(f);
    assert_true(peer_heard(before, "DO 31"));
    after = client_connect(&f->site, f->console);
    peer_forget(after);
    peer_give(after, BYTES(YES));
    assert_true(peer_heard(after, "DO 31"));
    late = client_connect(&f->site, f->console);
    peer_forget(late);
    site_negotiations_due(&f->site);
    assert_true(peer_heard(late, ""));
    peer_give(late, BYTES(YES));
    assert_true(peer_heard(late, "DO 31"));
}

static void nobody_is_asked_twice(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    want(f);
    peer_give(client, BYTES(IAC WONT NAWS));
    peer_give(f->vm, BYTES(IAC DONT NAWS IAC DO NAWS));
    peer_give(client, BYTES(IAC DO BINARY));
    assert_true(peer_heard(client, "DO 31"));
}

static void nobody_is_asked_for_a_vm_that_does_not_want_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    assert_true(peer_heard(client, ""));
    peer_give(client, BYTES(IAC WILL NAWS SIZE_80_24));
    assert_true(peer_heard(client, "DO 31"));
    peer_give(client, BYTES("x"));
    assert_true(peer_got(f->vm, BYTES("x")));
    assert_true(peer_heard(f->vm, ""));
}

static void programs_are_not_asked(void **state)
{
    struct fixture *f = *state;
    struct peer *raw = raw_connect(&f->site, f->console);
    struct peer *program = telnet_connect(&f->site, f->console);

    raw->is_raw = false;
    peer_give(program, BYTES(IAC WILL "\x2c"));
    peer_forget(program);
    want(f);
    assert_true(peer_heard(raw, ""));
    assert_true(peer_heard(program, ""));
}

static void the_size_reaches_the_vm(void **state)
{
    struct fixture *f = *state;

    want(f);
    (void)with_size(f, BYTES(SIZE_80_24));
    assert_true(peer_heard(f->vm, "SB 31 0 80 0 24"));
}

static void a_vm_that_wants_it_later_gets_it_then(void **state)
{
    struct fixture *f = *state;

    (void)with_size(f, BYTES(SIZE_80_24));
    assert_true(peer_heard(f->vm, ""));
    peer_give(f->vm, BYTES(IAC DO NAWS));
    assert_true(peer_heard(f->vm, "WILL 31, SB 31 0 80 0 24"));
}

static void it_is_the_size_of_the_client_that_typed_last(void **state)
{
    struct fixture *f = *state;
    struct peer *small, *large;

    want(f);
    small = with_size(f, BYTES(SIZE_80_24));
    assert_true(peer_heard(f->vm, "SB 31 0 80 0 24"));
    peer_give(small, BYTES("a"));
    large = with_size(f, BYTES(SIZE_100_40));
    assert_true(peer_heard(f->vm, ""));
    peer_give(large, BYTES("b"));
    assert_true(peer_heard(f->vm, "SB 31 0 100 0 40"));
    peer_give(large, BYTES("c"));
    peer_give(small, BYTES(SIZE("\x51", "\x18")));
    assert_true(peer_heard(f->vm, ""));
    peer_give(large, BYTES(SIZE("\x65", "\x28")));
    assert_true(peer_heard(f->vm, "SB 31 0 101 0 40"));
    peer_give(small, BYTES("d"));
    assert_true(peer_heard(f->vm, "SB 31 0 81 0 24"));
}

static void a_client_that_leaves_or_has_no_size_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client, *bare;

    want(f);
    client = with_size(f, BYTES(SIZE_80_24));
    peer_give(client, BYTES("a"));
    peer_forget(f->vm);
    bare = telnet_connect(&f->site, f->console);
    peer_give(bare, BYTES("b" IAC WILL NAWS SIZE("\0", "\0")));
    peer_break(client);
    peer_break(bare);
    assert_true(peer_heard(f->vm, ""));
    /* Nobody is left who has typed: the next one's size counts at once. */
    (void)with_size(f, BYTES(SIZE_100_40));
    assert_true(peer_heard(f->vm, "SB 31 0 100 0 40"));
}

static void a_flood_of_sizes_is_one_message(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    want(f);
    client = with_size(f, BYTES(SIZE_80_24));
    peer_forget(f->vm);
    peer_give(client, BYTES(SIZE("\1", "\1") SIZE("\2", "\2") SIZE("\3", "\3")
                                SIZE_100_40));
    assert_true(peer_heard(f->vm, "SB 31 0 100 0 40"));
}

static void what_is_no_size_is_ignored(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    want(f);
    client = with_size(f, BYTES(SIZE_80_24));
    peer_forget(f->vm);
    peer_give(client, BYTES(IAC SB NAWS "\0\x64" IAC SE IAC SB NAWS IAC SE));
    /* Not doubled, and nothing behind it is swallowed. */
    peer_give(client, BYTES(IAC SB NAWS "\0\x50\0" IAC IAC SE "ls\r"));
    assert_true(peer_heard(f->vm, "SB 31 0 80 0 255"));
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

/* The next connection of the VM learns the size when it asks. */
static void it_stays_with_the_console(void **state)
{
    struct fixture *f = *state;

    want(f);
    (void)with_size(f, BYTES(SIZE_80_24));
    peer_end(f->vm);
    f->vm = vm_start(&f->site);
    assert_true(peer_heard(f->vm, ""));
    peer_give(f->vm, BYTES(IAC DO NAWS));
    assert_true(peer_heard(f->vm, "WILL 31, SB 31 0 80 0 24"));
}

static void it_is_in_the_census(void **state)
{
    struct fixture *f = *state;
    struct census_console console;
    struct census_client client;

    (void)with_size(f, BYTES(SIZE_80_24));
    census_read_console(&console, f->console);
    assert_int_equal(console.window.columns, 80);
    assert_int_equal(console.window.rows, 24);
    census_read_client(&client, census_next_client(f->console, NULL));
    assert_int_equal(client.window.columns, 80);
    assert_int_equal(client.window.rows, 24);
}

/* The size comes right behind the answer, which may be before TLS. */
static void a_size_before_tls_is_no_reason_to_refuse(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    f->site.policy = TLS_REQUIRED;
    client = client_connect(&f->site, f->console);
    peer_give(client, BYTES(IAC WILL NAWS SIZE_80_24));
    assert_false(client->stream.is_closed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_client_is_asked_if_the_vm_wants_it),
        TEST(nobody_is_asked_twice),
        TEST(nobody_is_asked_for_a_vm_that_does_not_want_it),
        TEST(programs_are_not_asked),
        TEST(the_size_reaches_the_vm),
        TEST(a_vm_that_wants_it_later_gets_it_then),
        TEST(it_is_the_size_of_the_client_that_typed_last),
        TEST(a_client_that_leaves_or_has_no_size_changes_nothing),
        TEST(a_flood_of_sizes_is_one_message),
        TEST(what_is_no_size_is_ignored),
        TEST(it_stays_with_the_console),
        TEST(it_is_in_the_census),
        TEST(a_size_before_tls_is_no_reason_to_refuse),
    };

    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
