/*
 * The way from a name and a secret to a principal: which of PAM, tokens and the
 * name service is asked, when, and what the log has of it.
 */
#include "auth/authenticate.h"

#include "base/clock.h"
#include "fake_means.h"
#include "log/log.h"
#include "log/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t seed[2] = { 3, 4 };

enum { ATTEMPTS = 64, NOT_DONE = -1 };

/* An attempt, and what its owner was told. */
struct login {
    struct authenticate_attempt attempt;
    int outcome; /* NOT_DONE, or enum authenticate_outcome */
    char asked[256], told[256];
    bool is_hidden;
};

struct fixture {
    struct authenticate *all;
    struct login logins[ATTEMPTS];
    uint64_t now_us;
    char log[8192];
    size_t log_len;
};

static struct login *login_of(struct authenticate_attempt *a)
{
    return CONTAINER_OF(a, struct login, attempt);
}

static void on_ask(struct authenticate_attempt *a, const char *question,
                   bool is_hidden)
{
    (void)snprintf(login_of(a)->asked, sizeof login_of(a)->asked, "%s",
                   question);
    login_of(a)->is_hidden = is_hidden;
}

static void on_tell(struct authenticate_attempt *a, const char *text)
{
    (void)snprintf(login_of(a)->told, sizeof login_of(a)->told, "%s", text);
}

static void on_done(struct authenticate_attempt *a,
                    enum authenticate_outcome outcome)
{
    assert_int_equal(login_of(a)->outcome, NOT_DONE);
    login_of(a)->outcome = (int)outcome;
}

static const struct authenticate_ops ops = { on_ask, on_tell, on_done };

static size_t keep_line(void *owner, const char *bytes, size_t len)
{
    struct fixture *f = owner;

    assert_true(f->log_len + len < sizeof f->log);
    memcpy(f->log + f->log_len, bytes, len);
    f->log_len += len;
    f->log[f->log_len] = '\0';
    return len;
}

static int setup(void **state)
{
    static struct fixture f;
    struct log_output output = { { LOG_LINES, false }, keep_line, &f };
    struct authenticate_means means = fake_means_begin();

    f = (struct fixture){ .now_us = 1000 };
    log_set_output(&output);
    log_set_level(LOG_INFO);
    f.all = authenticate_new(NULL, &means, seed);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < ATTEMPTS; i++) {
        authenticate_cancel(&f->logins[i].attempt);
        principal_done(&f->logins[i].attempt.who);
    }
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(fake.looked_up_count, 0);
    authenticate_free(f->all);
    (void)log_flush();
    log_open(2, LOG_ERROR);
    return 0;
}

static struct login *begin(struct fixture *f, int number, const char *ip,
                           const char *name, const char *secret)
{
    struct login *l = &f->logins[number];
    struct principal from;
    struct ip address;
    struct authenticate_login login = {
        .from = &from,
        .name = name,
        .secret = secret,
        .door = "port",
        .peer = "192.0.2.1:40000",
    };

    assert_true(ip_parse(ip, &address));
    from = principal_of_address(true, address);
    principal_done(&l->attempt.who);
    l->outcome = NOT_DONE;
    authenticate_begin(f->all, &l->attempt, &ops, &login);
    assert_int_equal(l->outcome, NOT_DONE);
    return l;
}

/* So many steps pass, for all of them. */
static void pass(struct fixture *f, int steps)
{
    for (int i = 0; i < steps; i++) {
        uint64_t now_us = clock_now_us();

        f->now_us = (now_us > f->now_us ? now_us : f->now_us) +
                    (uint64_t)AUTHENTICATE_STEP_US;
        deadline_queue_fire(authenticate_steps(f->all), f->now_us);
    }
}

/* A guess that PAM denies, however long it waits. */
static void guess(struct fixture *f, const char *ip, const char *name)
{
    struct login *l = begin(f, ATTEMPTS - 1, ip, name, "wrong");

    for (int i = 0; i < 100 && fake.asked_count == 0; i++)
        pass(f, 1);
    fake_pam_done(PAM_OUTCOME_DENIED, "");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_DENIED);
}

static bool has_logged(struct fixture *f, const char *text)
{
    (void)log_flush();
    return strstr(f->log, text) != NULL;
}

