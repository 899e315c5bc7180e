/* Connections that we made, and raw ones, played by the remote system. */
#include "session_peer.h"

#include "net/tls/stream_tls.h"
#include "session/client/client_session.h"
#include "tls_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SB_AUTH IAC SB AUTHENTICATION
#define SEND_SSL SB_AUTH "\1\7\0" IAC SE
#define SEND_OTHERS SB_AUTH "\1\2\2\6\0\7\1" IAC SE
#define SEND_MANY SB_AUTH "\1\2\2\6\0\7\0" IAC SE
#define ACCEPT SB_AUTH "\2\7\0\2" IAC SE
#define REJECT SB_AUTH "\2\7\0\3" IAC SE
#define DO_AUTH IAC DO AUTHENTICATION
#define DONT_AUTH IAC DONT AUTHENTICATION
#define AGREES IAC DO BINARY IAC WILL BINARY IAC DO SGA IAC WILL SGA

#define CALL "WILL 37, WILL 0, DO 0, WILL 3, DO 3"
#define CALL_WITHOUT_TLS "WILL 0, DO 0, WILL 3, DO 3"
#define START ", SB 37 0 7 0 1"
#define NOTHING ", SB 37 0 0 0"
#define NO_TLS                                                                 \
    "TLS is required, and the remote system does not offer it (telnet option " \
    "AUTHENTICATION, type SSL)"

/* For a table. */
#define TEXT(literal)                                                          \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

struct fixture {
    struct site site;
    struct console *console;
    struct peer *vm;
    struct peer *remote;
    struct client *client;
    struct client_role role;
    struct tls_context *tls;
    char opened[80]; /* with what; "": it was not */
    char ended[256];
    int end_count;
};

static void on_open(void *owner, const char *tls)
{
    struct fixture *f = owner;

    assert_string_equal(f->opened, "");
    snprintf(f->opened, sizeof f->opened, "%s", tls);
}

static void on_end(void *owner, const char *reason)
{
    struct fixture *f = owner;

    f->end_count++;
    f->client = NULL;
    snprintf(f->ended, sizeof f->ended, "%s", reason);
}

static int setup(void **state)
{
    static struct fixture f;
    struct directory_settings settings = site_settings();
    static const struct tls_client_settings tls = { 0 };

    f = (struct fixture){ 0 };
    site_open(&f.site, &settings);
    f.vm = vm_start(&f.site);
    f.console = site_console(&f.site);
    f.tls = lab_client(&tls);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    site_close(&f->site);
    tls_context_close(f->tls);
    return 0;
}

/* As the site's peers are made, but with a role. */
static void arrive(struct fixture *f, enum client_way way,
                   enum tls_policy policy)
{
    f->role = (struct client_role){
        .way = way,
        .policy = policy,
        .tls = f->tls,
        .host = "localhost",
        .is_outgoing = true,
        .on_open = on_open,
        .on_end = on_end,
        .owner = f,
        .output_at = f->console->output.head,
    };
    f->opened[0] = f->ended[0] = '\0';
    f->end_count = 0;
    f->remote = peer_add(&f->site);
    f->remote->is_raw = way == CLIENT_RAW;
    f->client = client_session_start(&f->site.ctx, &f->remote->stream.stream,
                                     f->console, &f->role);
}

static void call(struct fixture *f, enum client_way way, enum tls_policy policy)
{
    arrive(f, way, policy);
    site_run(&f->site);
}

static bool is_clear(struct fixture *f)
{
    peer_give(f->vm, BYTES("to it \xff\xff"));
    peer_send(f->remote, BYTES("from it \xff"));
    return strcmp(f->opened, "none") == 0 &&
           peer_got(f->remote, BYTES("to it \xff")) &&
           peer_got(f->vm, BYTES("from it \xff"));
}

/* ---- raw --------------------------------------------------------------- */

static void raw_is_every_byte_and_nothing_else(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_RAW, TLS_OFF);
    assert_string_equal(f->opened, "none");
    assert_true(peer_got(f->remote, BYTES("")));
    peer_give(f->remote, BYTES(IAC DO BINARY IAC DO SGA "\r\n\0" IAC AYT));
    assert_true(
        peer_got(f->vm, BYTES(IAC DO BINARY IAC DO SGA "\r\n\0" IAC AYT)));
    peer_give(f->vm, BYTES("\xff\xff\r\r\0"));
    assert_true(peer_got(f->remote, BYTES("\xff\r\r\0")));
}

