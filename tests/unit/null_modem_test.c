/* Two VMs whose serial ports are joined. */
#include "session_peer.h"

#include "session/service/null_modem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COM_PORT "\x2c"
#define COM(body) IAC SB COM_PORT body IAC SE
#define OTHER_UUID "500c1e2f-3341-5a6b-7c8d-000000000002"

struct fixture {
    struct site site;
    struct console *a, *b;
    struct peer *vm_a, *vm_b;
    struct null_modem *modem;
    int ended;
};

static uint8_t much[512 * KIB];

static void on_end(void *owner, const char *reason)
{
    struct fixture *f = owner;

    (void)reason;
    f->ended++;
    f->modem = NULL;
}

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    f = (struct fixture){ 0 };
    pattern_fill(much, sizeof much, 0);
    site_open(&f.site, &settings);
    f.vm_a = vm_start(&f.site);
    f.vm_b = vm_start_as(&f.site, UUID_TEXT, "s1");
    f.a = site_console(&f.site);
    f.b = directory_find(&f.site.directory, UUID, "s1");
    f.modem = null_modem_connect(&f.site.ctx, f.a, f.b, on_end, &f);
    assert_non_null(f.modem);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    null_modem_disconnect(f->modem);
    site_close(&f->site);
    return 0;
}

static void every_byte_both_ways(void **state)
{
    struct fixture *f = *state;
    struct slice all = slice_of(much, 32 * KIB);

    peer_send(f->vm_a, all);
    peer_send(f->vm_b, all);
    assert_true(peer_got(f->vm_b, all));
    assert_true(peer_got(f->vm_a, all));
}

static void who_does_not_read_holds_the_other_back(void **state)
{
    struct fixture *f = *state;
    struct slice all = slice_of(much, sizeof much);

    peer_block(f->vm_b);
    peer_send(f->vm_a, all);
    assert_true(f->vm_a->stream.to_session.len > sizeof much / 2);
    peer_unblock(f->vm_b);
    assert_true(peer_got(f->vm_b, all));
}

static void clients_watch_beside_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->a);

    peer_give(f->vm_a, BYTES("from a"));
    peer_give(client, BYTES("typed"));
    assert_true(peer_got(client, BYTES("from a")));
    assert_true(peer_got(f->vm_b, BYTES("from a")));
    assert_true(peer_got(f->vm_a, BYTES("typed")));
}

static void lines_and_breaks_cross(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm_a, BYTES(IAC WILL COM_PORT COM("\x0a\x10")));
    peer_give(f->vm_b, BYTES(IAC WILL COM_PORT COM("\x0a\x10")));
    peer_forget(f->vm_a);
    peer_forget(f->vm_b);
    peer_give(f->vm_a, BYTES(COM("\x05\x09")));
    assert_true(peer_heard(f->vm_b, "SB 44 107 26"));
    peer_give(f->vm_b, BYTES("x" COM("\x05\x05") "y" COM("\x05\x06")));
    assert_true(peer_heard(f->vm_a, "SB 44 105 9, SB 44 106 16, SB 44 106 0"));
    assert_true(peer_got(f->vm_a, BYTES("xy")));
    peer_break(f->vm_b);
    assert_true(peer_heard(f->vm_a, "SB 44 107 11"));
}

static void break_keeps_its_place(void **state)
{
    struct fixture *f = *state;

    peer_block(f->vm_b);
    peer_give(f->vm_a, BYTES("before" IAC "\xf3"
                             "after"));
    f->vm_b->stream.room = strlen("before");
    site_run(&f->site);
    assert_true(peer_got(f->vm_b, BYTES("before")));
    assert_true(peer_heard(f->vm_b, ""));
    peer_unblock(f->vm_b);
    assert_true(peer_heard(f->vm_b, "command 243"));
    assert_true(peer_got(f->vm_b, BYTES("after")));
}

static void a_port_without_a_vm_takes_everything(void **state)
{
    struct fixture *f = *state;

    peer_break(f->vm_b);
    peer_send(f->vm_a, slice_of(much, sizeof much));
    assert_int_equal(f->vm_a->stream.to_session.len, 0);
    f->vm_b = vm_start_as(&f->site, UUID_TEXT, "s1");
    peer_give(f->vm_a, BYTES("new"));
    assert_true(peer_got(f->vm_b, BYTES("new")));
}

static void consoles_that_close_tell_its_owner(void **state)
{
    struct fixture *f = *state;

    session_shut_down(&f->site.ctx.all, "shutting down");
    site_turn_end(&f->site);
    assert_int_equal(f->ended, 1);
    assert_int_equal(f->a->client_count + f->b->client_count, 0);
}

static void gone_again(void **state)
{
    struct fixture *f = *state;

    peer_block(f->vm_b);
    peer_send(f->vm_a, slice_of(much, sizeof much));
    assert_true(f->vm_a->stream.to_session.len > 0);
    null_modem_disconnect(f->modem);
    f->modem = NULL;
    site_run(&f->site);
    assert_int_equal(f->vm_a->stream.to_session.len, 0);
    peer_unblock(f->vm_b);
    assert_int_equal(f->a->client_count + f->b->client_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_byte_both_ways),
        TEST(who_does_not_read_holds_the_other_back),
        TEST(clients_watch_beside_it),
        TEST(lines_and_breaks_cross),
        TEST(break_keeps_its_place),
        TEST(a_port_without_a_vm_takes_everything),
        TEST(consoles_that_close_tell_its_owner),
        TEST(gone_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