/* ---- passwords ---------------------------------------------------------- */

static void a_right_password_proves_the_name_that_pam_says(void **state)
{
    struct fixture *f = *state;
    struct login *l = begin(f, 0, "192.0.2.1", "Alice", "secret");

    assert_string_equal(fake.user, "Alice");
    assert_string_equal(fake.password, "secret");
    assert_string_equal(fake.remote, "192.0.2.1");
    assert_null(l->attempt.secret);
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    assert_string_equal(fake.person, "alice");
    pass(f, 1);
    assert_int_equal(l->outcome, NOT_DONE);
    fake_groups_done(GROUPS_FOUND);
    assert_int_equal(l->outcome, NOT_DONE);
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
    assert_int_equal(l->attempt.who.proof, PROOF_PASSWORD);
    assert_string_equal(l->attempt.who.name, "alice");
    assert_int_equal(l->attempt.who.group_count, 1);
    assert_false(l->attempt.who.is_local);
    assert_true(has_logged(f, LOG_LOGIN_ACCEPTED
                           " principal=\"alice (password)\" proof=password "
                           "door=port peer=192.0.2.1:40000\n"));
    assert_false(has_logged(f, "secret"));
}

static void this_machine_has_no_address_for_pam(void **state)
{
    (void)begin(*state, 0, "127.0.0.1", "alice", "secret");
    assert_string_equal(fake.remote, "");
}

/* An unknown name, a wrong password, a right one: all at the same step. */
static void answers_come_at_steps(void **state)
{
    static const enum pam_outcome outcomes[] = { PAM_OUTCOME_ACCEPTED,
                                                 PAM_OUTCOME_DENIED };
    struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        struct login *l = begin(f, i, "192.0.2.1", "alice", "secret");

        pass(f, 2);
        fake_pam_done(outcomes[i], "alice");
        if (i == 0)
            fake_groups_done(GROUPS_NO_ACCOUNT);
        assert_int_equal(l->outcome, NOT_DONE);
        pass(f, 1);
        assert_int_not_equal(l->outcome, NOT_DONE);
    }
}

static void without_its_groups_a_name_is_proven_all_the_same(void **state)
{
    struct fixture *f = *state;
    struct login *l = begin(f, 0, "192.0.2.1", "alice", "secret");

    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    fake_groups_done(GROUPS_FAILED);
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
    assert_int_equal(l->attempt.who.group_count, 0);
    assert_true(has_logged(f, LOG_GROUPS_UNKNOWN " principal=alice"));
    fake.groups_are_full = true;
    l = begin(f, 1, "192.0.2.1", "alice", "secret");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
}

static void a_name_that_nobody_can_have_is_denied(void **state)
{
    struct fixture *f = *state;
    struct login *l = begin(f, 0, "192.0.2.1", "alice", "secret");

    fake_pam_done(PAM_OUTCOME_ACCEPTED, "al\x1bice");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_DENIED);
    assert_int_equal(l->attempt.who.proof, PROOF_ADDRESS);
}

static void each_end_of_pam_has_its_outcome(void **state)
{
    static const struct {
        enum pam_outcome pam;
        enum authenticate_outcome outcome;
    } cases[] = {
        { PAM_OUTCOME_DENIED, AUTHENTICATE_DENIED },
        { PAM_OUTCOME_EXPIRED, AUTHENTICATE_EXPIRED },
        { PAM_OUTCOME_TIMEOUT, AUTHENTICATE_TIMEOUT },
        { PAM_OUTCOME_BUSY, AUTHENTICATE_BUSY },
        { PAM_OUTCOME_UNAVAILABLE, AUTHENTICATE_UNAVAILABLE },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct login *l = begin(f, 0, "192.0.2.1", "alice", "secret");
        char line[64];

        fake_pam_done(cases[i].pam, "no socket");
        pass(f, 1);
        assert_int_equal(l->outcome, cases[i].outcome);
        assert_int_equal(l->attempt.who.proof, PROOF_ADDRESS);
        (void)snprintf(line, sizeof line, "reason=%s\n",
                       authenticate_outcome_name(cases[i].outcome));
        assert_true(has_logged(f, line));
    }
    assert_true(has_logged(f, LOG_PASSWORDS_UNCHECKED " reason=\"no socket\""));
}

