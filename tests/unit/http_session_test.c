/*
 * HTTP connections: every request in every piece, and what ends in every phase.
 * The commands are web_fixture.c's. Who has sent a request: http_identity_test.
 */
#include "web_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHUNKED                                                                \
    ECHO_WITH("Content-Type: application/octet-stream\r\n"                     \
              "Transfer-Encoding: chunked\r\n")                                \
    "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
#define JSON_BODY ECHO_WITH("Content-Length: 14\r\n") "{\"data\":\"abc\"}"

/* What all kinds of requests are, on one connection. The last one closes it. */
static const char *const requests[] = {
    GET("/now"),
    GET("/nothing"),
    GET("/echo"), /* 405 */
    GET("/now?x=1"),
    "HEAD /api/v1/now HTTP/1.1\r\n" HOST "\r\n",
    "HEAD /api/v1/stream HTTP/1.1\r\n" HOST "\r\n",
    JSON_BODY,
    CHUNKED,
    ECHO_WITH("Content-Type: application/octet-stream\r\n"
              "Expect: 100-continue\r\nContent-Length: 3\r\n") "xyz",
    ECHO_WITH("Content-Type: text/plain\r\nContent-Length: 3\r\n") "xyz",
    ECHO_WITH("Content-Length: 3\r\n") "{]}",
    GET("/stream"),
    "GET /api/v1/now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    GET_WITH("/big", "Connection: close\r\n"),
};
static const unsigned statuses[] = { 200, 404, 405, 400, 200, 200, 200, 200,
                                     100, 200, 415, 400, 200, 200, 200 };

static char *all_requests(void)
{
    size_t len = 0;
    char *text;

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        len += strlen(requests[i]);
    text = calloc(1, len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        strcat(text, requests[i]);
    return text;
}

/* HEAD's have no body, whatever their fields say. */
static void expect_all(struct peer *p)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct web_answer a = web_take(p, i == 4 || i == 5);

        if (a.status != statuses[i])
            fail_msg("answer %zu: %u %s", i, a.status, a.body);
        if (i == 6)
            assert_string_equal(a.body, "abc");
        if (i == 7)
            assert_string_equal(a.body, "abcde");
        if (i == 12)
            assert_int_equal(a.len, 3 * PIECE + 1);
        if (i == 14)
            assert_int_equal(a.len, BIG);
        assert_int_equal(a.closes, i == 14);
    }
    web_expect_closed(p);
}

/* Streams: three pieces and a little. */
static struct peer *begin(struct web_fixture *f)
{
    calls.left = 3 * PIECE + 1;
    return web_connect(f);
}

static void requests_in_one_piece(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = begin(f);
    char *text = all_requests();

    web_say(f, p, text);
    free(text);
    expect_all(p);
}

static void requests_byte_by_byte(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = begin(f);
    char *text = all_requests();

    for (size_t i = 0; text[i] != '\0'; i++) {
        peer_put(p, slice_of(text + i, 1));
        web_run(f);
    }
    free(text);
    expect_all(p);
}

static void requests_cut_at_random(void **state)
{
    struct web_fixture *f = *state;
    char *text = all_requests();
    unsigned number = 1;

    for (int run = 0; run < 20; run++) {
        struct peer *p = begin(f);
        struct slice rest = slice_of_text(text);

        while (rest.len > 0) {
            size_t len;

            number = number * 1103515245 + 12345;
            len = 1 + (number >> 16) % 300;
            len = len < rest.len ? len : rest.len;
            peer_put(p, slice_of(rest.data, len));
            rest = slice_after(rest, len);
            web_run_steps(f, (int)(number >> 8) % 3);
        }
        web_run(f);
        expect_all(p);
        peer_remove(p);
    }
    free(text);
}

static void answers_through_a_small_window(void **state)
{
    static const size_t rooms[] = { 1, 7, 100, 1000, 5000 };
    struct web_fixture *f = *state;
    char *text = all_requests();

    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct peer *p = begin(f);

        p->stream.room = 0;
        web_say(f, p, text);
        while (!p->stream.is_closed) {
            p->stream.room = rooms[i];
            web_run(f);
            assert_true(p->stream.room < rooms[i] || p->stream.is_closed);
        }
        expect_all(p);
        peer_remove(p);
    }
    free(text);
}

/* More than one read, and more than is kept; and there is time to read while
 * one waits for its turn. */