static void raw_is_told_nothing(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_RAW, TLS_OFF);
    peer_break(f->vm);
    f->vm = vm_start(&f->site);
    peer_give(f->vm, BYTES("x" IAC "\xf3"));
    peer_give(f->remote, BYTES("y"));
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_true(peer_got(f->remote, BYTES("x")));
    assert_string_equal(f->ended, "shutting down");
}

/* But not to an owner who ends it. */
static void the_end_is_told_once(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_RAW, TLS_OFF);
    peer_end(f->remote);
    assert_string_equal(f->ended, "closed by the remote system");
    assert_int_equal(f->end_count, 1);
    call(f, CLIENT_RAW, TLS_OFF);
    peer_break(f->remote);
    assert_string_equal(f->ended, "the connection was reset");
    call(f, CLIENT_RAW, TLS_OFF);
    client_session_end(f->client, "enough");
    site_run(&f->site);
    assert_true(f->remote->stream.is_closed);
    assert_int_equal(f->end_count, 0);
}

static void a_console_that_is_full(void **state)
{
    struct fixture *f = *state;

    f->site.directory.settings.client_limit = 1;
    raw_connect(&f->site, f->console);
    for (int i = 0; i < 2; i++) {
        call(f, i == 0 ? CLIENT_RAW : CLIENT_REMOTE, TLS_OFF);
        assert_null(f->client);
        assert_int_equal(f->end_count, 1);
        assert_string_equal(f->opened, "");
        assert_true(peer_got(f->remote, BYTES("")));
    }
}

static void output_from_before_comes_first(void **state)
{
    struct fixture *f = *state;
    uint64_t at;

    peer_give(f->vm, BYTES("not for it, "));
    at = f->console->output.head;
    peer_give(f->vm, BYTES("before, "));
    arrive(f, CLIENT_RAW, TLS_OFF);
    client_session_end(f->client, "");
    f->role.output_at = at;
    f->remote = peer_add(&f->site);
    f->remote->is_raw = true;
    f->opened[0] = '\0';
    f->client = client_session_start(&f->site.ctx, &f->remote->stream.stream,
                                     f->console, &f->role);
    peer_give(f->vm, BYTES("after"));
    assert_true(peer_got(f->remote, BYTES("before, after")));
}

/* ---- as a telnet client ------------------------------------------------ */

static void calls_as_a_telnet_client(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFFERED);
    assert_true(peer_heard(f->remote, CALL));
    call(f, CLIENT_REMOTE, TLS_OFF);
    assert_true(peer_heard(f->remote, CALL_WITHOUT_TLS));
    /* In TLS already, or never: no AUTHENTICATION. */
    peer_give(f->remote, BYTES(DO_AUTH));
    assert_true(peer_heard(f->remote, "WONT 37"));
}

static void echo_is_agreed_to_and_not_offered(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFF);
    peer_forget(f->remote);
    peer_give(f->remote, BYTES(IAC WILL ECHO IAC DO ECHO IAC DO
                               "\x18" IAC WILL "\x2c" IAC DO "\x2c"));
    assert_true(
        peer_heard(f->remote, "DO 1, WONT 1, WONT 24, DONT 44, WONT 44"));
}

static void telnet_is_told_nothing_in_words(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFF);
    peer_give(f->remote, BYTES(AGREES));
    peer_give(f->remote, BYTES(IAC AYT));
    peer_break(f->vm);
    f->vm = vm_start(&f->site);
    peer_forget(f->vm);
    assert_true(is_clear(f));
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_true(peer_got(f->remote, BYTES("")));
}

static void a_break_of_the_vm_is_one_for_the_remote(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFF);
    peer_give(f->remote, BYTES(AGREES));
    peer_forget(f->remote);
    peer_give(f->vm, BYTES(IAC "\xf3"));
    assert_true(peer_heard(f->remote, "command 243"));
    peer_give(f->remote, BYTES(IAC "\xf3"));
    assert_true(peer_heard(f->vm, "command 243"));
}

