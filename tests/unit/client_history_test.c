/* What a client sees of what was there before it, and who does. */
#include "session_peer.h"

#include "session/client/client_session.h"
#include "session/service/null_modem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COM_PORT "\x2c"
#define VM_GONE                                                                \
    "\r\n[vspcd: vm-0001: VM disconnected; this connection waits for it]\r\n"

enum { RING = 64 * KIB };

struct fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
};

static uint8_t flood[4 * RING];

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    site_open(&f.site, &settings);
    f.site.ctx.settings.history = (struct history_wish){ 2, 4 * KIB };
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    peer_give(f.vm, BYTES("one\r\ntwo\r\nlogin: "));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    return 0;
}

/* Connected, and has said this. */
static struct peer *come_with(struct fixture *f, struct slice said)
{
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, said);
    return client;
}

/* Lines of dots, so many bytes in all. */
static struct slice lines_of(size_t len)
{
    for (size_t i = 0; i < sizeof flood; i++)
        flood[i] = i % 64 == 63 ? '\n' : '.';
    return slice_of(flood, len);
}

static void a_telnet_client_sees_the_last_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come_with(f, BYTES(YES));

    assert_true(peer_got(client, BYTES("two\r\nlogin: ")));
    peer_give(client, BYTES("root\r"));
    assert_true(peer_got(f->vm, BYTES("root\r")));
    peer_give(f->vm, BYTES("root\r\n"));
    assert_true(peer_got(client, BYTES("root\r\n")));
}

static void the_same_at_every_cut_of_its_answers(void **state)
{
    struct fixture *f = *state;

    for (size_t cut = 1; cut < sizeof YES - 1; cut++) {
        struct peer *client = come_with(f, slice_of(YES, cut));

        peer_give(client, slice_after(BYTES(YES), cut));
        assert_true(peer_got(client, BYTES("two\r\nlogin: ")));
        peer_end(client);
        peer_remove(client);
    }
}

static void what_comes_meanwhile_follows(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("root\r\n"));
    peer_give(client, BYTES(YES));
    assert_true(peer_got(client, BYTES("two\r\nlogin: root\r\n")));
}

static void a_terminal_sees_them_as_nvt_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_give(f->vm, BYTES("\rlogin: "));
    client = come_with(f, BYTES(IAC DONT BINARY IAC WONT BINARY));
    assert_true(peer_got(client, BYTES("two\r\nlogin: \r\0login: ")));
}

static void each_client_sees_them_for_itself(void **state)
{
    struct fixture *f = *state;
    struct peer *first = come_with(f, BYTES(YES));
    struct peer *second;

    peer_forget(first);
    second = come_with(f, BYTES(YES));
    assert_true(peer_got(second, BYTES("two\r\nlogin: ")));
    assert_true(peer_got(first, BYTES("")));
}

static void settings_of_then_count(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    f->site.ctx.settings.history.lines = 1;
    peer_give(client, BYTES(YES));
    assert_true(peer_got(client, BYTES("login: ")));
    f->site.ctx.settings.history.lines = 0;
    client = come_with(f, BYTES(YES));
    assert_true(peer_got(client, BYTES("")));
    peer_give(f->vm, BYTES("x"));
    assert_true(peer_got(client, BYTES("x")));
}

static void a_raw_client_sees_what_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *silent = client_connect(&f->site, f->console);
    struct peer *gdb = come_with(f, BYTES("$qSupported#37"));

    site_negotiations_due(&f->site);
    peer_give(f->vm, BYTES("+$OK#9a"));
    assert_true(peer_got(gdb, BYTES("+$OK#9a")));
    assert_true(peer_got(silent, BYTES("+$OK#9a")));
}

/* In whatever order it says so. */
static void a_client_of_rfc_2217_sees_what_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *first = come_with(f, BYTES(IAC WILL COM_PORT YES));
    struct peer *last = come_with(f, BYTES(YES IAC WILL COM_PORT));
    struct peer *before = come_with(f, BYTES(IAC WILL COM_PORT));

    peer_give(before, BYTES(YES));
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(first, BYTES("now")));
    assert_true(peer_got(last, BYTES("now")));
    assert_true(peer_got(before, BYTES("now")));
}

static void who_does_not_answer_sees_what_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come_with(f, BYTES(IAC DO SGA IAC DO ECHO));

    site_negotiations_due(&f->site);
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(client, BYTES("now")));
    peer_give(client, BYTES(YES));
    assert_true(peer_got(client, BYTES("")));
}

static void a_late_answer_is_one(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    site_negotiations_due(&f->site);
    assert_true(peer_got(client, BYTES("")));
    peer_give(client, BYTES(YES));
    assert_true(peer_got(client, BYTES("two\r\nlogin: ")));
}

static void once_is_enough(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come_with(f, BYTES(YES));

    peer_forget(client);
    peer_give(client, BYTES(IAC DONT BINARY IAC DO BINARY IAC DONT ECHO));
    assert_true(peer_got(client, BYTES("")));
}

