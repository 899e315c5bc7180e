/* Clients of other protocols, played by the client: what a web browser, an SSH
 * or a TLS client sends first is answered and not typed. */
#include "client_fixture.h"

#include "session/client/client_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What a web page can send: the answers would make it telnet, and the rest is
 * Magic SysRq. */
#define POST_HEAD                                                              \
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n"
#define POST                                                                   \
    POST_HEAD IAC DO BINARY IAC WILL BINARY IAC "\xf3"                         \
                                                "b"

static const struct {
    const char *name;
    struct slice said;
    const char *answer; /* begins with it; "": nothing */
} strangers[] = {
    { "POST", { (const uint8_t *)POST, sizeof(POST) - 1 }, "HTTP/1.1 400 " },
    { "GET",
      { (const uint8_t *)"GET / HTTP/1.1\r\n\r\n", 18 },
      "HTTP/1.1 400 " },
    { "SSH", { (const uint8_t *)"SSH-2.0-x\r\n", 11 }, "[vspcd: " },
    { "TLS", { (const uint8_t *)"\x16\x03\x01\x02\x06\x01reboot\r", 13 }, "" },
};
enum { STRANGERS = sizeof strangers / sizeof strangers[0] };

static void assert_answered(struct peer *client, const char *answer)
{
    assert_true(client->stream.is_closed);
    assert_true(client->data.len >= strlen(answer));
    assert_memory_equal(client->data.data, answer, strlen(answer));
    if (answer[0] == '\0')
        assert_int_equal(client->data.len, 0);
}

static void another_protocol_types_nothing_in_any_cut(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < STRANGERS; i++) {
        for (size_t piece = 1; piece <= 24; piece++) {
            struct peer *client = client_connect(&f->site, f->console);

            /* What it says behind its end is not read any more. */
            peer_give_pieces(client, strangers[i].said, piece);
            site_doubts_due(&f->site);
            assert_true(peer_got(f->vm, BYTES("")));
            assert_true(peer_heard(f->vm, ""));
            assert_answered(client, strangers[i].answer);
            peer_remove(client);
        }
    }
}

static void output_is_not_shown_to_another_protocol(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(f->vm, BYTES("secret"));
    peer_give(client, strangers[0].said);
    assert_null(memmem(client->data.data, client->data.len, "secret", 6));
}

/* Not in its first bytes it is text like any other. */
static void a_method_in_later_bytes_is_typed(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("\rGET / HTTP/1.1\r"));
    peer_give(client, BYTES("SSH-2.0"));
    assert_true(peer_got(f->vm, BYTES("\rGET / HTTP/1.1\rSSH-2.0")));
    assert_false(client->stream.is_closed);
}

static void what_goes_on_otherwise_is_typed_at_once(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("GET"));
    assert_true(peer_got(f->vm, BYTES("")));
    peer_give(client, BYTES("TY\r"));
    assert_true(peer_got(f->vm, BYTES("GETTY\r")));
}

static void slow_typing_is_late_once(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("GET"));
    site_doubts_due(&f->site);
    assert_true(peer_got(f->vm, BYTES("GET")));
    peer_give(client, BYTES(" "));
    assert_true(peer_got(f->vm, BYTES(" ")));
    assert_false(client->stream.is_closed);
}

static void the_last_words_are_typed(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    client->stream.is_ended = true;
    peer_give(client, BYTES("P"));
    peer_end(client);
    assert_true(peer_got(f->vm, BYTES("P")));
}

static void a_client_that_was_served_in_silence_is_looked_at_too(void **state)
{
    struct fixture *f = *state;
    struct peer *client = raw_connect(&f->site, f->console);

    peer_give(client, BYTES("PO"));
    peer_give(client, slice_after(strangers[0].said, 2));
    assert_true(peer_got(f->vm, BYTES("")));
    assert_answered(client, "HTTP/1.1 400 ");
}

/* What may be a beginning is telnet if an answer follows. */
static void a_beginning_before_an_answer_was_typed_ahead(void **state)
{
    struct fixture *f = *state;
    struct peer *client = client_connect(&f->site, f->console);

    peer_give(client, BYTES("P"));
    peer_give(client, BYTES(YES "x"));
    assert_true(peer_got(f->vm, BYTES("Px")));
}

static void a_raw_listener_refuses_http_alone(void **state)
{
    struct fixture *f = *state;
    struct peer *client = listener_connect(f);

    peer_give_pieces(client, strangers[0].said, 3);
    assert_true(peer_got(f->vm, BYTES("")));
    assert_answered(client, "HTTP/1.1 400 ");
    for (size_t i = 2; i < STRANGERS; i++) {
        client = listener_connect(f);
        peer_give_pieces(client, strangers[i].said, 1);
        assert_true(peer_got(f->vm, strangers[i].said));
        assert_false(client->stream.is_closed);
    }
}

static void a_raw_listener_speaks_no_telnet(void **state)
{
    struct fixture *f = *state;
    struct peer *client = listener_connect(f);

    peer_give(client, BYTES(IAC DO BINARY IAC AYT));
    assert_true(peer_got(f->vm, BYTES(IAC DO BINARY IAC AYT)));
    assert_true(peer_got(client, BYTES("")));
}

/* Where TLS is required even a byte in doubt must not get in. */
static void nothing_in_doubt_is_typed_where_tls_is_required(void **state)
{
    static const char *const ends[] = { "time", "break" };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct fixture *f = *state;
        struct peer *client;

        f->site.policy = TLS_REQUIRED;
        client = client_connect(&f->site, f->console);
        peer_give(client, BYTES("P"));
        if (i == 0)
            site_doubts_due(&f->site);
        else
            peer_break(client);
        assert_true(peer_got(f->vm, BYTES("")));
        assert_true(client->stream.is_closed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(another_protocol_types_nothing_in_any_cut),
        TEST(output_is_not_shown_to_another_protocol),
        TEST(a_method_in_later_bytes_is_typed),
        TEST(what_goes_on_otherwise_is_typed_at_once),
        TEST(slow_typing_is_late_once),
        TEST(the_last_words_are_typed),
        TEST(a_client_that_was_served_in_silence_is_looked_at_too),
        TEST(a_beginning_before_an_answer_was_typed_ahead),
        TEST(a_raw_listener_refuses_http_alone),
        TEST(a_raw_listener_speaks_no_telnet),
        TEST(nothing_in_doubt_is_typed_where_tls_is_required),
    };

    return cmocka_run_group_tests_name("client_first", tests, NULL, NULL);
}