static void without_binary_it_is_a_terminal(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFF);
    peer_give(f->remote, BYTES(IAC DONT BINARY IAC WONT BINARY));
    peer_give(f->vm, BYTES("\rx"));
    assert_true(peer_got(f->remote, BYTES("\r\0x")));
    peer_give(f->remote, BYTES("\r\0x\r\n"));
    assert_true(peer_got(f->vm, BYTES("\rx\r\n")));
}

static void who_answers_nothing_is_served_after_a_while(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFF);
    peer_give(f->vm, BYTES("x"));
    assert_true(peer_got(f->remote, BYTES("")));
    site_negotiations_due(&f->site);
    assert_true(peer_got(f->remote, BYTES("x")));
    call(f, CLIENT_REMOTE, TLS_OFFERED);
    peer_give(f->vm, BYTES("x"));
    site_negotiations_due(&f->site);
    assert_true(peer_got(f->remote, BYTES("")));
    site_answers_due(&f->site);
    assert_true(peer_got(f->remote, BYTES("x")));
}

/* ---- AUTHENTICATION, where it comes to nothing ------------------------- */

static const struct {
    const char *name;
    struct slice answer;
    const char *said; /* behind the call */
} refusals[] = {
    { "DONT", TEXT(DONT_AUTH AGREES), "" },
    { "SEND of others", TEXT(DO_AUTH SEND_OTHERS AGREES), NOTHING },
    { "DO and DONT", TEXT(DO_AUTH DONT_AUTH AGREES), ", WONT 37" },
    { "REJECT", TEXT(DO_AUTH SEND_MANY REJECT AGREES), START },
    { "START and DONT", TEXT(DO_AUTH SEND_SSL DONT_AUTH AGREES),
      START ", WONT 37" },
};

static void a_refusal_leads_into_the_clear(void **state)
{
    struct fixture *f = *state;
    char said[100];

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        for (size_t piece = 1; piece < 40; piece += piece < 4 ? 1 : 12) {
            call(f, CLIENT_REMOTE, TLS_OFFERED);
            peer_give_pieces(f->remote, refusals[i].answer, piece);
            snprintf(said, sizeof said, CALL "%s", refusals[i].said);
            if (!peer_heard(f->remote, said) || !is_clear(f))
                fail_msg("%s in pieces of %zu", refusals[i].name, piece);
            client_session_end(f->client, "");
            site_run(&f->site);
            peer_remove(f->remote);
        }
    }
}

static void a_refusal_is_the_end_where_tls_is_required(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        call(f, CLIENT_REMOTE, TLS_REQUIRED);
        peer_give(f->vm, BYTES("secret"));
        peer_give(f->remote, refusals[i].answer);
        assert_string_equal(f->ended, NO_TLS);
        assert_string_equal(f->opened, "");
        assert_true(peer_got(f->remote, BYTES("")));
    }
}

static void silence_is_the_end_where_tls_is_required(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_REQUIRED);
    for (int i = 0; i < CLIENT_ANSWER_WAITS; i++) {
        assert_string_equal(f->ended, "");
        site_answers_due(&f->site);
    }
    assert_string_equal(f->ended, NO_TLS);
}

static void data_before_tls_is_the_end_where_it_is_required(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_REQUIRED);
    peer_give(f->remote, BYTES("login: "));
    assert_string_equal(f->ended, NO_TLS);
    assert_true(peer_got(f->vm, BYTES("")));
}

static void an_answer_that_comes_too_late_is_answered(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFFERED);
    site_answers_due(&f->site);
    peer_give(f->remote, BYTES(AGREES));
    peer_forget(f->remote);
    peer_give(f->remote, BYTES(DO_AUTH SEND_SSL));
    assert_true(peer_heard(f->remote, "SB 37 0 0 0"));
    assert_true(is_clear(f));
}

static void who_begins_it_and_stops_is_left(void **state)
{
    static const struct slice stops[] = {
        TEXT(DO_AUTH),
        TEXT(DO_AUTH SEND_SSL),
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        call(f, CLIENT_REMOTE, TLS_OFFERED);
        peer_give(f->remote, stops[i]);
        peer_give(f->vm, BYTES("x"));
        assert_true(peer_got(f->remote, BYTES("")));
        site_drains_due(&f->site);
        assert_string_equal(f->ended,
                            "AUTHENTICATION was begun and not completed");
    }
}

