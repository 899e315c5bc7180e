/*
 * Who has sent a request: proofs and how long they hold, proxies. The commands
 * are web_fixture.c's. Whether they may: http_rules_test.c.
 */
#include "web_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALICE "Authorization: Basic YWxpY2U6cmlnaHQ=\r\n" /* alice:right */
#define LOCAL "127.0.0.1"

/* The answer to GET /who with these fields, which comes at once. */
static void expect_who(struct web_fixture *f, struct peer *p,
                       const char *fields, const char *who)
{
    char text[2048];
    struct web_answer a;

    snprintf(text, sizeof text, "GET /api/v1/who HTTP/1.1\r\n" HOST "%s\r\n",
             fields);
    web_say(f, p, text);
    a = web_take(p, false);
    assert_int_equal(a.status, 200);
    if (strstr(a.body, who) == NULL)
        fail_msg("%s", a.body);
}

static const char *bearer(const char *token)
{
    static char field[256];

    snprintf(field, sizeof field, "Authorization: Bearer %s\r\n", token);
    return field;
}

static void pass_login(struct web_fixture *f, enum pam_outcome outcome)
{
    for (int i = 0; i < 200 && fake.asked_count == 0; i++)
        web_logins_step(f);
    assert_int_equal(fake.asked_count, 1);
    fake_pam_done(outcome, "alice");
    web_run(f);
    if (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    web_logins_step(f);
    web_logins_step(f);
}

/* ---- the connection -------------------------------------------------------
 */

static void address_alone_is_anybody(void **state)
{
    struct web_fixture *f = *state;

    expect_who(f, web_connect(f), "", "{\"who\":\"anybody\",\"local\":false");
    expect_who(f, web_connect_from(f, LOCAL), "",
               "{\"who\":\"anybody\",\"local\":true");
}

/* A balancer's word about an address is no proof of this machine. */
static void relayed_address_is_not_this_machine(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_arrive(f, LOCAL);

    p->stream.stream.is_relayed = true;
    expect_who(f, p, "", "{\"who\":\"anybody\",\"local\":false");
    web_say(f, p, GET_WITH("/who", ALICE));
    web_expect(p, 403);
}

static void peer_of_the_socket_is_its_account(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_uid(f, 1000);

    web_say(f, p, GET("/who"));
    assert_string_equal(fake.person, "uid 1000");
    web_expect_open(p); /* the name service has not answered */
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "alice (uid)"));
    /* It is asked once. */
    expect_who(f, p, "", "\"local\":true,\"groups\":1");
}

static void account_that_nobody_knows_is_a_number(void **state)
{
    static const enum groups_outcome outcomes[] = { GROUPS_NO_ACCOUNT,
                                                    GROUPS_FAILED };
    struct web_fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct peer *p = web_connect_uid(f, 4711);

        web_say(f, p, GET("/who"));
        fake_groups_done(outcomes[i]);
        web_run(f);
        assert_non_null(strstr(web_take(p, false).body, "uid:4711 (uid)"));
    }
}

static void account_is_asked_again_after_a_failure(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_uid(f, 1000);

    fake.groups_are_full = true;
    web_say(f, p, GET("/who"));
    web_expect(p, 503);
    fake.groups_are_full = false;
    web_say(f, p, GET("/who"));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    web_expect(p, 200);
}

static void certificate_proves_its_name(void **state)
{
    struct web_fixture *f = *state;

    expect_who(f, web_connect_tls(f, "alice"), "", "alice (certificate)");
    expect_who(f, web_connect_tls(f, NULL), "", "anybody");
}

static void distrusted_certificate_ends_the_connection(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, "alice");

    web_say(f, p, GET("/guarded"));
    p->stream.stream.on_ready(p->stream.stream.owner, STREAM_DISTRUSTED);
    web_run(f);
    web_expect_closed(p);
}

/* ---- secrets --------------------------------------------------------------
 */

static void password_is_asked_once_for_a_connection(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);

    web_say(f, p, GET_WITH("/who", ALICE));
    pass_login(f, PAM_OUTCOME_ACCEPTED);
    assert_non_null(strstr(web_take(p, false).body, "alice (password)"));
    assert_string_equal(fake.password, "right");
    expect_who(f, p, ALICE, "alice (password)");
    assert_int_equal(fake.begun, 1);
    /* Without it, the connection alone counts. */
    expect_who(f, p, "", "anybody");
    /* Another one is another's proof, and replaces it. */
    web_say(f, p,
            GET_WITH("/who", "Authorization: Basic YWxpY2U6b3RoZXI=\r\n"));
    pass_login(f, PAM_OUTCOME_ACCEPTED);
    web_expect(p, 200);
    assert_string_equal(fake.password, "other");
    web_say(f, p, GET_WITH("/who", ALICE));
    pass_login(f, PAM_OUTCOME_DENIED);
    web_expect(p, 401);
    assert_int_equal(fake.begun, 3);
}

