/* What a client sends, played by the client: telnet or raw bytes, typed ahead,
 * commands, and input that has to wait. */
#include "client_fixture.h"

#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GREETING "WILL 0, WILL 3, WILL 1, DO 0, DO 3"
#define VM_IS_NOT_THERE NOTICE("vm-0001: yes, VM not connected")

static void greets_as_a_telnet_server(void **state)
{
    struct fixture *f = *state;

    assert_true(peer_heard(client_connect(&f->site, f->console), GREETING));
}

static void output_waits_until_the_client_is_known(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("login: "));
    assert_true(peer_got(client, BYTES("")));
    peer_give(client, BYTES(IAC DO BINARY));
    assert_true(peer_got(client, BYTES("login: ")));
}

static void answers_cut_anywhere_make_it_telnet(void **state)
{
    struct fixture *f = *state;

    for (size_t cut = 1; cut < sizeof YES - 1; cut++) {
        struct peer *client = client_connect(&f->site, f->console);

        peer_give(client, slice_of(YES, cut));
        peer_give(client, slice_after(BYTES(YES), cut));
        peer_give(f->vm, BYTES("\xff\xff\r\0"));
        assert_true(peer_got(client, BYTES("\xff\r\0")));
        assert_true(peer_heard(client, GREETING));
        peer_give(client, BYTES("x"));
        assert_true(peer_got(f->vm, BYTES("x")));
    }
}

static void first_byte_that_is_no_iac_makes_it_raw(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    client->is_raw = true;
    peer_forget(client);
    peer_give(client, BYTES("x"));
    peer_give(f->vm, BYTES("a\xff\xff\r"));
    assert_true(peer_got(client, BYTES("a\xff\r")));
}

static void raw_input_passes_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("ls\r\n\0\xff\xf6 \xff\xff\xff\xfd\x22!"));
    site_doubts_due(&f->site);
    assert_true(
        peer_got(f->vm, BYTES("ls\r\n\0\xff\xf6 \xff\xff\xff\xfd\x22!")));
}

/* What may be half of an answer, or a telnet Enter, is late and not lost. */
static void raw_input_that_may_be_telnet_is_kept_for_a_moment(void **state)
{
    const struct {
        struct slice given, first, then;
    } cases[] = {
        { BYTES("x\xff"), BYTES("x"), BYTES("\xff") },
        { BYTES("x\xff\xfd"), BYTES("x"), BYTES("\xff\xfd") },
        { BYTES("x\xff\xfd\x22y"), BYTES("x"), BYTES("\xff\xfd\x22y") },
        { BYTES("x\r\0y"), BYTES("x\r"), BYTES("\0y") },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = *state;
        struct peer *client = client_connect(&f->site, f->console);

        peer_give(client, cases[i].given);
        assert_true(peer_got(f->vm, cases[i].first));
        site_doubts_due(&f->site);
        assert_true(peer_got(f->vm, cases[i].then));
        peer_break(client);
    }
}

static void silent_client_is_served_raw_after_a_while(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("a\xff\xff\r"));
    peer_forget(client);
    client->is_raw = true;
    site_negotiations_due(&f->site);
    assert_true(peer_got(client, BYTES("a\xff\r")));
}

static void silent_client_may_turn_out_to_be_telnet(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    site_negotiations_due(&f->site);
    peer_give(client, BYTES(YES));
    peer_give(f->vm, BYTES("a\xff\xff"));
    assert_true(peer_got(client, BYTES("a\xff")));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void telnet_answers_behind_typed_ahead_text_are_understood(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("root\r"));
    peer_give(client, BYTES("secret\r" YES "ls\r"));
    assert_true(peer_got(f->vm, BYTES("root\rsecret\rls\r")));
    peer_give(f->vm, BYTES("\xff\xff"));
    assert_true(peer_got(client, BYTES("\xff")));
}

/* As telnetlib and PuTTY do: each answer in a segment of its own, and cut. */
static void one_answer_to_our_question_makes_it_telnet(void **state)
{
    static const char said[] = "x\r\0" IAC WILL "\x1f" IAC DONT BINARY "y\r\0";
    struct fixture *f = *state;

    for (size_t piece = 1; piece < sizeof said; piece++) {
        struct peer *client = client_connect(&f->site, f->console);

        peer_give_pieces(client, slice_of(said, sizeof said - 1), piece);
        assert_true(peer_got(f->vm, BYTES("x\ry\r")));
        peer_break(client);
    }
}

