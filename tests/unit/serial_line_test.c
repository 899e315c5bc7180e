/* RFC 2217 across a console: a VM and a client, over in-memory streams. */
#include "session_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COM_PORT "\x2c"
#define COM(body) IAC SB COM_PORT body IAC SE
#define BRK "\xf3"

#define SET_BAUDRATE "\x01"
#define BREAK_ON COM("\x05\x05")
#define BREAK_OFF COM("\x05\x06")
#define DTR_OFF COM("\x05\x09")
#define RTS_OFF COM("\x05\x0c")
#define SUSPEND COM("\x08")
#define RESUME COM("\x09")
#define WANT_BREAK COM("\x0a\x10")
#define PURGE_BOTH COM("\x0c\x03")

#define ON IAC WILL COM_PORT
#define OFF IAC WONT COM_PORT

struct fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
    struct peer *client;
};

/* Both speak it, and want to hear of breaks. */
static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();

    site_open(&f.site, &settings);
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    f.client = telnet_connect(&f.site, f.console);
    peer_give(f.vm, BYTES(ON WANT_BREAK));
    peer_give(f.client, BYTES(ON WANT_BREAK));
    peer_forget(f.vm);
    peer_forget(f.client);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    return 0;
}

static void requests_cut_anywhere_are_answered(void **state)
{
    struct fixture *f = *state;
    struct peer *both[] = { f->vm, f->client };

    for (int i = 0; i < 2; i++) {
        for (size_t len = 1; len < 24; len++) {
            peer_give_pieces(
                both[i],
                BYTES("a" COM(SET_BAUDRATE "\0\1\xc2\0") "b" COM(
                    "\x02\x07") "c" COM("\x05\xff\xff") PURGE_BOTH),
                len);
            assert_true(peer_heard(
                both[i], "SB 44 101 0 1 194 0, SB 44 102 7, SB 44 112 3"));
        }
    }
    assert_true(peer_got(f->vm, BYTES("abcabcabcabcabcabcabcabcabcabcabcabcabc"
                                      "abcabcabcabcabcabcabcabcabcabc")));
}

static void lines_cross_the_null_modem(void **state)
{
    struct fixture *f = *state;

    peer_give(f->client, BYTES(DTR_OFF));
    assert_true(peer_heard(f->vm, "SB 44 107 26"));
    peer_give(f->vm, BYTES(RTS_OFF));
    assert_true(peer_heard(f->client, "SB 44 105 9, SB 44 107 161"));
    peer_end(f->client);
    assert_true(peer_heard(f->vm, "SB 44 105 12, SB 44 107 50"));
}

static bool has_heard(const struct peer *p, const char *said)
{
    struct slice all = buf_bytes(&p->said);

    return memmem(all.data, all.len, said, strlen(said)) != NULL;
}

static void who_takes_no_answers_hears_the_outcome(void **state)
{
    struct fixture *f = *state;
    struct peer *both[] = { f->vm, f->client };

    for (int i = 0; i < 2; i++) {
        struct peer *deaf = both[i], *other = both[1 - i];

        peer_give(other, BYTES(BREAK_ON));
        assert_true(peer_heard(deaf, "SB 44 106 16"));
        peer_block(deaf);
        for (int j = 0; j < 40000; j++)
            peer_give(deaf, BYTES(COM("\x06")));
        peer_give(other, BYTES(BREAK_OFF DTR_OFF));
        peer_unblock(deaf);
        assert_true(has_heard(deaf, "SB 44 107 26"));
        assert_true(i == 0 || has_heard(deaf, "SB 44 106 0"));
        peer_forget(deaf);
        peer_give(deaf, BYTES(COM("\x06") COM("\x07")));
        assert_true(peer_heard(deaf, "SB 44 106 0, SB 44 107 16"));
        peer_forget(other);
    }
}

static void break_of_who_leaves_ends(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm, BYTES(BREAK_ON));
    peer_give(f->client, BYTES(BREAK_ON));
    assert_true(peer_heard(f->client, "SB 44 106 16, SB 44 105 5"));
    assert_true(peer_heard(f->vm, "SB 44 105 5, SB 44 106 16"));
    peer_break(f->client);
    assert_true(peer_heard(f->vm, "SB 44 106 0, SB 44 107 56"));
    f->client = telnet_connect(&f->site, f->console);
    peer_give(f->client, BYTES(ON WANT_BREAK));
    peer_give(f->vm, BYTES(BREAK_OFF BREAK_ON));
    peer_forget(f->client);
    peer_break(f->vm);
    assert_true(peer_heard(f->client, "SB 44 106 0, SB 44 107 11"));
}

static void option_off_gives_free_what_it_held(void **state)
{
    struct fixture *f = *state;
    struct peer *both[] = { f->vm, f->client };

    for (int i = 0; i < 2; i++) {
        struct peer *leaves = both[i], *other = both[1 - i];

        peer_give(leaves, BYTES(BREAK_ON DTR_OFF SUSPEND));
        peer_give(other, BYTES("waits"));
        assert_true(peer_got(leaves, BYTES("")));
        peer_forget(other);
        peer_give(leaves, BYTES(OFF));
        assert_true(peer_got(leaves, BYTES("waits")));
        assert_true(peer_heard(other, "SB 44 106 0, SB 44 107 186"));
        peer_forget(leaves);
        peer_give(leaves, BYTES(ON WANT_BREAK));
        peer_forget(leaves);
        peer_forget(other);
    }
}