static void questions_and_words_of_pam_are_passed_on(void **state)
{
    struct fixture *f = *state;
    struct login *l = begin(f, 0, "192.0.2.1", "alice", "secret");

    fake_pam_tell("Your password expires tomorrow");
    fake_pam_ask("Code: ", true);
    assert_string_equal(l->told, "Your password expires tomorrow");
    assert_string_equal(l->asked, "Code: ");
    assert_true(l->is_hidden);
    pass(f, 200);
    assert_int_equal(l->outcome, NOT_DONE);
    assert_true(authenticate_answer(&l->attempt, "123456"));
    assert_string_equal(fake.answer, "123456");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    assert_false(authenticate_answer(&l->attempt, "123456"));
}

/* ---- names in the log --------------------------------------------------- */

static void what_may_be_a_password_is_not_logged(void **state)
{
    static const char *const names[] = {
        "Tr0ub4dor&3",
        "correct horse",
        "Hunter2",
        "p\xc3\xa4ss",
        "",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char ip[32];

        (void)snprintf(ip, sizeof ip, "192.0.2.%zu", i);
        guess(f, ip, names[i]);
        assert_true(names[i][0] == '\0' || !has_logged(f, names[i]));
    }
    assert_true(has_logged(f, LOG_LOGIN_FAILED " principal=? proof=password "
                                               "door=port peer=192.0.2.1:40000 "
                                               "reason=denied\n"));
    guess(f, "192.0.3.1", "al.ice-2@example_org");
    assert_true(has_logged(f, "principal=al.ice-2@example_org "));
}

/* ---- tokens ------------------------------------------------------------- */

static void a_token_that_holds_waits_for_nobody(void **state)
{
    struct fixture *f = *state;
    struct login *l;

    for (int i = 0; i < 6; i++)
        guess(f, "192.0.2.1", "alice");
    l = begin(f, 0, "192.0.2.1", "whoever", fake_token());
    assert_string_equal(fake.person, "alice");
    fake_groups_done(GROUPS_FOUND);
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
    assert_int_equal(l->attempt.who.proof, PROOF_TOKEN);
    assert_string_equal(l->attempt.who.name, "ci");
    assert_int_equal(l->attempt.who.owner->group_count, 1);
    assert_int_equal(fake.begun, 6);
    assert_true(has_logged(f, LOG_LOGIN_ACCEPTED
                           " principal=\"token ci (for alice)\" proof=token "));
}

static void a_wrong_token_goes_to_no_pam_and_counts(void **state)
{
    struct fixture *f = *state;
    struct login *l = begin(f, 0, "192.0.2.1", "alice", fake_unknown_token());

    assert_null(l->attempt.secret);
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_DENIED);
    l = begin(f, 1, "192.0.2.1", "alice", "vspc_almost");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_DENIED);
    l = begin(f, 2, "192.0.2.1", "alice", fake_unknown_token());
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_DENIED);
    assert_int_equal(fake.begun, 0);
    assert_true(has_logged(f, LOG_LOGIN_FAILED
                           " principal=? proof=token door=port "
                           "peer=192.0.2.1:40000 reason=token-unknown\n"));
    assert_true(has_logged(f, "reason=token-mistyped\n"));
    /* Three of them: the next one waits a second, be it a password. */
    (void)begin(f, 3, "192.0.2.1", "alice", "secret");
    pass(f, 2);
    assert_int_equal(fake.begun, 0);
    pass(f, 1);
    assert_int_equal(fake.begun, 1);
}

/* ---- guessing ----------------------------------------------------------- */

static void a_guess_waits_before_it_is_checked(void **state)
{
    struct fixture *f = *state;
    struct login *l;

    for (int i = 0; i < 3; i++)
        guess(f, "192.0.2.1", "alice");
    l = begin(f, 0, "192.0.2.1", "alice", "right");
    pass(f, 3);
    assert_int_equal(fake.begun, 3);
    pass(f, 1);
    assert_int_equal(fake.begun, 4);
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    fake_groups_done(GROUPS_FOUND);
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
}