/* Behind its first KiB one answer is as likely in data as not. */
static void one_answer_alone_is_data_of_a_raw_client_later(void **state)
{
    static char much[1100];
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    memset(much, 'x', sizeof much);
    peer_give(client, slice_of(much, sizeof much));
    peer_forget(f->vm);
    peer_give(client, BYTES("x" IAC DO BINARY "x"));
    assert_true(peer_got(f->vm, BYTES("x" IAC DO BINARY "x")));
}

static void ip_is_ctrl_c(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES("a" IAC "\xf4"
                            "b"));
    assert_true(peer_got(f->vm, BYTES("ab")));
    f->site.ctx.settings.sends_interrupt = true;
    peer_give(client, BYTES("a" IAC "\xf4"
                            "b"));
    assert_true(peer_got(f->vm, BYTES("a\3b")));
}

static void leave(struct peer *client)
{
    peer_break(client);
    peer_remove(client);
}

/* What an Enter is, in any cut: raw, telnet without BINARY, and the clients
 * whose bytes never change. */
static void lf_is_enter_if_wanted(void **state)
{
    static const char said[] = "a\nb\r\nc\rd\r\n\ne";
    struct fixture *f = *state;

    f->site.ctx.settings.enter_is_cr = true;
    for (size_t piece = 1; piece < sizeof said; piece++) {
        struct peer *raw = client_connect(&f->site, f->console);
        struct peer *terminal = client_connect(&f->site, f->console);
        struct peer *binary = telnet_connect(&f->site, f->console);

        peer_give_pieces(raw, BYTES(said), piece);
        assert_true(peer_got(f->vm, BYTES("a\rb\rc\rd\r\re")));
        peer_give(terminal, BYTES(IAC DONT BINARY IAC WONT BINARY));
        peer_give_pieces(terminal, BYTES(said), piece);
        assert_true(peer_got(f->vm, BYTES("a\rb\rc\rd\r\re")));
        peer_give_pieces(binary, BYTES(said), piece);
        assert_true(peer_got(f->vm, BYTES(said)));
        leave(raw);
        leave(terminal);
        leave(binary);
    }
}

static void lf_of_a_program_stays(void **state)
{
    struct fixture *f = *state;
    struct peer *program = client_connect(&f->site, f->console);
    struct peer *wire = peer_add(&f->site);

    f->site.ctx.settings.enter_is_cr = true;
    peer_give(program, BYTES(IAC DONT BINARY IAC WONT BINARY IAC WILL "\x2c"));
    peer_give(program, BYTES("a\nb"));
    assert_true(peer_got(f->vm, BYTES("a\nb")));
    client_session_start(&f->site.ctx, &wire->stream.stream, f->console,
                         client_raw_role());
    peer_give(wire, BYTES("a\nb\r\n"));
    assert_true(peer_got(f->vm, BYTES("a\nb\r\n")));
}

static void lf_stays_by_default(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("a\nb\r\n"));
    assert_true(peer_got(f->vm, BYTES("a\nb\r\n")));
}

static void lines_typed_ahead_are_lines_too(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    f->site.ctx.settings.enter_is_cr = true;
    peer_give(client, BYTES("a\n\r\0\nb\n" IAC DONT BINARY "c\n"));
    assert_true(peer_got(f->vm, BYTES("a\r\r\rb\rc\r")));
}

/* One pastes into a VM that reads nothing; the others ask and leave. */
static void only_who_has_input_that_nobody_takes_waits(void **state)
{
    static uint8_t much[8 * LIMIT_READ];
    struct fixture *f = *state;
    struct peer *pastes = telnet_connect(&f->site, f->console);
    struct peer *asks = telnet_connect(&f->site, f->console);
    struct peer *types = telnet_connect(&f->site, f->console);

    peer_block(f->vm);
    peer_send(pastes, slice_of(much, sizeof much));
    assert_true(pastes->stream.to_session.len > 0);
    peer_give(asks, BYTES(IAC AYT));
    assert_true(asks->data.len > 0);
    peer_give(types, BYTES("behind" IAC AYT));
    assert_true(types->data.len > 0);
    peer_forget(types);
    peer_give(types, BYTES("more" IAC AYT));
    assert_int_equal(types->data.len, 0);
    peer_half_close(asks);
    peer_end(asks);
    assert_true(asks->stream.is_closed);
    peer_break(types);
    assert_true(types->stream.is_closed);
    peer_unblock(f->vm);
    /* What one has typed that has left is there as well. */
    assert_int_equal(f->vm->data.len, sizeof much + strlen("behind"));
}