static void suspended_data_goes_out_once(void **state)
{
    struct fixture *f = *state;

    for (size_t len = 1; len < 10; len++) {
        peer_give_pieces(f->client, BYTES(SUSPEND), len);
        peer_give_pieces(f->vm, BYTES("abc" IAC IAC "def"), len);
        assert_true(peer_got(f->client, BYTES("")));
        peer_give_pieces(f->client, BYTES(RESUME), len);
        assert_true(peer_got(f->client, BYTES("abc\xff"
                                              "def")));
        peer_give_pieces(f->vm, BYTES(SUSPEND), len);
        peer_give_pieces(f->client, BYTES("abc" IAC IAC "def"), len);
        assert_true(peer_got(f->vm, BYTES("")));
        peer_give_pieces(f->vm, BYTES(RESUME), len);
        assert_true(peer_got(f->vm, BYTES("abc\xff"
                                          "def")));
    }
}

static void break_to_who_speaks_no_com_port_is_brk(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm, BYTES(OFF));
    peer_give(f->client, BYTES(OFF));
    peer_forget(f->vm);
    peer_forget(f->client);
    peer_give(f->client, BYTES(IAC BRK));
    peer_give(f->vm, BYTES(IAC BRK));
    assert_true(peer_heard(f->vm, "command 243"));
    assert_true(peer_heard(f->client, "command 243"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- floods ---------------------------------------------------------------
 */

/* 64 KiB or less of this, in one read. */
static struct slice flood_of(struct slice bytes)
{
    static uint8_t flood[LIMIT_READ];
    size_t len = 0;

    for (; len + bytes.len <= sizeof flood; len += bytes.len)
        memcpy(flood + len, bytes.data, bytes.len);
    return slice_of(flood, len);
}

static size_t count_said(const struct peer *p, const char *what)
{
    struct slice all = buf_bytes(&p->said);
    size_t count = 0;

    for (;;) {
        const uint8_t *at = memmem(all.data, all.len, what, strlen(what));

        if (at == NULL)
            return count;
        count++;
        all = slice_after(all, (size_t)(at - all.data) + strlen(what));
    }
}

/* All of them arrive, in few writes. */
static void breaks_of_a_client_are_written_together(void **state)
{
    struct fixture *f = *state;
    unsigned before = f->vm->stream.write_count;

    peer_give(f->client, flood_of(BYTES(BREAK_ON BREAK_OFF)));
    assert_int_equal(count_said(f->vm, "SB 44 106 16"),
                     LIMIT_READ / (sizeof(BREAK_ON BREAK_OFF) - 1));
    assert_true(f->vm->stream.write_count - before < 150);
}

static void toggling_is_written_once_a_read(void **state)
{
    struct fixture *f = *state;
    const struct slice toggles[] = {
        BYTES(SUSPEND RESUME COM("\x05\x04")),
        BYTES(OFF ON),
    };

    for (int i = 0; i < 2; i++) {
        unsigned before = f->client->stream.write_count;

        peer_give(f->client, flood_of(toggles[i]));
        assert_true(f->client->stream.write_count - before < 20);
        peer_forget(f->client);
    }
}

/* Some are shown, and what holds in the end. */
static void breaks_of_a_vm_are_bounded(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm, flood_of(BYTES(BREAK_ON BREAK_OFF)));
    assert_in_range(count_said(f->client, "SB 44 106"), 2, 40);
    assert_false(f->console->is_in_break);
    peer_give(f->vm, flood_of(BYTES(BREAK_OFF BREAK_ON)));
    assert_true(f->console->is_in_break);
    peer_forget(f->client);
    peer_give(f->vm, BYTES(BREAK_OFF));
    assert_true(peer_heard(f->client, "SB 44 106 0"));
}

/* Each purge is answered; what came between the last ones may be shown. */
static void purges_of_a_vm_are_bounded(void **state)
{
    struct fixture *f = *state;

    peer_give(f->vm, flood_of(BYTES("x" PURGE_BOTH)));
    assert_int_equal(count_said(f->vm, "SB 44 112 3"),
                     LIMIT_READ / (sizeof("x" PURGE_BOTH) - 1));
    peer_give(f->vm, BYTES("y" PURGE_BOTH "z"));
    assert_true(has_heard(f->vm, "SB 44 112 3"));
}

/* What drives the VM's lines is counted, and right after all comings and
 * goings. */
static void lines_are_those_of_who_is_there(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->site, f->console);

    assert_int_equal(console_client_lines(f->console), LINE_BOTH);
    peer_give(f->client, BYTES(DTR_OFF));
    assert_int_equal(console_client_lines(f->console), LINE_BOTH);
    peer_end(other);
    assert_int_equal(console_client_lines(f->console), LINE_RTS);
    peer_end(f->client);
    assert_int_equal(console_client_lines(f->console), 0);
    other = telnet_connect(&f->site, f->console);
    assert_int_equal(console_client_lines(f->console), LINE_BOTH);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(requests_cut_anywhere_are_answered),
        TEST(lines_cross_the_null_modem),
        TEST(who_takes_no_answers_hears_the_outcome),
        TEST(breaks_of_a_client_are_written_together),
        TEST(toggling_is_written_once_a_read),
        TEST(breaks_of_a_vm_are_bounded),
        TEST(purges_of_a_vm_are_bounded),
        TEST(lines_are_those_of_who_is_there),
        TEST(break_of_who_leaves_ends),
        TEST(option_off_gives_free_what_it_held),
        TEST(suspended_data_goes_out_once),
        TEST(break_to_who_speaks_no_com_port_is_brk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