/* Not in the buffer that all sessions read into. */
static void password_is_not_left_where_it_was_read(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);
    static const char field[] = ALICE;

    web_say(f, p, GET_WITH("/who", ALICE));
    pass_login(f, PAM_OUTCOME_ACCEPTED);
    web_expect(p, 200);
    assert_null(
        memmem(f->http->ctx->read_buffer, LIMIT_READ, field, strlen(field)));
}

static void password_holds_for_a_while(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);
    struct http_session *s = p->stream.stream.owner;

    web_say(f, p, GET_WITH("/who", ALICE));
    pass_login(f, PAM_OUTCOME_ACCEPTED);
    web_expect(p, 200);
    assert_non_null(s->proof);
    assert_true(s->proof->until_us > 0);
    s->proof->until_us = 1;
    web_say(f, p, GET_WITH("/who", ALICE));
    web_expect_open(p);
    pass_login(f, PAM_OUTCOME_ACCEPTED);
    web_expect(p, 200);
    assert_int_equal(fake.begun, 2);
}

static void token_holds_until_it_is_revoked(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);
    char text[512];

    snprintf(text, sizeof text, GET_WITH("/who", "%s"), bearer(fake_token()));
    web_say(f, p, text);
    assert_string_equal(fake.person, "alice");
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "token ci (for alice)"));
    expect_who(f, p, bearer(fake_token()), "token ci");
    fake_token_ends();
    web_judge(f);
    web_say(f, p, text);
    web_logins_step(f);
    web_logins_step(f);
    web_expect(p, 401);
}

static void token_without_the_name_service_is_taken(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);

    fake.groups_are_full = true;
    expect_who(f, p, bearer(fake_token()), "token ci (for alice)");
}

/* As clients that know nothing but names and passwords have it. */
static void token_as_a_password(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);
    char pair[256];
    char field[512] = "";
    char text[1024];

    snprintf(pair, sizeof pair, "x:%s", fake_token());
    tls_base64_encode(slice_of_text(pair), field);
    snprintf(text, sizeof text, GET_WITH("/who", "Authorization: Basic %s\r\n"),
             field);
    web_say(f, p, text);
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "token ci"));
    assert_int_equal(fake.begun, 0);
}

static void secrets_are_not_taken_in_the_clear(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect(f);
    char text[512];

    snprintf(text, sizeof text, GET_WITH("/who", "%s"), bearer(fake_token()));
    web_say(f, p, text);
    web_expect(p, 403);
    web_say(f, p, GET_WITH("/who", ALICE));
    web_expect(p, 403);
    assert_int_equal(fake.begun, 0);
    assert_int_equal(fake.looked_up_count, 0);
}

static void malformed_proofs_are_refused(void **state)
{
    static const struct {
        const char *field;
        unsigned status;
    } wrong[] = {
        { "Basic", 400 },          { "Basic =", 400 },
        { "Basic YWxpY2U=", 400 }, /* alice */
        { "Basic YQBiOmM=", 400 }, /* a NUL b:c */
        { "Basic !!!!", 400 },     { "Digest x", 401 },
        { "Bearers x", 401 },      { "\"", 401 },
    };
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[512];

        snprintf(text, sizeof text, GET_WITH("/who", "Authorization: %s\r\n"),
                 wrong[i].field);
        web_say(f, p, text);
        web_expect(p, wrong[i].status);
    }
    assert_int_equal(fake.begun, 0);
}

/* However many connections somebody uses for it. */
static void guessing_is_slowed(void **state)
{
    struct web_fixture *f = *state;
    unsigned status = 401;

    for (int i = 0; i < 20 && status == 401; i++) {
        struct peer *p = web_connect_tls(f, NULL);

        web_say(f, p, GET_WITH("/who", ALICE));
        for (int step = 0; step < 200 && p->data.len == 0; step++) {
            web_logins_step(f);
            if (fake.asked_count > 0)
                fake_pam_done(PAM_OUTCOME_DENIED, NULL);
        }
        status = web_take(p, false).status;
    }
    assert_int_equal(status, 429);
}

static void login_ends_with_its_connection(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_tls(f, NULL);

    web_say(f, p, GET_WITH("/who", ALICE));
    web_logins_step(f);
    assert_int_equal(fake.asked_count, 1);
    peer_break(p);
    assert_int_equal(fake.cancelled, 1);
}

/* ---- proxies --------------------------------------------------------------
 */

static struct network proxy_network;

static void trust_proxy(struct web_fixture *f, bool trusts_socket)
{
    static struct web_settings settings;
    struct err err;

    assert_int_equal(network_parse("127.0.0.1", &proxy_network, &err), 0);
    settings = (struct web_settings){
        .proxies = { &proxy_network, 1 },
        .trusts_socket = trusts_socket,
        .user_field = "x-user",
        .groups_field = "x-groups",
    };
    web_set(f->web, &settings);
}

