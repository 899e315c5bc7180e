/*
 * Whether a request is allowed, and stays so: pages of other sites, rules and
 * groups that change. The commands are web_fixture.c's: alice may write, "read"
 * is anybody's, root is admin.
 */
#include "web_fixture.h"

#include "web/http_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LOCAL "127.0.0.1"

/* ---- pages ----------------------------------------------------------------
 */

static const char *const allowed[] = { "https://panel.example:8443" };
static const struct http_origins origins = { allowed, 1 };

static void origins_that_may_change_something(void **state)
{
    static const struct {
        const char *origin, *host;
        bool is_tls, may;
    } rows[] = {
        { NULL, "a.example", true, true }, /* no page */
        { "https://a.example", "a.example", true, true },
        { "https://A.Example", "a.example", true, true },
        { "https://a.example:8443", "a.example:8443", true, true },
        { "http://a.example", "a.example", false, true },
        { "http://a.example", "a.example", true, false },
        { "https://a.example", "a.example", false, false },
        { "https://a.example:8443", "a.example", true, false },
        { "https://b.example", "a.example", true, false },
        { "https://a.example.b.example", "a.example", true, false },
        { "https://a.example", NULL, true, false },
        { "null", "a.example", true, false },
        { "", "", true, false },
        { "https://panel.example:8443", "a.example", true, true },
        { "https://panel.example:8443", NULL, false, true },
        { "https://panel.example", "a.example", true, false },
        { "http://panel.example:8443", "a.example", true, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_origin_is_allowed(rows[i].origin, rows[i].host, rows[i].is_tls,
                                   &origins) != rows[i].may)
            fail_msg("row %zu", i);
}

/* A page's browser says where it is from; what does not say so is none. */
static void pages_that_are_our_own(void **state)
{
    static const struct {
        const char *origin, *site;
        bool is_own;
    } rows[] = {
        { "https://a.example", "same-origin", true },
        { "https://a.example", "Same-Origin", true },
        { "https://a.example", NULL, true },
        { "https://panel.example:8443", "same-origin", true },
        { "https://panel.example:8443", "same-site", false },
        { "https://panel.example:8443", "cross-site", false },
        { "https://a.example", "same-site", false },
        { "https://a.example", "cross-site", false },
        { "https://a.example", "none", false },
        { "https://a.example", "", false },
        { "http://a.example", "same-origin", false },
        { "https://b.example", "same-origin", false },
        { "https://b.example", NULL, false },
        { "null", "same-origin", false },
        { NULL, "same-origin", false },
        { NULL, "none", false },
        { NULL, NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_origin_is_own_page(rows[i].origin, rows[i].site, "a.example",
                                    true, &origins) != rows[i].is_own)
            fail_msg("row %zu", i);
}

static void hosts_that_are_meant(void **state)
{
    static const struct {
        const char *host;
        bool is_own;
    } rows[] = {
        { NULL, true },
        { "", true },
        { "localhost", true },
        { "LOCALHOST:8080", true },
        { "127.0.0.1", true },
        { "192.0.2.1:8443", true },
        { "[::1]", true },
        { "[2001:db8::1]:8443", true },
        { "panel.example", true },
        { "panel.example:1", true },
        { "evil.example", false },
        { "localhost.evil.example", false },
        { "127.0.0.1.evil.example", false },
        { "panel.example.evil.example", false },
        { "2130706433", false },
        { "[evil.example]", false },
    };
    char long_host[600];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_origin_is_own_host(rows[i].host, &origins) != rows[i].is_own)
            fail_msg("row %zu", i);
    memset(long_host, 'a', sizeof long_host);
    long_host[sizeof long_host - 1] = '\0';
    assert_false(http_origin_is_own_host(long_host, &origins));
    assert_false(
        http_origin_is_allowed("https://a", long_host, true, &origins));
}

/* From this machine's browser, with whatever it sends by itself. */
static void pages_of_other_sites_change_nothing(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, "alice");

    web_fixture_allow(f, "certificate:alice", "anybody");
    web_say(f, p,
            "POST /api/v1/change HTTP/1.1\r\n" HOST
            "Origin: https://evil.example\r\n\r\n");
    web_expect(p, 403);
    assert_int_equal(calls.changes, 0);
    web_say(f, p,
            "POST /api/v1/change HTTP/1.1\r\n" HOST
            "Origin: https://localhost\r\n\r\n");
    web_expect(p, 200);
    assert_int_equal(calls.changes, 1);
    p = web_connect_from(f, LOCAL);
    web_say(f, p, "GET /api/v1/now HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    web_expect(p, 403);
}

/* ---- what changes ---------------------------------------------------------
 */

static void rules_that_change_end_what_is_under_way(void **state)
{
    struct web_fixture *f = *state;
    struct peer *later = web_connect(f);
    struct peer *stream = web_connect(f);
    struct peer *body = web_connect(f);
    struct peer *idle = web_connect(f);

    calls.goes_on = true;
    web_say(f, later, GET("/guarded"));
    web_say(f, stream, GET("/stream"));
    web_say(f, body, ECHO_WITH("Content-Length: 14\r\n") "{\"da");
    web_fixture_allow(f, "alice", "alice");
    web_judge(f);
    web_expect(later, 403);
    web_expect_open(later);
    assert_true(stream->stream.is_closed);
    assert_int_equal(calls.done, 2);
    web_say(f, body, "ta\":\"abc\"}");
    web_expect(body, 200); /* everybody may */
    web_say(f, idle, GET("/guarded"));
    web_expect(idle, 401);
}

static void answer_that_is_whole_goes_out(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);

    web_say(f, p, GET("/guarded"));
    peer_block(p);
    web_answer(calls.waiting[0]);
    web_run(f);
    web_fixture_allow(f, "alice", "alice");
    web_judge(f);
    peer_unblock(p);
    web_run(f);
    web_expect(p, 200);
    web_expect_open(p);
}

