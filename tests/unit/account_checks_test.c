/*
 * Whether those who have web sessions may still log in: whom PAM is asked
 * about, when, and what its answers end. PAM is fake_means.c's.
 */
#include "auth/web/account_checks.h"

#include "fake_means.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1000 };

struct fixture {
    struct authenticate_means means;
    struct web_sessions *sessions;
    struct account_checks checks;
    unsigned ended[WEB_SESSION_END_COUNT];
};

static void on_session(void *owner, const struct web_session *session)
{
    (void)owner;
    (void)session;
}

static void on_end(void *owner, const struct web_session *session,
                   enum web_session_end end, const char *by)
{
    (void)session;
    (void)by;
    ((struct fixture *)owner)->ended[end]++;
}

static void on_change(void *owner, bool is_use)
{
    (void)owner;
    (void)is_use;
}

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    f.means = fake_means_begin();
    f.sessions = web_sessions_new(&(struct web_sessions_links){
        .tokens = f.means.tokens,
        .on_begin = on_session,
        .on_end = on_end,
        .on_elsewhere = on_session,
        .on_change = on_change,
        .owner = &f,
    });
    web_sessions_set(f.sessions, 1000, 1000);
    account_checks_open(&f.checks, NULL, f.sessions, f.means.pam);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    account_checks_close(&f->checks);
    web_sessions_free(f->sessions);
    assert_int_equal(fake.asked_count, 0);
    return 0;
}

static void log_in(struct fixture *f, const char *name, const char *address,
                   int64_t now_s)
{
    char text[WEB_SESSION_TEXT_LEN + 1];
    struct principal who;
    struct ip ip;

    assert_true(ip_parse(address, &ip));
    who = principal_of_address(true, ip);
    assert_true(principal_prove(&who, PROOF_PASSWORD, name));
    assert_non_null(web_sessions_begin(f->sessions, &who, now_s, text));
    principal_done(&who);
}

static size_t count_of(const struct fixture *f, const char *name)
{
    const struct web_session *s;
    size_t count = 0;

    for (size_t i = 0; (s = web_sessions_get(f->sessions, i)) != NULL; i++)
        count += strcmp(s->name, name) == 0;
    return count;
}

static void pause_over(struct fixture *f)
{
    struct deadline *d = deadline_pop(&f->checks.pauses, UINT64_MAX);

    assert_non_null(d);
    f->checks.pauses.on_due(d, f->checks.pauses.owner);
}

static void expect_asked(const char *name, const char *remote)
{
    assert_int_equal(fake.asked_count, 1);
    assert_string_equal(fake.user, name);
    assert_string_equal(fake.remote, remote);
    assert_string_equal(fake.password, "");
    assert_true(fake.is_account_only);
}

/* ---- tests -------------------------------------------------------------- */

static void each_person_is_asked_about_once_in_a_round(void **state)
{
    struct fixture *f = *state;

    log_in(f, "alice", "192.0.2.1", NOW_S);
    log_in(f, "bob", "192.0.2.2", NOW_S);
    log_in(f, "alice", "192.0.2.3", NOW_S + 1); /* used last */
    pause_over(f);
    expect_asked("alice", "192.0.2.3");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    expect_asked("bob", "192.0.2.2");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "bob");
    assert_int_equal(fake.asked_count, 0);
    pause_over(f);
    assert_int_equal(fake.begun, 3);
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "bob");
    assert_int_equal(count_of(f, "alice") + count_of(f, "bob"), 3);
}

static void refusal_ends_all_of_the_person(void **state)
{
    static const enum pam_outcome refusals[] = { PAM_OUTCOME_DENIED,
                                                 PAM_OUTCOME_EXPIRED };
    struct fixture *f = *state;

    for (unsigned i = 0; i < 2; i++) {
        log_in(f, "alice", "192.0.2.1", NOW_S);
        log_in(f, "bob", "192.0.2.1", NOW_S);
        log_in(f, "alice", "192.0.2.1", NOW_S);
        pause_over(f);
        expect_asked("alice", "192.0.2.1");
        fake_pam_done(refusals[i], "");
        assert_int_equal(count_of(f, "alice"), 0);
        assert_int_equal(f->ended[WEB_SESSION_LOCKED], 2 * (i + 1));
        expect_asked("bob", "192.0.2.1");
        fake_pam_done(PAM_OUTCOME_ACCEPTED, "bob");
        assert_int_equal(count_of(f, "bob"), 1);
        web_sessions_end_person(f->sessions, "bob", WEB_SESSION_REVOKED);
    }
}