static void what_waits_goes_in_the_order_it_came(void **state)
{
    static uint8_t much[4 * LIMIT_READ];
    struct fixture *f = *state;
    struct peer *pastes = telnet_connect(&f->site, f->console);
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_block(f->vm);
    peer_send(pastes, slice_of(much, 3 * LIMIT_READ));
    peer_give(second, BYTES("one"));
    peer_give(first, BYTES("two"));
    peer_unblock(f->vm);
    assert_true(f->vm->data.len > 6);
    assert_non_null(
        memmem(buf_bytes(&f->vm->data).data, f->vm->data.len, "onetwo", 6));
}

static void long_raw_input_is_never_taken_for_telnet(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    memset(output, 'x', RING);
    peer_give(client, slice_of(output, RING));
    peer_forget(f->vm);
    peer_give(client, BYTES(YES));
    assert_true(peer_got(f->vm, BYTES(YES)));
}

static void client_that_refuses_binary_is_a_terminal(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC DONT BINARY IAC WONT BINARY));
    peer_give(f->vm, BYTES("a\r\nb\rc"));
    assert_true(peer_got(client, BYTES("a\r\nb\r\0c")));
}

static void enter_of_a_terminal_is_one_cr(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC DONT BINARY IAC WONT BINARY));
    peer_give(client, BYTES("a\r\nb\r"));
    peer_give(client, BYTES("\0c\n"));
    assert_true(peer_got(f->vm, BYTES("a\rb\rc\n")));
}

static void client_that_answers_something_else_is_served_after_a_while(
    void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC DO SGA));
    peer_give(f->vm, BYTES("a\rb"));
    assert_true(peer_got(client, BYTES("")));
    site_negotiations_due(&f->site);
    assert_true(peer_got(client, BYTES("a\r\0b")));
}

static void binary_input_passes_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_send(client, part(0, 5000));
    assert_true(peer_got(f->vm, part(0, 5000)));
}

static void unknown_option_is_refused_once_each_time(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC WILL "\x18" IAC DO "\x05"));
    assert_true(peer_heard(client, "DONT 24, WONT 5"));
    assert_true(peer_got(f->vm, BYTES("")));
}

static void are_you_there_is_answered(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES("a" IAC AYT "b"));
    assert_true(peer_got(client, BYTES(VM_IS_THERE)));
    assert_true(peer_got(f->vm, BYTES("ab")));
}

static void are_you_there_tells_that_the_vm_is_gone(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_end(f->vm);
    peer_forget(client);
    peer_give(client, BYTES(IAC AYT));
    assert_true(peer_got(client, BYTES(VM_IS_NOT_THERE)));
}

static void flood_of_are_you_there_gets_one_answer_a_read(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC AYT IAC AYT IAC AYT));
    assert_true(peer_got(client, BYTES(VM_IS_THERE)));
    peer_give(client, BYTES(IAC AYT));
    assert_true(peer_got(client, BYTES(VM_IS_THERE)));
}

static void other_commands_are_swallowed(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES("a\xff\xf1\xff\xf2\xff\xf9\xff\xf4\xff\xf0"
                            "b" IAC SB "\x18 xterm" IAC SE "c"));
    assert_true(peer_got(f->vm, BYTES("abc")));
    assert_true(peer_heard(client, ""));
}

static void endless_subnegotiation_closes(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC SB "\x18"));
    memset(output, 'x', TELNET_SUBOPTION_MAX + 1);
    peer_give(client, slice_of(output, TELNET_SUBOPTION_MAX + 1));
    assert_true(client->stream.is_closed);
}

static void last_words_reach_the_vm(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    client->stream.is_ended = true;
    peer_give(client, BYTES("logout\r"));
    assert_true(peer_got(f->vm, BYTES("logout\r")));
    peer_end(client);
    assert_true(client->stream.is_closed);
}

static void input_of_several_clients_reaches_the_vm(void **state)
{
    struct fixture *f = *state;
    struct peer *telnet = telnet_connect(&f->site, f->console);
    struct peer *raw = raw_connect(&f->site, f->console);

    peer_give(telnet, BYTES("one\r"));
    peer_give(raw, BYTES("two\r"));
    assert_true(peer_got(f->vm, BYTES("one\rtwo\r")));
}