static void nothing_comes_between_start_and_hello(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFFERED);
    peer_give(f->remote, BYTES(DO_AUTH SEND_SSL));
    peer_forget(f->remote);
    peer_give(f->remote, BYTES(AGREES IAC DO "\x18"));
    peer_give(f->vm, BYTES("x"));
    assert_true(peer_heard(f->remote, ""));
    assert_true(peer_got(f->remote, BYTES("")));
    f->remote->is_raw = true;
    peer_give(f->remote, BYTES(ACCEPT));
    assert_true(f->remote->data.len > 100);
    assert_memory_equal(buf_bytes(&f->remote->data).data, "\x16\x03", 2);
}

/* The hello comes behind ACCEPT, however that is cut; what is queued then is
 * for later. */
static void accept_leads_to_a_hello(void **state)
{
    const struct slice all = BYTES(DO_AUTH SEND_MANY ACCEPT);
    struct fixture *f = *state;

    for (size_t piece = 1; piece <= all.len; piece++) {
        struct slice got;

        call(f, CLIENT_REMOTE, piece % 2 ? TLS_OFFERED : TLS_REQUIRED);
        f->remote->is_raw = true;
        peer_forget(f->remote);
        peer_give_pieces(f->remote, all, piece);
        got = buf_bytes(&f->remote->data);
        assert_memory_equal(got.data, SB_AUTH "\0\7\0\1" IAC SE "\x16\x03", 11);
        assert_string_equal(f->opened, "");
        client_session_end(f->client, "");
        site_run(&f->site);
        peer_remove(f->remote);
    }
}

static void accept_without_start_is_nothing(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_OFFERED);
    peer_give(f->remote, BYTES(DO_AUTH ACCEPT REJECT));
    assert_true(peer_heard(f->remote, CALL));
    peer_give(f->remote, BYTES(SEND_SSL));
    assert_true(peer_heard(f->remote, "SB 37 0 7 0 1"));
}

/* ---- its end ----------------------------------------------------------- */

static void last_words_go_out(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_RAW, TLS_OFF);
    peer_block(f->remote);
    peer_give(f->vm, BYTES("last words"));
    client_session_shut_down(f->client, "the VM is gone");
    site_run(&f->site);
    assert_string_equal(f->ended, "");
    peer_unblock(f->remote);
    assert_true(peer_got(f->remote, BYTES("last words")));
    assert_string_equal(f->ended, "the VM is gone");
}

static void but_never_in_the_clear_where_tls_is_required(void **state)
{
    struct fixture *f = *state;

    call(f, CLIENT_REMOTE, TLS_REQUIRED);
    peer_give(f->vm, BYTES("last words"));
    client_session_shut_down(f->client, "the VM is gone");
    site_run(&f->site);
    assert_string_equal(f->ended, "the VM is gone");
    assert_true(peer_got(f->remote, BYTES("")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(raw_is_every_byte_and_nothing_else),
        TEST(raw_is_told_nothing),
        TEST(the_end_is_told_once),
        TEST(a_console_that_is_full),
        TEST(output_from_before_comes_first),
        TEST(calls_as_a_telnet_client),
        TEST(echo_is_agreed_to_and_not_offered),
        TEST(telnet_is_told_nothing_in_words),
        TEST(a_break_of_the_vm_is_one_for_the_remote),
        TEST(without_binary_it_is_a_terminal),
        TEST(who_answers_nothing_is_served_after_a_while),
        TEST(a_refusal_leads_into_the_clear),
        TEST(a_refusal_is_the_end_where_tls_is_required),
        TEST(silence_is_the_end_where_tls_is_required),
        TEST(data_before_tls_is_the_end_where_it_is_required),
        TEST(an_answer_that_comes_too_late_is_answered),
        TEST(who_begins_it_and_stops_is_left),
        TEST(nothing_comes_between_start_and_hello),
        TEST(accept_leads_to_a_hello),
        TEST(accept_without_start_is_nothing),
        TEST(last_words_go_out),
        TEST(but_never_in_the_clear_where_tls_is_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