static void no_answer_ends_nothing(void **state)
{
    static const enum pam_outcome outcomes[] = { PAM_OUTCOME_TIMEOUT,
                                                 PAM_OUTCOME_BUSY,
                                                 PAM_OUTCOME_UNAVAILABLE };
    struct fixture *f = *state;

    log_in(f, "alice", "192.0.2.1", NOW_S);
    for (size_t i = 0; i < 3; i++) {
        pause_over(f);
        fake_pam_tell("Words");
        fake_pam_done(outcomes[i], "why");
        assert_int_equal(count_of(f, "alice"), 1);
    }
    /* Nor a question, which nobody answers. */
    pause_over(f);
    fake_pam_ask("Code: ", true);
    assert_int_equal(fake.cancelled, 1);
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(count_of(f, "alice"), 1);
    pause_over(f);
    assert_int_equal(fake.asked_count, 1); /* teardown cancels it */
}

static void who_comes_and_goes_meanwhile(void **state)
{
    struct fixture *f = *state;
    const struct web_session *s;

    pause_over(f); /* nobody is there */
    assert_int_equal(fake.begun, 0);
    log_in(f, "alice", "192.0.2.1", NOW_S);
    log_in(f, "bob", "192.0.2.1", NOW_S);
    pause_over(f);
    expect_asked("alice", "192.0.2.1");
    while ((s = web_sessions_get(f->sessions, 0)) != NULL)
        (void)web_sessions_end(f->sessions, s->id, WEB_SESSION_LOGGED_OUT, "");
    log_in(f, "carol", "192.0.2.1", NOW_S);
    fake_pam_done(PAM_OUTCOME_DENIED, "");
    expect_asked("carol", "192.0.2.1");
    assert_int_equal(f->ended[WEB_SESSION_LOCKED], 0);
}

/* Who was asked about before a reload is asked about again. */
static void round_that_begins_within_a_round(void **state)
{
    struct fixture *f = *state;

    log_in(f, "alice", "192.0.2.1", NOW_S);
    account_checks_begin(&f->checks);
    account_checks_begin(&f->checks);
    assert_int_equal(fake.begun, 1);
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    expect_asked("alice", "192.0.2.1");
    fake_pam_done(PAM_OUTCOME_DENIED, "");
    assert_int_equal(count_of(f, "alice"), 0);
}

/* A token's owner proves nothing to PAM. */
static void tokens_are_not_asked_about(void **state)
{
    struct fixture *f = *state;
    char text[WEB_SESSION_TEXT_LEN + 1];
    struct principal who = principal_of_address(false, (struct ip){ 0 });

    assert_int_equal(
        tokens_prove(f->means.tokens, slice_of_text(fake_token()), NOW_S, &who),
        TOKENS_PROVEN);
    assert_non_null(web_sessions_begin(f->sessions, &who, NOW_S, text));
    principal_done(&who);
    pause_over(f);
    assert_int_equal(fake.begun, 0);
    web_sessions_end_person(f->sessions, "ci", WEB_SESSION_LOCKED);
    assert_int_equal(count_of(f, "ci"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_person_is_asked_about_once_in_a_round),
        TEST(refusal_ends_all_of_the_person),
        TEST(no_answer_ends_nothing),
        TEST(who_comes_and_goes_meanwhile),
        TEST(round_that_begins_within_a_round),
        TEST(tokens_are_not_asked_about),
    };

    return cmocka_run_group_tests_name("account_checks", tests, NULL, NULL);
}
