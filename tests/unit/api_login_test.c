/*
 * Logins on a page without PAM: questions and answers over several calls,
 * callers that go, and the cookie of a session. What a browser sees:
 * tests/program/test_web_login.py.
 */
#include "api_fixture.h"
#include "fake_means.h"

#include "auth/web/web_sessions.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define ALICE "{\"user\":\"alice\",\"password\":\"right\"}"

struct fixture {
    struct api_fixture api;
    struct web_sessions *sessions;
    uint64_t now_us;
};

static void on_session(void *owner, const struct web_session *session)
{
    (void)owner;
    (void)session;
}

static void on_end(void *owner, const struct web_session *session,
                   enum web_session_end end, const char *by)
{
    (void)owner;
    (void)session;
    (void)end;
    (void)by;
}

static void on_change(void *owner, bool is_use)
{
    (void)owner;
    (void)is_use;
}

static int setup(void **state)
{
    static struct fixture f;
    static const uint64_t seed[2] = { 1, 2 };
    const struct authenticate_means means = fake_means_begin();
    const struct web_sessions_links links = {
        .tokens = means.tokens,
        .on_begin = on_session,
        .on_end = on_end,
        .on_elsewhere = on_session,
        .on_change = on_change,
    };
    struct session_context *ctx;

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    ctx = &f.api.site.ctx;
    f.now_us = clock_now_us();
    f.sessions = web_sessions_new(&links);
    web_sessions_set(f.sessions, 1000, 1000);
    ctx->web_sessions = f.sessions;
    ctx->tokens = means.tokens;
    ctx->authenticate = authenticate_new(NULL, &means, seed);
    api_fixture_be(&f.api, NULL);
    *state = &f;
    return 0;
}

/* The API ends first, with the logins that wait. */
static int teardown(void **state)
{
    struct fixture *f = *state;
    struct session_context *ctx = &f->api.site.ctx;
    struct authenticate *authenticate = ctx->authenticate;

    ctx->authenticate = NULL;
    ctx->web_sessions = NULL;
    ctx->tokens = NULL;
    api_fixture_close(&f->api);
    assert_int_equal(authenticate_counts(authenticate).under_way, 0);
    assert_int_equal(fake.asked_count, 0);
    authenticate_free(authenticate);
    web_sessions_free(f->sessions);
    return 0;
}

static void step(struct fixture *f)
{
    f->now_us += AUTHENTICATE_STEP_US;
    deadline_queue_fire(authenticate_steps(f->api.site.ctx.authenticate),
                        f->now_us);
}

/* Until PAM is asked. */
static void begin(struct fixture *f, struct api_fixture_call *c,
                  const char *body)
{
    api_fixture_begin(&f->api, c, HTTP_VERB_POST, "/login", body);
    for (int i = 0; i < 100 && fake.asked_count == 0 && c->answered == 0; i++)
        step(f);
}

static void answer(struct fixture *f, struct api_fixture_call *c,
                   const char *login, const char *text)
{
    char body[256];

    snprintf(body, sizeof body, "{\"login\":\"%s\",\"answer\":\"%s\"}", login,
             text);
    api_fixture_begin(&f->api, c, HTTP_VERB_POST, "/login", body);
}