static void the_vm_that_is_gone_is_told_of_behind_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    peer_end(f->vm);
    client = come_with(f, BYTES(YES));
    assert_true(peer_got(client, BYTES("two\r\nlogin: " VM_GONE)));
}

static void it_is_seen_to_its_end_when_all_ends(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_block(client);
    peer_give(client, BYTES(YES));
    assert_true(peer_got(client, BYTES("")));
    session_shut_down(&f->site.ctx.all, "shutting down");
    peer_unblock(client);
    assert_true(
        peer_got(client, BYTES("two\r\nlogin: " VM_GONE
                               "\r\n[vspcd: vm-0001: shutting down]\r\n")));
    assert_true(client->stream.is_closed);
}

static void who_was_not_known_yet_is_shown_nothing_at_the_end(void **state)
{
    struct fixture *f = *state;
    struct peer *client = come_with(f, BYTES(IAC DO SGA));

    peer_give(f->vm, BYTES("now"));
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_true(peer_got(client, BYTES("")));
    assert_true(client->stream.is_closed);
}

/* However much is wished for. */
static void nobody_waits_for_it(void **state)
{
    struct fixture *f = *state;
    struct peer *client;
    size_t rest;

    f->site.ctx.settings.history = (struct history_wish){ 100000, 1 << 20 };
    peer_give(f->vm, lines_of(3 * RING));
    client = client_connect(&f->site, f->console);
    peer_block(client);
    peer_give(client, BYTES(YES));
    /* It takes nothing: half a ring more goes before the VM would be held. */
    rest = RING / 2;
    peer_give(f->vm, lines_of(rest));
    assert_false(deadline_is_running(&f->console->hold));
    assert_true(console_output_room(f->console) >= RING / 4);
    peer_unblock(client);
    assert_true(client->data.len <= RING / 4 + rest);
    assert_true(client->data.len > RING / 4 + rest - 64);
    assert_memory_equal(client->data.data + client->data.len - rest, flood,
                        rest);
}

/* Who holds the VM back, and for how long, is nothing to one that comes. */
static void one_that_comes_into_a_hold_follows(void **state)
{
    struct fixture *f = *state;
    struct peer *slow = telnet_connect(&f->site, f->console);
    struct peer *client;

    f->site.ctx.settings.history = (struct history_wish){ 100000, 1 << 20 };
    peer_block(slow);
    peer_give(f->vm, lines_of(2 * RING));
    assert_true(deadline_is_running(&f->console->hold));
    client = client_connect(&f->site, f->console);
    peer_block(client);
    peer_give(client, BYTES(YES));
    assert_true(deadline_is_running(&f->console->hold));
    site_holds_due(&f->site);
    assert_int_equal(f->site.seen[FACT_CLIENT_LAGS].count, 1);
    peer_unblock(client);
    assert_null(memmem(client->data.data, client->data.len, "skipped", 7));
}

static void what_we_call_sees_what_comes(void **state)
{
    static const struct client_role raw = { .way = CLIENT_RAW };
    struct fixture *f = *state;
    struct peer *wire = peer_add(&f->site);

    wire->is_raw = true;
    assert_non_null(client_session_start(&f->site.ctx, &wire->stream.stream,
                                         f->console, &raw));
    peer_give(wire, BYTES(YES));
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(wire, BYTES("now")));
}

static void end_of_cable(void *owner, const char *reason)
{
    (void)owner;
    (void)reason;
}

static void a_null_modem_carries_what_comes(void **state)
{
    struct fixture *f = *state;
    struct peer *other = vm_start_as(
        &f->site, "56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 01", "s0");
    struct console *far = directory_find(
        &f->site.directory, "564d0000-0000-0000-0000-000000000001", "s0");
    struct null_modem *cable;

    assert_non_null(far);
    cable =
        null_modem_connect(&f->site.ctx, f->console, far, end_of_cable, NULL);
    assert_non_null(cable);
    peer_give(f->vm, BYTES("now"));
    assert_true(peer_got(other, BYTES("now")));
    null_modem_disconnect(cable);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_telnet_client_sees_the_last_lines),
        TEST(the_same_at_every_cut_of_its_answers),
        TEST(what_comes_meanwhile_follows),
        TEST(a_terminal_sees_them_as_nvt_lines),
        TEST(each_client_sees_them_for_itself),
        TEST(settings_of_then_count),
        TEST(a_raw_client_sees_what_comes),
        TEST(a_client_of_rfc_2217_sees_what_comes),
        TEST(who_does_not_answer_sees_what_comes),
        TEST(a_late_answer_is_one),
        TEST(once_is_enough),
        TEST(the_vm_that_is_gone_is_told_of_behind_it),
        TEST(it_is_seen_to_its_end_when_all_ends),
        TEST(who_was_not_known_yet_is_shown_nothing_at_the_end),
        TEST(nobody_waits_for_it),
        TEST(one_that_comes_into_a_hold_follows),
        TEST(what_we_call_sees_what_comes),
        TEST(a_null_modem_carries_what_comes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
