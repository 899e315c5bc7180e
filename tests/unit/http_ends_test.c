/*
 * What ends HTTP connections, in every phase, and which one makes room for
 * another. The commands are web_fixture.c's.
 */
#include "web_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WITH_CONTINUE                                                          \
    ECHO_WITH("Content-Type: application/octet-stream\r\n"                     \
              "Expect: 100-continue\r\nContent-Length: 3\r\n")                 \
    "xyz"

/* ---- ends -----------------------------------------------------------------
 */

/* A connection in each phase, as http_session.h has them. */
static const struct stage {
    const char *text; /* that leads there */
    enum http_phase phase;
    /* What a peer that sends no more gets of it. */
    bool is_answered;
} stages[] = {
    { "", HTTP_PHASE_IDLE, false },
    { "GET /api", HTTP_PHASE_HEAD, false },
    { GET_WITH("/now", "Authorization: Basic YWxpY2U6cmlnaHQ=\r\n"),
      HTTP_PHASE_PROVING, true },
    { ECHO_WITH("Content-Length: 14\r\n") "{", HTTP_PHASE_BODY, false },
    { GET("/guarded"), HTTP_PHASE_RUNNING, false },
    { GET("/big"), HTTP_PHASE_ANSWERING, true },
    { GET("/stream"), HTTP_PHASE_ANSWERING, true },
};

enum { STAGES = sizeof stages / sizeof *stages };

/* From this machine, so that a password may come in the clear. */
static struct peer *reach(struct web_fixture *f, const struct stage *stage)
{
    struct peer *p = web_connect_from(f, "127.0.0.1");
    struct http_session *s = p->stream.stream.owner;

    calls.left = 100 * PIECE;
    p->stream.room = stage->phase == HTTP_PHASE_ANSWERING ? 100 : SIZE_MAX;
    web_say(f, p, stage->text);
    assert_string_equal(http_phase_name((enum http_phase)s->phase),
                        http_phase_name(stage->phase));
    return p;
}