static void address_that_is_not_allowed_any_more_ends(void **state)
{
    struct web_fixture *f = *state;
    struct session_settings settings = f->api.site.ctx.settings;
    struct peer *p = web_connect(f);
    struct network only;
    struct err err;

    assert_int_equal(network_parse("198.51.100.0/24", &only, &err), 0);
    settings.gate.admission.rules[ADMISSION_CLIENT].allowed =
        (struct network_list){ &only, 1 };
    sessions_set(&f->api.site.ctx, &settings);
    web_judge(f);
    web_expect_closed(p);
}

/* The one that was there before counts for a request that is under way, and
 * for no later one. */
static void account_is_asked_again_when_rules_change(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_uid(f, 1000);

    web_fixture_allow(f, "alice", "alice");
    web_say(f, p, GET("/guarded"));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_int_equal(calls.waiting_count, 1);
    web_judge(f);
    web_answer(calls.waiting[0]);
    web_run(f);
    web_expect(p, 200);
    web_say(f, p, GET("/who"));
    assert_int_equal(fake.looked_up_count, 1);
    fake_groups_done(GROUPS_NO_ACCOUNT);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "uid:1000"));
}

/* One person by the socket and by a password of the same connection: both are
 * told, one after the other, and none takes the other out of the list. */
static void groups_of_both_proofs_of_a_connection_change(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_uid(f, 1000);
    char text[512];

    snprintf(text, sizeof text,
             GET_WITH("/who", "Authorization: Bearer %s\r\n"), fake_token());
    web_say(f, p, text);
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    if (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_expect(p, 200);
    web_judge(f); /* the account is asked again, and so behind the token */
    web_say(f, p, GET("/who"));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_expect(p, 200);
    groups_watch_begin(&f->watch);
    while (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_say(f, p, GET("/who"));
    assert_non_null(strstr(web_take(p, false).body, "alice (uid)"));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_fixture_setup,                   \
                                    web_fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_that_may_change_something),
        cmocka_unit_test(pages_that_are_our_own),
        cmocka_unit_test(hosts_that_are_meant),
        TEST(pages_of_other_sites_change_nothing),
        TEST(rules_that_change_end_what_is_under_way),
        TEST(answer_that_is_whole_goes_out),
        TEST(address_that_is_not_allowed_any_more_ends),
        TEST(account_is_asked_again_when_rules_change),
        TEST(groups_of_both_proofs_of_a_connection_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
