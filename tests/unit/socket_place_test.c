/* Where a WebSocket's output begins: in the ring, in a log, with history. */
#include "socket_fixture.h"

/* ---- places ----------------------------------------------------------------
 */

static void attach_from(struct socket_fixture *f, struct socket_peer *p,
                        const char *from)
{
    struct console_socket_start start = socket_start(&f->site, f->console);

    start.from = from;
    socket_peer_open(p, &f->site, &start);
}

static void every_place_of_the_ring_goes_on_exactly(void **state)
{
    struct socket_fixture *f = *state;

    print(f, part(0, 100));
    for (uint64_t at = 0; at <= 100; at += 10) {
        attach_from(f, &f->a, place_of(f, at));
        assert_true(socket_peer_got(&f->a, part((size_t)at, 100)));
        socket_peer_put(&f->a, 0x88, BYTES("\x03\xe8"));
        site_run(&f->site);
        socket_peer_done(&f->a);
        peer_remove(f->a.peer);
    }
    attach_from(f, &f->a, "42");
    assert_true(socket_peer_got(&f->a, part(42, 100)));
}

static void lost_place_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    print(f, part(0, 100 * KIB));
    attach_from(f, &f->a, "10");
    assert_true(socket_peer_got(&f->a, part(36 * KIB, 100 * KIB)));
    assert_true(socket_peer_heard(&f->a, "\"reason\":\"lost\",\"bytes\":36854,"
                                         "\"from\":10,\"to\":36864"));
}

static void place_that_never_was_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    print(f, part(0, 100));
    attach_from(f, &f->a, "1000000");
    assert_true(socket_peer_heard(&f->a, "\"bytes\":null"));
    assert_true(socket_peer_got(&f->a, part(0, 0)));
    print(f, part(100, 110));
    assert_true(socket_peer_got(&f->a, part(100, 110)));
}

static void place_that_is_none_is_refused(void **state)
{
    static const char *const texts[] = { "",
                                         ":",
                                         "x",
                                         "abc:5",
                                         "-1",
                                         "5 ",
                                         "0123456789abcdeg:5",
                                         "0123456789abcdef:" };
    struct socket_fixture *f = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        attach_from(f, &f->a, texts[i]);
        assert_int_equal(f->a.close, 1008);
        socket_peer_done(&f->a);
        peer_remove(f->a.peer);
    }
    attach(f, &f->a);
}

static void answer_ask(struct socket_fixture *f, struct past *past)
{
    struct past_ask *ask = CONTAINER_OF(f->asks.next, struct past_ask, node);

    assert_false(list_is_empty(&f->asks));
    past_ask_cancel(ask);
    ask->on_answer(ask, past);
    past_leave(past);
    directory_settle(&f->site.directory);
    site_run(&f->site);
}

static struct past *past_of(const char *text, struct past_place next)
{
    struct past *past = past_new((uint32_t)strlen(text));

    if (past == NULL)
        abort();
    memcpy(past->bytes, text, strlen(text));
    past->next = next;
    return past;
}

/* Piece by piece from the log of the former run, then the ring. */
static void log_of_an_earlier_run_goes_before_the_ring(void **state)
{
    struct socket_fixture *f = *state;
    uint64_t epoch = console_epoch(f->console);

    f->has_log = true;
    print(f, BYTES("now"));
    attach_from(f, &f->a, "00000000000000aa:7");
    assert_int_equal(f->asked.epoch, 0xaa);
    assert_int_equal(f->asked.position, 7);
    answer_ask(f, past_of("one ", (struct past_place){ 0xaa, 11 }));
    assert_int_equal(f->asked.position, 11);
    print(f, BYTES(" and on"));
    answer_ask(f, past_of("two ", (struct past_place){ epoch, 0 }));
    assert_true(list_is_empty(&f->asks));
    assert_true(socket_peer_got(&f->a, BYTES("one two now and on")));
    assert_true(socket_peer_heard(&f->a, "\"position\":0,\"is_live\":true}"));
}

static void log_that_has_nothing_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    f->has_log = true;
    print(f, BYTES("now"));
    attach_from(f, &f->a, "00000000000000aa:7");
    answer_ask(f, NULL);
    assert_true(socket_peer_got(&f->a, BYTES("now")));
    assert_true(socket_peer_heard(&f->a, "\"reason\":\"restart\",\"bytes\":"
                                         "null"));
}

static void log_that_hangs_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    f->has_log = true;
    print(f, BYTES("now"));
    attach_from(f, &f->a, "00000000000000aa:7");
    socket_pasts_due(&f->site);
    assert_true(list_is_empty(&f->asks));
    assert_true(socket_peer_got(&f->a, BYTES("now")));
}

static void peer_may_go_while_a_log_is_read(void **state)
{
    struct socket_fixture *f = *state;

    f->has_log = true;
    attach_from(f, &f->a, "00000000000000aa:7");
    peer_break(f->a.peer);
    assert_true(list_is_empty(&f->asks));
    assert_int_equal(f->console->client_count, 0);
}

static void history_reaches_back_into_the_log(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start = socket_start(&f->site, f->console);
    const uint32_t lines = 3;

    f->has_log = true;
    print(f, BYTES("three\n"));
    start.history = &lines;
    socket_peer_open(&f->a, &f->site, &start);
    answer_ask(f, past_of("zero\none\ntwo\n", (struct past_place){ 0 }));
    assert_true(socket_peer_got(&f->a, BYTES("one\ntwo\nthree\n")));
    print(f, BYTES("four\n"));
    assert_true(socket_peer_got(&f->a, BYTES("four\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_place_of_the_ring_goes_on_exactly),
        TEST(lost_place_is_a_gap),
        TEST(place_that_never_was_is_a_gap),
        TEST(place_that_is_none_is_refused),
        TEST(log_of_an_earlier_run_goes_before_the_ring),
        TEST(log_that_has_nothing_is_a_gap),
        TEST(log_that_hangs_is_a_gap),
        TEST(peer_may_go_while_a_log_is_read),
        TEST(history_reaches_back_into_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