/* Whatever is still to come for the stage. */
static void let_go(struct web_fixture *f, struct peer *p)
{
    while (fake.asked_count > 0)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    while (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    for (int i = 0; i < 4; i++)
        web_logins_step(f);
    while (fake.asked_count > 0)
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    while (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    for (int i = 0; i < 4; i++)
        web_logins_step(f);
    peer_unblock(p);
    web_run(f);
}

static void peer_that_sends_no_more_gets_what_is_due(void **state)
{
    struct web_fixture *f = *state;

    for (int i = 0; i < STAGES; i++) {
        struct peer *p = reach(f, &stages[i]);

        p->stream.is_ended = true;
        web_run(f);
        if (stages[i].is_answered) {
            let_go(f, p);
            web_expect(p, 200);
            assert_false(p->stream.is_reset);
        }
        web_expect_closed(p);
        peer_remove(p);
    }
}

static void broken_connection_ends_in_every_phase(void **state)
{
    struct web_fixture *f = *state;

    for (int i = 0; i < STAGES; i++) {
        struct peer *p = reach(f, &stages[i]);

        peer_break(p);
        assert_true(p->stream.is_closed);
        peer_remove(p);
    }
}

static void program_ends_in_every_phase(void **state)
{
    struct web_fixture *f = *state;

    for (int i = 0; i < STAGES; i++) {
        struct peer *p = reach(f, &stages[i]);
        bool is_whole = strcmp(stages[i].text, GET("/big")) == 0;

        session_shut_down(&f->api.site.ctx.all, "shutdown");
        web_run(f);
        assert_int_equal(p->stream.is_closed, !is_whole);
        peer_unblock(p);
        web_run(f);
        if (is_whole)
            web_expect(p, 200);
        assert_true(p->stream.is_closed);
        peer_remove(p);
    }
}

/* Whoever reads it can tell: there is no last chunk, or a reset. */
static void an_answer_that_cannot_go_on_is_broken_off(void **state)
{
    static const char old[] = "GET /api/v1/stream HTTP/1.0\r\n\r\n";
    struct web_fixture *f = *state;

    for (int i = 0; i < 4; i++) {
        bool is_old = (i & 1) != 0;
        bool is_cut = (i & 2) != 0;
        struct peer *p = web_connect(f);
        const char *got;

        calls.left = 3 * PIECE + 1;
        calls.is_cut = is_cut;
        web_say(f, p,
                is_old ? old : GET_WITH("/stream", "Connection: close\r\n"));
        peer_listen(p);
        got = (const char *)p->data.data + p->data.start;
        assert_true(p->stream.is_closed);
        assert_int_equal(p->stream.is_reset, is_cut && is_old);
        if (!is_old)
            assert_int_equal(memcmp(got + p->data.len - 5, "0\r\n\r\n", 5) == 0,
                             !is_cut);
        peer_remove(p);
    }
    calls.is_cut = false;
}

/* After so many bytes, every write fails. */
static void write_fails_at_every_byte(void **state)
{
    struct web_fixture *f = *state;
    size_t len;

    for (size_t i = 0;; i++) {
        struct peer *p = web_connect(f);

        calls.left = 3 * PIECE + 1;
        p->stream.room = i;
        web_say(f, p, WITH_CONTINUE);
        web_say(f, p, GET_WITH("/stream", "Connection: close\r\n"));
        peer_listen(p);
        len = p->data.len;
        p->stream.is_broken = true;
        web_run(f);
        assert_true(p->stream.is_closed);
        peer_remove(p);
        if (len < i)
            break;
    }
    assert_true(len > 3 * PIECE);
}

/* Deadlines fall due between a session's end and the end of the turn. */
static void answer_in_the_turn_of_the_end_is_dropped(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, GET("/guarded"));
    p->stream.is_broken = true;
    assert_true(peer_turn(p));
    web_answer(calls.waiting[0]);
    web_run(f);
    assert_true(p->stream.is_closed);
    assert_int_equal(calls.done, 1);
}

static void wake_in_the_turn_of_the_end_is_dropped(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    calls.goes_on = true;
    web_say(f, p, GET("/stream"));
    p->stream.is_broken = true;
    assert_true(peer_turn(p));
    api_wake(calls.stream[0]);
    web_run(f);
    assert_true(p->stream.is_closed);
    assert_int_equal(calls.done, 1);
}

static void login_in_the_turn_of_the_end_is_dropped(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_from(f, "127.0.0.1");

    web_say(f, p, stages[2].text);
    web_logins_step(f);
    assert_int_equal(fake.asked_count, 1);
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    if (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    p->stream.is_broken = true;
    assert_true(peer_turn(p));
    web_logins_step(f);
    assert_true(p->stream.is_closed);
}

static void owner_in_the_turn_of_the_end_is_dropped(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_from(f, "127.0.0.1");
    char text[512];

    snprintf(text, sizeof text,
             GET_WITH("/now", "Authorization: Bearer %s\r\n"), fake_token());
    web_say(f, p, text);
    assert_int_equal(fake.looked_up_count, 1);
    p->stream.is_broken = true;
    assert_true(peer_turn(p));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_true(p->stream.is_closed);
}

static void account_in_the_turn_of_the_end_is_dropped(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_uid(f, 1000);

    web_say(f, p, GET("/now"));
    p->stream.is_broken = true;
    assert_true(peer_turn(p));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_true(p->stream.is_closed);
}

/* ---- places ---------------------------------------------------------------
 */

struct crowd {
    struct stream_mem stream[WEB_CONNECTIONS_MAX];
    struct address address;
};

static struct crowd *new_crowd(struct web_fixture *f, size_t count,
                               const char *said)
{
    struct crowd *c = calloc(1, sizeof *c);
    struct ip ip;

    assert_non_null(c);
    assert_true(ip_parse("198.51.100.1", &ip));
    for (size_t i = 0; i < count; i++) {
        stream_mem_init(&c->stream[i], 64 * KIB);
        c->stream[i].stream.peer = address_of_ip(ip, 1000);
        http_session_start(f->http, &c->stream[i].stream, false, 0);
        assert_int_equal(stream_mem_give(&c->stream[i], slice_of_text(said)),
                         0);
        (void)stream_mem_turn(&c->stream[i]);
    }
    web_run(f);
    return c;
}

static void free_crowd(struct web_fixture *f, struct crowd *c, size_t count)
{
    session_close_all(&f->api.site.ctx.all, "the test is over");
    site_turn_end(&f->api.site);
    for (size_t i = 0; i < count; i++) {
        assert_true(c->stream[i].is_closed);
        stream_mem_done(&c->stream[i]);
    }
    free(c);
}

enum { OF_PORTS = WEB_CONNECTIONS_MAX - WEB_OF_SOCKET };

/* Whoever is let in is served, and the one that is expected has gone. */
static void expect_room(struct web_fixture *f, const char *said)
{
    struct crowd *c = new_crowd(f, OF_PORTS, said);
    struct peer *p;

    assert_int_equal(f->http->counts.connections, OF_PORTS);
    p = web_connect(f);
    assert_true(c->stream[0].is_closed);
    assert_false(c->stream[1].is_closed);
    web_say(f, p, GET("/now"));
    web_expect(p, 200);
    free_crowd(f, c, OF_PORTS);
}

static void idle_connection_makes_room(void **state)
{
    expect_room(*state, "");
}

static void unfinished_request_makes_room(void **state)
{
    expect_room(*state, "GET /api");
}

static void places_of_the_socket_are_not_taken_by_ports(void **state)
{
    struct web_fixture *f = *state;
    struct crowd *c;
    struct peer *p;

    calls.goes_on = true;
    c = new_crowd(f, CALLS_MAX, GET("/stream"));
    f->http->counts.connections += OF_PORTS - CALLS_MAX; /* all as those */
    p = web_connect(f);
    web_expect_closed(p);
    p = web_connect_uid(f, 1000);
    web_say(f, p, GET("/now"));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_expect(p, 200);
    f->http->counts.connections -= OF_PORTS - CALLS_MAX;
    free_crowd(f, c, CALLS_MAX);
}

/* Whoever may use the socket, and follows as many streams as he can. */
static void places_of_keepers_are_not_taken_by_others(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    f->http->counts.connections += WEB_CONNECTIONS_MAX - WEB_OF_KEEPERS;
    p = web_connect_uid(f, 1000);
    web_expect_closed(p);
    p = web_connect_uid(f, 0);
    web_say(f, p, GET("/now"));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_expect(p, 200);
    f->http->counts.connections -= WEB_CONNECTIONS_MAX - WEB_OF_KEEPERS;
}

static void few_open_files_are_few_places(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    f->api.site.ctx.gate.client_files = 2 * 80; /* 60 of 80 for ports */
    f->http->counts.connections += 59;
    p = web_connect(f);
    web_expect_open(p);
    web_say(f, p, GET("/guarded"));
    p = web_connect(f);
    web_expect_closed(p);
    f->http->counts.connections -= 59;
    f->api.site.ctx.gate.client_files = 0;
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_fixture_setup,                   \
                                    web_fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(peer_that_sends_no_more_gets_what_is_due),
        TEST(broken_connection_ends_in_every_phase),
        TEST(program_ends_in_every_phase),
        TEST(an_answer_that_cannot_go_on_is_broken_off),
        TEST(write_fails_at_every_byte),
        TEST(answer_in_the_turn_of_the_end_is_dropped),
        TEST(wake_in_the_turn_of_the_end_is_dropped),
        TEST(login_in_the_turn_of_the_end_is_dropped),
        TEST(owner_in_the_turn_of_the_end_is_dropped),
        TEST(account_in_the_turn_of_the_end_is_dropped),
        TEST(places_of_keepers_are_not_taken_by_others),
        TEST(few_open_files_are_few_places),
        TEST(idle_connection_makes_room),
        TEST(unfinished_request_makes_room),
        TEST(places_of_the_socket_are_not_taken_by_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