#define BOB "X-User: bob\r\nX-Groups: ops, web ,,dev\r\n"

static void proxy_names_the_person(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    trust_proxy(f, false);
    p = web_connect_from(f, LOCAL);
    expect_who(f, p, BOB,
               "{\"who\":\"bob (proxy)\",\"local\":false,"
               "\"groups\":3");
    /* Each request is another person's. */
    expect_who(f, p, "X-User: carol\r\n",
               "carol (proxy)\",\"local\":false,"
               "\"groups\":0");
}

/* Whoever the proxy names nobody for is nobody, and above all not on this
 * machine, as the proxy is. */
static void request_by_a_proxy_without_a_name_is_nobodys(void **state)
{
    struct web_fixture *f = *state;

    trust_proxy(f, false);
    expect_who(f, web_connect_from(f, LOCAL), "X-Groups: ops\r\n",
               "{\"who\":\"anybody\",\"local\":false,\"groups\":0");
}

static void fields_of_others_are_not_believed(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    trust_proxy(f, false);
    expect_who(f, web_connect(f), BOB, "anybody");
    p = web_connect_uid(f, 0);
    web_say(f, p, GET_WITH("/who", BOB));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "alice (uid)"));
}

static void keeper_at_the_socket_can_be_a_proxy(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    trust_proxy(f, true);
    p = web_connect_uid(f, 0);
    web_say(f, p, GET_WITH("/who", BOB));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "bob (proxy)"));
    expect_who(f, p, "", "alice (uid)");
    p = web_connect_uid(f, 1000);
    web_say(f, p, GET_WITH("/who", BOB));
    fake_groups_done(GROUPS_FOUND);
    web_run(f);
    assert_non_null(strstr(web_take(p, false).body, "alice (uid)"));
}

static void stream_ends_with_the_trust_in_its_proxy(void **state)
{
    static const struct web_settings nobody = { .user_field = NULL };
    struct web_fixture *f = *state;
    struct peer *p;

    trust_proxy(f, false);
    p = web_connect_from(f, LOCAL);
    calls.goes_on = true;
    web_say(f, p, GET_WITH("/stream", BOB));
    web_judge(f);
    web_run(f);
    assert_false(p->stream.is_closed);
    web_set(f->web, &nobody);
    web_judge(f);
    web_run(f);
    assert_true(p->stream.is_closed);
}

/* Of which the first may be the client's, and the second the proxy's. */
static void proxys_fields_that_are_there_twice_are_refused(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p = web_connect_from(f, LOCAL);

    trust_proxy(f, false);
    web_say(f, p, GET_WITH("/who", "X-User: root\r\nx-user: bob\r\n"));
    web_expect(p, 400);
    web_say(f, p,
            GET_WITH("/who", "X-Groups: wheel\r\nX-User: bob\r\n"
                             "X-Groups: web\r\n"));
    web_expect(p, 400);
}

static void proxys_name_that_is_none_is_refused(void **state)
{
    struct web_fixture *f = *state;
    struct peer *p;

    trust_proxy(f, false);
    p = web_connect_from(f, LOCAL);
    web_say(f, p, GET_WITH("/who", "X-User: \r\n"));
    web_expect(p, 400);
    web_say(f, p,
            GET_WITH("/who", "X-User: a\xe2\x80\x8b"
                             "b\r\n"));
    web_expect(p, 400);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_fixture_setup,                   \
                                    web_fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(address_alone_is_anybody),
        TEST(relayed_address_is_not_this_machine),
        TEST(peer_of_the_socket_is_its_account),
        TEST(account_that_nobody_knows_is_a_number),
        TEST(account_is_asked_again_after_a_failure),
        TEST(certificate_proves_its_name),
        TEST(distrusted_certificate_ends_the_connection),
        TEST(password_is_asked_once_for_a_connection),
        TEST(password_is_not_left_where_it_was_read),
        TEST(password_holds_for_a_while),
        TEST(token_holds_until_it_is_revoked),
        TEST(token_without_the_name_service_is_taken),
        TEST(token_as_a_password),
        TEST(secrets_are_not_taken_in_the_clear),
        TEST(malformed_proofs_are_refused),
        TEST(guessing_is_slowed),
        TEST(login_ends_with_its_connection),
        TEST(proxy_names_the_person),
        TEST(request_by_a_proxy_without_a_name_is_nobodys),
        TEST(fields_of_others_are_not_believed),
        TEST(keeper_at_the_socket_can_be_a_proxy),
        TEST(stream_ends_with_the_trust_in_its_proxy),
        TEST(proxys_fields_that_are_there_twice_are_refused),
        TEST(proxys_name_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