static void many_requests_at_once_are_all_answered(void **state)
{
    enum { MANY = 6000 };
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    p->stream.room = 0;
    for (int i = 0; i < MANY; i++)
        peer_put(p, slice_of_text(GET("/now")));
    do {
        p->stream.room = 1000;
        web_run(f);
    } while (p->stream.room < 1000);
    for (int i = 0; i < MANY; i++)
        web_expect(p, 200);
    web_expect_open(p);
}

/* What comes behind a request that waits is not taken in. */
static void input_ahead_is_bounded(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);
    char much[4 * KIB];

    memset(much, 'x', sizeof much);
    web_say(f, p, GET("/guarded"));
    for (int i = 0; i < 100; i++)
        peer_put(p, slice_of(much, sizeof much));
    web_run(f);
    assert_true(p->stream.to_session.len >= 99 * sizeof much);
    web_answer(calls.waiting[0]);
    web_run(f);
    web_expect(p, 200);
    web_expect(p, 501); /* "xxx" is no method */
}

/* ---- bodies ---------------------------------------------------------------
 */

static void body_of_the_largest_size(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);
    char head[256];
    char *body = malloc(HTTP_BODY_MAX);
    struct web_answer a;

    assert_non_null(body);
    memset(body, 'x', HTTP_BODY_MAX);
    snprintf(head, sizeof head,
             ECHO_WITH("Content-Type: application/octet-stream\r\n"
                       "Content-Length: %d\r\n"),
             HTTP_BODY_MAX);
    web_say(f, p, head);
    peer_put(p, slice_of(body, HTTP_BODY_MAX));
    web_run(f);
    a = web_take(p, false);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.len, HTTP_BODY_MAX);
    web_expect_open(p);
    free(body);
}

static void body_with_a_length_that_is_too_large(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, ECHO_WITH("Content-Length: 1048577\r\n"));
    web_expect(p, 413);
    web_expect_closed(p);
}

static void body_that_grows_too_large(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);
    char *chunk = calloc(1, 64 * KIB);

    assert_non_null(chunk);
    web_say(f, p,
            ECHO_WITH("Content-Type: application/octet-stream\r\n"
                      "Transfer-Encoding: chunked\r\n"));
    for (int i = 0; i < 17 && !p->stream.is_closed; i++) {
        peer_put(p, slice_of_text("10000\r\n"));
        peer_put(p, slice_of(chunk, 64 * KIB));
        web_say(f, p, "\r\n");
    }
    web_expect(p, 413);
    web_expect_closed(p);
    free(chunk);
}

/* Strangers fill what is there for them, and whoever has proven a name has a
 * share of his own. */
static void bodies_of_all_requests_together_are_bounded(void **state)
{
    static const char head[] =
        "Content-Type: application/octet-stream\r\nContent-Length: 1048000\r\n";
    struct web_fixture *f = *state;
    struct peer *p = NULL;
    char *body = calloc(1, 1048 * 1000 - 1);
    char text[512];

    assert_non_null(body);
    snprintf(text, sizeof text, ECHO_WITH("%s"), head);
    for (int i = 0; i < SITE_PEERS_MAX - 1; i++) {
        p = web_connect(f);
        web_say(f, p, text);
        peer_put(p, slice_of(body, 1048 * 1000 - 1));
        web_run(f);
        web_expect_open(p);
    }
    web_say(f, p, "x");
    web_expect(p, 200);
    assert_true(f->http->body_bytes[0] <= WEB_BODIES_MAX);
    f->http->body_bytes[0] += 2 * 1024 * KIB; /* as if by two more */
    web_say(f, p, text);
    peer_put(p, slice_of(body, 1048 * 1000 - 1));
    web_run(f);
    web_expect(p, 503);
    web_expect_closed(p);
    f->http->body_bytes[0] -= 2 * 1024 * KIB;
    p = web_connect_uid(f, 1000);
    web_say(f, p, text);
    fake_groups_done(GROUPS_FOUND);
    peer_put(p, slice_of(body, 1048 * 1000 - 1));
    web_say(f, p, "x");
    web_expect(p, 200);
    free(body);
}