static void whoever_has_to_wait_too_long_is_not_checked(void **state)
{
    struct fixture *f = *state;
    struct login *l;

    for (int i = 0; i < 8; i++)
        guess(f, "192.0.2.1", "alice");
    l = begin(f, 0, "192.0.2.1", "alice", "right");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_TOO_SOON);
    assert_true(l->attempt.wait_s > 20 && l->attempt.wait_s <= 32);
    assert_int_equal(fake.begun, 8);
    assert_true(has_logged(f, "reason=too-soon\n"));
    l = begin(f, 0, "192.0.2.2", "bob", "right");
    assert_int_equal(fake.begun, 9);
    assert_int_equal(l->outcome, NOT_DONE);
}

/* Giving up during the check would be as good as an answer. */
static void leaving_while_it_is_checked_is_a_failure(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++) {
        (void)begin(f, 0, "192.0.2.1", "alice", "secret");
        assert_int_equal(fake.asked_count, 1);
        authenticate_cancel(&f->logins[0].attempt);
    }
    assert_int_equal(fake.cancelled, 3);
    assert_true(has_logged(f, LOG_LOGIN_FAILED
                           " principal=alice proof=password "
                           "door=port peer=192.0.2.1:40000 reason=left\n"));
    (void)begin(f, 0, "192.0.2.1", "alice", "secret");
    assert_int_equal(fake.asked_count, 0);
    /* Leaving before it is checked is none, but its turn is gone. */
    authenticate_cancel(&f->logins[0].attempt);
    (void)begin(f, 0, "192.0.2.1", "alice", "secret");
    pass(f, 1);
    assert_int_equal(f->logins[0].outcome, AUTHENTICATE_TOO_SOON);
    assert_int_equal(f->logins[0].attempt.wait_s, 2);
}

/* All at once, before any of them has failed. */
static void a_crowd_of_guesses_is_not_checked(void **state)
{
    struct fixture *f = *state;
    int checked = 0, too_soon = 0;

    for (int i = 0; i < 20; i++)
        (void)begin(f, i, "192.0.2.1", "alice", "wrong");
    while (fake.asked_count > 0) {
        checked++;
        fake_pam_done(PAM_OUTCOME_DENIED, "");
    }
    pass(f, 1);
    for (int i = 0; i < 20; i++)
        too_soon += f->logins[i].outcome == AUTHENTICATE_TOO_SOON;
    assert_int_equal(checked, 4);
    assert_int_equal(too_soon, 15);
    /* One waits its time. */
    pass(f, 3);
    assert_int_equal(fake.asked_count, 1);
}

static void it_can_be_given_up_at_any_moment(void **state)
{
    struct fixture *f = *state;

    /* Its groups are looked up. */
    (void)begin(f, 0, "192.0.2.1", "alice", "secret");
    fake_pam_done(PAM_OUTCOME_ACCEPTED, "alice");
    assert_int_equal(fake.looked_up_count, 1);
    authenticate_cancel(&f->logins[0].attempt);
    assert_int_equal(fake.looked_up_count, 0);
    assert_null(f->logins[0].attempt.who.name);
    /* It is proven, and that was not told yet. */
    (void)begin(f, 0, "192.0.2.1", "alice", fake_token());
    fake_groups_done(GROUPS_FOUND);
    authenticate_cancel(&f->logins[0].attempt);
    /* It was cancelled already. */
    authenticate_cancel(&f->logins[0].attempt);
    pass(f, 4);
    assert_int_equal(f->logins[0].outcome, NOT_DONE);
}

/* ---- many --------------------------------------------------------------- */

static void a_site_never_has_all_checks(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++)
        (void)begin(f, i, "192.0.2.1", "alice", "secret");
    assert_int_equal(fake.asked_count, 2);
    (void)begin(f, 5, "192.0.2.2", "bob", "secret");
    assert_int_equal(fake.asked_count, 3);
    assert_string_equal(fake.user, "bob");
    fake_pam_done(PAM_OUTCOME_DENIED, "");
    assert_int_equal(fake.asked_count, 3);
    assert_string_equal(fake.user, "alice");
}