static void give_questions(struct peer *client)
{
    static uint8_t questions[20 * LIMIT_READ / 3 * 3];

    for (size_t i = 0; i < sizeof questions; i += 3)
        memcpy(questions + i, IAC WILL "\x18", 3);
    peer_give(client, slice_of(questions, sizeof questions));
}

static void one_that_only_asks_is_not_read_until_it_listens(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    give_questions(client);
    assert_false(client->stream.is_closed);
    assert_true(client->stream.to_session.len > 0);
    peer_unblock(client);
    assert_int_equal(client->stream.to_session.len, 0);
}

static void same_for_one_that_is_behind(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("x"));
    give_questions(client);
    assert_false(client->stream.is_closed);
    assert_true(client->stream.to_session.len > 0);
    peer_unblock(client);
    assert_int_equal(client->stream.to_session.len, 0);
    assert_true(peer_got(client, BYTES("x")));
}

/* A loop may report an error on a connection that nobody wants to read; what
 * can be read then must wait like everything else. */
static void error_does_not_make_it_read_what_must_wait(void **state)
{
    struct fixture *f = *state;
    struct peer *client = raw_connect(&f->site, f->console);
    uint32_t left;

    memset(output, 'x', sizeof output);
    peer_block(f->vm);
    peer_give(client, slice_of(output, sizeof output));
    left = client->stream.to_session.len;
    assert_true(left > 0);
    client->stream.stream.on_ready(client->stream.stream.owner, STREAM_READ);
    assert_int_equal(client->stream.to_session.len, left);
    peer_unblock(f->vm);
    assert_int_equal(client->stream.to_session.len, 0);
}

/* The same where much is kept for the VM: it must not become too much. */
static void error_does_not_overflow_the_input_that_is_kept(void **state)
{
    struct fixture *f = *state;
    struct peer *clients[3];

    memset(output, 'x', sizeof output);
    peer_give(f->vm, BYTES(IAC WONT VMWARE));
    for (int i = 0; i < 3; i++) {
        clients[i] = raw_connect(&f->site, f->console);
        peer_give(clients[i], slice_of(output, sizeof output));
    }
    for (int i = 0; i < 3; i++)
        clients[i]->stream.stream.on_ready(clients[i]->stream.stream.owner,
                                           STREAM_READ);
    assert_true(f->console->held_input.len <= 64 * KIB + LIMIT_READ);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(greets_as_a_telnet_server),
        TEST(output_waits_until_the_client_is_known),
        TEST(answers_cut_anywhere_make_it_telnet),
        TEST(first_byte_that_is_no_iac_makes_it_raw),
        TEST(raw_input_passes_as_it_is),
        TEST(silent_client_is_served_raw_after_a_while),
        TEST(silent_client_may_turn_out_to_be_telnet),
        TEST(telnet_answers_behind_typed_ahead_text_are_understood),
        TEST(raw_input_that_may_be_telnet_is_kept_for_a_moment),
        TEST(one_answer_to_our_question_makes_it_telnet),
        TEST(one_answer_alone_is_data_of_a_raw_client_later),
        TEST(ip_is_ctrl_c),
        TEST(lf_is_enter_if_wanted),
        TEST(lf_of_a_program_stays),
        TEST(lf_stays_by_default),
        TEST(lines_typed_ahead_are_lines_too),
        TEST(only_who_has_input_that_nobody_takes_waits),
        TEST(what_waits_goes_in_the_order_it_came),
        TEST(long_raw_input_is_never_taken_for_telnet),
        TEST(client_that_refuses_binary_is_a_terminal),
        TEST(enter_of_a_terminal_is_one_cr),
        TEST(client_that_answers_something_else_is_served_after_a_while),
        TEST(binary_input_passes_as_it_is),
        TEST(unknown_option_is_refused_once_each_time),
        TEST(are_you_there_is_answered),
        TEST(are_you_there_tells_that_the_vm_is_gone),
        TEST(flood_of_are_you_there_gets_one_answer_a_read),
        TEST(other_commands_are_swallowed),
        TEST(endless_subnegotiation_closes),
        TEST(last_words_reach_the_vm),
        TEST(input_of_several_clients_reaches_the_vm),
        TEST(one_that_only_asks_is_not_read_until_it_listens),
        TEST(same_for_one_that_is_behind),
        TEST(error_does_not_make_it_read_what_must_wait),
        TEST(error_does_not_overflow_the_input_that_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