static void pass(struct fixture *f, enum pam_outcome outcome)
{
    fake_pam_done(outcome, "alice");
    if (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    step(f);
    step(f);
}

/* The name of the login that has asked. */
static void take_question(struct api_fixture_call *c, char login[64])
{
    json_t *json;

    assert_int_equal(c->answered, 1);
    assert_int_equal(c->call.answer.status, 200);
    assert_null(c->call.answer.cookie);
    json = json_loads(c->call.answer.body, 0, NULL);
    snprintf(login, 64, "%s",
             json_string_value(json_object_get(json, "login")));
    assert_int_equal(strlen(login), 32);
    assert_non_null(json_object_get(json, "question"));
    assert_null(json_object_get(json, "name"));
    json_decref(json);
    api_fixture_end(c);
}

static void expect(struct api_fixture_call *c, unsigned status)
{
    assert_int_equal(c->answered, 1);
    if (c->call.answer.status != status)
        fail_msg("%s", c->call.answer.body);
    if (status == 200)
        assert_int_equal(strlen(c->call.answer.cookie), WEB_SESSION_TEXT_LEN);
    else
        assert_null(c->call.answer.cookie);
    api_fixture_end(c);
}

static size_t session_count(const struct fixture *f)
{
    size_t count = 0;

    while (web_sessions_get(f->sessions, count) != NULL)
        count++;
    return count;
}

/* ---- tests -------------------------------------------------------------- */

static void password_begins_a_session(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;

    begin(f, &c, ALICE);
    assert_string_equal(fake.password, "right");
    fake_pam_tell("Your password expires.");
    fake_pam_tell("Change it.");
    pass(f, PAM_OUTCOME_ACCEPTED);
    assert_non_null(strstr(c.call.answer.body,
                           "\"said\":\"Your password expires.\\nChange it.\""));
    assert_non_null(strstr(c.call.answer.body, "\"groups\":1"));
    expect(&c, 200);
    assert_int_equal(session_count(f), 1);
    assert_true(web_sessions_get(f->sessions, 0)->has_account);
}

static void outcomes_have_their_status(void **state)
{
    static const struct {
        enum pam_outcome outcome;
        unsigned status;
    } rows[] = {
        { PAM_OUTCOME_DENIED, 401 },      { PAM_OUTCOME_EXPIRED, 401 },
        { PAM_OUTCOME_TIMEOUT, 401 },     { PAM_OUTCOME_BUSY, 429 },
        { PAM_OUTCOME_UNAVAILABLE, 503 },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct api_fixture_call c;

        begin(f, &c, ALICE);
        pass(f, rows[i].outcome);
        expect(&c, rows[i].status);
    }
    assert_int_equal(session_count(f), 0);
}

static void questions_take_several_calls(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char first[64], second[64];

    begin(f, &c, ALICE);
    fake_pam_ask("Code: ", true);
    take_question(&c, first);
    answer(f, &c, first, "123");
    assert_string_equal(fake.answer, "123");
    assert_int_equal(c.answered, 0);
    fake_pam_ask("And another: ", false);
    take_question(&c, second);
    assert_string_equal(first, second);
    answer(f, &c, second, "");
    pass(f, PAM_OUTCOME_ACCEPTED);
    expect(&c, 200);
    answer(f, &c, second, "123");
    expect(&c, 401);
    assert_int_equal(session_count(f), 1);
}

static void nobody_answers_for_another(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c, other;
    char login[64];

    begin(f, &c, ALICE);
    /* Not asked yet, and while the answer is looked at: there is none. */
    answer(f, &other, "00000000000000000000000000000000", "123");
    expect(&other, 401);
    fake_pam_ask("Code: ", true);
    take_question(&c, login);
    login[0] = login[0] == '0' ? '1' : '0';
    answer(f, &other, login, "123");
    expect(&other, 401);
    login[0] = '\0';
    answer(f, &other, login, "123");
    expect(&other, 401);
    assert_string_equal(fake.answer, "");
    pass(f, PAM_OUTCOME_TIMEOUT);
}

static void one_answer_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c, other;
    char login[64];

    begin(f, &c, ALICE);
    fake_pam_ask("Code: ", true);
    take_question(&c, login);
    answer(f, &c, login, "1");
    answer(f, &other, login, "2");
    expect(&other, 401);
    assert_string_equal(fake.answer, "1");
    pass(f, PAM_OUTCOME_DENIED);
    expect(&c, 401);
}

/* It counts as a failure, or nobody would wait for the answers. */
static void caller_that_goes_gives_up(void **state)
{
    struct fixture *f = *state;
    struct authenticate *all = f->api.site.ctx.authenticate;
    struct api_fixture_call c;
    char login[64];

    begin(f, &c, ALICE);
    api_fixture_end(&c);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(authenticate_counts(all).given_up, 1);
    begin(f, &c, ALICE);
    fake_pam_ask("Code: ", true);
    take_question(&c, login);
    answer(f, &c, login, "1");
    api_fixture_end(&c);
    assert_int_equal(fake.cancelled, 2);
}

static void person_who_never_answers_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char login[64];

    begin(f, &c, ALICE);
    fake_pam_ask("Code: ", true);
    take_question(&c, login);
    pass(f, PAM_OUTCOME_TIMEOUT);
    answer(f, &c, login, "1");
    expect(&c, 401);
}

static void api_ends_what_waits(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char login[64];

    begin(f, &c, ALICE);
    fake_pam_ask("Code: ", true);
    take_question(&c, login); /* teardown sees to the rest */
}

static void token_begins_a_session_until_it_ends(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char body[128];

    snprintf(body, sizeof body, "{\"token\":\"%s\"}", fake_token());
    begin(f, &c, body);
    if (fake.looked_up_count > 0)
        fake_groups_done(GROUPS_FOUND);
    step(f);
    step(f);
    expect(&c, 200);
    fake_token_ends();
    web_sessions_check_tokens(f->sessions);
    assert_int_equal(session_count(f), 0);
}

static void what_is_said_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char text[1000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    begin(f, &c, ALICE);
    for (int i = 0; i < 10; i++)
        fake_pam_tell(text);
    pass(f, PAM_OUTCOME_ACCEPTED);
    assert_true(c.call.answer.len < 3000);
    expect(&c, 200);
}

static void nobody_logs_in_in_the_clear(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;

    f->api.is_in_the_clear = true;
    api_fixture_begin(&f->api, &c, HTTP_VERB_POST, "/login", ALICE);
    expect(&c, 403);
    assert_int_equal(fake.begun, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(password_begins_a_session),
        TEST(outcomes_have_their_status),
        TEST(questions_take_several_calls),
        TEST(nobody_answers_for_another),
        TEST(one_answer_at_a_time),
        TEST(caller_that_goes_gives_up),
        TEST(person_who_never_answers_is_forgotten),
        TEST(api_ends_what_waits),
        TEST(token_begins_a_session_until_it_ends),
        TEST(what_is_said_is_bounded),
        TEST(nobody_logs_in_in_the_clear),
    };

    return cmocka_run_group_tests_name("api_login", tests, NULL, NULL);
}