static void whoever_has_not_failed_goes_first(void **state)
{
    struct fixture *f = *state;

    guess(f, "192.0.2.1", "a");
    guess(f, "192.0.2.2", "a");
    for (int i = 0; i < 6; i++)
        (void)begin(f, i, i < 3 ? "192.0.2.1" : "192.0.2.2", "guesser", "x");
    assert_int_equal(fake.asked_count, 3);
    (void)begin(f, 6, "192.0.2.3", "alice", "secret");
    assert_int_equal(fake.asked_count, 3);
    fake_pam_done(PAM_OUTCOME_DENIED, "");
    assert_string_equal(fake.user, "alice");
}

static void whoever_waits_too_long_for_pam_is_told(void **state)
{
    struct fixture *f = *state;
    struct login *l;

    for (int i = 0; i < 3; i++)
        l = begin(f, i, "192.0.2.1", "alice", "secret");
    pass(f, 39);
    assert_int_equal(l->outcome, NOT_DONE);
    pass(f, 2);
    assert_int_equal(l->outcome, AUTHENTICATE_BUSY);
    assert_int_equal(fake.begun, 2);
    assert_true(has_logged(f, "reason=busy\n"));
}

static void a_site_has_so_many_attempts_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct login *l;

    for (int i = 0; i < AUTHENTICATE_OF_SITE_MAX; i++)
        (void)begin(f, i, "192.0.2.1", "alice", "secret");
    l = begin(f, ATTEMPTS - 2, "192.0.2.1", "alice", "secret");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_BUSY);
    l = begin(f, ATTEMPTS - 2, "192.0.2.2", "alice", "secret");
    pass(f, 1);
    assert_int_equal(l->outcome, NOT_DONE);
    /* One leaves, and there is room for another one. */
    authenticate_cancel(&f->logins[5].attempt);
    l = begin(f, 5, "192.0.2.1", "alice", "secret");
    pass(f, 1);
    assert_int_equal(l->outcome, NOT_DONE);
}

static void without_pam_tokens_work(void **state)
{
    struct fixture *f = *state;
    struct authenticate_means means = fake_means_begin();
    struct login *l;

    means.pam = NULL;
    means.groups = NULL;
    authenticate_free(f->all);
    f->all = authenticate_new(NULL, &means, seed);
    l = begin(f, 0, "192.0.2.1", "alice", "secret");
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_UNAVAILABLE);
    l = begin(f, 1, "192.0.2.1", "alice", fake_token());
    pass(f, 1);
    assert_int_equal(l->outcome, AUTHENTICATE_PROVEN);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < AUTHENTICATE_OUTCOME_COUNT; i++)
        assert_string_not_equal(
            authenticate_outcome_name((enum authenticate_outcome)i), "?");
    assert_string_equal(
        authenticate_outcome_name(
            (enum authenticate_outcome)AUTHENTICATE_OUTCOME_COUNT),
        "?");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static const struct CMUnitTest tests[] = {
        TEST(a_right_password_proves_the_name_that_pam_says),
        TEST(this_machine_has_no_address_for_pam),
        TEST(answers_come_at_steps),
        TEST(without_its_groups_a_name_is_proven_all_the_same),
        TEST(a_name_that_nobody_can_have_is_denied),
        TEST(each_end_of_pam_has_its_outcome),
        TEST(questions_and_words_of_pam_are_passed_on),
        TEST(what_may_be_a_password_is_not_logged),
        TEST(a_token_that_holds_waits_for_nobody),
        TEST(a_wrong_token_goes_to_no_pam_and_counts),
        TEST(a_guess_waits_before_it_is_checked),
        TEST(whoever_has_to_wait_too_long_is_not_checked),
        TEST(leaving_while_it_is_checked_is_a_failure),
        TEST(a_crowd_of_guesses_is_not_checked),
        TEST(it_can_be_given_up_at_any_moment),
        TEST(a_site_never_has_all_checks),
        TEST(whoever_has_not_failed_goes_first),
        TEST(whoever_waits_too_long_for_pam_is_told),
        TEST(a_site_has_so_many_attempts_at_a_time),
        TEST(without_pam_tokens_work),
        TEST(outcomes_have_names),
    };

    return cmocka_run_group_tests_name("authenticate", tests, NULL, NULL);
}