/* Values within values: no command takes them, and reading them takes time. */
static void body_with_too_many_values_is_refused(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p,
            ECHO_WITH("Content-Length: 74\r\n") "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                                                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                                                "[[[[[[[[[[[[[[");
    assert_non_null(strstr(web_take(p, false).body, "too many"));
    web_say(
        f, p,
        ECHO_WITH("Content-Length: 87\r\n") "{\"data\": \"[[[[[[[[[[\\\",,,,,"
                                            ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,"
                                            ",,,,,,,,,,,,,,,,,,,,,,,,,,,"
                                            ",\"}");
    web_expect(p, 200);
}

/* A message that has to be cut is cut between characters. */
static void longest_message_is_json(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, GET("/fail"));
    web_expect(p, 409);
}

/* ---- time -----------------------------------------------------------------
 */

static void idle_connection_is_closed(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, GET("/now"));
    web_expect(p, 200);
    web_due(f, &f->http->idles);
    web_expect_closed(p);
}

static void slow_head_is_answered_and_closed(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, "GET /api");
    assert_null(deadline_first(&f->http->idles));
    web_due(f, &f->http->heads);
    web_expect(p, 408);
    web_expect_closed(p);
}

static void slow_body_is_answered_and_closed(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, ECHO_WITH("Content-Length: 14\r\n") "{");
    web_due(f, &f->http->bodies);
    web_expect(p, 408);
    web_expect_closed(p);
}

static void answer_that_nobody_takes_ends(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    p->stream.room = 100;
    web_say(f, p, GET("/big"));
    assert_non_null(deadline_first(&f->http->writes));
    web_due(f, &f->http->writes);
    assert_true(p->stream.is_closed);
}

/* All that came was taken, so no time ran; then nothing is taken, not a byte.
 */
static void stream_that_nobody_takes_any_more_ends(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    calls.left = PIECE;
    calls.goes_on = true;
    web_say(f, p, GET("/stream"));
    assert_null(deadline_first(&f->http->writes));
    peer_block(p);
    calls.left = PIECE;
    api_wake(calls.stream[0]);
    web_run(f);
    assert_non_null(deadline_first(&f->http->writes));
    web_due(f, &f->http->writes);
    assert_true(p->stream.is_closed);
    assert_int_equal(calls.done, 1);
}

static void stream_that_waits_has_no_time_limit(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    calls.goes_on = true;
    web_say(f, p, GET("/stream"));
    assert_null(deadline_first(&f->http->writes));
    web_due(f, &f->http->idles);
    assert_false(p->stream.is_closed);
}

/* ---- streams --------------------------------------------------------------
 */

static void stream_for_nobody_is_bounded(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    calls.left = UINT64_MAX;
    peer_block(p);
    web_say(f, p, GET("/stream"));
    assert_true(calls.pieces <= HTTP_OUT_MARK / PIECE + 1);
    for (int i = 0; i < 100; i++) {
        api_wake(calls.stream[0]);
        web_run(f);
    }
    assert_true(calls.pieces <= HTTP_OUT_MARK / PIECE + 1);
    /* It goes on as soon as some is taken. */
    calls.left = 0;
    peer_unblock(p);
    web_run(f);
    web_expect(p, 200);
    web_expect_open(p);
}

static void endless_streams_leave_others_their_turn(void **state)
{
    struct web_fixture *f = *state;
    struct peer *streams[3];
    struct peer *p;

    calls.left = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        streams[i] = web_arrive(f, "192.0.2.9");
        peer_put(streams[i], slice_of_text(GET("/stream")));
    }
    web_run_steps(f, 3);
    p = web_arrive(f, "192.0.2.9");
    peer_put(p, slice_of_text(GET("/now")));
    web_run_steps(f, 2);
    web_expect(p, 200);
    for (int i = 0; i < 3; i++)
        assert_true(streams[i]->data.len > 0);
    calls.left = 0;
    web_run(f);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_fixture_setup,                   \
                                    web_fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(requests_in_one_piece),
        TEST(requests_byte_by_byte),
        TEST(requests_cut_at_random),
        TEST(answers_through_a_small_window),
        TEST(many_requests_at_once_are_all_answered),
        TEST(input_ahead_is_bounded),
        TEST(body_of_the_largest_size),
        TEST(body_with_a_length_that_is_too_large),
        TEST(body_that_grows_too_large),
        TEST(bodies_of_all_requests_together_are_bounded),
        TEST(body_with_too_many_values_is_refused),
        TEST(longest_message_is_json),
        TEST(idle_connection_is_closed),
        TEST(slow_head_is_answered_and_closed),
        TEST(slow_body_is_answered_and_closed),
        TEST(answer_that_nobody_takes_ends),
        TEST(stream_that_nobody_takes_any_more_ends),
        TEST(stream_that_waits_has_no_time_limit),
        TEST(stream_for_nobody_is_bounded),
        TEST(endless_streams_leave_others_their_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
